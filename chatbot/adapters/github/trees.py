"""What a commit holds. Trees and blobs never change, so they are remembered."""

from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from github.Repository import Repository

from chatbot.domain.errors import Permanent
from chatbot.ports import RepoFile

DETOURS = frozenset({"120000", "160000"})
"""Git's modes of a symbolic link and of a submodule."""

REMEMBERED_TREES = 256
REMEMBERED_BLOBS = 4_096


class Trees:
    """The trees and blobs of one repository."""

    def __init__(self, repo: Repository, name: str) -> None:
        self._repo = repo
        self._name = name
        self._folder: Callable[[str], list[Any]] = lru_cache(REMEMBERED_TREES)(self._fetch_folder)
        self._whole: Callable[[str], list[Any]] = lru_cache(REMEMBERED_TREES)(self._fetch_whole)
        self.blob: Callable[[str], bytes] = lru_cache(REMEMBERED_BLOBS)(self._fetch_blob)

    def files(self, commit_sha: str, under: str) -> list[RepoFile]:
        """Every file below a folder at a commit; none when the folder is not there."""
        tree_sha = commit_sha
        for name in filter(None, under.split("/")):
            folders = [entry for entry in self._folder(tree_sha) if entry.path == name]
            if not folders or folders[0].type != "tree":
                return []
            tree_sha = folders[0].sha
        prefix = f"{under}/" if under else ""
        return [
            RepoFile(path=f"{prefix}{entry.path}", blob_sha=entry.sha)
            for entry in self._whole(tree_sha)
            if entry.type == "blob"
        ]

    def detours(self, commit_sha: str) -> list[RepoFile]:
        """Symbolic links and submodules at a commit."""
        return [
            RepoFile(path=entry.path, blob_sha=entry.sha)
            for entry in self._whole(commit_sha)
            if entry.mode in DETOURS
        ]

    def _fetch_folder(self, sha: str) -> list[Any]:
        return list(self._repo.get_git_tree(sha).tree)

    def _fetch_whole(self, sha: str) -> list[Any]:
        tree = self._repo.get_git_tree(sha, recursive=True)
        if tree.raw_data.get("truncated"):
            raise Permanent(
                f"A folder of {self._name} holds more files than GitHub lists at once",
                remedy="Point the environment's path at a smaller folder.",
            )
        return list(tree.tree)

    def _fetch_blob(self, sha: str) -> bytes:
        blob = self._repo.get_git_blob(sha)
        return b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()
