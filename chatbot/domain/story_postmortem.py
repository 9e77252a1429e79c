"""What is said about a postmortem: submitted, returned, accepted, in Git; as mrkdwn."""

from collections.abc import Collection
from datetime import datetime

from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change, Failure
from chatbot.domain.mrkdwn import code, escape, link, mention, quote, shorten
from chatbot.domain.notice import Audience, Button, Notice
from chatbot.domain.postmortem import Postmortem
from chatbot.domain.postmortem_rules import SEEN
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.domain.story import named, thread

_SHOWN = 600
_SHOWN_ITEMS = 5
_DECIDE = (Button.ACCEPT_POSTMORTEM, Button.RETURN_POSTMORTEM)


def submitted(change: Change, written: Postmortem, judges: Collection[str]) -> list[Notice]:
    """It waits for a senior: said in the thread, and to each who may accept it."""
    text = f"{mention(written.author)} submitted the postmortem"
    who = (
        "A senior who did not write it accepts or returns it"
        if judges
        else "🟠 Every senior wrote in it: somebody else has to be a senior to accept it"
    )
    body = f"{_excerpt(written)}\n{who}. The whole text: {code(f'/postmortem {change.id}')}."
    key, about = f"postmortem:submitted:{written.version}", _seen(written)
    return [
        Notice(
            key=key,
            audience=Audience.THREAD,
            text=f"{text}.\n{body}",
            buttons=_DECIDE,
            about=about,
        ),
        *(
            Notice(
                key=f"{key}:{user}",
                audience=Audience.DIRECT,
                text=f"{text} of {named(change)}.\n{body}",
                user=user,
                buttons=_DECIDE,
                about=about,
            )
            for user in sorted(judges)
        ),
    ]


def announced(change: Change, written: Postmortem, channel: str, now: datetime) -> Announcement:
    """For the incident's channel: it is written, or it is accepted."""
    state = "accepted" if written.judged_by else "submitted"
    by = mention(written.judged_by or written.author)
    return Announcement(
        key=f"postmortem:{state}:{change.id}:{written.version}",
        channel=channel,
        text=f"The postmortem of {named(change)} was {state} by {by}.\n{_excerpt(written)}",
        at=now,
    )


def returned(change: Change, written: Postmortem, owner: str) -> list[Notice]:
    """It has to be written anew, and why."""
    text = f"{mention(written.judged_by)} returned the postmortem"
    because = f"\n{quote(shorten(written.reason, _SHOWN))}"
    key = f"postmortem:returned:{written.version}"
    return [
        thread(key, f"{text}.{because}"),
        *(
            Notice(
                key=f"{key}:{user}",
                audience=Audience.DIRECT,
                text=f"{text} of {named(change)}.{because}\nIt stays owed until it is accepted.",
                user=user,
                buttons=(Button.WRITE_POSTMORTEM,),
            )
            for user in sorted({written.author, owner})
        ),
    ]


def accepted(change: Change, written: Postmortem, owner: str) -> list[Notice]:
    """Paid."""
    text = f"🟢 {mention(written.judged_by)} accepted the postmortem"
    key = "postmortem:accepted"
    return [
        thread(key, f"{text}.{_items(written)}"),
        *(
            Notice(
                key=f"{key}:{user}",
                audience=Audience.DIRECT,
                text=f"{text} of {named(change)}.",
                user=user,
            )
            for user in sorted({written.author, owner})
        ),
    ]


def asked(written: Postmortem, pull_request: PullRequest) -> list[Notice]:
    """It stands in a pull request, which somebody may have merged already."""
    where = link(pull_request.url, f"pull request #{pull_request.number}")
    key = f"postmortem:pr:{pull_request.number}:{_seen(written)}"
    if pull_request.state is PullRequestState.MERGED:
        return [thread(key, f"The postmortem is in Git, by {where}.")]
    return [thread(key, f"The postmortem is in {where}; it needs somebody to merge it.")]


def stuck(written: Postmortem, failure: Failure) -> list[Notice]:
    """It does not get into Git before somebody acts; it is tried again by itself."""
    text = f"🔴 The postmortem does not get into Git: {escape(shorten(failure.sentence, _SHOWN))}"
    remedy = f"\n{escape(shorten(failure.remedy, _SHOWN))}" if failure.remedy else ""
    again = "\nNothing is lost, and it is tried again every hour."
    return [thread(f"postmortem:stuck:{_seen(written)}", f"{text}{remedy}{again}")]


def _excerpt(written: Postmortem) -> str:
    return quote(shorten(written.text.summary.strip(), _SHOWN)) if written.text else ""


def _items(written: Postmortem) -> str:
    items = written.text.items if written.text else ()
    if not items:
        return ""
    shown = "\n".join(f"• {escape(shorten(item, 200))}" for item in items[:_SHOWN_ITEMS])
    left = len(items) - _SHOWN_ITEMS
    return f" What is to be done:\n{shown}" + (f"\n_and {left} more_" if left > 0 else "")


def _seen(written: Postmortem) -> str:
    return written.text.digest[:SEEN] if written.text else ""
