"""Whether a pull request can be merged, why not, and the merge itself.

Clean or conflicting is Git's own verdict. Which refusal gets which status follows GitHub: 405 for
what cannot be merged now, 409 for a head that moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.forge.core import WEB_FLOW_EMAIL, Forge
from sandbox.forge.errors import ApiError, refused
from sandbox.forge.git import Commit, GitError, Signature
from sandbox.forge.state import Protection, PullRequest, now


@dataclass(frozen=True)
class Verdict:
    """GitHub's `mergeable` and `mergeable_state`, and the rules that stand in the way."""

    mergeable: bool | None
    state: str
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True)
class MergeOrder:
    """What a caller asks of a merge; `title` and `message` None take GitHub's defaults."""

    method: str = "merge"
    title: str | None = None
    message: str | None = None


def verdict(forge: Forge, pull: PullRequest) -> Verdict:
    """Judge a pull request as it stands; an unopened one is `unknown`."""
    if pull.state != "open":
        return Verdict(None, "unknown")
    if forge.git.merge(pull.base_sha, pull.head_sha).conflicts:
        return Verdict(mergeable=False, state="dirty")
    if pull.draft:
        return Verdict(mergeable=True, state="draft")
    rules = forge.protection(pull.base_ref)
    unmet = tuple(unmet_rules(forge, pull, rules)) if rules else ()
    if unmet:
        return Verdict(mergeable=True, state="blocked", unmet=unmet)
    behind = forge.git.ahead_behind(pull.base_sha, pull.head_sha)[1]
    if rules and rules.strict and behind:
        return Verdict(
            mergeable=True, state="behind", unmet=("The head branch is not up to date.",)
        )
    statuses = forge.state.latest_statuses(pull.head_sha)
    clean = all(status.state == "success" for status in statuses)
    return Verdict(mergeable=True, state="clean" if clean else "unstable")


def unmet_rules(forge: Forge, pull: PullRequest, rules: Protection) -> list[str]:
    """The sentences GitHub gives for each rule of the base branch that does not hold yet."""
    found = []
    if rules.approvals is not None:
        opinions = standing_reviews(forge, pull)
        if "CHANGES_REQUESTED" in opinions.values():
            found.append("Changes have been requested.")
        missing = rules.approvals - list(opinions.values()).count("APPROVED")
        if missing > 0:
            noun = "review is" if rules.approvals == 1 else "reviews are"
            found.append(
                f"At least {rules.approvals} approving {noun} required"
                " by reviewers with write access."
            )
    found += unmet_checks(forge, pull.head_sha, rules)
    return found


def unmet_checks(forge: Forge, sha: str, rules: Protection) -> list[str]:
    """The required status checks that are not green on a commit."""
    states = {status.context: status.state for status in forge.state.latest_statuses(sha)}
    found = []
    for context in rules.contexts or []:
        state = states.get(context)
        if state is None:
            found.append(f'Required status check "{context}" is expected.')
        elif state != "success":
            found.append(f'Required status check "{context}" is {_in_words(state)}.')
    return found


def _in_words(state: str) -> str:
    return "failing" if state in ("failure", "error") else "pending"


def standing_reviews(forge: Forge, pull: PullRequest) -> dict[str, str]:
    """Each reviewer's last opinion that counts; a comment changes nothing, a dismissal ends it."""
    opinions: dict[str, str] = {}
    for review in pull.reviews:
        if not forge.may(review.author, "write"):
            continue
        if review.state in ("APPROVED", "CHANGES_REQUESTED"):
            opinions[review.author] = review.state
        elif review.state == "DISMISSED":
            opinions.pop(review.author, None)
    return opinions


def trial_merge(forge: Forge, pull: PullRequest) -> str | None:
    """The test merge GitHub shows as `merge_commit_sha` before the merge; None on conflict."""
    merged = forge.git.merge(pull.base_sha, pull.head_sha)
    if merged.conflicts:
        return None
    head = forge.git.commit(pull.head_sha)
    message = f"Merge {pull.head_sha} into {pull.base_sha}"
    parents = [pull.base_sha, pull.head_sha]
    return forge.git.write_commit(merged.tree, parents, message, head.author, head.committer)


def merge(forge: Forge, pull: PullRequest, login: str, order: MergeOrder, sha: str | None) -> str:
    """Merge for `login` and return the new commit; ApiError 405 or 409 as GitHub refuses.

    With `sha`, only if the head is still that commit.
    """
    if sha is not None and sha != pull.head_sha:
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    judged = verdict(forge, pull)
    if pull.draft and pull.state == "open":
        raise ApiError(405, "Pull Request is still a draft")
    if not judged.mergeable:
        raise ApiError(405, "Pull Request is not mergeable")
    if judged.unmet and not _may_bypass(forge, pull.base_ref, login):
        raise ApiError(405, " ".join(judged.unmet))
    commit = _merge_commit(forge, pull, login, order)
    try:
        forge.git.update_ref(f"refs/heads/{pull.base_ref}", commit, pull.base_sha)
    except GitError as error:
        message = "Base branch was modified. Review and try the merge again."
        raise ApiError(405, message) from error
    pull.close()
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = pull.closed_at, login, commit
    forge.state.pushed_at = now()
    return commit


def _may_bypass(forge: Forge, branch: str, login: str) -> bool:
    rules = forge.protection(branch)
    return forge.may(login, "admin") and not (rules and rules.enforce_admins)


def _merge_commit(forge: Forge, pull: PullRequest, login: str, order: MergeOrder) -> str:
    author = forge.signature(forge.user(login))
    committer = Signature("GitHub", WEB_FLOW_EMAIL, now())
    tree = forge.git.merge(pull.base_sha, pull.head_sha).tree
    if order.method == "rebase":
        return rebase(forge, pull.base_sha, commits_of(forge, pull), committer)
    if order.method == "squash":
        title = order.title or f"{pull.title} (#{pull.number})"
        message = order.message if order.message is not None else _squashed(forge, pull)
        parents = [pull.base_sha]
    else:
        title = order.title or (
            f"Merge pull request #{pull.number} from {forge.owner}/{pull.head_ref}"
        )
        message = order.message if order.message is not None else pull.title
        parents = [pull.base_sha, pull.head_sha]
    text = f"{title}\n\n{message}" if message else title
    return forge.git.write_commit(tree, parents, text, author, committer)


def _squashed(forge: Forge, pull: PullRequest) -> str:
    commits = commits_of(forge, pull)
    if len(commits) == 1:
        return commits[0].message.partition("\n\n")[2]
    return "\n\n".join(f"* {commit.message}" for commit in commits)


def commits_of(forge: Forge, pull: PullRequest) -> list[Commit]:
    """The commits a pull request brings, oldest first."""
    return forge.git.commits_between(pull.base_sha, pull.head_sha)


def rebase(forge: Forge, onto: str, commits: Sequence[Commit], committer: Signature) -> str:
    """Replay commits one by one; ApiError 405 when one does not apply.

    A commit with the tree of the new tip and the parent of the replayed commit makes that parent
    the merge base, which turns a three-way merge into a cherry-pick.
    """
    git = forge.git
    for commit in commits:
        if len(commit.parents) != 1:
            continue
        tree = git.commit(onto).tree
        stand_in = git.write_commit(tree, commit.parents, "", committer, committer)
        picked = git.merge(stand_in, commit.sha)
        if picked.conflicts:
            raise ApiError(405, "This branch can't be rebased")
        onto = git.write_commit(picked.tree, [onto], commit.message, commit.author, committer)
    return onto


def update_branch(forge: Forge, pull: PullRequest, login: str, expected: str | None) -> None:
    """Merge the base into the head branch; ApiError 422 as GitHub refuses."""
    if expected is not None and expected != pull.head_sha:
        raise refused("expected head sha didn't match current head ref.")
    if forge.git.is_ancestor(pull.base_sha, pull.head_sha):
        raise refused("There are no new commits on the base branch.")
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    if merge_into(forge, pull.head_ref, pull.base_sha, login, message) is None:
        raise refused("merge conflict between base and head")


def merge_into(forge: Forge, branch: str, sha: str, login: str, message: str) -> str | None:
    """Merge a commit into a branch for `login`; the new commit, or None when they conflict."""
    tip = forge.git.line("rev-parse", f"refs/heads/{branch}")
    merged = forge.git.merge(tip, sha)
    if merged.conflicts:
        return None
    author = forge.signature(forge.user(login))
    committer = Signature("GitHub", WEB_FLOW_EMAIL, now())
    commit = forge.git.write_commit(merged.tree, [tip, sha], message, author, committer)
    forge.git.update_ref(f"refs/heads/{branch}", commit, tip)
    forge.sync()
    return commit
