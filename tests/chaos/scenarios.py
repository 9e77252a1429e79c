"""Every change that the matrices play."""

from tests.chaos.direct import DIRECT
from tests.chaos.emergency import EMERGENCY
from tests.chaos.gitops import GITOPS
from tests.chaos.rollback import ROLLBACK

SCENARIOS = {scenario.name: scenario for scenario in (*DIRECT, *GITOPS, *ROLLBACK, *EMERGENCY)}
