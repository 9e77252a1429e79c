"""Wires what chases the debt of emergencies: obligations, the chase, and the postmortems."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.bootstrap.shared import Parts
from chatbot.domain.chase import Ladder
from chatbot.services.chase import Chase
from chatbot.services.debtors import Debtors
from chatbot.services.obligations import Obligations
from chatbot.services.postmortem_publisher import PostmortemPublisher
from chatbot.services.postmortems import Postmortems
from chatbot.services.timeline import Timeline
from chatbot.services.workers import WorkerPool

PUBLISHERS = 1


@dataclass(frozen=True)
class Debt:
    """Everything that chases and pays."""

    debtors: Debtors
    obligations: Obligations
    postmortems: Postmortems
    chase: Chase
    publishers: WorkerPool

    def publish(self) -> None:
        """Wake whoever brings postmortems into Git, if something is due there."""
        store, clock = self.chase.store, self.chase.clock
        for number in store.postmortems_due(clock.now()):
            self.publishers.wake(number)


def wire(parts: Parts, *, wake: Callable[[int], None], shown: Callable[[int], None]) -> Debt:
    """The services over the shared parts. `wake` has a change worked on, `shown` has its card and
    notices delivered."""
    settings, environments, ledger = parts.settings, parts.environments, parts.ledger
    rules, store, people = settings.obligations, parts.store, parts.people
    ladder = Ladder.of_hours(rules.remind_before_hours)
    timeline = Timeline(store, ledger, people)
    publisher = PostmortemPublisher(
        environments=environments,
        ledger=ledger,
        git=parts.git,
        base=settings.git.branch,
        login_of=lambda user: settings.github_logins.get(user, ""),
        wake=wake,
        shown=shown,
    )
    publishers = WorkerPool("publisher", publisher.publish, PUBLISHERS)
    return Debt(
        debtors=Debtors(
            store, ledger.clock, parts.chat, environments, rules.refuse_requests_in_debt
        ),
        obligations=Obligations(store, ledger, people, ladder, shown),
        postmortems=Postmortems(ledger, people, timeline.of, parts.channel, publishers.wake, shown),
        chase=Chase(
            store=store,
            clock=ledger.clock,
            people=people,
            ladder=ladder,
            refuses_requests=rules.refuse_requests_in_debt,
            channel=parts.incident_channel,
            shown=shown,
        ),
        publishers=publishers,
    )
