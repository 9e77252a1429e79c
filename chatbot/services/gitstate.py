"""What Git says should be in the cluster, and edits of it that are proved before they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain import gitedit
from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent, Unreadable
from chatbot.domain.gitplace import asks_for_object, documents, is_object, unwrapped
from chatbot.domain.kustomization import BY_HAND, graph, plain_files, roots
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.yamltext.edit import same
from chatbot.ports import Kustomize


@dataclass(frozen=True)
class Documents:
    """What a folder stands for."""

    objects: list[Manifest]
    """One stands here twice if it is defined twice."""
    strays: list[Any]
    """What asks for an object without a name of its own, such as a Job with `generateName`: it is
    made anew each time, and nobody can follow it."""


def desired(files: Mapping[str, str], folder: str, kustomize: Kustomize) -> list[Manifest]:
    """Every object that the environment's folder stands for; see `rendered`."""
    return rendered(files, folder, kustomize).objects


def rendered(files: Mapping[str, str], folder: str, kustomize: Kustomize) -> Documents:
    """Everything that the environment's folder stands for, kustomizations rendered, lists taken
    apart.

    `files` is `{path: text}` of the repository, or of the folder and the bases it uses. Helm
    charts are left out. Raises `Unreadable` when something cannot be rendered or read, and what
    the port raises.
    """
    found = Documents([], [])
    if places := roots(files, folder):
        if remotes := graph(files, folder).remotes:
            sentence = f"{folder} uses the remote base {remotes[0]}, which is not fetched."
            raise Unreadable(sentence, remedy=BY_HAND)
        for root in places:
            found.objects.extend(kustomize.render(files, root))
    for path in plain_files(files, folder):
        for document in documents(files[path], path):
            for part in unwrapped(document):
                if is_object(part):
                    found.objects.append(part)
                elif part is not document or asks_for_object(document):
                    found.strays.append(part)
    return found


def proved_edit(
    files: Mapping[str, str], folder: str, edits: Sequence[gitedit.Edit], kustomize: Kustomize
) -> dict[str, str]:
    """`gitedit.edit`, proved: what Git stands for is rendered before and after, and the edit has
    to show in its objects and in no other. Raises `Permanent` when it does not."""
    changed = gitedit.edit(files, folder, edits)
    before = _by_name(desired(files, folder, kustomize))
    after = _by_name(desired({**files, **changed}, folder, kustomize))
    wanted = {key for one in edits for key in _keys(one)}
    for key in before.keys() | after.keys():
        if not _among(key, wanted) and not same(before.get(key), after.get(key)):
            _, kind, _, name = key.split("/", 3)
            sentence = (
                f"The edit would change {kind.lower()}/{name} too, which the change does not name."
            )
            raise Permanent(sentence, remedy=BY_HAND)
    for one in edits:
        if (unmet := contradicted(one, after)) is not None:
            target, field = unmet
            where = f"`{field}`" if field else "the object"
            raise Permanent(
                f"After the edit Git would still say something else for {target}: {where} is"
                " overridden, by a patch or another setting of the kustomization.",
                remedy=BY_HAND,
            )
    return changed


def contradicted(edit: gitedit.Edit, objects: Mapping[str, Manifest]) -> tuple[Target, str] | None:
    """The first of the edit's targets about which these objects, by `Target.key`, say something
    else than the edit does, and the field; without a field the whole object is missing."""
    expected: list[tuple[Target, dict[str, Any]]]
    match edit:
        case gitedit.Scale(target, replicas):
            expected = [(target, {"spec": {"replicas": replicas}})]
        case gitedit.Restart(target, at):
            annotations = {gitedit.RESTARTED_AT: at}
            metadata = {"metadata": {"annotations": annotations}}
            expected = [(target, {"spec": {"template": metadata}})]
        case gitedit.Apply(manifests):
            expected = [(target_of(manifest), dict(manifest)) for manifest in manifests]
    for target, part in expected:
        found = objects.get(target.key) or objects.get(_unplaced(target.key))
        if found is None:
            return target, ""
        if (field := _differs(part, found)) is not None:
            return target, field
    return None


def _differs(part: Any, whole: Any, path: str = "") -> str | None:
    """The first field of `part` that `whole` does not have the same way."""
    if isinstance(part, dict) and isinstance(whole, dict):
        for key, value in part.items():
            if path == ".metadata" and key == "namespace" and key not in whole:
                continue
            found = _differs(value, whole.get(key), f"{path}.{key}")
            if found is not None:
                return found
        return None
    if isinstance(part, list) and isinstance(whole, list) and len(part) == len(whole):
        for index, (one, other) in enumerate(zip(part, whole, strict=True)):
            found = _differs(one, other, f"{path}[{index}]")
            if found is not None:
                return found
        return None
    return None if same(part, whole) else path


def _by_name(manifests: Sequence[Manifest]) -> dict[str, Manifest]:
    return {target_of(manifest).key: manifest for manifest in manifests}


def _keys(edit: gitedit.Edit) -> list[str]:
    if isinstance(edit, gitedit.Apply):
        return [target_of(manifest).key for manifest in edit.manifests]
    return [edit.target.key]


def _among(key: str, wanted: set[str]) -> bool:
    return key in wanted or any(key == _unplaced(other) for other in wanted)


def _unplaced(key: str) -> str:
    """The key of an object whose namespace is left to the deployer."""
    group, kind, _, name = key.split("/", 3)
    return f"{group}/{kind}//{name}"
