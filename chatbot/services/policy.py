"""Which policies judge a change, and what they say.

The rules of the cluster repository come from its base branch, so that a change cannot weaken the
rules that judge it, and lie over the shipped set.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatbot.domain import policyset
from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import Subject, Violation
from chatbot.domain.policyset import PolicySet
from chatbot.ports import GitHost, Policies, RepoFile

FOLDER: Final = "policies"
"""Where a cluster repository keeps its own rules."""
_SETS_KEPT: Final = 8


@dataclass(frozen=True)
class PolicyRules:
    """Finds the rules and has objects judged by them."""

    policies: Policies
    shipped: PolicySet
    _read: OrderedDict[tuple[RepoFile, ...], PolicySet] = field(default_factory=OrderedDict)

    def of(self, files: Mapping[str, str]) -> PolicySet:
        """The rules of `{path: text}`, paths relative to `policies/`, over the shipped ones."""
        return policyset.over(self.shipped, policyset.read(files)) if files else self.shipped

    def at(self, git: GitHost, commit_sha: str) -> PolicySet:
        """The rules at a commit of the cluster repository; its `revision` names them. Raises what
        the port raises: rules that cannot be had are no reason to go on with fewer."""
        found = tuple(sorted(git.files(commit_sha, under=FOLDER), key=lambda file: file.path))
        known = self._read.get(found)
        if known is not None:
            return known
        named = {file.path.removeprefix(f"{FOLDER}/"): file.blob_sha for file in found}
        named = {name: sha for name, sha in named.items() if policyset.is_policy_file(name)}
        blobs = git.blobs(set(named.values()))
        texts = {name: blobs[sha].decode(errors="replace") for name, sha in named.items()}
        rules = self._read[found] = self.of(texts)
        while len(self._read) > _SETS_KEPT:
            self._read.popitem(last=False)
        return rules

    def judge(
        self, rules: PolicySet, subjects: Sequence[Subject], inventory: Sequence[Manifest] = ()
    ) -> list[Violation]:
        """Every violation; see `Policies.judge`."""
        return self.policies.judge(rules, subjects, inventory)
