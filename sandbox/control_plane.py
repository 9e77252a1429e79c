"""A real Kubernetes control plane on this machine: etcd and kube-apiserver, nothing else.

The sandbox and the tests need a server whose server-side apply, dry run, field managers and RBAC
are the real ones. The programs come from the directory that `KUBEBUILDER_ASSETS` names, as is
usual among people who write controllers. No controller manager and no kubelet run: nothing makes
pods or moves a status unless somebody plays that part.
"""

import os
import secrets
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.children import die_with_parent

ADMIN = "admin"
"""The user that may do everything (group `system:masters`)."""

START_ATTEMPTS = 3
"""Another program may take a free port between our looking and the server's binding it."""

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


class ControlPlaneError(RuntimeError):
    """The control plane did not start; the message ends with what its programs printed last."""


def assets() -> Path | None:
    """The directory with `etcd` and `kube-apiserver`, or None when the environment names none."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    folder = Path(named)
    found = named and all((folder / name).is_file() for name in ("etcd", "kube-apiserver"))
    return folder.resolve() if found else None


def free_port() -> int:
    """A TCP port on loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ControlPlane:
    """etcd and kube-apiserver in a temporary directory, on free loopback ports.

    `users` maps a user's name to their groups; each gets a token. `ADMIN` is always among them.
    Start it from a thread that lives as long as it should: on Linux the programs die with the
    thread that started them, so that a killed parent leaves nothing behind.
    """

    def __init__(
        self, users: Mapping[str, Sequence[str]] | None = None, *, programs: Path | None = None
    ) -> None:
        found = programs or assets()
        if found is None:
            raise ControlPlaneError(
                "KUBEBUILDER_ASSETS must name a directory with etcd and kube-apiserver in it"
            )
        self._programs = found
        self._groups = {**(users or {}), ADMIN: ("system:masters",)}
        self._tokens = {user: secrets.token_urlsafe(24) for user in self._groups}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running: list[subprocess.Popen[bytes]] = []
        self._port = 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def directory(self) -> Path:
        """Where keys, logs and kubeconfigs lie while it runs."""
        if self._folder is None:
            raise ControlPlaneError("the control plane is not running")
        return Path(self._folder.name)

    @property
    def admin_kubeconfig(self) -> Path:
        """A kubeconfig whose only context, `admin`, may do everything."""
        return self.kubeconfig({ADMIN: ADMIN})

    def token(self, user: str) -> str:
        """The bearer token of one of `users`."""
        return self._tokens[user]

    def kubeconfig_for(self, user: str) -> Path:
        """A kubeconfig with one context, named after the user."""
        return self.kubeconfig({user: user})

    def kubeconfig(self, contexts: Mapping[str, str]) -> Path:
        """Write a kubeconfig that maps context names to users; the first one is current."""
        users = sorted(set(contexts.values()))
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": next(iter(contexts)),
            "clusters": [
                {
                    "name": "local",
                    "cluster": {
                        "server": self.url,
                        "certificate-authority": str(self.directory / "certs" / "apiserver.crt"),
                    },
                }
            ],
            "users": [{"name": user, "user": {"token": self._tokens[user]}} for user in users],
            "contexts": [
                {"name": name, "context": {"cluster": "local", "user": user}}
                for name, user in contexts.items()
            ],
        }
        path = self.directory / f"kubeconfig-{'-'.join(contexts)}.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document))
        return path

    def start(self) -> Self:
        """Start both and wait until the server is ready; raises `ControlPlaneError`."""
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self._start_once()
            except ControlPlaneError:
                self.stop()
                if attempt == START_ATTEMPTS:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                break
        return self

    def stop(self) -> None:
        """Stop the API server, then etcd (without which it would hang), and remove the files."""
        while self._running:
            process = self._running.pop()
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start_once(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="redlight-cluster-")
        self._write_keys_and_tokens()
        client, peer, self._port = free_port(), free_port(), free_port()
        etcd = f"http://127.0.0.1:{client}"
        self._run(
            "etcd",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        )
        self._wait_for(f"{etcd}/health", None)
        self._run(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--service-account-key-file={self.directory / 'sa.pub'}",
            f"--service-account-signing-key-file={self.directory / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=api",
            f"--cert-dir={self.directory / 'certs'}",
            f"--secure-port={self._port}",
            "--bind-address=127.0.0.1",
            f"--token-auth-file={self.directory / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            # A server for a few clients: what these two do for thousands is most of its idle work.
            "--watch-cache=false",
            "--enable-priority-and-fairness=false",
        )
        self._wait_for(f"{self.url}/readyz", self.directory / "certs" / "apiserver.crt")

    def _write_keys_and_tokens(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.directory / "sa.key").write_bytes(private)
        (self.directory / "sa.pub").write_bytes(public)
        rows = (
            f'{self._tokens[user]},{user},{user},"{",".join(groups)}"\n'
            for user, groups in self._groups.items()
        )
        (self.directory / "tokens.csv").write_text("".join(rows))

    def _run(self, program: str, *arguments: str) -> None:
        with (self.directory / f"{program}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(self._programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - it makes one system call
                # Ctrl-C in a terminal reaches us alone, so that we choose the order of the end.
                process_group=0,
            )
        self._running.append(process)

    def _wait_for(self, url: str, authority: Path | None) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            for process in self._running:
                if process.poll() is not None:
                    raise ControlPlaneError(self._last_words("ended while starting"))
            if _answers(url, self._tokens[ADMIN], authority):
                return
            time.sleep(POLL_SECONDS)
        raise ControlPlaneError(self._last_words(f"was not ready after {READY_SECONDS:.0f} s"))

    def _last_words(self, what: str) -> str:
        logs = sorted(self.directory.glob("*.log"), key=lambda path: path.stat().st_mtime)
        tail = logs[-1].read_text(errors="replace")[-2000:]
        return f"the control plane {what}; {logs[-1].stem} said last:\n{tail}"


def _answers(url: str, token: str, authority: Path | None) -> bool:
    if authority is not None and not authority.is_file():
        return False
    request = urllib.request.Request(url)  # noqa: S310 - our own loopback addresses
    context = None
    if authority is not None:
        request.add_header("Authorization", f"Bearer {token}")
        context = ssl.create_default_context(cafile=str(authority))
    try:
        with urllib.request.urlopen(request, timeout=2, context=context) as response:  # noqa: S310 - as above
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
