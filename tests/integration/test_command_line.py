"""`redlight` on the command line: 0 is done, 1 failed, 2 used wrongly; mistakes in one message."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlite_utils

from tests.support.config import ENVIRON, RULES, write_rules
from tests.support.store import add_change, make_store


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


def redlight(folder: Path, *arguments: str, **environ: str) -> Answer:
    """Run it in a folder with nothing of ours in the environment but `environ`."""
    kept: Mapping[str, str] = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "GITHUB_", "JIRA_", "REDLIGHT_", "KUBECONFIG"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "chatbot", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(tmp_path: Path, flag: str) -> None:
    answer = redlight(tmp_path, flag)
    assert answer.status == 0
    for command in ("audit", "run", "sandbox", "schedule"):
        assert command in answer.out
    assert redlight(tmp_path, "audit", flag).status == 0


def test_the_version_is_told(tmp_path: Path) -> None:
    assert redlight(tmp_path, "--version").status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run", "--nope"),
        ("audit", "frobnicate"),
        ("audit", "export"),
        ("audit", "export", "twelve"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_says_so_on_stderr(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = redlight(tmp_path, *arguments)
    assert answer.status == 2
    assert answer.err
    assert answer.out == ""


@pytest.mark.parametrize("command", ["run", "schedule"])
def test_every_mistake_in_the_configuration_is_told_in_one_message(
    tmp_path: Path, command: str
) -> None:
    bent = RULES.replace('class = "dev"', 'class = "toy"').replace("[people]", "[poeple]")
    write_rules(tmp_path, bent)
    answer = redlight(tmp_path, command)
    assert answer.status == 2
    assert all(mistake in answer.err for mistake in ("poeple", "toy"))
    write_rules(tmp_path)
    answer = redlight(tmp_path, command)
    assert answer.status == 2
    assert all(name in answer.err for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_"))
    assert not (tmp_path / "redlight.db").exists()


def test_no_configuration_at_all_says_which_file_is_missing(tmp_path: Path) -> None:
    answer = redlight(tmp_path, "run", **ENVIRON)
    assert answer.status == 2
    assert "redlight.toml" in answer.err


def test_an_address_that_is_taken_is_told_with_what_to_do(tmp_path: Path) -> None:
    import socket

    write_rules(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = redlight(tmp_path, "schedule", **ENVIRON, REDLIGHT_HTTP=address)
    assert answer.status == 1
    assert address in answer.err
    assert "REDLIGHT_HTTP" in answer.err


@pytest.mark.parametrize("command", [("verify",), ("export", "CHG-1")], ids=" ".join)
def test_reading_a_database_that_is_not_there_makes_none(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    answer = redlight(tmp_path, "audit", *command, REDLIGHT_DB="elsewhere.db")
    assert answer.status == 1
    assert "elsewhere.db" in answer.err
    assert "REDLIGHT_DB" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"this is no database at all, only text" * 40, b""])
def test_a_file_that_is_no_database_of_ours_is_said_to_be_none(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "redlight.db").write_bytes(content)
    answer = redlight(tmp_path, "audit", "export", "CHG-1")
    assert answer.status == 1
    assert answer.err


def test_a_whole_log_is_0_and_a_change_is_json(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_change(store)
    store.close()
    verified = redlight(tmp_path, "audit", "verify")
    assert (verified.status, verified.out) == (0, "1 event: the chain holds.\n")
    exported = redlight(tmp_path, "audit", "export", "chg-1")
    assert exported.status == 0
    assert '"id": "CHG-1"' in exported.out
    missing = redlight(tmp_path, "audit", "export", "CHG-404")
    assert (missing.status, missing.out) == (1, "")
    assert "CHG-404" in missing.err


def test_a_broken_log_is_1_and_names_the_event(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_change(store)
    store.close()
    db = sqlite_utils.Database(tmp_path / "redlight.db")
    db.execute("DROP TRIGGER audit_update")
    with db.conn:
        db.execute("UPDATE audit SET actor = 'U9'")
    db.close()
    answer = redlight(tmp_path, "audit", "verify")
    assert answer.status == 1
    assert "breaks at event 1" in answer.out
