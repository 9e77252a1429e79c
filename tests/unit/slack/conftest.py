"""The services' fixtures: the listeners stand on them."""

from tests.unit.services.conftest import clock, slack, store

__all__ = ["clock", "slack", "store"]
