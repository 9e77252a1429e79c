"""The proof that taking files back takes back what the change did to the objects, and no more."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbot.domain import threeway
from chatbot.domain.errors import Conflict, Unreadable
from chatbot.domain.fields import at
from chatbot.domain.gitplace import documents
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.revert import OTHERWISE, Files
from chatbot.ports import Kustomize
from chatbot.services.gitstate import rendered

_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Sides:
    """The files of an environment's folder and its bases at four moments."""

    before: Mapping[str, str]
    """As the change found them."""
    after: Mapping[str, str]
    """As it left them."""
    now: Mapping[str, str]
    result: Callable[[], Mapping[str, str]]
    """Today's, with the change taken back: raises `Unreadable` when that leaves no sense."""


def prove(sides: Sides, written: Files, folder: str, kustomize: Kustomize) -> None:
    """Raise `Conflict` unless every object is as it was before the change, but for what was done
    to it since; and what could be read before can still be read."""
    before, after, now = (
        _objects(side, folder, kustomize) for side in (sides.before, sides.after, sides.now)
    )
    try:
        for path, text in written.items():
            if text is not None and path.endswith(_YAML) and _reads(path, sides.now.get(path)):
                documents(text, path)
        result = _objects(sides.result(), folder, kustomize)
    except Unreadable as error:
        raise _unproved(f"the files could not be read: {error}") from error
    for key in before.keys() | after.keys() | now.keys() | result.keys():
        wanted, clashes = threeway.merged(at(after, key), at(now, key), at(before, key))
        field = clashes[0] if clashes else threeway.difference(wanted, at(result, key))
        if field is not None:
            one = next(side[key] for side in (now, after, before, result) if key in side)
            raise _unproved(f"{target_of(one).place} would not be as it should{_where(field)}")


def _objects(files: Mapping[str, str], folder: str, kustomize: Kustomize) -> dict[str, Manifest]:
    """By key; what stands there twice has a number."""
    found: dict[str, Manifest] = {}
    times: Counter[str] = Counter()
    for manifest in rendered(files, folder, kustomize).objects:
        key = target_of(manifest).key
        times[key] += 1
        found[key if times[key] == 1 else f"{key} #{times[key]}"] = manifest
    return found


def _reads(path: str, text: str | None) -> bool:
    """Whether it is YAML at all: a template of a Helm chart is not."""
    if text is None:
        return False
    try:
        documents(text, path)
    except Unreadable:
        return False
    return True


def _where(field: str) -> str:
    return f" at `{field}`" if field else ""


def _unproved(because: str) -> Conflict:
    return Conflict(
        f"Taking this back on top of what was changed since does not work out: {because}.",
        remedy=OTHERWISE,
    )
