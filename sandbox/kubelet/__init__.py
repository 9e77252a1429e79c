"""The part of a cluster that moves: a small loop that plays controller manager and kubelet.

Neither the real control plane of the tests nor the embedded one runs anything. This loop makes
pods for workloads, lets them come up or fail on command, and reports it in statuses and events.
"""

from sandbox.kubelet.loop import Kubelet
from sandbox.kubelet.rollout import ROLLOUT_ANNOTATION, Settings

__all__ = ["ROLLOUT_ANNOTATION", "Kubelet", "Settings"]
