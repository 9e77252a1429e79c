"""What any `Cluster` promises. A test module imports every test from here and says with its
fixture `cluster_world` which cluster it is about."""

from tests.contract.cluster.apply import *  # noqa: F403 - every promise
from tests.contract.cluster.diagnosis import *  # noqa: F403 - every promise
from tests.contract.cluster.reading import *  # noqa: F403 - every promise
from tests.contract.cluster.restore import *  # noqa: F403 - every promise
from tests.contract.cluster.workloads import *  # noqa: F403 - every promise
from tests.contract.cluster.written import *  # noqa: F403 - every promise
