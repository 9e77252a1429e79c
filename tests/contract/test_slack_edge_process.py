"""The sandbox's Slack as a program: how it starts, what it says, that it leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from sandbox.slack import local_slack, program
from tests.support.slack import SlackWorkspace

ROOT = Path(__file__).parents[2]


def test_a_missing_local_slack_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCAL_SLACK", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="make tools"):
        program()


def test_the_edge_runs_in_front_of_a_local_slack_that_is_already_there() -> None:
    with local_slack() as behind:
        options = ["--upstream", behind.url, "--workspace", str(behind.workspace), "--port", "0"]
        edge = subprocess.Popen(
            [sys.executable, "-m", "sandbox.slack_edge", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert edge.stdout is not None
        line = edge.stdout.readline()
        edge_url = line.removeprefix("slack ready on ").strip()
        assert edge_url.startswith("http://127.0.0.1:")
        token = {"Authorization": "Bearer xoxb-sandbox"}
        told = requests.post(f"{edge_url}/api/auth.test", headers=token, timeout=10).json()
        assert told["user_id"] == "U0REDLIGHT"
        edge.terminate()
        assert edge.wait(timeout=10) == 0
        edge.stdout.close()


def test_a_workspace_that_ends_takes_its_children_with_it() -> None:
    before = set(psutil.Process().children(recursive=True))
    with SlackWorkspace.running() as slack:
        assert requests.get(slack.url, timeout=10).ok
        children = set(psutil.Process().children(recursive=True)) - before
        assert any("local-slack" in child.name() for child in children)
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert (set(gone), alive) == (children, [])
