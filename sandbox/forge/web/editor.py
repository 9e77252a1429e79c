"""Editing a file in the browser, as on GitHub: one commit, on the branch itself or on a new one."""

import base64
from urllib.parse import quote

from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError, not_found
from sandbox.forge.rest import gitdata, repos
from sandbox.forge.rest.call import Call
from sandbox.forge.web import html, pages


def shown(forge: Forge, ref: str, path: str) -> str:
    """The page with the file's text to change. Raises `ApiError` 404 for what is no text file of
    a branch."""
    head = forge.head(ref)
    entry = forge.git.entry(head, path) if head else None
    if head is None or entry is None or entry.type != "blob":
        raise not_found()
    try:
        content = forge.git.blob(entry.sha).decode()
    except UnicodeDecodeError as error:
        raise not_found() from error
    branch = _new_branch(forge) if ref == forge.branch else ref
    lines = min(content.count("\n") + 2, 40)
    # The parser drops the first line break of a textarea.
    body = (
        f"<h1><code>{html.text(path)}</code></h1><p>at <code>{html.text(ref)}</code></p>"
        f'<form class="editor" method="post">'
        f'<textarea name="text" rows="{lines}" spellcheck="false">\n{html.text(content)}</textarea>'
        f'<input type="hidden" name="head" value="{head}">'
        f"<label>as {pages.people(forge, '')}</label>"
        f'<label>Commit to branch <input name="branch" value="{html.text(branch)}"></label>'
        '<button class="go">Commit</button></form>'
    )
    return html.page(f"Edit {path}", pages.repo_of(forge), body)


def commit(call: Call, fields: dict[str, str]) -> str:
    """Commit what the form says; the address of the page to go on with: the branch's pull request,
    or the file. Raises `ApiError`."""
    forge, path = call.forge, call.params["path"]
    call.need("write")
    head, branch = fields.get("head", ""), fields.get("branch", "").strip()
    start = call.commit_of(head)
    entry = forge.git.entry(start.sha, path) if start else None
    if start is None or entry is None:
        raise not_found()
    if not forge.git.is_ref_name(f"refs/heads/{branch}"):
        raise ApiError(422, "A branch needs a name without spaces.")
    text = fields.get("text", "").replace("\r\n", "\n")
    if forge.git.blob(entry.sha).decode() == text:
        raise ApiError(422, "Nothing was changed, so there is nothing to commit.")
    if forge.head(branch) is None:
        ref = {"ref": f"refs/heads/{branch}", "sha": start.sha}
        gitdata.create_ref(_with(call, ref))
    content = base64.b64encode(text.encode()).decode()
    message = f"Edit {path.rpartition('/')[2]}"
    repos.put_contents(
        _with(call, {"content": content, "message": message, "branch": branch, "sha": entry.sha})
    )
    for pull in forge.open_pulls():
        if pull.head_ref == branch:
            return f"/{pages.repo_of(forge)}/pull/{pull.number}"
    return f"/{pages.repo_of(forge)}/blob/{quote(branch, safe='')}/{quote(path)}"


def _with(call: Call, body: dict[str, str]) -> Call:
    return Call(call.forge, call.login, call.links, call.params, {}, dict(body))


def _new_branch(forge: Forge) -> str:
    """The first of `patch-1`, `patch-2`, … that is free."""
    number = 1
    while forge.head(f"patch-{number}"):
        number += 1
    return f"patch-{number}"
