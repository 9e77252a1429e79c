"""Jira behind the `Tracker` port, Cloud and Data Center, through version 2 of its REST API: there
both take wiki text. Cloud dropped the old search, so it is asked with the new one."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import local
from typing import Any

from jira import JIRA, JIRAError
from requests import RequestException

from chatbot.adapters.patience import Patience
from chatbot.adapters.retry_after import retry_after
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.wikitext import small
from chatbot.ports import Issue, NewIssue, Tracker
from chatbot.settings import JiraSettings

_LONGEST_SAID = 500
_OPEN_TO_ALL = ["status"]
"""A field that every issue has: Cloud's search tells nothing of an issue but what it is asked."""


class JiraTracker(Tracker):
    """The `Tracker` port. Calls nobody until it is used; makes no retries of its own: the rows
    do."""

    def __init__(self, settings: JiraSettings) -> None:
        self._settings = settings
        self._rules = settings.rules
        self._own = _OwnClient()
        self._patience = Patience()

    def find(self, label: str) -> Issue | None:
        """See `Tracker`."""
        jql = (
            f"project = {_quoted(self._settings.project)} AND labels = {_quoted(label)} "
            "ORDER BY created ASC"
        )
        with self._asking("issues by their label") as client:
            search = client.enhanced_search_issues if client._is_cloud else client.search_issues  # noqa: SLF001 - the client's own answer to which Jira this is
            found: Any = search(jql, maxResults=1, fields=list(_OPEN_TO_ALL))
            return self._issue(found[0].key) if found else None

    def issue(self, key: str) -> Issue:
        """See `Tracker`."""
        with self._asking(f"issue {key}") as client:
            return self._issue(client.issue(key, fields="status").key)

    def create(self, new: NewIssue) -> Issue:
        """See `Tracker`."""
        rules = self._rules
        fields: dict[str, Any] = {
            **rules.fields,
            "project": {"key": self._settings.project},
            "issuetype": {"name": rules.issue_type},
            "summary": new.summary,
            "description": new.description,
            "labels": [*rules.labels, new.label],
        }
        if rules.priority:
            fields["priority"] = {"name": rules.priority}
        with self._asking("a new issue") as client:
            return self._issue(client.create_issue(fields=fields, prefetch=False).key)

    def comment(self, key: str, mark: str, text: str) -> None:
        """See `Tracker`."""
        last_line = small(mark)
        with self._asking(f"comments of {key}") as client:
            for comment in client.comments(key):
                if str(comment.body).rstrip().endswith(last_line):
                    return
            client.add_comment(key, f"{text}\n{last_line}")

    def link(self, key: str, url: str, title: str) -> None:
        """See `Tracker`."""
        with self._asking(f"links of {key}") as client:
            if all(link.object.url != url for link in client.remote_links(key)):
                client.add_simple_link(key, {"url": url, "title": title})

    def add_subtasks(self, key: str, summaries: tuple[str, ...]) -> None:
        """See `Tracker`. The parent's own list is asked: unlike the search it lags behind
        nothing."""
        with self._asking(f"sub-tasks of {key}") as client:
            parent = client.issue(key, fields="subtasks")
            there = {subtask.fields.summary for subtask in parent.fields.subtasks}
            for summary in dict.fromkeys(summaries):
                if summary not in there:
                    client.create_issue(fields=self._subtask(key, summary), prefetch=False)

    def _subtask(self, parent: str, summary: str) -> dict[str, Any]:
        return {
            "project": {"key": parent.rpartition("-")[0]},
            "parent": {"key": parent},
            "issuetype": {"name": self._rules.subtask_type},
            "summary": summary,
        }

    def resolve(self, key: str) -> None:
        """See `Tracker`."""
        with self._asking(f"the status of {key}") as client:
            status = client.issue(key, fields="status").fields.status
            if status.statusCategory.key == "done":
                return
            offered = client.transitions(key, expand="transitions.fields")
            taken = self._way(key, offered)
            fields: dict[str, Any] = {}
            if "resolution" in (taken.get("fields") or {}):
                fields["resolution"] = {"name": self._rules.resolution}
            client.transition_issue(key, taken["id"], fields=fields)

    def _way(self, key: str, offered: list[dict[str, Any]]) -> Mapping[str, Any]:
        """The transition that leads to done, by its own name or that of where it leads."""
        for name in self._rules.resolve:
            for way in offered:
                if name.lower() in (way["name"].lower(), way["to"]["name"].lower()):
                    return way
        names = ", ".join(way["name"] for way in offered) or "nothing"
        raise Permanent(
            f"No way that we know resolves {key}: Jira offers {names}",
            remedy="Name the transition in [jira] resolve, or resolve the issue by hand.",
        )

    def _issue(self, key: str) -> Issue:
        return Issue(key=key, url=f"{self._settings.url}/browse/{key}")

    @contextmanager
    def _asking(self, what: str) -> Iterator[JIRA]:
        with self._patience.honoured(), translating(what):
            yield self._own.client(self._settings)


class _OwnClient(local):
    """A client for each thread: a `requests` session is not made for several."""

    def __init__(self) -> None:
        # `local` calls this anew in every thread.
        self._client: JIRA | None = None

    def client(self, settings: JiraSettings) -> JIRA:
        """Made when it is first needed, because it asks Jira which kind it is."""
        if self._client is None:
            token = settings.token.get_secret_value()
            self._client = JIRA(
                settings.url,
                basic_auth=(settings.user, token) if settings.user else None,
                token_auth=None if settings.user else token,
                timeout=settings.timeout,
                max_retries=0,
                logging=False,
            )
        return self._client


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Jira's refusals and a network that fails, as the two families."""
    try:
        yield
    except JIRAError as error:
        raise translated(error, what) from error
    except RequestException as error:
        raise RetryLater(f"Jira does not answer ({type(error).__name__})") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Permanent(
            "What answers at JIRA_URL does not speak as Jira does",
            remedy="Set JIRA_URL to Jira's base URL, without a path behind it that is not Jira's.",
        ) from error


def translated(error: JIRAError, what: str) -> RetryLater | Permanent:
    """The error as a sentence about `what` (`issue INC-7`), retried or not."""
    headers = getattr(error.response, "headers", None) or {}
    status = error.status_code or 0
    asked = retry_after(headers.get("Retry-After"))
    if status == 429 or (status == 403 and asked):
        return RetryLater("Jira limits how often we may call", after=asked)
    if status >= 500 or not status:
        return RetryLater(f"Jira is not well (status {status})", after=asked)
    said = _said(error)
    match status:
        case 401:
            return Permanent(
                "Jira does not know our credentials",
                remedy="Set a valid JIRA_TOKEN (and on Cloud JIRA_USER, its e-mail).",
            )
        case 403:
            return Permanent(
                f"Jira does not let us touch {what}{said}",
                remedy="Give the account the permissions that docs/install.md lists, in the "
                "project JIRA_PROJECT.",
            )
        case 404:
            return NotFound(
                f"Jira has no {what}, or does not show it to us",
                remedy="Check JIRA_PROJECT, and what the account may browse.",
            )
        case _:
            return Permanent(
                f"Jira refused {what}{said}",
                remedy="Correct [jira] in redlight.toml, or the project's screens.",
            )


def _said(error: JIRAError) -> str:
    text = " ".join(re.sub(r"<[^>]*>", " ", str(error.text or "")).split())
    return f": {text[:_LONGEST_SAID]}" if text else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
