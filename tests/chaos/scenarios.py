"""Every change that the matrices play."""

from tests.chaos.direct import DIRECT

SCENARIOS = {scenario.name: scenario for scenario in DIRECT}

MATRICES = tuple(dict.fromkeys(scenario.matrix for scenario in SCENARIOS.values()))
"""The crash matrices, each with a line of its own."""
