"""A change becomes an edit of Git that a person could have made, or is refused with the way."""

import json
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.domain.change import Target
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.gitedit import Apply, Edit, Restart, Scale, edit
from chatbot.domain.gitplace import locate
from chatbot.domain.manifest import Manifest, parse

FOLDER = "environments/prod"
AT = "2026-01-01T00:00:00Z"
WEB = Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
DEPLOYMENT = """\
# the shop's front
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3   # see the load test
  template:
    spec:
      containers:
      - name: web
        image: web:1
"""
SERVICE = "---\n# its door\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"


def changed(files: dict[str, str], *edits: Edit) -> dict[str, str]:
    return edit({f"{FOLDER}/{path}": text for path, text in files.items()}, FOLDER, edits)


def refused(files: dict[str, str], *edits: Edit) -> Permanent:
    with pytest.raises(Permanent) as caught:
        changed(files, *edits)
    assert "manifest_ref" in caught.value.remedy
    return caught.value


def manifest(text: str = DEPLOYMENT) -> Manifest:
    return parse(text)[0]


def test_a_scale_changes_one_number() -> None:
    files = {"shop/web.yaml": DEPLOYMENT + SERVICE, "shop/other.yaml": SERVICE.replace("web", "b")}
    after = DEPLOYMENT.replace("replicas: 3 ", "replicas: 8 ") + SERVICE
    assert changed(files, Scale(WEB, 8)) == {f"{FOLDER}/shop/web.yaml": after}
    assert changed(files, Scale(WEB, 3)) == {}


def test_a_restart_adds_the_lines_it_needs_and_then_changes_one() -> None:
    once = changed({"web.yaml": DEPLOYMENT}, Restart(WEB, AT))[f"{FOLDER}/web.yaml"]
    added = f"""\
    metadata:
      annotations:
        kubectl.kubernetes.io/restartedAt: "{AT}"
"""
    assert once == DEPLOYMENT + added
    later = AT.replace("2026", "2027")
    twice = changed({"web.yaml": once}, Restart(WEB, later))[f"{FOLDER}/web.yaml"]
    assert twice == once.replace(AT, later)


def test_an_apply_keeps_comments_and_order_of_what_stays() -> None:
    wanted = manifest()
    wanted["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    wanted["metadata"]["labels"] = {"app": "web"}
    result = changed({"web.yaml": DEPLOYMENT + SERVICE}, Apply((wanted,)))[f"{FOLDER}/web.yaml"]
    assert result == (DEPLOYMENT + SERVICE).replace("web:1", "web:2").replace(
        "  namespace: shop\nspec", "  namespace: shop\n  labels:\n    app: web\nspec"
    )
    assert changed({"web.yaml": DEPLOYMENT}, Apply((manifest(),))) == {}


def test_a_new_object_gets_a_file_and_a_place_in_the_kustomization() -> None:
    root = "# all of it\nresources:\n  - a.yaml # first\n\nnamespace: shop\n"
    files = {"kustomization.yaml": root, "a.yaml": SERVICE}
    result = changed(files, Apply((manifest(),)))
    path = f"{FOLDER}/shop/deployment-web.yaml"
    assert set(result) == {path, f"{FOLDER}/kustomization.yaml"}
    assert parse(result[path]) == [manifest()]
    assert result[path].startswith(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
    )
    assert result[f"{FOLDER}/kustomization.yaml"] == root.replace(
        "# first\n", "# first\n  - shop/deployment-web.yaml\n"
    )


def test_a_new_object_is_listed_by_the_kustomization_of_its_folder() -> None:
    files = {
        "kustomization.yaml": "resources: [shop]\n",
        "shop/kustomization.yaml": "resources:\n- a.yaml\n",
        "shop/a.yaml": SERVICE,
    }
    result = changed(files, Apply((manifest(),)))
    assert result[f"{FOLDER}/shop/kustomization.yaml"] == (
        "resources:\n- a.yaml\n- deployment-web.yaml\n"
    )
    assert f"{FOLDER}/kustomization.yaml" not in result
    assert len(changed({}, Apply((manifest(),)))) == 1
    bare = {"kustomization.yaml": "# nothing yet\n"}
    assert changed(bare, Apply((manifest(),)))[f"{FOLDER}/kustomization.yaml"] == (
        "# nothing yet\nresources:\n- shop/deployment-web.yaml\n"
    )


def test_an_object_without_a_namespace_goes_to_the_folder_itself() -> None:
    role = manifest("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 'a:b'}")
    assert list(changed({}, Apply((role,)))) == [f"{FOLDER}/role-a-b.yaml"]


def test_a_namespace_that_the_kustomization_sets_is_understood_and_not_written() -> None:
    plain = DEPLOYMENT.replace("  namespace: shop\n", "")
    files = {"kustomization.yaml": "namespace: shop\nresources: [web.yaml]\n", "web.yaml": plain}
    assert "namespace" not in changed(files, Scale(WEB, 4))[f"{FOLDER}/web.yaml"]
    assert changed(files, Apply((manifest(),))) == {}
    other = {**files, "kustomization.yaml": "namespace: b\nresources: [web.yaml]\n"}
    assert isinstance(refused(other, Scale(WEB, 4)), NotFound)


def test_a_count_that_the_kustomization_sets_is_changed_there() -> None:
    root = "resources: [web.yaml]\nreplicas:\n- name: web # busy\n  count: 3\n"
    files = {"kustomization.yaml": root, "web.yaml": DEPLOYMENT}
    after = {f"{FOLDER}/kustomization.yaml": root.replace("count: 3", "count: 9")}
    assert changed(files, Scale(WEB, 9)) == after
    wanted = manifest()
    wanted["spec"]["replicas"] = 9
    assert changed(files, Apply((wanted,))) == after


@pytest.mark.parametrize("base_is_given", [True, False])
def test_a_base_outside_the_folder_is_scaled_by_the_kustomization(base_is_given: bool) -> None:
    files = {f"{FOLDER}/kustomization.yaml": "resources:\n- ../../base\n"}
    if base_is_given:
        files |= {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": DEPLOYMENT}
    result = edit(files, FOLDER, [Scale(WEB, 5)])
    assert result == {
        f"{FOLDER}/kustomization.yaml": dedent("""\
            resources:
            - ../../base
            replicas:
            - name: web
              count: 5
            """)
    }
    again = edit({**files, **result}, FOLDER, [Scale(WEB, 6)])
    assert again[f"{FOLDER}/kustomization.yaml"].endswith("count: 6\n")
    if base_is_given:
        with pytest.raises(Permanent, match="a base outside of"):
            edit(files, FOLDER, [Restart(WEB, AT)])
        with pytest.raises(Permanent, match="a base outside of"):
            edit(files, FOLDER, [Apply((manifest(),))])


REFUSALS: list[tuple[str, dict[str, str], Edit, str]] = [
    ("it is not there", {"a.yaml": SERVICE}, Scale(WEB, 1), "not defined in environments/prod"),
    (
        "two files define it",
        {"a.yaml": DEPLOYMENT, "b.yaml": DEPLOYMENT},
        Scale(WEB, 1),
        "in environments/prod/a.yaml and in environments/prod/b.yaml",
    ),
    (
        "one file defines it twice",
        {"a.yaml": DEPLOYMENT + "---\n" + DEPLOYMENT},
        Scale(WEB, 1),
        "twice in environments/prod/a.yaml",
    ),
    (
        "it may come from a chart",
        {"chart/Chart.yaml": "name: shop\n", "chart/templates/web.yaml": "{{ .Values }}\n"},
        Restart(WEB, AT),
        "Helm chart environments/prod/chart",
    ),
    (
        "it may come from a chart of the kustomization",
        {"kustomization.yaml": "helmCharts:\n- name: shop\n"},
        Restart(WEB, AT),
        "Helm chart shop",
    ),
    (
        "it may come from a remote base",
        {"kustomization.yaml": "resources: ['https://example.com/base?ref=v1']\n"},
        Apply((manifest(),)),
        "remote base",
    ),
    (
        "a generator makes it",
        {"kustomization.yaml": "configMapGenerator:\n- name: conf\n"},
        Apply((manifest("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf-abc}\n"),)),
        "generator in environments/prod/kustomization.yaml",
    ),
    (
        "its name has a prefix",
        {
            "kustomization.yaml": "namePrefix: w\nresources: [a.yaml]\n",
            "a.yaml": DEPLOYMENT.replace("name: web\n  n", "name: eb\n  n"),
        },
        Apply((manifest(),)),
        "prefix or suffix",
    ),
    (
        "a new one would be renamed",
        {"kustomization.yaml": "nameSuffix: -x\n"},
        Apply((manifest(),)),
        "would move or rename",
    ),
    (
        "a new one would be moved",
        {"kustomization.yaml": "namespace: other\n"},
        Apply((manifest(),)),
        "would move or rename",
    ),
    (
        "its file holds something else",
        {"shop/deployment-web.yaml": SERVICE},
        Apply((manifest(),)),
        "holds something else",
    ),
    ("it is JSON", {"a.json": json.dumps(manifest())}, Scale(WEB, 1), "is JSON"),
    (
        "it is part of a List",
        {"a.yaml": f"kind: List\nitems: [{json.dumps(manifest())}]\n"},
        Scale(WEB, 1),
        "part of a List",
    ),
    (
        "its number is shared",
        {"a.yaml": DEPLOYMENT.replace("3  ", "&n 3  ") + "  minReadySeconds: *n\n"},
        Scale(WEB, 1),
        "cannot be edited",
    ),
    (
        "it cannot be read",
        {"a.yaml": DEPLOYMENT + "x: [\n"},
        Scale(WEB, 1),
        "cannot be read. Line",
    ),
    (
        "it has no pods",
        {"a.yaml": DEPLOYMENT.partition("  template")[0]},
        Restart(WEB, AT),
        "no pod template",
    ),
]


@pytest.mark.parametrize(
    ("files", "one", "reason"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_what_cannot_be_edited_safely_is_refused_with_the_reason(
    files: dict[str, str], one: Edit, reason: str
) -> None:
    with pytest.raises(Permanent, match=reason) as caught:
        changed(files, one)
    assert caught.value.remedy


def test_a_prefixed_name_is_found_under_its_live_name_and_scaled() -> None:
    files = {
        "kustomization.yaml": "namePrefix: eu-\nresources: [a.yaml]\n",
        "a.yaml": DEPLOYMENT,
    }
    live = WEB.model_copy(update={"name": "eu-web"})
    assert list(changed(files, Scale(live, 7))) == [f"{FOLDER}/a.yaml"]
    assert isinstance(refused(files, Scale(WEB, 7)), NotFound)


def test_a_file_that_no_kustomization_lists_is_not_in_the_cluster() -> None:
    files = {f"{FOLDER}/kustomization.yaml": "resources: []\n", f"{FOLDER}/a.yaml": DEPLOYMENT}
    assert locate(files, WEB, FOLDER) is None
    del files[f"{FOLDER}/kustomization.yaml"]
    found = locate(files, WEB, FOLDER)
    assert found
    assert (found.path, found.index, found.chain) == (f"{FOLDER}/a.yaml", 0, ())


def test_another_version_of_the_same_group_is_the_same_object() -> None:
    files = {f"{FOLDER}/a.yaml": DEPLOYMENT.replace("apps/v1", "apps/v1beta2")}
    assert locate(files, WEB, FOLDER)
    assert not locate({f"{FOLDER}/a.yaml": DEPLOYMENT.replace("apps/v1", "v1")}, WEB, FOLDER)


PIECES = [
    *[
        "resources:\n",
        "- a.yaml\n",
        "- ../b\n",
        "- .\n",
        "- e\n",
        "- 1\n",
        "- []\n",
        "- /\n",
        "- ''\n",
    ],
    *["namespace: x\n", "namePrefix: 3\n", "replicas:\n", "- name: web\n", "  count: 1\n", "---\n"],
    *["{}", "[]", "resources: 5\n", "bases: [..]\n", "helmCharts: x\n", "helmCharts: [1]\n", "x\n"],
    *[
        "configMapGenerator: [1]\n",
        "components: ['\\0']\n",
        "metadata: 1\n",
        "kind: L\nitems: [1]\n",
    ],
    DEPLOYMENT,
    DEPLOYMENT.partition("spec:")[0] + "spec: {template: {metadata: 3}}\n",
    DEPLOYMENT.partition("  namespace")[0] + "  namespace: 5\n",
]
NAMES = [
    "kustomization.yaml",
    "b/kustomization.yaml",
    "e/kustomization.yaml",
    "e/kustomization.yml",
    "e/a.yaml",
    "e/x.yml",
    "e/s/kustomization.yaml",
    "e/shop/deployment-web.yaml",
    "e/c/Chart.yaml",
]


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(PIECES), max_size=5).map("".join),
        max_size=5,
    ),
    st.sampled_from(["e", ""]),
    st.sampled_from([Scale(WEB, 3), Restart(WEB, AT), Apply((manifest(),))]),
)
@settings(max_examples=500, deadline=None)
def test_however_broken_the_repository_the_answer_is_an_edit_or_a_reason(
    files: dict[str, str], folder: str, one: Edit
) -> None:
    try:
        result = edit(files, folder, [one])
    except Permanent as reason:
        result = {"": reason.remedy}
    assert all(result.values())
