"""Fixtures that any test may ask for, and how examples are drawn."""

import os

from hypothesis import settings

pytest_plugins = ["tests.chaos.plugin", "tests.support.envtest"]

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
# The same commit gives the same answer. `HYPOTHESIS_PROFILE=search` draws new examples each time.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
