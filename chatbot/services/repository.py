"""An environment's files at a commit of the cluster repository, and what they stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain.errors import Permanent
from chatbot.domain.gitedit import Edit
from chatbot.domain.kustomization import BY_HAND, graph
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.record import RECORDS
from chatbot.domain.revert import Files, reverted
from chatbot.domain.review_files import changed
from chatbot.ports import GitHost, Kustomize
from chatbot.services.gitrevert import Sides, prove
from chatbot.services.gitstate import Documents, proved_edit, rendered


@dataclass(frozen=True)
class ClusterRepository:
    """Reads environments from Git and edits them."""

    git: GitHost
    kustomize: Kustomize

    def edited(self, commit_sha: str, folder: str, edits: Sequence[Edit]) -> dict[str, str | None]:
        """The files that have to change at a commit, with their new text; empty when Git says all
        of it already. Raises `Permanent` for what cannot be edited safely."""
        files = self.files(commit_sha, folder)
        return dict(proved_edit(files, folder, edits, self.kustomize))

    def reverted(
        self, base_sha: str, head_sha: str, now_sha: str, folder: str
    ) -> dict[str, str | None]:
        """The files to write on top of `now_sha` so that what the commits from `base_sha` to
        `head_sha` did is taken back and what came later stays; empty when nothing of it is left.
        Records of changes stay: they are history.

        Raises `Conflict` when later changes stand in the same place, `Permanent` when what is to
        be taken back is no text.
        """
        trees = [self._tree(commit_sha) for commit_sha in (base_sha, head_sha, now_sha)]
        paths = [path for path in changed(trees[0], trees[1]) if not path.startswith(f"{RECORDS}/")]
        before, after, now = (self._texts(tree, paths) for tree in trees)
        written = reverted(before, after, now)
        if written:
            sides = Sides(
                before=self.files(base_sha, folder),
                after=self.files(head_sha, folder),
                now=self.files(now_sha, folder),
                result=lambda: self.files(now_sha, folder, over=written),
            )
            prove(sides, written, folder, self.kustomize)
        return written

    def desired(self, commit_sha: str, folder: str) -> dict[str, Manifest]:
        """What should be in the cluster, by `Target.key`."""
        objects = self.rendered(commit_sha, folder).objects
        return {target_of(manifest).key: manifest for manifest in objects}

    def rendered(self, commit_sha: str, folder: str) -> Documents:
        """Everything that the folder stands for. Raises `Unreadable`."""
        return rendered(self.files(commit_sha, folder), folder, self.kustomize)

    def files(self, commit_sha: str, folder: str, over: Files | None = None) -> Mapping[str, str]:
        """The folder's text files, and those of the bases that it refers to; with what is to be
        written `over` them."""
        files: dict[str, str] = {}
        looked_into: set[str] = set()
        missing = [folder]
        while missing:
            looked_into.update(missing)
            for path in missing:
                files.update(self._below(commit_sha, path))
            for path, text in (over or {}).items():
                if text is None:
                    files.pop(path, None)
                else:
                    files[path] = text
            missing = sorted(set(graph(files, folder).absent) - looked_into)
        return files

    def _tree(self, commit_sha: str) -> dict[str, str]:
        return {file.path: file.blob_sha for file in self.git.files(commit_sha)}

    def _texts(self, tree: Mapping[str, str], paths: Sequence[str]) -> Files:
        blobs = self.git.blobs({tree[path] for path in paths if path in tree})
        texts: dict[str, str | None] = {}
        for path in paths:
            try:
                texts[path] = blobs[tree[path]].decode() if path in tree else None
            except UnicodeDecodeError as error:
                sentence = f"{path} is no text, and only texts can be taken back."
                raise Permanent(sentence, remedy=BY_HAND) from error
        return texts

    def _below(self, commit_sha: str, path: str) -> dict[str, str]:
        """The text of every file below a folder, or of the one file of that path."""
        found = self.git.files(commit_sha, under=path)
        if not found:
            parent = path.rpartition("/")[0]
            found = [file for file in self.git.files(commit_sha, under=parent) if file.path == path]
        blobs = self.git.blobs({file.blob_sha for file in found})
        texts = {}
        for file in found:
            try:
                texts[file.path] = blobs[file.blob_sha].decode()
            except UnicodeDecodeError:
                continue  # a picture or an archive: nothing that Kubernetes reads
        return texts
