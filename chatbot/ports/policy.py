"""Policy as code."""

from collections.abc import Sequence
from typing import Protocol

from chatbot.domain.policy import Subject, Violation
from chatbot.domain.policyset import PolicySet
from chatbot.ports.manifest import Manifest


class Policies(Protocol):
    """Judges objects by policy as code, in this process."""

    def judge(
        self, policies: PolicySet, subjects: Sequence[Subject], inventory: Sequence[Manifest] = ()
    ) -> list[Violation]:
        """Every violation, broken policies first, then by object. `inventory` becomes
        `data.inventory`, beside the subjects when there are several. Never raises on account of a
        policy or an object: what cannot be compiled, matched or evaluated denies, and says where.
        """
        ...
