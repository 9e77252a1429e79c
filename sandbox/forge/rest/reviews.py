"""Reviews and who is asked for one."""

from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError, not_found, refused
from sandbox.forge.rest.call import REPO, Answer, Call, Page, Route, maybe_text, text, texts
from sandbox.forge.shapes import accounts
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import PullRequest, Review, ReviewState

_EVENTS: dict[str, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}
_OWN = {
    "APPROVED": "Can not approve your own pull request",
    "CHANGES_REQUESTED": "Can not request changes on your own pull request",
}


def create_review(call: Call) -> Json:
    """POST pulls/{number}/reviews; without an `event` it stays pending."""
    pull = call.pull()
    body = maybe_text(call.body, "body") or ""
    event = maybe_text(call.body, "event")
    state = _state(event) if event else "PENDING"
    commit = maybe_text(call.body, "commit_id") or pull.head_sha
    if call.forge.git.type_of(commit) != "commit":
        raise refused("Unprocessable Entity")
    review = add_review(call.forge, pull, call.login, state, body)
    review.commit = commit
    return shapes.review(call.forge, pull, review, call.links)


def add_review(
    forge: Forge, pull: PullRequest, login: str, state: ReviewState, body: str
) -> Review:
    """Record a review of the present head; ApiError 422 where GitHub refuses it."""
    if login == pull.author and state in _OWN:
        raise ApiError(422, "Unprocessable Entity", [_OWN[state]])
    if state in ("CHANGES_REQUESTED", "COMMENTED") and not body:
        raise ApiError(422, "Unprocessable Entity", ["Body can't be blank"])
    review = Review(
        id=forge.state.next_id(), author=login, state=state, body=body, commit=pull.head_sha
    )
    pull.reviews.append(review)
    if state != "PENDING":
        pull.reviewers = [name for name in pull.reviewers if name != login]
    pull.touch()
    return review


def _state(event: str) -> ReviewState:
    if event not in _EVENTS:
        raise refused(f"Variable $event of type PullRequestReviewEvent was provided {event!r}")
    return _EVENTS[event]


def _review(call: Call) -> Review:
    wanted = int(call.params["review"])
    found = next((review for review in call.pull().reviews if review.id == wanted), None)
    if found is None:
        raise not_found()
    return found


def list_reviews(call: Call) -> Page:
    """GET pulls/{number}/reviews, oldest first; pending ones only for who writes them."""
    pull = call.pull()
    shown = [r for r in pull.reviews if r.state != "PENDING" or r.author == call.login]
    return Page(shown, lambda review: shapes.review(call.forge, pull, review, call.links))


def get_review(call: Call) -> Json:
    """GET pulls/{number}/reviews/{id}."""
    return shapes.review(call.forge, call.pull(), _review(call), call.links)


def submit_review(call: Call) -> Json:
    """POST pulls/{number}/reviews/{id}/events: submit a pending review."""
    pull, pending = call.pull(), _review(call)
    if pending.state != "PENDING" or pending.author != call.login:
        raise ApiError(422, "Unprocessable Entity", ["Review is not pending"])
    body = maybe_text(call.body, "body") or pending.body
    state = _state(text(call.body, "event", "PullRequestReview"))
    submitted = add_review(call.forge, pull, call.login, state, body)
    pull.reviews.remove(pending)
    submitted.id, submitted.commit = pending.id, pending.commit
    return shapes.review(call.forge, pull, submitted, call.links)


def dismiss_review(call: Call) -> Json:
    """PUT pulls/{number}/reviews/{id}/dismissals."""
    pull, review = call.pull(), _review(call)
    text(call.body, "message", "PullRequestReview")
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise ApiError(
            422, "Unprocessable Entity", ["Can not dismiss a commented pull request review"]
        )
    review.state = "DISMISSED"
    pull.touch()
    return shapes.review(call.forge, pull, review, call.links)


def list_requested(call: Call) -> Json:
    """GET pulls/{number}/requested_reviewers."""
    users = [call.forge.state.user(login) for login in call.pull().reviewers]
    return {
        "users": [accounts.simple_user(user, call.links) for user in users if user],
        "teams": [],
    }


def request_reviewers(call: Call) -> Answer:
    """POST pulls/{number}/requested_reviewers; the forge has people, not teams."""
    pull = call.pull()
    wanted = texts(call.body, "reviewers")
    if pull.author.lower() in {login.lower() for login in wanted}:
        raise refused("Review cannot be requested from pull request author.")
    users = [call.forge.state.user(login) for login in wanted]
    may = all(user and call.forge.may(user.login, "read") for user in users)
    if not may or texts(call.body, "team_reviewers"):
        raise refused(
            "Reviews may only be requested from collaborators. One or more of the users or teams"
            f" you specified is not a collaborator of the {call.forge.config.repo} repository."
        )
    names = [user.login for user in users if user]
    pull.reviewers += [name for name in names if name not in pull.reviewers]
    pull.touch()
    return Answer(201, shapes.pull_request_simple(call.forge, pull, call.links))


def remove_requested(call: Call) -> Json:
    """DELETE pulls/{number}/requested_reviewers."""
    pull = call.pull()
    gone = {login.lower() for login in texts(call.body, "reviewers")}
    pull.reviewers = [login for login in pull.reviewers if login.lower() not in gone]
    pull.touch()
    return shapes.pull_request_simple(call.forge, pull, call.links)


_ONE = REPO + r"/pulls/{number:\d+}"
_REVIEW = _ONE + r"/reviews/{review:\d+}"
ROUTES = [
    Route("GET", _ONE + "/reviews", list_reviews),
    Route("POST", _ONE + "/reviews", create_review),
    Route("GET", _REVIEW, get_review),
    Route("POST", _REVIEW + "/events", submit_review),
    Route("PUT", _REVIEW + "/dismissals", dismiss_review, "write"),
    Route("GET", _ONE + "/requested_reviewers", list_requested),
    Route("POST", _ONE + "/requested_reviewers", request_reviewers, "triage"),
    Route("DELETE", _ONE + "/requested_reviewers", remove_requested, "triage"),
]
