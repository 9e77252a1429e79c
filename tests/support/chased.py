"""A whole Redlight whose clock is moved by hand and whose Slack is in memory: real SQLite, real
services, and the scheduler's own jobs, called tick by tick."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chatbot.bootstrap import Services, build
from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change, MessageRef
from chatbot.domain.notice import Audience, Notice
from chatbot.settings import Settings, load
from scheduler.jobs import jobs
from tests.support.builders import REQUESTER
from tests.support.config import ENVIRON, write_rules
from tests.support.instant import at_once
from tests.unit.services.owing import MANAGER, OTHER_SENIOR, SENIOR, emergency
from tests.unit.services.parts import Hand, Slack

RULES = f"""\
[people]
seniors = ["{SENIOR}", "{OTHER_SENIOR}"]
managers = ["{MANAGER}"]

[channels]
incidents = "#incidents"

[git]
repo = "acme/cluster-config"

[environments.prod]
class = "prod"
channel = "#prod-changes"
context = "prod"
"""
INCIDENTS = "#incidents"
JOBS = ("chase-obligations", "wake-due-changes", "announce")


@dataclass(frozen=True)
class Heard:
    """One message as it reached somebody."""

    at: datetime
    to: str
    """Slack user id, or the name of a channel."""
    text: str
    buttons: tuple[str, ...] = ()


class Ears(Slack):
    """Keeps what was said to whom and when, besides the thread."""

    def __init__(self, clock: Hand) -> None:
        super().__init__()
        self.clock = clock
        self.heard: list[Heard] = []
        self.channels |= {"#incidents": "C0INC", "#prod-changes": "C0PROD"}
        person = self.persons["U1"]
        self.persons[MANAGER] = person.model_copy(update={"id": MANAGER})

    def send(self, notice: Notice, change: str, card: MessageRef | None) -> MessageRef:
        if notice.audience is Audience.DIRECT:
            self._hear(notice.user, notice.text, notice.buttons)
        return super().send(notice, change, card)

    def announce(self, announcement: Announcement) -> None:
        self._hear(announcement.channel, announcement.text)
        super().announce(announcement)

    def _hear(self, to: str, text: str, buttons: Sequence[str] = ()) -> None:
        self.heard.append(Heard(self.clock.now(), to, text, tuple(buttons)))


class Chased:
    """An emergency that was applied, and a Redlight, or several at once, that chase its debt."""

    def __init__(self, folder: Path, *, schedulers: int = 1) -> None:
        self.clock = Hand()
        self.slack = Ears(self.clock)
        environ = {**ENVIRON, "REDLIGHT_DB": str(folder / "redlight.db")}
        self.settings: Settings = load(environ, write_rules(folder, RULES))
        self.running: list[Services] = []
        self.start(schedulers)
        self.change: Change = emergency(self.services.store, self.clock)
        self.owed = self.services.store.obligations(self.change.number)
        self.due = self.owed[0].due_at

    @property
    def services(self) -> Services:
        """One of those that run."""
        return self.running[0]

    def start(self, schedulers: int = 1) -> None:
        """As the process does it: with a look at everything that is owed."""
        self.running = [
            build(self.settings, clock=self.clock, chat=self.slack) for _ in range(schedulers)
        ]
        self._jobs = [job for services in self.running for job in jobs(services)]
        for services in self.running:
            services.debt.chase.look_at_all()

    def stop(self) -> None:
        """Nothing runs any more."""
        for services in self.running:
            services.close()

    def restart(self) -> None:
        """Everything that was in memory is gone: new stores and services over the same file."""
        self.stop()
        self.start(len(self.running))

    def tick(self) -> None:
        """The scheduler's jobs, once; in every scheduler at the same instant. Then what was written
        is delivered."""
        for name in JOBS:
            at_once(*(job.run for job in self._jobs if job.id == name))
        self._settle()

    def until(self, end: datetime, step: timedelta, each: Callable[[], None] | None = None) -> None:
        """Time goes by, a tick for each step; `each` is called after every tick."""
        while self.clock.now() < end:
            self.clock.time = min(self.clock.now() + step, end)
            self.tick()
            if each is not None:
                each()

    def heard_after(self, moment: datetime) -> list[Heard]:
        """What was said since."""
        return [each for each in self.slack.heard if each.at > moment]

    def _settle(self) -> None:
        """Until every courier has nothing left to deliver."""
        while self.services.store.deliveries_due(self.clock.now()) or self._are_busy():
            for services in self.running:
                services.due_work.wake()
            time.sleep(0.001)

    def _are_busy(self) -> bool:
        return any(not services.couriers.idle() for services in self.running)


def everybody() -> list[str]:
    """Who is told of a breach."""
    return sorted([REQUESTER, SENIOR, OTHER_SENIOR, MANAGER])
