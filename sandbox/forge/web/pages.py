"""The pages themselves: what each shows, from the forge's state."""

from urllib.parse import quote

from sandbox.forge import diffs, merging
from sandbox.forge.core import Forge
from sandbox.forge.git import Commit, TreeEntry
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.state import PullRequest, User
from sandbox.forge.web import html

_MARKS = {"success": "🟢", "pending": "⏳", "failure": "🔴", "error": "🔴"}
_STATES = {
    "clean": ("success", "🟢 Ready to merge."),
    "unstable": ("pending", "⏳ Can be merged, but not all checks are green."),
    "behind": ("pending", "⏳ The branch must be brought up to date first."),
    "blocked": ("pending", "🟠 The branch's rules do not allow the merge yet."),
    "dirty": ("conflict", "🔴 This branch has conflicts with its base."),
    "draft": ("pending", "⚪ This is a draft."),
}
_WISHES = {"open": "wants to bring", "merged": "brought", "closed": "wanted to bring"}


def repo_of(forge: Forge) -> str:
    """OWNER/NAME."""
    return f"{forge.owner}/{forge.name}"


def state_of(pull: PullRequest) -> str:
    """`open`, `merged` or `closed`, as people say it."""
    return "merged" if pull.merged_at else pull.state


def front(forge: Forge, origin: str) -> str:
    """The repository: how to clone it, its pull requests, newest first, and its files."""
    pulls = sorted(forge.state.pulls.values(), key=lambda pull: -pull.number)
    shown = html.rows(
        f"{html.pill(state_of(pull), state_of(pull))} "
        f"{html.link(f'/{repo_of(forge)}/pull/{pull.number}', f'#{pull.number} {pull.title}')}"
        f' <span class="faint">by {html.text(pull.author)}</span>'
        for pull in pulls
    )
    listing = files(forge, forge.branch, "", forge.git.tree(forge.branch))
    clone = html.prose(f"git clone {origin}/{repo_of(forge)}.git")
    body = (
        f'<h1>{html.text(repo_of(forge))}</h1><div class="box"><div class="in">{clone}</div></div>'
        f"<h2>Pull requests</h2>{shown}{listing}"
    )
    return html.page("Pull requests", repo_of(forge), body)


def files(forge: Forge, ref: str, path: str, entries: list[TreeEntry]) -> str:
    """A folder's rows, folders first."""
    base = f"/{repo_of(forge)}/blob/{quote(ref, safe='')}/{quote(path)}".rstrip("/")
    ordered = sorted(entries, key=lambda entry: (entry.type != "tree", entry.path))
    listed = html.rows(
        html.link(f"{base}/{quote(entry.path)}", entry.path + "/" * (entry.type == "tree"))
        for entry in ordered
    )
    return f"<h2>{html.text(path or 'Files')} <code>{html.text(ref)}</code></h2>{listed}"


def folder(forge: Forge, ref: str, path: str, entries: list[TreeEntry]) -> str:
    """A folder's page."""
    return html.page(path or "Files", repo_of(forge), files(forge, ref, path, entries))


def blob(forge: Forge, ref: str, path: str, content: bytes, said: str = "") -> str:
    """A file's page; on a branch it can be edited."""
    shown = html.prose(content.decode(errors="replace"))
    edit = html.link(f"{edit_of(forge, ref)}/{quote(path)}", "Edit") if forge.head(ref) else ""
    body = f"<h1><code>{html.text(path)}</code></h1><p>at <code>{html.text(ref)}</code> {edit}</p>"
    body += f'<div class="box"><div class="in">{shown}</div></div>'
    return html.page(path, repo_of(forge), body, said=said)


def edit_of(forge: Forge, branch: str) -> str:
    """The address that a path is put behind to edit it on a branch."""
    return f"/{repo_of(forge)}/edit/{quote(branch, safe='')}"


def commit(forge: Forge, found: Commit) -> str:
    """A commit with what it changed against its first parent."""
    title, _, rest = found.message.partition("\n")
    before = found.parents[0] if found.parents else None
    changed = diffs.files(forge.git, before, found.sha)
    body = (
        f"<h1>{html.text(title)}</h1>{html.prose(rest.strip())}"
        f'<p class="faint"><code>{found.sha}</code> by {html.text(found.author.name)},'
        f" {html.moment(found.author.when)}</p>"
        + html.diff(changed, f"/{repo_of(forge)}/blob/{found.sha}")
    )
    return html.page(title, repo_of(forge), body)


def pull_request(forge: Forge, pull: PullRequest, acting: str, said: str) -> str:
    """A pull request with everything needed to decide, and the buttons."""
    state = state_of(pull)
    labels = " ".join(html.pill(label) for label in pull.labels)
    description = html.markdown(pull.body or "No description.")
    body = (
        f'<h1>{html.text(pull.title)} <span class="faint">#{pull.number}</span></h1>'
        f"<p>{html.pill(state, state)} {html.text(pull.author)} {_WISHES[state]}"
        f" <code>{html.text(pull.head_ref)}</code> into <code>{html.text(pull.base_ref)}</code>"
        f" · opened {html.moment(pull.created_at)} {labels}</p>"
        f"{_verdict(forge, pull)}{_buttons(forge, pull, acting)}"
        f'<div class="box"><div class="in">{description}</div></div>{_checks(forge, pull)}'
        f"{_conversation(pull)}{_commits(forge, pull)}<h2>Files changed</h2>"
        + html.diff(
            shapes.changed_files(forge, pull),
            f"/{repo_of(forge)}/blob/{pull.head_sha}",
            edit_of(forge, pull.head_ref) if pull.state == "open" else "",
        )
    )
    return html.page(f"{pull.title} #{pull.number}", repo_of(forge), body, said=said)


def _checks(forge: Forge, pull: PullRequest) -> str:
    found = forge.state.latest_statuses(pull.head_sha)
    if not found:
        return ""
    shown = html.rows(
        f"{_MARKS[status.state]} <b>{html.text(status.context)}</b>"
        f' <span class="{status.state}">{status.state}</span>'
        f" {html.text(status.description or '')}"
        for status in found
    )
    return f"<h2>Checks</h2>{shown}"


def _verdict(forge: Forge, pull: PullRequest) -> str:
    if pull.merged_at:
        by = html.text(pull.merged_by)
        sha = pull.merge_commit_sha or ""
        where = html.link(f"/{repo_of(forge)}/commit/{sha}", sha[:7])
        return f'<p class="merged-line">Merged by {by} as <code>{where}</code>.</p>'
    if pull.state == "closed":
        return "<p>Closed without a merge.</p>"
    judged = merging.verdict(forge, pull)
    kind, sentence = _STATES[judged.state]
    reasons = "".join(f"<li>{html.text(reason)}</li>" for reason in judged.unmet)
    return f'<p class="{kind}">{sentence}</p><ul>{reasons}</ul>'


def _buttons(forge: Forge, pull: PullRequest, acting: str) -> str:
    if pull.merged_at:
        return ""
    if pull.state == "open":
        unable = " disabled" if merging.verdict(forge, pull).state in ("dirty", "draft") else ""
        buttons = (
            '<button name="action" value="close">Close</button>'
            '<button name="action" value="approve">Approve</button>'
            f'<button class="go" name="action" value="merge"{unable}>Merge</button>'
        )
    else:
        buttons = '<button name="action" value="reopen">Reopen</button>'
    return (
        f'<form method="post" action="/{repo_of(forge)}/pull/{pull.number}">'
        f"<label>as {people(forge, acting)}</label>"
        f'<input type="hidden" name="head" value="{pull.head_sha}">{buttons}</form>'
    )


def people(forge: Forge, acting: str) -> str:
    """The choice of who acts."""
    logins = [user.login for user in forge.state.users.values() if _is_person(user)]
    options = "".join(
        f"<option{' selected' if login == acting else ''}>{html.text(login)}</option>"
        for login in logins
    )
    return f'<select name="as">{options}</select>'


def _is_person(user: User) -> bool:
    return user.type == "User" and user.permission != "none"


def _conversation(pull: PullRequest) -> str:
    said = [
        (review.submitted_at, review.author, review.state.lower().replace("_", " "), review.body)
        for review in pull.reviews
        if review.state != "PENDING"
    ]
    said += [(note.created_at, note.author, "commented", note.body) for note in pull.comments]
    if not said:
        return ""
    shown = "".join(
        f'<div class="box"><div class="top"><b>{html.text(author)}</b> {html.text(what)}'
        f' <span class="faint">{html.moment(when)}</span></div>'
        f'<div class="in">{html.markdown(body)}</div></div>'
        for when, author, what, body in sorted(said, key=lambda entry: entry[0])
    )
    return f"<h2>Conversation</h2>{shown}"


def _commits(forge: Forge, pull: PullRequest) -> str:
    shown = html.rows(
        f"{html.link(f'/{repo_of(forge)}/commit/{found.sha}', found.message.partition(chr(10))[0])}"
        f' <span class="faint"><code>{found.sha[:7]}</code> {html.text(found.author.name)}</span>'
        for found in merging.commits_of(forge, pull)
    )
    return f"<h2>Commits</h2>{shown}"
