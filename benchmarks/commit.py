"""One commit of many files through our GitHub adapter, against one contents-API call a file."""

import time
import uuid
from pathlib import Path

from pydantic import SecretStr

from benchmarks.bare_merge import REPO, connected
from benchmarks.measure import Row, Scale, interleaved
from chatbot.adapters.github import GitHubHost
from chatbot.settings import GitHubSettings
from sandbox.children import Child
from sandbox.world import FORGE_TOKEN


def rows(folder: Path, scale: Scale) -> list[Row]:
    """Both put the same new files on a new branch of the same forge."""
    count = scale.of(100, 5)
    forge = Child.start(
        "forge", ["sandbox.forge", "--port", "0", "--dir", str(folder / "git")], folder=folder
    )
    try:
        url = forge.wait_for(r"forge ready on (\S+)")[1]
        settings = GitHubSettings(api_url=url, token=SecretStr(FORGE_TOKEN), app=None)
        host = GitHubHost(settings, REPO)
        contents = _Contents(url)
        pairs = interleaved(
            scale.of(5, 1),
            lambda _: _one_commit(host, _files(count)),
            lambda _: contents.each_by_itself(_files(count)),
        )
    finally:
        forge.stop()
    return [
        pairs.row(
            f"commit of {count} files", "s", "≤ 0.1 ×", "one contents-API call a file", most=0.1
        )
    ]


def _files(count: int) -> dict[str, str]:
    folder = uuid.uuid4().hex
    return {
        f"bench/{folder}/config-{number}.yaml": f"kind: ConfigMap\ndata: {{n: '{number}'}}\n"
        for number in range(count)
    }


def _one_commit(host: GitHubHost, files: dict[str, str]) -> float:
    started = time.perf_counter()
    base = host.head("main")
    if base is None:
        raise RuntimeError("the forge has no branch main")
    host.commit(f"bench-{uuid.uuid4().hex}", base, "Many files", files)
    return time.perf_counter() - started


class _Contents:
    """PyGithub as it is, with a connection that stays open as ours does."""

    def __init__(self, url: str) -> None:
        self._repo = connected(url, FORGE_TOKEN)

    def each_by_itself(self, files: dict[str, str]) -> float:
        started = time.perf_counter()
        branch = f"bench-{uuid.uuid4().hex}"
        head = self._repo.get_git_ref("heads/main").object.sha
        self._repo.create_git_ref(f"refs/heads/{branch}", head)
        for path, text in files.items():
            self._repo.create_file(path, "One file", text, branch=branch)
        return time.perf_counter() - started
