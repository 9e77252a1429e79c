"""Fixtures of the tests that run the whole bot."""

from tests.support.slack import slack, slack_workspace
from tests.support.world import local, world

__all__ = ["local", "slack", "slack_workspace", "world"]
