"""What differs between two commits, file by file, as a reviewer sees it."""

from dataclasses import dataclass

from sandbox.forge.git import EMPTY_TREE, Git

_STATUS = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}


@dataclass(frozen=True)
class FileDiff:
    """One changed file; `patch` holds the hunks and is None for a binary or a pure rename."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


def unified(git: Git, before: str | None, after: str) -> str:
    """The whole difference of two commits or trees, by their full SHAs, in Git's unified format;
    `before` None means from nothing."""
    shown = git.known(
        "diff-tree", "-r", "-M", "-p", "--no-color", before or EMPTY_TREE, after, "--"
    )
    return shown.decode(errors="replace")


def files(git: Git, before: str | None, after: str) -> list[FileDiff]:
    """The changed files between two commits or trees, in path order."""
    start = before or EMPTY_TREE
    raw = git.known("diff-tree", "-r", "-M", "-z", "--raw", "--no-abbrev", start, after, "--")
    patches = _split(unified(git, before, after))
    found: list[FileDiff] = []
    fields = iter(raw.decode().split("\0"))
    for meta in fields:
        if not meta:
            break
        _, _, old_sha, new_sha, letter = meta.split()
        path = next(fields)
        previous = None
        if letter[0] in "RC":
            previous, path = path, next(fields)
        patch = patches[len(found)]
        lines = patch.splitlines() if patch else []
        found.append(
            FileDiff(
                path=path,
                previous=previous,
                status=_STATUS.get(letter[0], "changed"),
                sha=old_sha if letter[0] == "D" else new_sha,
                additions=sum(line.startswith("+") for line in lines),
                deletions=sum(line.startswith("-") for line in lines),
                patch=patch,
            )
        )
    return found


def _split(diff: str) -> list[str | None]:
    """The hunks of each file; content lines start with a sign, so the header is unmistakable."""
    parts: list[list[str]] = []
    in_hunk = False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            parts.append([])
            in_hunk = False
            continue
        in_hunk = in_hunk or line.startswith("@@ ")
        if in_hunk and parts:
            parts[-1].append(line)
    return ["\n".join(lines).rstrip("\n") if lines else None for lines in parts]
