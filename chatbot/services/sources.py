"""Manifests that are too long to paste: read from a pull request or a branch, at one commit."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, NotFound
from chatbot.domain.record import RECORDS, recorded_changes
from chatbot.domain.review import Author
from chatbot.ports import GitHost, Store
from chatbot.services.authorship import authors_of

_FIELD = "manifest_ref"
_PULL_REQUEST = re.compile(r"(?:#|.*/pull/)?(\d{1,9})(?:[/?#].*)?", re.DOTALL)
_BRANCH = re.compile(r"[A-Za-z0-9._/-]{1,200}")


@dataclass(frozen=True)
class Source:
    """YAML of one or many documents, and where it comes from."""

    text: str
    name: str | None = None
    """What it was read from, with its commit: `#214 at 3f2a91c…`. None: it was pasted."""
    authors: tuple[Author, ...] = ()
    """Who had a hand in that: wrote a commit, or requested a change that is part of it."""


@dataclass(frozen=True)
class Sources:
    """Reads what a reference names."""

    git: GitHost
    base: str
    """The branch that the cluster follows."""
    store: Store

    def read(self, reference: str, environment: Environment) -> Source:
        """The files of this environment that the reference adds or changes. Raises
        `InvalidInput`."""
        head, name = self._resolve(reference.strip())
        if self.git.head(self.base) is None:
            raise InvalidInput({_FIELD: f"The repository has no branch {self.base}."})
        # Not the base as it is now: what it gained meanwhile is not undone by the reference.
        left = self.git.merge_base(self.base, head)
        before = {file.path: file.blob_sha for file in self.git.files(left, under=environment.path)}
        changed = [
            file
            for file in self.git.files(head, under=environment.path)
            if file.path.endswith((".yaml", ".yml")) and before.get(file.path) != file.blob_sha
        ]
        manifests = [file for file in changed if "kustomization" not in file.path.rsplit("/")[-1]]
        if not manifests:
            raise InvalidInput({_FIELD: f"{name} changes no manifests below {environment.path}/."})
        texts = [self._text(file.path, file.blob_sha) for file in manifests]
        authors = (*authors_of(self.git.commits(left, head)), *self._requesters(left, head))
        return Source("\n---\n".join(texts), f"{name} at {head}", authors)

    def _requesters(self, left: str, head: str) -> Iterator[Author]:
        """Who requested the changes whose records come with it: Redlight made their commits, and
        they are no less theirs."""
        before = {file.path for file in self.git.files(left, under=RECORDS)}
        after = [file.path for file in self.git.files(head, under=RECORDS)]
        for number in recorded_changes(path for path in after if path not in before):
            with suppress(NotFound):  # somebody wrote a record of a change that never was
                change = self.store.change(number)
                yield Author(user=change.requester, requested=change.id)

    def _resolve(self, reference: str) -> tuple[str, str]:
        if match := _PULL_REQUEST.fullmatch(reference):
            number = int(match[1])
            try:
                pull_request = self.git.pull_request(number)
            except NotFound as error:
                raise InvalidInput({_FIELD: f"There is no pull request #{number}."}) from error
            if pull_request is not None:
                return pull_request.head_sha, f"#{number}"
        if _BRANCH.fullmatch(reference) and (head := self.git.head(reference)):
            return head, reference
        raise InvalidInput(
            {_FIELD: "There is no such pull request or branch. Write it like #214 or my-branch."}
        )

    def _text(self, path: str, blob_sha: str) -> str:
        try:
            return self.git.read(blob_sha).decode()
        except UnicodeDecodeError as error:
            raise InvalidInput({_FIELD: f"{path} is not UTF-8 text."}) from error
