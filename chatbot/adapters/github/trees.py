"""What a commit holds. Trees and blobs never change, so they are remembered."""

from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import NamedTuple

from github.GitTree import GitTree
from github.Repository import Repository

from chatbot.adapters.remembered import Remembered
from chatbot.domain.errors import Permanent
from chatbot.ports import RepoFile

DETOURS = frozenset({"120000", "160000"})
"""Git's modes of a symbolic link and of a submodule."""

TREES_ROOM = 16 * 1024**2
BLOBS_ROOM = 32 * 1024**2

_ENTRY_BYTES = 300
"""One entry of a tree in memory; the client's own object for it takes 1,400."""

_BLOB_BYTES = 200
"""What a blob takes beside its content."""


class _Entry(NamedTuple):
    path: str
    mode: str
    type: str
    sha: str


_Tree = Sequence[_Entry]


class Trees:
    """The trees and blobs of one repository."""

    def __init__(self, repo: Callable[[], Repository], name: str) -> None:
        self._repo = repo
        self._name = name
        self._folder = Remembered(self._fetch_folder, _weight, TREES_ROOM)
        self._whole = Remembered(self._fetch_whole, _weight, TREES_ROOM)
        self.blob = Remembered(self._fetch_blob, lambda blob: len(blob) + _BLOB_BYTES, BLOBS_ROOM)

    def files(self, commit_sha: str, under: str) -> list[RepoFile]:
        """Every file below a folder at a commit; none when the folder is not there."""
        prefix = f"{under}/" if under else ""
        if (whole := self._whole.held(commit_sha)) is not None:
            return [file for file in _files(whole) if file.path.startswith(prefix)]
        tree_sha = commit_sha
        for name in filter(None, under.split("/")):
            folders = [entry for entry in self._folder(tree_sha) if entry.path == name]
            if not folders or folders[0].type != "tree":
                return []
            tree_sha = folders[0].sha
        return _files(self._whole(tree_sha), prefix)

    def detours(self, commit_sha: str) -> list[RepoFile]:
        """Symbolic links and submodules at a commit."""
        return [
            RepoFile(path=entry.path, blob_sha=entry.sha)
            for entry in self._whole(commit_sha)
            if entry.mode in DETOURS
        ]

    def _fetch_folder(self, sha: str) -> _Tree:
        return _entries(self._repo().get_git_tree(sha))

    def _fetch_whole(self, sha: str) -> _Tree:
        tree = self._repo().get_git_tree(sha, recursive=True)
        if tree.raw_data.get("truncated"):
            raise Permanent(
                f"A folder of {self._name} holds more files than GitHub lists at once",
                remedy="Point the environment's path at a smaller folder.",
            )
        return _entries(tree)

    def _fetch_blob(self, sha: str) -> bytes:
        blob = self._repo().get_git_blob(sha)
        return b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()


def _entries(tree: GitTree) -> _Tree:
    return [_Entry(entry.path, entry.mode, entry.type, entry.sha) for entry in tree.tree]


def _files(tree: _Tree, prefix: str = "") -> list[RepoFile]:
    return [
        RepoFile(path=f"{prefix}{entry.path}", blob_sha=entry.sha)
        for entry in tree
        if entry.type == "blob"
    ]


def _weight(tree: _Tree) -> int:
    return (len(tree) + 1) * _ENTRY_BYTES
