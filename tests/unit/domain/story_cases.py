"""Every notice that a change can cause, for tests about all of them."""

from chatbot.domain import (
    story,
    story_approval,
    story_break_glass,
    story_emergency,
    story_gitops,
)
from chatbot.domain.change import Change, RolledBack
from chatbot.domain.notice import Notice
from chatbot.domain.pages import Page
from chatbot.domain.review import ApprovedWith
from tests.support.approvals import approval
from tests.support.builders import NOW, REQUESTER, SENIOR
from tests.support.cards import failure, pull_request


def everything_told(change: Change, sentence: str = "It broke.") -> list[Notice]:
    """As if all of it happened to this one change, at one revision."""
    asked = change.progress.pull_request or pull_request()
    covering = ApprovedWith(change=9, by=(SENIOR,), until=NOW)
    page = story_break_glass.page_text(change, NOW, "https://acme.slack.example/p1")
    told = [
        story.requested(REQUESTER),
        story.confirmed(change, REQUESTER, force=True),
        story.outdated(change),
        story.applied(change),
        story.rolled_out(change),
        story.pull_request_opened(change, asked),
        story.pull_request_merged(asked),
        story.completed(change),
        story.cancelled(change, SENIOR),
        story.rollback_started(change, sentence),
        story.undo_started(change, SENIOR),
        story.rolled_back(change, sentence),
        story.rolled_back_by(RolledBack(by=31)),
        story.rolled_back_by(RolledBack(by=31, done=True)),
        story_gitops.followed(change, 9),
        story_gitops.sent_ahead(change, REQUESTER, sentence),
        story_approval.approved_before(change, covering),
        story_gitops.revert_opened(asked),
        story_gitops.reverted("f" * 40),
        story_gitops.held(change, (sentence, sentence)),
        story_break_glass.planned(change, sentence),
        story_break_glass.passed(change, 2),
        story_break_glass.expired(change),
        story_break_glass.pages(Page.SENIORS, NOW, page, {SENIOR}),
        story_break_glass.signed_off(change, [approval(SENIOR)], 0),
        story.failure_notices(change, failure(sentence, sentence)),
        story_emergency.seized((7, 8)),
        story_emergency.applied(change, (), (sentence,)),
        story_emergency.rolled_out(change),
        story_emergency.unhealthy(change, failure(sentence, sentence)),
        story_emergency.undone(change, change.request.targets),
        story_emergency.differs(change),
        story_emergency.superseded(asked.number),
        story_emergency.reconciled(),
    ]
    return [notice for notices in told for notice in notices]
