"""Fixtures of the tests that run the whole bot."""

from tests.support.jira import jira, jira_process
from tests.support.slack import slack, slack_workspace
from tests.support.world import local, world

__all__ = ["jira", "jira_process", "local", "slack", "slack_workspace", "world"]
