"""Two pages for people, so that a link to an issue leads somewhere: the list, and one issue."""

import re
from html import escape

from sandbox.jira.state import Issue, Jira

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; color: #172b4d; background: #f4f5f7 }
header { background: #0747a6; color: #fff; padding: 12px 24px } header a { color: #fff }
main { max-width: 860px; margin: 24px auto; padding: 8px 28px 28px; background: #fff }
pre { background: #f4f5f7; padding: 10px; overflow: auto } a { color: #0052cc }
.lozenge { background: #dfe1e6; border-radius: 3px; padding: 2px 6px; font-size: 12px }
.done { background: #e3fcef; color: #006644 } .mark { color: #97a0af; font-size: 12px }
article { border-top: 1px solid #dfe1e6; padding: 8px 0 } dt { float: left; width: 110px }
"""
_WIKI: tuple[tuple[str, str], ...] = (
    (r"(?m)^h3\. (.*)$", r"<h3>\1</h3>"),
    (r"(?m)^bq\. (.*)$", r"<blockquote>\1</blockquote>"),
    (r"(?m)^\* (.*)$", r"<li>\1</li>"),
    (r"\n*(</?(?:h3|blockquote|li)>)\n*", r"\1"),
    (r"\{color:[^}]*\}(.*?)\{color\}", r'<span class="mark">\1</span>'),
    (r"\[([^\]|]+)\|(https?://[^\]\s]+)\]", r'<a href="\2">\1</a>'),
    (r"(?<![\\\w])\*([^*\n]+)\*", r"<b>\1</b>"),
    (r"\\([^\w\s])", r"\1"),
    (r"\n", "<br>\n"),
)


def rendered(wiki: str) -> str:
    """Wiki text as HTML, as far as Redlight writes any."""
    prose_and_code = re.split(r"\{noformat\}\n?", escape(wiki, quote=False))
    return "".join(
        f"<pre>{part}</pre>" if place % 2 else _prose(part)
        for place, part in enumerate(prose_and_code)
    )


def _prose(text: str) -> str:
    for pattern, by in _WIKI:
        text = re.sub(pattern, by, text)
    return text


def index(jira: Jira) -> str:
    """Every issue, newest first."""
    rows = [f"<p>{_linked(jira, each)}</p>" for each in reversed(jira.issues.values())]
    return _page(jira, jira.project, "".join(rows) or "<p>No issue was filed yet.</p>")


def issue(jira: Jira, given: Issue) -> str:
    """One issue with all that belongs to it."""
    facts = {
        "Type": given.kind,
        "Priority": given.priority,
        "Labels": ", ".join(given.labels) or "none",
        "Resolution": given.resolution or "Unresolved",
    }
    parts = [
        f"<p>{escape(given.key)} {_lozenge(jira, given)}</p><h1>{escape(given.summary)}</h1>",
        "<dl>" + "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in facts.items()) + "</dl>",
        f"<div>{rendered(given.description)}</div>",
        _section(
            "Links", [f'<a href="{escape(e.url)}">{escape(e.title)}</a>' for e in given.links]
        ),
        _section("Sub-tasks", [_linked(jira, each) for each in jira.subtasks(given)]),
        _section("Comments", [rendered(each.body) for each in given.comments]),
    ]
    return _page(jira, given.key, "".join(parts))


def _section(title: str, items: list[str]) -> str:
    listed = "".join(f"<article>{item}</article>" for item in items)
    return f"<h2>{title}</h2>{listed}" if items else ""


def _lozenge(jira: Jira, given: Issue) -> str:
    done = " done" if jira.workflow.categories[given.status] == "done" else ""
    return f'<span class="lozenge{done}">{escape(given.status)}</span>'


def _linked(jira: Jira, given: Issue) -> str:
    name = f"{given.key} {given.summary}"
    return f'<a href="/browse/{given.key}">{escape(name)}</a> {_lozenge(jira, given)}'


def _page(jira: Jira, title: str, body: str) -> str:
    kind = "Cloud" if jira.is_cloud else "Data Center"
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<header><a href="/">Jira</a>, {kind}, in the sandbox</header><main>{body}</main>'
    )
