"""Fixtures that any test may ask for, and how examples are drawn."""

import os

from hypothesis import settings

# What takes long to start is there once for a worker. A fixture that several conftest files import
# is another one in each, and so would be what it starts.
pytest_plugins = [
    "tests.chaos.plugin",
    "tests.support.envtest",
    "tests.support.slack",
    "tests.support.jira",
    "tests.support.worlds",
]

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
# The same commit gives the same answer. `HYPOTHESIS_PROFILE=search` draws new examples each time.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
