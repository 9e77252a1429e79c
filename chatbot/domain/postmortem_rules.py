"""Who may write a postmortem, and who accepts or returns it: the one place that decides. A refusal
is a sentence; empty when nothing stands in the way."""

from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import code, link, mention
from chatbot.domain.obligation import Obligation
from chatbot.domain.permission import Actor
from chatbot.domain.person import why_not_counted
from chatbot.domain.postmortem import Postmortem, PostmortemState

SEEN = 16
"""Characters of a text's digest that a button carries."""


def why_not_write(
    actor: Actor, change: Change, owed: Obligation | None, written: Postmortem
) -> str:
    """Why this actor cannot write it: the requester, its owner and every senior do."""
    if sentence := why_not_counted(actor.person):
        return sentence
    if owed is None:
        return f"{change.id} owes none: only emergencies do, from their apply on."
    if actor.person.id not in (change.requester, owed.owner) and not actor.is_senior:
        who = " or ".join(dict.fromkeys((mention(change.requester), mention(owed.owner))))
        return f"Only {who}, who owes it, or a senior does. {_handover(change)}"
    if written.state is PostmortemState.ACCEPTED:
        asked = written.publication.pull_request
        where = f" in {link(asked.url, f'pull request #{asked.number}')}" if asked else ""
        return f"{mention(written.judged_by)} has accepted it{where}."
    return ""


def why_not_judge(actor: Actor, written: Postmortem, seen: str) -> str:
    """Why this actor cannot accept or return what they saw: a senior who did not write it does."""
    if sentence := why_not_counted(actor.person):
        return sentence
    if not actor.is_senior:
        return "Only a senior does."
    if written.state is not PostmortemState.SUBMITTED or written.text is None:
        return f"It is {written.state}, so there is nothing to decide."
    if actor.person.id in written.authors:
        return "You wrote it; another senior does."
    if len(seen) < SEEN or not written.text.digest.startswith(seen):
        return (
            f"{mention(written.author)} submitted another text after that one. Read it "
            f"({code(f'/postmortem {written.change_id}')}), and use the buttons below it."
        )
    return ""


def _handover(change: Change) -> str:
    return f"Its owner can hand it over: {code(f'/change handover {change.id} @somebody')}."
