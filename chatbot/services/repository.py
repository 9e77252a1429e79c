"""An environment's files at a commit of the cluster repository, and what they stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain.gitedit import Edit
from chatbot.domain.kustomization import graph
from chatbot.domain.manifest import Manifest, target_of
from chatbot.ports import GitHost, Kustomize
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

    def desired(self, commit_sha: str, folder: str) -> dict[str, Manifest]:
        """What should be in the cluster, by `Target.key`."""
        objects = self.rendered(commit_sha, folder).objects
        return {target_of(manifest).key: manifest for manifest in objects}

    def rendered(self, commit_sha: str, folder: str) -> Documents:
        """Everything that the folder stands for. Raises `Unreadable`."""
        return rendered(self.files(commit_sha, folder), folder, self.kustomize)

    def files(self, commit_sha: str, folder: str) -> Mapping[str, str]:
        """The folder's text files, and those of the bases that it refers to."""
        files = self._below(commit_sha, folder)
        looked_into = {folder}
        while missing := sorted(set(graph(files, folder).absent) - looked_into):
            looked_into.update(missing)
            for path in missing:
                files.update(self._below(commit_sha, path))
        return files

    def _below(self, commit_sha: str, path: str) -> dict[str, str]:
        """The text of every file below a folder, or of the one file of that path."""
        found = self.git.files(commit_sha, under=path)
        if not found:
            parent = path.rpartition("/")[0]
            found = [file for file in self.git.files(commit_sha, under=parent) if file.path == path]
        texts = {}
        for file in found:
            try:
                texts[file.path] = self.git.read(file.blob_sha).decode()
            except UnicodeDecodeError:
                continue  # a picture or an archive: nothing that Kubernetes reads
        return texts
