"""Pull requests, their issues, reviews, comments, labels and protection, as GitHub's JSON."""

from sandbox.forge import diffs, merging
from sandbox.forge.core import Forge
from sandbox.forge.shapes import accounts
from sandbox.forge.shapes.links import Json, Links, maybe_stamp, node_id, stamp
from sandbox.forge.state import Comment, Label, Protection, PullRequest, Review


def label(found: Label, links: Links) -> Json:
    """A label of the repository."""
    return {
        "id": found.id,
        "node_id": node_id("Label", found.id),
        "url": f"{links.repo}/labels/{found.name}".replace(" ", "%20"),
        "name": found.name,
        "color": found.color,
        "default": False,
        "description": found.description or "",
    }


def labels(forge: Forge, pull: PullRequest, links: Links) -> list[Json]:
    """The labels a pull request wears."""
    known = (forge.state.labels.get(name.lower()) for name in pull.labels)
    return [label(found, links) for found in known if found]


def association(forge: Forge, login: str) -> str:
    """What the author is to the repository."""
    if login == forge.owner:
        return "OWNER"
    return "COLLABORATOR" if forge.may(login, "read") else "NONE"


def _side(forge: Forge, ref: str, sha: str, links: Links) -> Json:
    return {
        "label": f"{forge.owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.simple_user(forge.owner_user, links),
        "repo": accounts.repository(forge, links),
    }


def _shared(forge: Forge, pull: PullRequest, links: Links) -> Json:
    state = forge.state
    assignees = [accounts.maybe_user(state, login, links) for login in pull.assignees]
    return {
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": accounts.maybe_user(state, pull.author, links),
        "body": pull.body,
        "labels": labels(forge, pull, links),
        "milestone": None,
        "active_lock_reason": None,
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(pull.updated_at),
        "closed_at": maybe_stamp(pull.closed_at),
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "author_association": association(forge, pull.author),
        "html_url": links.pull_page(pull.number),
        "comments_url": f"{links.issue(pull.number)}/comments",
        "draft": pull.draft,
    }


def pull_request_simple(forge: Forge, pull: PullRequest, links: Links) -> Json:
    """A pull request as a row of a list."""
    url, issue_url, page = (
        links.pull(pull.number),
        links.issue(pull.number),
        links.pull_page(pull.number),
    )
    review_comment = f"{links.repo}/pulls/comments{{/number}}"
    statuses = f"{links.repo}/statuses/{pull.head_sha}"
    merge_sha = pull.merge_commit_sha
    if pull.state == "open":
        merge_sha = merging.trial_merge(forge, pull)
    return _shared(forge, pull, links) | {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "merged_at": maybe_stamp(pull.merged_at),
        "merge_commit_sha": merge_sha,
        "requested_reviewers": [
            accounts.maybe_user(forge.state, login, links) for login in pull.reviewers
        ],
        "requested_teams": [],
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": review_comment,
        "statuses_url": statuses,
        "head": _side(forge, pull.head_ref, pull.head_sha, links),
        "base": _side(forge, pull.base_ref, pull.base_sha, links),
        "auto_merge": None,
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "issue": {"href": issue_url},
            "comments": {"href": f"{issue_url}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": review_comment},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
    }


def changed_files(forge: Forge, pull: PullRequest) -> list[diffs.FileDiff]:
    """What the head changes since it left the base."""
    return diffs.files(forge.git, fork_point(forge, pull), pull.head_sha)


def fork_point(forge: Forge, pull: PullRequest) -> str | None:
    """The commit where the head left the base."""
    return forge.git.merge_base(pull.base_sha, pull.head_sha)


def pull_request(forge: Forge, pull: PullRequest, links: Links, *, judged: bool = True) -> Json:
    """A whole pull request; with `judged` false, as before GitHub has tried the merge."""
    changed = changed_files(forge, pull)
    shape = pull_request_simple(forge, pull, links)
    verdict = merging.verdict(forge, pull) if judged else merging.Verdict(None, "unknown")
    if not judged:
        shape["merge_commit_sha"] = None
    return shape | {
        "merged": pull.merged_at is not None,
        "mergeable": verdict.mergeable,
        "rebaseable": verdict.mergeable,
        "mergeable_state": verdict.state,
        "merged_by": accounts.maybe_user(forge.state, pull.merged_by, links),
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(merging.commits_of(forge, pull)),
        "additions": sum(file.additions for file in changed),
        "deletions": sum(file.deletions for file in changed),
        "changed_files": len(changed),
    }


def issue(forge: Forge, pull: PullRequest, links: Links) -> Json:
    """The issue that every pull request also is."""
    url = links.issue(pull.number)
    return _shared(forge, pull, links) | {
        "id": pull.id + 1,
        "node_id": node_id("Issue", pull.id + 1),
        "url": url,
        "repository_url": links.repo,
        "labels_url": f"{url}/labels{{/name}}",
        "events_url": f"{url}/events",
        "comments": len(pull.comments),
        "pull_request": {
            "url": links.pull(pull.number),
            "html_url": links.pull_page(pull.number),
            "diff_url": f"{links.pull_page(pull.number)}.diff",
            "patch_url": f"{links.pull_page(pull.number)}.patch",
            "merged_at": maybe_stamp(pull.merged_at),
        },
        "closed_by": None,
    }


def comment(forge: Forge, pull: PullRequest, found: Comment, links: Links) -> Json:
    """A comment in the conversation."""
    return {
        "id": found.id,
        "node_id": node_id("IssueComment", found.id),
        "url": f"{links.repo}/issues/comments/{found.id}",
        "html_url": f"{links.pull_page(pull.number)}#issuecomment-{found.id}",
        "body": found.body,
        "user": accounts.maybe_user(forge.state, found.author, links),
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
        "issue_url": links.issue(pull.number),
        "author_association": association(forge, found.author),
        "performed_via_github_app": None,
    }


def review(forge: Forge, pull: PullRequest, found: Review, links: Links) -> Json:
    """A review and the commit it looked at; a pending one has no time of submission."""
    page = f"{links.pull_page(pull.number)}#pullrequestreview-{found.id}"
    shape: Json = {
        "id": found.id,
        "node_id": node_id("PullRequestReview", found.id),
        "user": accounts.maybe_user(forge.state, found.author, links),
        "body": found.body,
        "state": found.state,
        "html_url": page,
        "pull_request_url": links.pull(pull.number),
        "_links": {"html": {"href": page}, "pull_request": {"href": links.pull(pull.number)}},
        "commit_id": found.commit,
        "author_association": association(forge, found.author),
    }
    if found.state != "PENDING":
        shape["submitted_at"] = stamp(found.submitted_at)
    return shape


def protection(rules: Protection, branch: str, links: Links) -> Json:
    """A branch's rules as GitHub tells them back."""
    url = f"{links.repo}/branches/{branch}/protection"
    shape: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": rules.enforce_admins},
        "required_linear_history": {"enabled": rules.linear_history},
        "allow_force_pushes": {"enabled": rules.allow_force_pushes},
        "allow_deletions": {"enabled": rules.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
    }
    if rules.contexts is not None:
        shape["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": rules.strict,
            "contexts": rules.contexts,
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": context, "app_id": None} for context in rules.contexts],
        }
    if rules.approvals is not None:
        shape["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": rules.dismiss_stale,
            "require_code_owner_reviews": rules.code_owners,
            "required_approving_review_count": rules.approvals,
            "require_last_push_approval": rules.last_push_approval,
        }
    return shape
