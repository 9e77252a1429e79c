"""Who asks: users, rate limits, and the GitHub App with its installation."""

import time

from sandbox.forge.errors import ApiError, not_found
from sandbox.forge.rest.call import REPO, Answer, Call, Page, Route
from sandbox.forge.shapes import accounts
from sandbox.forge.shapes.links import Json

RATE_LIMIT = 5000


def get_self(call: Call) -> Json:
    """GET user; an App's installation is nobody and gets 403."""
    if call.user.type == "Bot":
        raise ApiError(403, "Resource not accessible by integration")
    return accounts.private_user(call.user, call.links, call.forge.state.created_at)


def get_user(call: Call) -> Json:
    """GET users/{login}."""
    user = call.forge.state.user(call.params["login"])
    if user is None:
        raise not_found()
    return accounts.public_user(user, call.links, call.forge.state.created_at)


def rate_limit(_call: Call) -> Json:
    """GET rate_limit, which is never used up here; a fault proxy plays that."""
    core = {
        "limit": RATE_LIMIT,
        "used": 0,
        "remaining": RATE_LIMIT,
        "reset": int(time.time()) + 3600,
        "resource": "core",
    }
    return {"resources": {"core": core, "search": core | {"resource": "search"}}, "rate": core}


def get_app(call: Call) -> Json:
    """GET app, as the App itself."""
    return accounts.app(call.forge, call.links)


def list_installations(call: Call) -> Page:
    """GET app/installations."""
    return Page([accounts.installation(call.forge, call.links)], lambda shape: shape)


def get_installation(call: Call) -> Json:
    """GET app/installations/{id} or the repository's installation."""
    wanted = call.params.get("installation")
    if wanted is not None and int(wanted) != call.forge.config.app.installation_id:
        raise not_found()
    return accounts.installation(call.forge, call.links)


def create_installation_token(call: Call) -> Answer:
    """POST app/installations/{id}/access_tokens: a token good for an hour."""
    get_installation(call)
    token = call.forge.new_installation_token()
    return Answer(201, accounts.installation_token(call.forge, token))


def list_installation_repos(call: Call) -> Page:
    """GET installation/repositories."""
    return Page(
        [accounts.repository(call.forge, call.links)],
        lambda shape: shape,
        lambda rows: {"total_count": len(rows), "repositories": rows},
    )


ROUTES = [
    Route("GET", "/user", get_self, "none"),
    Route("GET", "/users/{login}", get_user, "none"),
    Route("GET", "/rate_limit", rate_limit, "none", "token"),
    Route("GET", "/app", get_app, "none", "app"),
    Route("GET", "/app/installations", list_installations, "none", "app"),
    Route("GET", r"/app/installations/{installation:\d+}", get_installation, "none", "app"),
    Route(
        "POST",
        r"/app/installations/{installation:\d+}/access_tokens",
        create_installation_token,
        "none",
        "app",
    ),
    Route("GET", REPO + "/installation", get_installation, "none", "app"),
    Route("GET", "/installation/repositories", list_installation_repos),
]
