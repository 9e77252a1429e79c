"""Which files a pull request changes that its environment's change may not."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbot.domain import record, review_files, review_rules
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.domain.kustomization import NAMES
from chatbot.domain.review import Finding
from chatbot.domain.review_files import MANIFESTS, Territory
from chatbot.ports import GitHost


@dataclass(frozen=True)
class _Tree:
    """A commit's paths."""

    blobs: Mapping[str, str]
    """Everything by its path, submodules included."""
    detours: frozenset[str]
    """The paths of links and submodules."""


@dataclass(frozen=True)
class ChangedFiles:
    """Looks at a pull request file by file."""

    environments: Mapping[str, Environment]
    git: GitHost

    def findings(self, change: Change, base_sha: str, head_sha: str) -> list[Finding]:
        """Files that are none of the environment's, and files that nobody can judge."""
        environment = self.environments[change.request.environment]
        before, after = self._tree(base_sha), self._tree(head_sha)
        changed = review_files.changed(before.blobs, after.blobs)
        outside = self._foreign(self._territory(change, environment), changed, before, after)
        opaque = self._opaque(after, changed)
        paths = before.blobs.keys() | after.blobs.keys()
        unseen = review_files.unseen(changed, environment.path, paths, opaque)
        return [
            *review_rules.foreign_files(outside, environment.name, environment.path),
            *review_rules.unseen_files(unseen),
        ]

    def _territory(self, change: Change, environment: Environment) -> Territory:
        others = (one for name, one in self.environments.items() if name != environment.name)
        return Territory(
            home=environment.path,
            others=tuple(one.path for one in others),
            record=record.record_path(change),
        )

    def _foreign(self, territory: Territory, changed: list[str], *trees: _Tree) -> list[str]:
        outside = review_files.outside(changed, territory)
        if not outside:
            return []
        kustomizations = [self._kustomizations(tree) for tree in trees]
        return review_files.foreign(outside, territory, kustomizations)

    def _tree(self, commit_sha: str) -> _Tree:
        detours = {one.path: one.blob_sha for one in self.git.detours(commit_sha)}
        files = {one.path: one.blob_sha for one in self.git.files(commit_sha)}
        return _Tree({**files, **detours}, frozenset(detours))

    def _kustomizations(self, tree: _Tree) -> dict[str, str]:
        found = {
            path: blob_sha
            for path, blob_sha in tree.blobs.items()
            if posixpath.basename(path) in NAMES and path not in tree.detours
        }
        blobs = self.git.blobs(set(found.values()))
        return {path: blobs[sha].decode(errors="replace") for path, sha in found.items()}

    def _opaque(self, tree: _Tree, paths: Iterable[str]) -> set[str]:
        """Those that nobody can judge: links, submodules, and manifests that are no text."""
        there = [path for path in paths if path in tree.blobs]
        found = {path for path in there if path in tree.detours}
        manifests = [path for path in there if path.endswith(MANIFESTS) and path not in found]
        blobs = self.git.blobs({tree.blobs[path] for path in manifests})
        return found | {path for path in manifests if not _is_text(blobs[tree.blobs[path]])}


def _is_text(blob: bytes) -> bool:
    try:
        blob.decode()
    except UnicodeDecodeError:
        return False
    return True
