"""`redlight sandbox` as a newcomer meets it: one screen, a change that works, and a clean end."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from sandbox.__main__ import SandboxError, _port
from sandbox.forge.git import quiet_environment
from tests.support.glass_world import REASONS
from tests.support.slack import SlackWorkspace
from tests.support.world import buttons, everything

ROOT = Path(__file__).parents[2]
FORM = {
    "summary": "Checkout answered with errors.",
    "impact": "Every third order failed.",
    "root_cause": "A limit that was too low.",
}
READY_SECONDS = 90.0
SECONDS = 60.0
COMMAND = [sys.executable, "-m", "chatbot", "sandbox", "--slack-port", "0", "--forge-port", "0"]


def until(look: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain"
        time.sleep(0.05)


@dataclass
class Tour:
    """A sandbox that was started; its temporary files are alone in `temporary`."""

    process: subprocess.Popen[bytes]
    temporary: Path
    log: Path

    def printed(self) -> str:
        return self.log.read_text()

    def types(self, line: str) -> None:
        """Somebody types a line into the terminal."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def screen(self) -> str:
        """What it prints once it runs."""
        until(lambda: "trust the network" in self.printed() or self._ended(), READY_SECONDS)
        return self.printed()

    def programs(self) -> list[psutil.Process]:
        """Everything that runs below it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def ends_clean(self, programs: list[psutil.Process]) -> int:
        """Wait for the end; nothing may be left. The exit status."""
        status = self.process.wait(SECONDS)
        assert [program for program in programs if program.is_running()] == []
        assert list(self.temporary.iterdir()) == []
        return status

    def _ended(self) -> bool:
        assert self.process.poll() is None, self.printed()
        return False


Start = Callable[..., Tour]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start sandboxes; whatever a failed test leaves of them is ended after it."""
    temporary = Path(tempfile.mkdtemp(prefix="tour-"))  # short, as a newcomer's is
    tours: list[Tour] = []

    def begin(command: list[str], **environ: str) -> Tour:
        log = tmp_path / "screen.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(temporary), **environ},
                start_new_session=True,
            )
        tours.append(Tour(process, temporary, log))
        return tours[-1]

    yield begin
    for tour in tours:
        if tour.process.poll() is None:
            for program in [*tour.programs(), psutil.Process(tour.process.pid)]:
                with suppress(psutil.NoSuchProcess):
                    program.kill()
            tour.process.wait(SECONDS)
    shutil.rmtree(temporary, ignore_errors=True)


def _under_make(folder: Path) -> list[str]:
    """The way that the README starts it: make in between."""
    makefile = folder / "Makefile"
    makefile.write_text(f".PHONY: sandbox\nsandbox:\n\t{' '.join(COMMAND)}\n")
    return ["make", "--silent", "--file", str(makefile), "sandbox"]


def _command(program: psutil.Process) -> list[str]:
    """What it was started with; nothing of one that has just ended."""
    with suppress(psutil.Error):
        return program.cmdline()
    return []


def _address(screen: str, part: str) -> str:
    found = re.search(rf"(http://\S+) +the {part}", screen)
    assert found, screen
    return found[1]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("cluster", ["real", "embedded"])
def test_a_newcomer_makes_a_change_clones_it_and_leaves_nothing_behind(
    start: Start, tmp_path: Path, cluster: str
) -> None:
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    if cluster == "real" and not assets:
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    tour = start(
        _under_make(tmp_path), KUBEBUILDER_ASSETS=assets if cluster == "real" else "/nowhere"
    )
    screen = tour.screen()
    lines = screen.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert ("a real kube-apiserver" in screen) == (cluster == "real")

    slack = SlackWorkspace(_address(screen, "Slack"))
    slack.command("U0REQUESTER", "#dev-changes", "/change", "scale dev deploy/web 3")
    answer = slack.submit("U0REQUESTER", {"justification": "The queue grows."})
    assert answer.errors == {}
    until(lambda: any("completed" in card["text"] for card in slack.messages("#dev-changes")))

    clone = re.search(r"git (clone http://\S+)", screen)
    assert clone
    subprocess.run(
        ["git", *clone[1].split(), "clone"],
        cwd=tmp_path,
        env=quiet_environment(),
        check=True,
        timeout=SECONDS,
    )
    web = tmp_path / "clone" / "environments" / "dev" / "shop-dev" / "web.yaml"
    assert "replicas: 3" in web.read_text()

    programs = tour.programs()
    os.killpg(tour.process.pid, signal.SIGINT)  # as Ctrl-C in a terminal does
    tour.ends_clean(programs)
    assert "nothing is left behind" in tour.printed()
    assert "Traceback" not in tour.printed()


@pytest.mark.timeout(300)
def test_a_newcomer_breaks_the_glass_is_chased_and_pays(start: Start) -> None:
    tour = start(COMMAND)
    screen = tour.screen()
    slack = SlackWorkspace(_address(screen, "Slack"))
    asked = re.search(r"#incidents: +(/breakglass) (.+)", screen)
    assert asked
    slack.command("U0REQUESTER", "#incidents", asked[1], asked[2].strip())
    assert slack.submit("U0REQUESTER", REASONS).errors == {}
    press(slack, "U0REQUESTER", "red_light_1")
    press(slack, "U0REQUESTER", "red_light_2")
    slack.view("U0REQUESTER", "red_light_typed")
    typed = {"confirmation": "prod/shop-prod/deployment/web"}
    assert slack.submit("U0REQUESTER", typed).errors == {}
    press(slack, "U0SENIOR1", "sign_off")
    until(lambda: "write_postmortem" in buttons(emergency(slack)))

    tour.types("600")
    until(lambda: "An hour passes in 6.0 s" in tour.printed())
    tour.types("3600")
    for reader in ("U0REQUESTER", "U0SENIOR1", "U0MANAGER"):
        until(lambda who=reader: said(slack.direct_messages(who), "postmortem", "overdue since"))
    incident = slack.channel("#inc-chg-1-web")
    until(lambda: said(slack.messages(incident), "postmortem", "overdue since"))
    tour.types("1")
    until(lambda: "The clock runs as it is" in tour.printed())

    press(slack, "U0REQUESTER", "write_postmortem")
    slack.view("U0REQUESTER", "postmortem")
    assert slack.submit("U0REQUESTER", FORM).errors == {}
    until(lambda: said(slack.direct_messages("U0SENIOR1"), "submitted the postmortem"))
    accept(slack, "U0SENIOR1")
    forge = _address(screen, "GitHub")
    merged = requests.post(
        f"{forge}/acme/cluster-config/pull/1",
        {"as": "octo-requester", "action": "merge"},
        headers={"Origin": forge},
        timeout=SECONDS,
    )
    assert "Merged." in merged.text
    until(lambda: emergency(slack)["text"].endswith("completed"))


def emergency(slack: SlackWorkspace) -> dict[str, Any]:
    """The card, among the incidents."""
    until(lambda: said(slack.messages("#incidents"), "EMERGENCY · "))
    return next(
        message for message in slack.messages("#incidents") if "EMERGENCY · " in message["text"]
    )


def press(slack: SlackWorkspace, user: str, action_id: str) -> None:
    """Press a button of the card, as soon as it is there."""
    until(lambda: action_id in buttons(emergency(slack)))
    slack.click(user, "#incidents", emergency(slack)["ts"], action_id)


def said(messages: list[dict[str, Any]], *words: str) -> bool:
    """Whether one of the messages has all of these words."""
    return any(all(word in everything(message) for word in words) for message in messages)


def accept(slack: SlackWorkspace, senior: str) -> None:
    """A senior accepts the postmortem where they are asked to."""
    [asked] = [
        message
        for message in slack.direct_messages(senior)
        if "accept_postmortem" in buttons(message)
    ]
    [channel] = [
        each["id"] for each in slack._channels() if each["is_im"] and senior in each["members"]
    ]
    slack.click(senior, channel, asked["ts"], "accept_postmortem")


def test_a_sandbox_that_is_told_to_stop_while_it_starts_leaves_nothing_behind(
    start: Start,
) -> None:
    tour = start(COMMAND)
    until(lambda: len(tour.programs()) >= 2)
    programs = tour.programs()
    tour.process.send_signal(signal.SIGTERM)
    assert tour.ends_clean(programs) == 0
    assert "Traceback" not in tour.printed()


def test_a_sandbox_whose_bot_dies_says_so_and_ends_the_rest(start: Start) -> None:
    tour = start(COMMAND, KUBEBUILDER_ASSETS="/nowhere")
    tour.screen()
    programs = tour.programs()
    [bot] = [program for program in programs if "sandbox.bot" in _command(program)]
    bot.kill()
    assert tour.ends_clean(programs) == 1
    assert "redlight ended by itself" in tour.printed()


def test_a_port_that_is_taken_is_refused_when_named_and_replaced_when_not(start: Start) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert _port(None, taken) == 0
        with pytest.raises(SandboxError):
            _port(taken, taken)
        tour = start([*COMMAND[:-1], str(taken)])
        assert tour.ends_clean([]) == 1
    assert f"Port {taken} is taken" in tour.printed()
