"""The Git repository as the repo server sees it: revisions, and the manifests at a revision."""

import io
import subprocess
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.domain.errors import RedlightError
from chatbot.domain.kustomization import NAMES
from chatbot.services.gitstate import desired

Manifest = dict[str, Any]

_SECONDS: Final = 30.0
_ALL_REFS: Final = "+refs/*:refs/*"
_TEXTS: Final = (".yaml", ".yml", ".json", ".env", ".properties", ".txt")
_REMEMBERED: Final = 64


class RepositoryError(Exception):
    """Manifests cannot be had; the message is what the repo server would say."""


class Repository:
    """One Git repository, mirrored into `folder`. Not safe from many threads."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._bare = folder / "mirror.git"
        self._kustomize = KubectlKustomize()
        self._files: dict[str, dict[str, str]] = {}
        self._rendered: dict[tuple[str, str, bool], list[Manifest]] = {}
        self._refs: dict[str, str] = {}

    @property
    def refs(self) -> dict[str, str]:
        """What was there at the last fetch: the SHA of each full name."""
        return self._refs

    def fetch(self) -> None:
        """Take over what is new. Raises `RepositoryError`."""
        if not self._bare.is_dir():
            self._git("init", "--quiet", "--bare", str(self._bare), inside=False)
        listed = self._git("ls-remote", "--refs", self._url).decode()
        refs = {name: sha for sha, name in map(str.split, listed.splitlines())}
        if refs != self._refs:
            self._git("fetch", "--quiet", "--prune", "--force", self._url, _ALL_REFS)
            self._refs = refs

    def resolve(self, revision: str, repo_url: str) -> str:
        """The commit SHA of a branch, tag or SHA; `HEAD` is `main`. Raises `RepositoryError`, also
        when `repo_url` means another repository: the last two parts of its path count, because
        hosts and credentials differ by who looks."""
        if _tail(repo_url) != _tail(self._url):
            raise RepositoryError(f"repository not accessible: {repo_url}")
        name = "main" if revision == "HEAD" else revision
        if branch := self._refs.get(f"refs/heads/{name}"):
            return branch
        for ref in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            found = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
        raise RepositoryError(f"Unable to resolve '{revision}' to a commit SHA")

    def manifests(self, revision: str, path: str, *, recurse: bool) -> list[Manifest]:
        """The objects of a folder at a commit, a kustomization rendered. Raises
        `RepositoryError`."""
        key = (revision, path, recurse)
        if key not in self._rendered:
            _make_room(self._rendered)
            self._rendered[key] = self._render(revision, path.strip("/"), recurse=recurse)
        return self._rendered[key]

    def _render(self, revision: str, path: str, *, recurse: bool) -> list[Manifest]:
        files = self._read(revision)
        inside = {name for name in files if PurePosixPath(name).is_relative_to(path)}
        if not inside:
            raise RepositoryError(f"{path}: app path does not exist")
        direct = {name for name in inside if str(PurePosixPath(name).parent) == path}
        kustomized = any(PurePosixPath(name).name in NAMES for name in direct)
        if not kustomized and not recurse:
            files = {name: text for name, text in files.items() if name in direct}
        try:
            return desired(files, path, self._kustomize)
        except RedlightError as error:
            raise RepositoryError(str(error)) from error

    def _read(self, revision: str) -> dict[str, str]:
        if revision not in self._files:
            _make_room(self._files)
            archive = io.BytesIO(self._git("archive", "--format=tar", revision))
            with tarfile.open(fileobj=archive) as tar:
                self._files[revision] = {
                    member.name: content.read().decode(errors="replace")
                    for member in tar
                    if _is_text(member.name) and (content := tar.extractfile(member))
                }
        return self._files[revision]

    def _git(self, *arguments: str, inside: bool = True) -> bytes:
        done = self._run(*arguments, inside=inside)
        if done.returncode:
            raise RepositoryError(done.stderr.decode(errors="replace").strip() or "git failed")
        return done.stdout

    def _run(self, *arguments: str, inside: bool = True) -> "subprocess.CompletedProcess[bytes]":
        where = [f"--git-dir={self._bare}"] if inside else []
        try:
            return subprocess.run(
                ["git", *where, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RepositoryError(f"git {arguments[0]} took too long") from error


def _is_text(name: str) -> bool:
    return name.endswith(_TEXTS) or PurePosixPath(name).name in NAMES


def _tail(url: str) -> tuple[str, ...]:
    return tuple(url.rstrip("/").removesuffix(".git").replace(":", "/").split("/")[-2:])


def _make_room(remembered: dict[Any, Any]) -> None:
    if len(remembered) >= _REMEMBERED:
        remembered.clear()
