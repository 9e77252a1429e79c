"""Users, the repository, permissions and the GitHub App, as GitHub's JSON."""

from datetime import UTC, datetime

from sandbox.forge.core import Forge
from sandbox.forge.shapes.links import Json, Links, node_id, stamp
from sandbox.forge.state import State, User

_USER_FOLDERS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}

_REPO_FOLDERS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

_APP_PERMISSIONS = {
    "checks": "read",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}


def simple_user(user: User, links: Links) -> Json:
    """A user as it stands inside other objects."""
    url = f"{links.api}/users/{user.login}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id("User", user.id),
        "avatar_url": f"{links.site}/avatars/{user.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{links.site}/?as={user.login}",
        **{field: f"{url}/{folder}" for field, folder in _USER_FOLDERS.items()},
        "type": user.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(user: User, links: Links, created: datetime) -> Json:
    """A user's own page in the API."""
    return simple_user(user, links) | {
        "name": user.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": user.email,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(created),
        "updated_at": stamp(created),
    }


def private_user(user: User, links: Links, created: datetime) -> Json:
    """What a user sees of themself."""
    return public_user(user, links, created) | {
        "user_view_type": "private",
        "private_gists": 0,
        "total_private_repos": 1,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def maybe_user(state: State, login: str | None, links: Links) -> Json | None:
    """A simple user, or None for nobody."""
    user = state.user(login) if login else None
    return simple_user(user, links) if user else None


def minimal_repo(forge: Forge, links: Links) -> Json:
    """The repository as it stands inside other objects."""
    return {
        "id": 1,
        "node_id": node_id("Repository", 1),
        "name": forge.name,
        "full_name": f"{forge.owner}/{forge.name}",
        "private": True,
        "owner": simple_user(forge.owner_user, links),
        "html_url": links.repo_page,
        "description": "What runs in the clusters, and where.",
        "fork": False,
        "url": links.repo,
        **{field: f"{links.repo}{folder}" for field, folder in _REPO_FOLDERS.items()},
    }


def repository(forge: Forge, links: Links) -> Json:
    """The repository as pull requests show it."""
    host = links.site.partition("://")[2]
    name = f"{forge.owner}/{forge.name}.git"
    waiting = len(forge.open_pulls())
    return minimal_repo(forge, links) | {
        "archived": False,
        "disabled": False,
        "clone_url": f"{links.site}/{name}",
        "git_url": f"git://{host}/{name}",
        "ssh_url": f"git@{host}:{name}",
        "svn_url": links.repo_page,
        "mirror_url": None,
        "homepage": None,
        "default_branch": forge.branch,
        "created_at": stamp(forge.state.created_at),
        "pushed_at": stamp(forge.state.pushed_at),
        "updated_at": stamp(forge.state.pushed_at),
        "forks": 0,
        "forks_count": 0,
        "has_discussions": False,
        "has_downloads": True,
        "has_issues": True,
        "has_pages": False,
        "has_projects": False,
        "has_wiki": False,
        "language": None,
        "license": None,
        "open_issues": waiting,
        "open_issues_count": waiting,
        "size": 1,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "visibility": "private",
        "topics": [],
        "allow_forking": False,
        "is_template": False,
        "web_commit_signoff_required": False,
    }


def full_repo(forge: Forge, links: Links, login: str) -> Json:
    """The repository's own page in the API, with what the caller may do."""
    return repository(forge, links) | {
        "permissions": permissions(forge, login),
        "network_count": 0,
        "subscribers_count": 0,
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "allow_update_branch": True,
        "delete_branch_on_merge": False,
        "temp_clone_token": None,
    }


def permissions(forge: Forge, login: str) -> Json:
    """Five yes-or-no answers, from `pull` to `admin`."""
    return {
        "admin": forge.may(login, "admin"),
        "maintain": forge.may(login, "maintain"),
        "push": forge.may(login, "write"),
        "triage": forge.may(login, "triage"),
        "pull": forge.may(login, "read"),
    }


def permission(forge: Forge, user: User, links: Links) -> Json:
    """A collaborator's permission; `maintain` and `triage` show only in `role_name`."""
    coarse = {"maintain": "write", "triage": "read"}.get(user.permission, user.permission)
    collaborator = simple_user(user, links) | {
        "permissions": permissions(forge, user.login),
        "role_name": user.permission,
    }
    return {"permission": coarse, "role_name": user.permission, "user": collaborator}


def collaborator(forge: Forge, user: User, links: Links) -> Json:
    """A row of the collaborators list."""
    shape: Json = permission(forge, user, links)["user"]
    return shape


def app(forge: Forge, links: Links) -> Json:
    """The GitHub App itself."""
    config = forge.config.app
    created = stamp(forge.state.created_at)
    return {
        "id": config.app_id,
        "slug": config.slug,
        "node_id": node_id("App", config.app_id),
        "client_id": f"Iv1.{config.app_id:016x}",
        "owner": simple_user(forge.owner_user, links),
        "name": config.slug,
        "description": None,
        "external_url": links.site,
        "html_url": links.site,
        "created_at": created,
        "updated_at": created,
        "permissions": _APP_PERMISSIONS,
        "events": ["pull_request"],
        "installations_count": 1,
    }


def installation(forge: Forge, links: Links) -> Json:
    """The App's one installation, on the owner of the repository."""
    config = forge.config.app
    owner = forge.owner_user
    url = f"{links.api}/app/installations/{config.installation_id}"
    created = stamp(forge.state.created_at)
    return {
        "id": config.installation_id,
        "account": simple_user(owner, links),
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{links.api}/installation/repositories",
        "html_url": links.site,
        "app_id": config.app_id,
        "app_slug": config.slug,
        "client_id": f"Iv1.{config.app_id:016x}",
        "target_id": owner.id,
        "target_type": "Organization",
        "permissions": _APP_PERMISSIONS,
        "events": ["pull_request"],
        "repository_selection": "selected",
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
        "created_at": created,
        "updated_at": created,
    }


def installation_token(forge: Forge, token: str) -> Json:
    """A new token of the installation and until when it is good."""
    expires = forge.state.installation_tokens[token].astimezone(UTC)
    return {
        "token": token,
        "expires_at": stamp(expires),
        "permissions": _APP_PERMISSIONS,
        "repository_selection": "selected",
    }
