"""Brings postmortems into Git: a file on a branch of its own, in a pull request. Works from the
row, step by step, each safe to repeat, until it is done; whoever writes or accepts one waits for
none of it."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from chatbot.domain import postmortem_text as words
from chatbot.domain import story_postmortem as story
from chatbot.domain.backoff import retry_delay
from chatbot.domain.change import Change, Failure, format_change_id
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Conflict, Permanent, RetryLater, StaleChange
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.notice import Notice
from chatbot.domain.postmortem import Postmortem, PostmortemState
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.logs import about_change
from chatbot.ports import GitHost, Store
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.proposals import LABEL
from chatbot.services.reconcile import touch

log = structlog.get_logger()

STUCK_DELAY = timedelta(hours=1)
"""How soon what a person has to mend is tried again: nobody has to press anything then."""


@dataclass(frozen=True)
class PostmortemPublisher:
    """Does what is due for one postmortem."""

    environments: Mapping[str, Environment]
    ledger: Ledger
    git: GitHost
    base: str
    """The branch that the pull request goes to."""
    login_of: Callable[[str], str]
    """Slack user id to GitHub login; empty where it is not known."""
    wake: Callable[[int], None]
    """Has a change worked on."""
    shown: Callable[[int], None]
    """Told the number of a change that has something to deliver."""

    @property
    def store(self) -> Store:
        """The tables."""
        return self.ledger.store

    def publish(self, number: int) -> None:
        """Work on a postmortem until nothing of it is due. Does nothing if another worker has
        it."""
        with (
            self.store.claim(number, "postmortem") as mine,
            about_change(format_change_id(number)),
        ):
            if not mine:
                return
            written = self.store.postmortem(number)
            while written is not None and self._is_due(written):
                written = self._next(written)
            self.shown(number)

    def _is_due(self, written: Postmortem) -> bool:
        return written.due_at is not None and written.due_at <= self.ledger.clock.now()

    def _next(self, written: Postmortem) -> Postmortem | None:
        try:
            return self._step(written)
        except StaleChange:
            return self.store.postmortem(written.change)
        except RetryLater as error:
            return self._later(written, error)
        except Permanent as error:
            return self._stuck(written, error)
        except Exception as error:
            log.exception("postmortem.broke")
            return self._later(written, RetryLater(f"Redlight stumbled ({type(error).__name__})"))

    # --- the steps ------------------------------------------------------------------------------

    def _step(self, written: Postmortem) -> Postmortem | None:
        publication, accepted = written.publication, written.state is PostmortemState.ACCEPTED
        if accepted and not publication.woken:
            touch(self.store, self.ledger, written.change)
            self.wake(written.change)
            return self._save(written, woken=True)
        change = self.store.change(written.change)
        if written.text is not None and publication.digest != written.text.digest:
            text = words.document(change, written, login=self.login_of(written.author))
            return self._decide_base(written, text) or self._ask(change, written, text)
        if accepted and not publication.closed and publication.pull_request is not None:
            return self._close(change, written, publication.pull_request)
        return self._save(written, due_in=None)

    def _decide_base(self, written: Postmortem, text: str) -> Postmortem | None:
        """On top of what the branch holds, if there is one: somebody may have corrected a word.
        None when that is decided; it is decided anew as long as there is no branch."""
        base_sha = written.publication.base_sha
        head = self.git.head(written.branch)
        if head is not None:
            return None if base_sha else self._save(written, base_sha=head, continues=True)
        base = self.git.head(self.base)
        if base is None:
            raise Permanent(
                f"The repository has no branch {self.base}",
                remedy="Set [git] branch in redlight.toml to the branch the cluster follows.",
            )
        if base == base_sha and not written.publication.continues:
            return None
        if self._holds(base, written.path, text):
            # It was merged, and its branch deleted, before we wrote down that it was asked for.
            return self._asked(written, self.git.pull_request_of(written.branch))
        return self._save(written, base_sha=base, continues=False)

    def _holds(self, commit_sha: str, path: str, text: str) -> bool:
        """Whether the repository has this text there at a commit."""
        files = self.git.files(commit_sha, path.rpartition("/")[0])
        blobs = [file.blob_sha for file in files if file.path == path]
        return any(self.git.read(blob) == text.encode() for blob in blobs)

    def _ask(self, change: Change, written: Postmortem, text: str) -> Postmortem | None:
        base_sha = written.publication.base_sha
        try:
            commit = self.git.commit(
                written.branch,
                base_sha,
                words.commit_message(change),
                {written.path: text},
                over=base_sha if written.publication.continues else "",
            )
        except Conflict as error:
            # Somebody pushed to the branch meanwhile: what it is made on is decided anew.
            return self._later(written, error, base_sha="")
        pull_request = self.git.open_pull_request(
            written.branch,
            self.base,
            words.pull_request_title(change),
            words.pull_request_body(change, written),
            [LABEL],
        )
        return self._asked(written, pull_request, commit)

    def _asked(
        self, written: Postmortem, asked: PullRequest | None, commit_sha: str = ""
    ) -> Postmortem:
        """Git was asked for this text: by `asked`, or, where nobody knows, by hand."""
        entries, notices, commit = [], [], commit_sha
        if asked is not None:
            commit = commit or asked.head_sha
            data = {"number": asked.number, "url": asked.url, "commit": commit}
            entries = [self._entry("postmortem.published", written, **data)]
            notices = story.asked(written, asked)
        return self._save(
            written,
            entries,
            notices,
            digest=written.text.digest if written.text else "",
            commit_sha=commit,
            pull_request=asked,
            base_sha="",
            failure=None,
        )

    def _close(self, change: Change, written: Postmortem, asked: PullRequest) -> Postmortem:
        """What follows in Git from the acceptance: whoever merges it reads of it, and where the
        environment's backfills merge by themselves, so does this."""
        self.git.comment(asked.number, "postmortem", words.acceptance(written))
        backfill = self.environments[change.request.environment].backfill
        now = self.git.pull_request(asked.number) or asked
        ours = now.head_sha == written.publication.commit_sha
        if backfill.auto_merge and ours and now.state is PullRequestState.OPEN:
            merged = self.git.merge(now.number, now.head_sha, backfill.merge_method.value)
            self.git.delete_branch(written.branch)
            entry = self._entry("postmortem.merged", written, number=now.number, commit=merged)
            state = {"state": PullRequestState.MERGED, "merge_sha": merged}
            return self._save(
                written, [entry], closed=True, pull_request=now.model_copy(update=state)
            )
        return self._save(written, closed=True, pull_request=now)

    # --- what became of them --------------------------------------------------------------------

    def _later(
        self, written: Postmortem, error: RetryLater | Conflict, **publication: Any
    ) -> Postmortem | None:
        after = error.after if isinstance(error, RetryLater) else None
        delay = retry_delay(written.attempts, random.random(), after=after)  # noqa: S311 - jitter
        log.warning("postmortem.delayed", because=str(error), seconds=delay.seconds)
        return self._put_off(written, delay, **publication)

    def _stuck(self, written: Postmortem, error: Permanent) -> Postmortem | None:
        log.warning("postmortem.stuck", because=str(error))
        failure = Failure(sentence=str(error), remedy=error.remedy, at=self.ledger.clock.now())
        entry = self._entry("postmortem.stuck", written, because=str(error), remedy=error.remedy)
        known = written.publication.failure
        if known is not None and known.sentence == failure.sentence:
            return self._put_off(written, STUCK_DELAY)
        told = story.stuck(written, failure)
        return self._put_off(written, STUCK_DELAY, [entry], told, failure=failure)

    def _put_off(
        self,
        written: Postmortem,
        delay: timedelta,
        entries: Sequence[AuditEntry] = (),
        notices: Sequence[Notice] = (),
        **publication: Any,
    ) -> Postmortem | None:
        attempts = written.attempts + 1
        try:
            return self._save(
                written, entries, notices, due_in=delay, attempts=attempts, **publication
            )
        except StaleChange:
            return self.store.postmortem(written.change)

    def _save(
        self,
        written: Postmortem,
        entries: Sequence[AuditEntry] = (),
        notices: Sequence[Notice] = (),
        *,
        due_in: timedelta | None = AT_ONCE,
        attempts: int = 0,
        **publication: Any,
    ) -> Postmortem:
        """The row after a step, with what is known of its `publication` now, and when the next step
        is due."""
        fields = {
            "publication": written.publication.model_copy(update=publication),
            "due_at": None if due_in is None else self.ledger.clock.now() + due_in,
            "attempts": attempts,
        }
        return self.store.save_postmortem(written.model_copy(update=fields), entries, notices)

    def _entry(self, kind: str, written: Postmortem, **data: Any) -> AuditEntry:
        at = self.ledger.clock.now()
        return AuditEntry(kind=kind, actor=SYSTEM, change=written.change, at=at, data=data)
