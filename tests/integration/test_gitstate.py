"""What Git stands for, rendered by the real kustomize, and edits that are proved with it."""

import pytest

from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent
from chatbot.domain.gitedit import Apply, Restart, Scale
from chatbot.domain.manifest import parse
from chatbot.services.gitstate import desired, proved_edit, rendered

PROD = "environments/prod"
WEB = Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
TEXT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: web:1
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n"
OVERLAY = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": TEXT + "---\n" + SERVICE,
    f"{PROD}/kustomization.yaml": "namespace: shop\nresources:\n- ../../base\n",
}


def kustomized(extra: str = "", **files: str) -> dict[str, str]:
    root = f"namespace: shop\nresources: [web.yaml]\n{extra}"
    return {f"{PROD}/kustomization.yaml": root, f"{PROD}/web.yaml": TEXT} | files


def test_plain_files_are_taken_as_they_are_and_others_left_out() -> None:
    files = {
        f"{PROD}/web.yaml": TEXT + "---\n" + SERVICE,
        f"{PROD}/values.yaml": "replicas: 1\n",
        f"{PROD}/chart/Chart.yaml": "name: a\n",
        f"{PROD}/chart/templates/a.yaml": "{{ if }}\n",
        f"{PROD}/readme.md": "# hi\n",
        "environments/dev/web.yaml": TEXT,
    }
    found = desired(files, PROD, KubectlKustomize())
    assert [m["kind"] for m in found] == ["Deployment", "Service"]


def test_lists_are_taken_apart_and_what_has_no_name_is_not_lost() -> None:
    files = {
        f"{PROD}/list.yaml": (
            "apiVersion: v1\nkind: List\nitems:\n"
            "- kind: List\n  items: [{apiVersion: v1, kind: A, metadata: {name: a}}]\n"
            "- {metadata: {name: without-a-kind}}\n"
        ),
        f"{PROD}/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\n",
        f"{PROD}/values.yaml": "replicas: 1\n",
    }
    found = rendered(files, PROD, KubectlKustomize())
    assert [m["metadata"]["name"] for m in found.objects] == ["a"]
    assert [stray["metadata"] for stray in found.strays] == [
        {"generateName": "x-"},
        {"name": "without-a-kind"},
    ]


def test_kustomizations_below_a_plain_folder_are_rendered_each() -> None:
    files = {f"{PROD}/a/{path.rpartition('/')[2]}": text for path, text in kustomized().items()}
    files[f"{PROD}/b.yaml"] = SERVICE
    found = desired(files, PROD, KubectlKustomize())
    assert [(m["kind"], m["metadata"].get("namespace")) for m in found] == [
        ("Deployment", "shop"),
        ("Service", None),
    ]


def test_a_scale_of_a_base_is_proved_to_touch_nothing_else() -> None:
    changed = proved_edit(OVERLAY, PROD, [Scale(WEB, 4)], KubectlKustomize())
    assert list(changed) == [f"{PROD}/kustomization.yaml"]


def test_a_restart_and_an_apply_are_proved() -> None:
    wanted = parse(TEXT.replace("web:1", "web:2"))[0]
    wanted["metadata"]["namespace"] = "shop"
    edits = [Apply((wanted,)), Restart(WEB, "2026-01-01T00:00:00Z")]
    changed = proved_edit(kustomized(), PROD, edits, KubectlKustomize())
    assert "image: web:2" in changed[f"{PROD}/web.yaml"]
    assert "restartedAt" in changed[f"{PROD}/web.yaml"]


def test_an_edit_that_a_patch_overrides_is_refused() -> None:
    patch = (
        "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n"
        "    metadata: {name: web}\n    spec: {replicas: 2}\n"
    )
    with pytest.raises(Permanent, match=r"`\.spec\.replicas` is overridden"):
        proved_edit(kustomized(patch), PROD, [Scale(WEB, 4)], KubectlKustomize())


def test_an_edit_that_would_reach_another_object_is_refused() -> None:
    stateful = TEXT.replace("Deployment", "StatefulSet")
    files = {**OVERLAY, "base/web.yaml": TEXT + "---\n" + stateful}
    with pytest.raises(Permanent, match="would change statefulset/web too"):
        proved_edit(files, PROD, [Scale(WEB, 4)], KubectlKustomize())


def test_a_new_object_is_proved_to_be_rendered() -> None:
    service = parse(SERVICE)[0]
    service["metadata"]["namespace"] = "shop"
    changed = proved_edit(kustomized(), PROD, [Apply((service,))], KubectlKustomize())
    assert changed[f"{PROD}/kustomization.yaml"] == (
        "namespace: shop\nresources: [web.yaml, shop/service-web.yaml]\n"
    )


def test_a_remote_base_is_refused_before_anything_is_rendered() -> None:
    files = {f"{PROD}/kustomization.yaml": "resources: ['https://example.com/a?ref=1']\n"}
    with pytest.raises(Permanent, match="remote base"):
        desired(files, PROD, KubectlKustomize())
