"""Manifests as files hold them, read to be judged: many documents, lists, AdmissionReviews.

Nothing is refused here for what it is: a Secret or a nameless object is for a policy to judge.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from chatbot.domain.errors import Permanent
from chatbot.domain.policy import Subject, group_version
from chatbot.domain.policyinput import from_review
from chatbot.domain.yamltext.tree import MAX_BYTES, MAX_DOCUMENTS, YamlError, compose, to_json

MAX_TEXT: Final = 33_554_432
"""Characters of one file."""
_NOT_IN_THE_CLUSTER: Final = {"kustomize.config.k8s.io"}
_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def subjects(text: str, path: str) -> list[Subject]:
    """Everything to judge in a file, in order; lists are unwrapped, kustomizations left out.
    Raises `Permanent` naming the file, for what is no object or cannot be read."""
    if len(text) > MAX_TEXT:
        raise Permanent(f"{path} has more than {MAX_TEXT:,} characters.")
    return [one for document in _documents(text, path) for one in _subjects(document, path)]


def _subjects(document: Any, path: str) -> Iterator[Subject]:
    kind = document.get("kind") if isinstance(document, dict) else None
    api_version = document.get("apiVersion") if isinstance(document, dict) else None
    if not (isinstance(kind, str) and kind and isinstance(api_version, str) and api_version):
        raise Permanent(f"{path} has a document without `apiVersion` or `kind`.")
    group, _ = group_version(api_version)
    if kind == "AdmissionReview":
        subject = from_review(document)
        if subject is None:
            raise Permanent(f"{path} has an AdmissionReview without an object.")
        yield subject
    elif kind.endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _subjects(item, path)
    elif group not in _NOT_IN_THE_CLUSTER:
        yield Subject(document)


def _documents(text: str, path: str) -> list[Any]:
    try:
        if text.lstrip()[:1] == "{" and (found := _as_json(text)) is not None:
            return [found]
        return [to_json(root) for part in _parts(text) for root in compose(part)]
    except YamlError as error:
        raise Permanent(f"{path} cannot be read. {error}.") from error
    except RecursionError as error:
        raise Permanent(f"{path} is nested too deep.") from error


def _as_json(text: str) -> Any:
    """JSON read as JSON, whose white space YAML would not always take; None when it is none, or
    has numbers that JSON does not know."""
    if len(text) > MAX_BYTES:
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return None


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _parts(text: str) -> Iterator[str]:
    """The text in parts that are each within the bounds of one read; in front of each stand as
    many line breaks as lines went before, so that places in complaints are right."""
    starts = [0, *(match.start() for match in _DOCUMENT.finditer(text)), len(text)]
    begin, count = 0, 0
    for here, after in pairwise(starts):
        count += 1
        if count >= MAX_DOCUMENTS - 1 or after - begin > MAX_BYTES // 2:
            if here > begin:
                yield _padded(text, begin, here)
            begin, count = here, 1
    yield _padded(text, begin, len(text))


def _padded(text: str, begin: int, end: int) -> str:
    return "\n" * text.count("\n", 0, begin) + text[begin:end]
