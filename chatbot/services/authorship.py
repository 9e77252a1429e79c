"""Whose hands commits went through."""

from collections.abc import Iterable

from chatbot.domain.review import Author
from chatbot.ports import GitCommit


def authors_of(commits: Iterable[GitCommit]) -> tuple[Author, ...]:
    """Everybody who wrote one of these, each once, with one of their commits."""
    found = {
        (author.login, author.email): author.model_copy(update={"commit": commit.sha})
        for commit in commits
        for author in commit.authors
    }
    return tuple(found.values())
