"""A bare Git repository, driven through git's own plumbing.

The forge keeps every commit, tree and ref in a real repository, so that what the product pushes,
merges and clones behaves as Git does and not as a double imagines. Nothing here knows of GitHub.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
NO_OBJECT = "0" * 40
TIMEOUT_SECONDS = 30.0

_FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_LOG = ("log", "-z", f"--format=tformat:{'%x1f'.join(_FIELDS)}")


class GitError(Exception):
    """A git command failed; `str(error)` is what git wrote to its error stream."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Signature:
    """Who wrote or committed, and when."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True)
class Commit:
    """One commit; `message` has no trailing newline."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True)
class TreeEntry:
    """One row of a tree; `path` is relative to the tree, `size` is bytes and None for trees."""

    mode: str
    type: str
    sha: str
    path: str
    size: int | None = None


@dataclass(frozen=True)
class Ref:
    """A full ref name, what it points to, and that object's type."""

    name: str
    sha: str
    type: str


@dataclass(frozen=True)
class Merge:
    """The outcome of a three-way merge; `conflicts` are paths and empty for a clean merge."""

    tree: str
    conflicts: tuple[str, ...]


def quiet_environment() -> dict[str, str]:
    """The environment git runs in: no settings of the person who starts the forge leak in."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


class Git:
    """Plumbing commands on one bare repository; every call is bounded by `TIMEOUT_SECONDS`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._commits: dict[str, Commit] = {}
        self._known: dict[tuple[object, ...], bytes] = {}

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """What `git <arguments>` prints; raises GitError on an exit status not in `accept`."""
        done = subprocess.run(
            ["git", f"--git-dir={self.directory}", *arguments],
            input=stdin,
            capture_output=True,
            env={**quiet_environment(), **(env or {})},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode not in accept:
            message = done.stderr.decode(errors="replace").strip()
            raise GitError(message or f"git {arguments[0]} failed", done.returncode)
        return done.stdout

    def known(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """As `run`, of a command that names objects by nothing but their full SHAs: objects never
        change, so git is asked once."""
        key = (arguments, stdin, tuple((env or {}).items()))
        if key not in self._known:
            self._known[key] = self.run(*arguments, stdin=stdin, env=env, accept=accept)
        return self._known[key]

    def line(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> str:
        """What `run` prints, as one stripped line of text."""
        return self.run(*arguments, stdin=stdin, env=env).decode().strip()

    # Refs

    def refs(self, *prefixes: str) -> list[Ref]:
        """Refs below full names or folders such as `refs/heads/`, sorted by name."""
        shown = self.run(
            "for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", *prefixes
        ).decode()
        return [Ref(*row.split(" ")) for row in shown.splitlines()]

    def tip(self, ref: str) -> str | None:
        """The object a full ref name points to, or None when there is no such ref."""
        found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", ref, accept=(0, 1))
        return found.decode().strip() or None

    def commit_at(self, *names: str) -> str | None:
        """The SHA of the commit that the first of these full ref names leads to, if need be by an
        annotated tag; None when none of them leads to one."""
        found = {ref.name: ref for ref in self.refs(*names)}
        for ref in (found[name] for name in names if name in found):
            sha = ref.sha if ref.type == "commit" else self.tip(f"{ref.sha}^{{commit}}")
            if sha:
                return sha
        return None

    def commit_by(self, sha: str) -> str | None:
        """The full SHA of the commit that a SHA of 4 digits or more leads to; None when there is
        none, or more than one."""
        return sha if sha in self._commits else self.tip(f"{sha}^{{commit}}")

    def is_ref_name(self, ref: str) -> bool:
        """Whether git takes this as a full ref name."""
        try:
            self.run("check-ref-format", ref)
        except GitError:
            return False
        return True

    def update_ref(self, ref: str, new: str, old: str) -> None:
        """Move `ref` from `old` (NO_OBJECT: create) to `new`; GitError if it moved meanwhile."""
        self.run("update-ref", "--no-deref", ref, new, old)

    def delete_ref(self, ref: str, old: str) -> None:
        """Delete `ref` if it still points to `old`; GitError otherwise."""
        self.run("update-ref", "--no-deref", "-d", ref, old)

    # Objects

    def type_of(self, sha: str) -> str | None:
        """`commit`, `tree`, `blob` or `tag`, or None for an unknown object."""
        if sha in self._commits:
            return "commit"
        shown = self.run("cat-file", "--batch-check=%(objecttype)", stdin=sha.encode() + b"\n")
        kind = shown.decode().strip()
        return None if kind.endswith(("missing", "ambiguous")) else kind

    def commits(self, *revisions: str) -> list[Commit]:
        """Commits as `git log <revisions>` lists them, newest first."""
        return self._commits_in(self.run(*_LOG, *revisions))

    def commits_between(self, base: str, head: str) -> list[Commit]:
        """The commits that `head` has and `base` lacks, by their full SHAs, oldest first."""
        shown = self.known(*_LOG, "--topo-order", head, f"^{base}", "--")
        return list(reversed(self._commits_in(shown)))

    def _commits_in(self, shown: bytes) -> list[Commit]:
        rows = shown.decode(errors="replace").split("\0")
        found = [_read_commit(row) for row in rows if row]
        self._commits.update((commit.sha, commit) for commit in found)
        return found

    def commit(self, sha: str) -> Commit:
        """One commit by its full SHA; GitError when it is not there."""
        if sha not in self._commits:
            self.commits("-1", "--end-of-options", sha)
        return self._commits[sha]

    def tree(self, tree_ish: str, *, recursive: bool = False) -> list[TreeEntry]:
        """The rows of a tree; `recursive` walks into folders and lists the folders too."""
        options = ("-r", "-t") if recursive else ()
        shown = self.run("ls-tree", "-z", "--long", "--full-tree", *options, tree_ish).decode()
        return [_read_entry(row) for row in shown.split("\0") if row]

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """What stands at `path` in a commit; None when nothing does."""
        if not path:
            return TreeEntry("040000", "tree", self.commit(commit).tree, "")
        shown = self.run("ls-tree", "-z", "--long", "--full-tree", commit, "--", path).decode()
        rows = [_read_entry(row) for row in shown.split("\0") if row]
        return next((row for row in rows if row.path == path), None)

    def blob(self, sha: str) -> bytes:
        """The bytes of a blob, by its full SHA."""
        return self.known("cat-file", "blob", sha)

    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        """Store blobs with one git process, however many; their SHAs in order."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, str(number)) for number in range(len(contents))]
            for path, content in zip(paths, contents, strict=True):
                path.write_bytes(content)
            names = "".join(f"{path}\n" for path in paths).encode()
            shown = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names)
        return shown.decode().split()

    def write_tree(
        self,
        base: str | None,
        entries: Iterable[TreeEntry],
        removed: Iterable[str] = (),
    ) -> str:
        """The SHA of the tree `base` with entries put in and paths taken out; GitError if unfit."""
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self.run("read-tree", base or EMPTY_TREE, env=env)
            rows = [f"0 {NO_OBJECT}\t{path}\0" for path in removed]
            for entry in entries:
                rows += self._tree_rows(base, entry) if entry.type == "tree" else [_row(entry)]
            options = ("-z", "--add", "--replace", "--index-info")
            self.run("update-index", *options, stdin="".join(rows).encode(), env=env)
            return self.line("write-tree", env=env)

    def _tree_rows(self, base: str | None, folder: TreeEntry) -> list[str]:
        """Index rows that put a whole tree in the place of whatever stands at its path."""
        old = self.tree(base, recursive=True) if base else []
        rows = [
            f"0 {NO_OBJECT}\t{entry.path}\0"
            for entry in old
            if entry.type != "tree" and entry.path.startswith(f"{folder.path}/")
        ]
        return rows + [
            _row(replace(entry, path=f"{folder.path}/{entry.path}"))
            for entry in self.tree(folder.sha, recursive=True)
            if entry.type != "tree"
        ]

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        """Store a commit and return its SHA; the same arguments give the same SHA."""
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": f"{int(author.when.timestamp())} +0000",
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": f"{int(committer.when.timestamp())} +0000",
        }
        flags = [flag for parent in parents for flag in ("-p", parent)]
        written = self.known("commit-tree", tree, *flags, stdin=message.encode(), env=env)
        return written.decode().strip()

    # History

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `older` is `newer` or one of its ancestors."""
        try:
            self.run("merge-base", "--is-ancestor", older, newer)
        except GitError as error:
            if error.status == 1:
                return False
            raise
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor; None for histories that share none."""
        found = self.known("merge-base", one, other, accept=(0, 1)).decode().split()
        return found[0] if found else None

    def ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        """How many commits `head` has that `base` lacks, and the other way round."""
        counted = self.known("rev-list", "--left-right", "--count", f"{base}...{head}", "--")
        behind, ahead = counted.decode().split()
        return int(ahead), int(behind)

    def merge(self, ours: str, theirs: str) -> Merge:
        """Merge two commits into a tree without touching any ref."""
        shown = self.known(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages",
            "--allow-unrelated-histories", ours, theirs,
            accept=(0, 1),
        )  # fmt: skip
        tree, *conflicts = shown.decode().strip("\0").split("\0")
        return Merge(tree.strip(), tuple(path for path in conflicts if path))


def init(directory: Path, branch: str) -> Git:
    """Make an empty bare repository that smart HTTP may push to, with `branch` as its HEAD."""
    directory.mkdir(parents=True, exist_ok=True)
    git = Git(directory)
    git.run("init", "--quiet", "--bare", f"--initial-branch={branch}", str(directory))
    git.run("config", "http.receivepack", "true")
    git.run("config", "uploadpack.allowAnySHA1InWant", "true")
    git.run("config", "gc.auto", "0")
    return git


def _read_commit(row: str) -> Commit:
    sha, tree, parents, an, ae, at, cn, ce, ct, message = row.split("\x1f", 9)
    return Commit(
        sha,
        tree,
        tuple(parents.split()),
        Signature(an, ae, datetime.fromtimestamp(int(at), UTC)),
        Signature(cn, ce, datetime.fromtimestamp(int(ct), UTC)),
        message.rstrip("\n"),
    )


def _row(entry: TreeEntry) -> str:
    return f"{entry.mode} {entry.sha}\t{entry.path}\0"


def _read_entry(row: str) -> TreeEntry:
    meta, path = row.split("\t", 1)
    mode, kind, sha, size = meta.split()
    return TreeEntry(mode, kind, sha, path, None if size == "-" else int(size))
