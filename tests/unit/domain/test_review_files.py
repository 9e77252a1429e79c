"""Which files the pull request of a change may touch."""

import pytest

from chatbot.domain.review_files import Territory, changed, foreign, outside, unseen

HOME = "environments/prod"
TERRITORY = Territory(home=HOME, others=("environments/dev",), record="mcp-ocs/changes/CHG-12.yaml")
OVERLAY = {f"{HOME}/kustomization.yaml": "resources: [../../bases/web]\n"}
BASE = {"bases/web/kustomization.yaml": "resources: [web.yaml, ../deeper]\n"}
DEEPER = {"bases/deeper/kustomization.yaml": "resources: [more.yaml]\n"}
TREE = {**OVERLAY, **BASE, **DEEPER}


def test_what_was_added_removed_or_changed_differs() -> None:
    assert changed({"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"}) == [
        "a",
        "b",
        "d",
    ]


def test_the_environments_folder_and_the_changes_record_are_inside() -> None:
    paths = [f"{HOME}/a.yaml", TERRITORY.record, "environments/production/a.yaml", "README.md"]
    assert outside(paths, TERRITORY) == paths[2:]


def test_bases_are_ours_however_deep() -> None:
    paths = ["bases/web/web.yaml", "bases/web/kustomization.yaml", "bases/deeper/more.yaml"]
    assert foreign(paths, TERRITORY, [TREE]) == []


def test_a_base_that_came_or_went_with_the_change_is_ours() -> None:
    bare = {f"{HOME}/kustomization.yaml": "resources: [web.yaml]\n"}
    assert foreign(["bases/web/web.yaml"], TERRITORY, [bare, TREE]) == []
    assert foreign(["bases/web/web.yaml"], TERRITORY, [TREE, bare]) == []


@pytest.mark.parametrize(
    "other",
    [
        {"environments/dev/kustomization.yaml": "resources: [../../bases/web]\n"},
        {"elsewhere/kustomization.yaml": "components: [../bases/web]\n"},
        {"elsewhere/kustomization.yaml": "patches: [{path: ../bases/web/web.yaml}]\n"},
        {
            "elsewhere/kustomization.yaml": "resources: [between]\n",
            "elsewhere/between/kustomization.yaml": "bases: [../../bases/web]\n",
        },
    ],
)
def test_what_somebody_else_builds_on_is_foreign(other: dict[str, str]) -> None:
    assert foreign(["bases/web/web.yaml"], TERRITORY, [TREE, {**TREE, **other}]) == [
        "bases/web/web.yaml"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "bases/other/web.yaml",
        "policies/opa/images.rego",
        ".github/workflows/ci.yaml",
        "mcp-ocs/changes/CHG-1.yaml",
        "environments/dev/web.yaml",
    ],
)
def test_no_kustomization_makes_these_ours(path: str) -> None:
    folder = path.rpartition("/")[0]
    up = "../.."
    grabbing = {
        f"{HOME}/kustomization.yaml": f"resources: [{up}/{folder}]\n",
        f"{folder}/kustomization.yaml".lstrip("/"): "resources: []\n",
    }
    expected = [] if path.startswith("bases/") else [path]
    assert foreign([path], TERRITORY, [grabbing]) == expected


def test_where_a_kustomization_cannot_be_read_nobody_knows_whose_a_base_is() -> None:
    broken = {**TREE, "elsewhere/kustomization.yaml": "resources: [\n"}
    assert foreign(["bases/web/web.yaml"], TERRITORY, [broken, broken]) == ["bases/web/web.yaml"]


def test_what_is_not_rendered_here_is_pointed_out() -> None:
    paths = [
        f"{HOME}/web.yaml",
        f"{HOME}/utf16.yaml",
        f"{HOME}/picture.png",
        f"{HOME}/.argocd-source-prod.yaml",
        f"{HOME}/more.jsonnet",
        f"{HOME}/chart/values.yaml",
        "environments/dev/more.jsonnet",
    ]
    tree = [*paths, f"{HOME}/chart/Chart.yaml", "Chart.yaml"]
    opaque = [f"{HOME}/utf16.yaml", "environments/dev/link"]
    assert unseen(paths, HOME, tree, opaque) == [
        f"{HOME}/utf16.yaml",
        f"{HOME}/.argocd-source-prod.yaml",
        f"{HOME}/more.jsonnet",
        f"{HOME}/chart/values.yaml",
    ]
