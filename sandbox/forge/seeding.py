"""What a new repository starts with: a first commit, and the hook that guards protected branches.

Pushes over smart HTTP never pass the REST handlers, so Git itself must refuse them; the forge
writes the names of protected branches beside the repository for the hook to read.
"""

from collections.abc import Mapping
from pathlib import Path

from sandbox.forge.git import NO_OBJECT, Git, Signature, TreeEntry
from sandbox.forge.state import Protection

DEFAULT_SEED = Path(__file__).parent.parent / "cluster-config"

_UPDATE_HOOK = """#!/bin/sh
# Refuses pushes to protected branches, as GitHub does; REMOTE_USER is who pushes.
case "$FORGE_PERMISSION" in
  admin) list=protected-for-admins ;;
  *) list=protected ;;
esac
if grep -qxF -- "$1" "$GIT_DIR/$list" 2>/dev/null; then
  echo "error: GH006: Protected branch update failed for $1." >&2
  exit 1
fi
"""


def seed(git: Git, branch: str, source: Path | None, signature: Signature) -> None:
    """Make the first commit of `branch` from the files of a folder (default: cluster-config)."""
    root = source or DEFAULT_SEED
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root} to seed the repository from")
    paths = sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    )
    shas = git.write_blobs([path.read_bytes() for path in paths])
    entries = [
        TreeEntry("100644", "blob", sha, path.relative_to(root).as_posix())
        for path, sha in zip(paths, shas, strict=True)
    ]
    tree = git.write_tree(None, entries)
    commit = git.write_commit(tree, [], "Describe the clusters", signature, signature)
    git.update_ref(f"refs/heads/{branch}", commit, NO_OBJECT)


def install_update_hook(bare: Path) -> None:
    """Put the hook in place that refuses pushes to protected branches."""
    hook = bare / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_UPDATE_HOOK)
    hook.chmod(0o755)


def write_protected_branches(bare: Path, protections: Mapping[str, Protection]) -> None:
    """List the branches that need a pull request or checks, for the hook."""
    closed = {
        name: rules
        for name, rules in protections.items()
        if rules.approvals is not None or rules.contexts is not None
    }
    for file, names in {
        "protected": closed.keys(),
        "protected-for-admins": {name for name, rules in closed.items() if rules.enforce_admins},
    }.items():
        (bare / file).write_text("".join(f"refs/heads/{name}\n" for name in sorted(names)))
