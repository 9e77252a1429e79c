"""What Git says should be in the cluster, and edits of it that are proved before they are used."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatbot.domain import gitedit
from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent
from chatbot.domain.gitplace import documents, is_object
from chatbot.domain.kustomization import BY_HAND, graph, plain_files, roots
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.yamltext.edit import same
from chatbot.ports import Kustomize


def desired(files: Mapping[str, str], folder: str, kustomize: Kustomize) -> list[Manifest]:
    """Every object that the environment's folder stands for, kustomizations rendered.

    `files` is `{path: text}` of the repository, or of the folder and the bases it uses. Helm
    charts are left out. Raises `Permanent` when something cannot be rendered or read, and what
    the port raises.
    """
    found: list[Manifest] = []
    if rendered := roots(files, folder):
        if remotes := graph(files, folder).remotes:
            sentence = f"{folder} uses the remote base {remotes[0]}, which is not fetched."
            raise Permanent(sentence, remedy=BY_HAND)
        for root in rendered:
            found += kustomize.render(files, root)
    for path in plain_files(files, folder):
        found += [item for item in documents(files[path], path) if is_object(item)]
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
        _prove(one, after)
    return changed


def _prove(edit: gitedit.Edit, after: Mapping[str, Manifest]) -> None:
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
        found = after.get(target.key) or after.get(_unplaced(target.key))
        if found is None or (field := _differs(part, found)) is not None:
            where = f"`{field}`" if found is not None else "the object"
            raise Permanent(
                f"After the edit Git would still say something else for {target}: {where} is"
                " overridden, by a patch or another setting of the kustomization.",
                remedy=BY_HAND,
            )


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
