"""Small pieces of HTML; whatever a person wrote is escaped here and nowhere else."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from markdown_it import MarkdownIt

from sandbox.forge.diffs import FileDiff

_LINES = {"+": "plus", "-": "minus", "@": "hunk"}
_MARKDOWN = MarkdownIt(
    "commonmark",
    {"html": False, "highlight": lambda code, language, _attrs: _highlight(code, language)},
).enable("table")


def text(value: object) -> str:
    """A value as text that cannot be markup, also inside a quoted attribute."""
    return escape(str(value), quote=True)


def page(title: str, repo: str, body: str, *, said: str = "") -> str:
    """A whole page; `body` is HTML, `said` what the last click came to."""
    notice = f'<p class="said" role="status">{text(said)}</p>' if said else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{text(title)} · {text(repo)}</title><link rel="stylesheet" href="/style.css">'
        f'</head><body><header><a href="/">{text(repo)}</a>'
        ' <span class="faint">· sandbox forge</span></header>'
        f"<main>{notice}{body}</main></body></html>"
    )


def link(url: str, label: str) -> str:
    """A link whose label is plain text."""
    return f'<a href="{text(url)}">{text(label)}</a>'


def rows(items: Iterable[str]) -> str:
    """A framed list of HTML rows."""
    inside = "".join(f"<li>{item}</li>" for item in items)
    if not inside:
        inside = '<li class="faint">None.</li>'
    return f'<div class="box"><ul class="rows">{inside}</ul></div>'


def pill(label: str, kind: str = "") -> str:
    """A small rounded mark."""
    return f'<span class="pill {kind}">{text(label)}</span>'


def moment(when: datetime) -> str:
    """A time for people, with the exact one for machines."""
    return f'<time datetime="{when.isoformat()}">{when:%Y-%m-%d %H:%M} UTC</time>'


def prose(value: str) -> str:
    """What a person wrote, with its line breaks."""
    return f"<pre>{text(value)}</pre>"


def markdown(value: str) -> str:
    """What a person wrote, as Markdown; HTML in it stays text, and diffs get their colours."""
    return f'<div class="markdown">{_MARKDOWN.render(value)}</div>'


def _highlight(code: str, language: str) -> str:
    """The inside of a code block; empty means: as it is."""
    return _coloured(code.rstrip("\n").split("\n")) if language == "diff" else ""


def _coloured(lines: Iterable[str]) -> str:
    return "".join(
        f'<span class="{_LINES.get(line[:1], "same")}">{text(line) or " "}</span>' for line in lines
    )


def diff(files: Iterable[FileDiff], page_of: str, edit_of: str = "") -> str:
    """Coloured hunks file by file; `page_of` is the address that a path is put behind, and
    `edit_of` the one to edit it, where it can be."""
    return "".join(_file(file, page_of, edit_of) for file in files) or rows([])


def _file(file: FileDiff, page_of: str, edit_of: str) -> str:
    lines = (file.patch or "No text to show.").split("\n")
    label = f"{file.previous} → {file.path}" if file.previous else file.path
    name = text(label) if file.status == "removed" else link(f"{page_of}/{file.path}", label)
    counts = f'<span class="success">+{file.additions}</span> '
    counts += f'<span class="failure">−{file.deletions}</span>'
    edit = link(f"{edit_of}/{file.path}", "Edit") if edit_of and file.status != "removed" else ""
    return (
        f'<section class="box"><div class="top"><code>{name}</code> {counts}'
        f' <span class="faint">{text(file.status)}</span> {edit}</div>'
        f'<pre class="diff">{_coloured(lines)}</pre></section>'
    )
