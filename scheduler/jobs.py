"""The jobs: id, trigger, service method. A job holds no state; each tick derives its work from the
tables, so that a missed tick, a doubled one or a restart changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from chatbot.bootstrap import Services

DUE_SECONDS = 1
"""How late a retry or a watched rollout may be looked at again, a freeze be noticed, and a rung
of the chase be climbed."""

AUTO_SYNC_SECONDS = 60
"""How long Argo CD's auto-sync may stay paused for a change that is gone."""


@dataclass(frozen=True)
class Job:
    """One thing to do again and again."""

    id: str
    trigger: BaseTrigger
    run: Callable[[], None]


def jobs(services: Services) -> list[Job]:
    """Every job of the product."""
    poll_seconds = services.settings.polling.pull_requests_seconds
    return [
        Job("wake-due-changes", IntervalTrigger(seconds=DUE_SECONDS), services.due_work.wake),
        Job("watch-freezes", IntervalTrigger(seconds=DUE_SECONDS), services.freeze_watch.run),
        Job("chase-obligations", IntervalTrigger(seconds=DUE_SECONDS), services.debt.chase.run),
        Job("publish-postmortems", IntervalTrigger(seconds=DUE_SECONDS), services.debt.publish),
        Job("tend-incidents", IntervalTrigger(seconds=DUE_SECONDS), services.incidents.run),
        Job("announce", IntervalTrigger(seconds=DUE_SECONDS), services.herald.run),
        Job(
            "poll-pull-requests",
            IntervalTrigger(seconds=poll_seconds),
            services.pull_request_poll.run,
        ),
        Job(
            "tend-auto-sync",
            IntervalTrigger(seconds=AUTO_SYNC_SECONDS),
            services.auto_sync.tend,
        ),
    ]


def scheduler(services: Services) -> BackgroundScheduler:
    """An APScheduler with every job; ticks that were missed or that overlap become one."""
    background = BackgroundScheduler(timezone="UTC")
    for job in jobs(services):
        background.add_job(
            job.run,
            job.trigger,
            id=job.id,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return background
