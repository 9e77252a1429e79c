"""Clone, fetch and push over HTTP, by git's own server program run as CGI.

As with a public repository, everybody may read; a push asks for a token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError
from sandbox.forge.git import quiet_environment
from sandbox.forge.identity import identify

TIMEOUT_SECONDS = 60.0
OnWorker = Callable[[Callable[[], Any]], Awaitable[Any]]


def add_routes(app: web.Application, forge: Forge, on_worker: OnWorker) -> None:
    """Serve the repository at `/OWNER/NAME.git`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            identity = identify(forge, request.headers.get("Authorization"))
        except ApiError:
            return _ask_for_password()
        pushes = "git-receive-pack" in (request.path + request.query_string)
        if identity.kind == "app" or (identity.kind == "nobody" and pushes):
            return _ask_for_password()
        if pushes and not forge.may(identity.login, "write"):
            return web.Response(status=403, text="Write access to repository not granted.\n")
        answer = await _run(forge, request, identity.login)
        if pushes:
            await on_worker(lambda: forge.save() if forge.sync() else None)
        return answer

    app.router.add_route("*", f"/{forge.owner}/{forge.name}.git/{{tail:.*}}", handle)


def _ask_for_password() -> web.Response:
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    return web.Response(status=401, headers=headers, text="Authentication required.\n")


async def _run(forge: Forge, request: web.Request, login: str) -> web.Response:
    body = await request.read()
    permission = forge.user(login).permission if login else "read"
    environment = quiet_environment() | {
        "GIT_PROJECT_ROOT": str(Path(forge.bare).parent.parent.resolve()),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query_string,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": login,
        "REMOTE_ADDR": request.remote or "",
        "FORGE_PERMISSION": permission,
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.wait_for(process.communicate(body), TIMEOUT_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return web.Response(status=504, text="git took too long.\n")
    return _from_cgi(output, complaint)


def _from_cgi(output: bytes, complaint: bytes) -> web.Response:
    head, separator, body = output.partition(b"\r\n\r\n")
    if not separator:
        return web.Response(status=500, body=complaint or b"git http-backend gave no answer.\n")
    headers = {}
    status = 200
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        if name == "Status":
            status = int(value.split(" ")[0])
        else:
            headers[name] = value
    return web.Response(status=status, headers=headers, body=body)
