"""The routes of the web pages. Reading needs no sign-in; acting names who acts.

This is a sandbox on the loopback address: people are chosen, not proven. What is guarded is that
no other web site can press the buttons: a POST must come from these pages.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.forge import diffs, merging
from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError
from sandbox.forge.git import Commit
from sandbox.forge.rest import pulls as rest_pulls
from sandbox.forge.rest.call import Call
from sandbox.forge.rest.reviews import add_review
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.shapes.links import Links
from sandbox.forge.state import PullRequest
from sandbox.forge.web import editor, html, pages

OnWorker = Callable[[Callable[[], Any]], Awaitable[Any]]
Handler = Callable[[web.Request], Awaitable[web.Response]]
_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_DONE = {
    "merge": "Merged.",
    "close": "Closed.",
    "reopen": "Reopened.",
    "approve": "Approved.",
}


def add_routes(app: web.Application, forge: Forge, on_worker: OnWorker) -> None:
    """Serve `/`, pull requests, commits, files and their editor."""
    repo = f"/{forge.owner}/{forge.name}"

    def shown(view: Callable[[Forge, web.Request], web.Response]) -> Handler:
        def work(request: web.Request) -> web.Response:
            if forge.sync():
                forge.save()
            return view(forge, request)

        async def handle(request: web.Request) -> web.Response:
            return await on_worker(lambda: work(request))  # type: ignore[no-any-return]

        return handle

    def pressed(act: Callable[[Forge, web.Request, dict[str, str]], web.Response]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            if request.headers.get("Origin") != f"{request.scheme}://{request.host}":
                return _refuse(403, "This button works only from the forge's own pages.")
            form = await request.post()
            fields = {key: str(value) for key, value in form.items()}
            return await on_worker(lambda: act(forge, request, fields))  # type: ignore[no-any-return]

        return handle

    app.router.add_get("/", shown(_front))
    app.router.add_get("/style.css", _style)
    app.router.add_get(repo, shown(_front))
    app.router.add_get(repo + r"/pull/{number:\d+}.{kind:diff|patch}", shown(_pull_diff))
    app.router.add_get(repo + r"/pull/{number:\d+}", shown(_pull))
    app.router.add_post(repo + r"/pull/{number:\d+}", pressed(_act))
    app.router.add_get(repo + "/edit/{ref}/{path:.*}", shown(_editor))
    app.router.add_post(repo + "/edit/{ref}/{path:.*}", pressed(_commit_edit))
    app.router.add_get(repo + "/commit/{sha}", shown(_commit))
    app.router.add_get(repo + "/{kind:blob|tree|raw}/{ref}", shown(_file))
    app.router.add_get(repo + "/{kind:blob|tree|raw}/{ref}/{path:.*}", shown(_file))


def _page(body: str, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)


def _refuse(status: int, sentence: str) -> web.Response:
    return _page(html.page("Not done", "forge", f"<h1>{html.text(sentence)}</h1>"), status)


async def _style(_request: web.Request) -> web.Response:
    sheet = Path(__file__).with_name("style.css").read_text()
    return web.Response(text=sheet, content_type="text/css")


def _front(forge: Forge, request: web.Request) -> web.Response:
    return _page(pages.front(forge, f"{request.scheme}://{request.host}"))


def _number(forge: Forge, request: web.Request) -> PullRequest | None:
    return forge.state.pulls.get(int(request.match_info["number"]))


def _pull(forge: Forge, request: web.Request) -> web.Response:
    pull = _number(forge, request)
    if pull is None:
        return _refuse(404, "There is no such pull request.")
    query = request.query
    return _page(pages.pull_request(forge, pull, query.get("as", ""), query.get("said", "")))


def _pull_diff(forge: Forge, request: web.Request) -> web.Response:
    pull = _number(forge, request)
    if pull is None:
        return _refuse(404, "There is no such pull request.")
    start = shapes.fork_point(forge, pull)
    return web.Response(text=diffs.unified(forge.git, start, pull.head_sha))


def _call(forge: Forge, request: web.Request, login: str, body: dict[str, Any]) -> Call:
    origin = f"{request.scheme}://{request.host}"
    links = Links(origin, origin, forge.owner, forge.name)
    return Call(forge, login, links, dict(request.match_info), {}, body)


def _commit_of(forge: Forge, request: web.Request, name: str) -> Commit | None:
    return _call(forge, request, forge.owner, {}).commit_of(name)


def _commit(forge: Forge, request: web.Request) -> web.Response:
    found = _commit_of(forge, request, request.match_info["sha"])
    if found is None:
        return _refuse(404, "There is no such commit.")
    return _page(pages.commit(forge, found))


def _file(forge: Forge, request: web.Request) -> web.Response:
    ref, path = request.match_info["ref"], request.match_info.get("path", "").strip("/")
    found = _commit_of(forge, request, ref)
    entry = forge.git.entry(found.sha, path) if found else None
    if entry is None:
        return _refuse(404, "There is no such file here.")
    if entry.type == "tree":
        return _page(pages.folder(forge, ref, path, forge.git.tree(entry.sha)))
    content = forge.git.blob(entry.sha)
    if request.match_info["kind"] == "raw":
        headers = {"X-Content-Type-Options": "nosniff", "Content-Type": "text/plain; charset=utf-8"}
        return web.Response(body=content, headers=headers)
    return _page(pages.blob(forge, ref, path, content, request.query.get("said", "")))


def _editor(forge: Forge, request: web.Request) -> web.Response:
    try:
        return _page(editor.shown(forge, request.match_info["ref"], request.match_info["path"]))
    except ApiError:
        return _refuse(404, "There is no such text file on a branch of that name.")


def _commit_edit(forge: Forge, request: web.Request, fields: dict[str, str]) -> web.Response:
    user = forge.state.user(fields.get("as", ""))
    if user is None:
        return _refuse(404, "There is no such person.")
    try:
        place = editor.commit(_call(forge, request, user.login, {}), fields)
    except ApiError as error:
        return _refuse(error.status, f"Not committed: {error}")
    forge.save()
    query = urlencode({"as": user.login, "said": f"Committed to {fields['branch'].strip()}."})
    return web.Response(status=303, headers={"Location": f"{place}?{query}"})


def _act(forge: Forge, request: web.Request, fields: dict[str, str]) -> web.Response:
    forge.sync()
    pull = _number(forge, request)
    user = forge.state.user(fields.get("as", ""))
    action = fields.get("action", "")
    if pull is None or user is None or action not in _DONE:
        return _refuse(404, "There is no such pull request, person or action.")
    try:
        _do(_call(forge, request, user.login, {}), pull, action, fields.get("head"))
        said = _DONE[action]
    except ApiError as error:
        said = " ".join([str(error), *map(_sentence, error.body.get("errors", []))])
    forge.save()
    query = urlencode({"as": user.login, "said": said})
    return web.Response(status=303, headers={"Location": f"{request.path}?{query}"})


def _do(call: Call, pull: PullRequest, action: str, head: str | None) -> None:
    if action == "approve":
        add_review(call.forge, pull, call.login, "APPROVED", "")
        return
    call.need("write")
    if action == "merge":
        merging.merge(call.forge, pull, call.login, merging.MergeOrder(), head)
    elif action == "close" and pull.state == "open":
        pull.close()
    elif action == "reopen" and pull.state == "closed":
        rest_pulls.reopen(call, pull)
    call.forge.sync()


def _sentence(entry: Any) -> str:
    return str(entry.get("message", "")) if isinstance(entry, dict) else str(entry)
