"""What people paste is read as Kubernetes would read it, or refused in one sentence."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.domain.errors import InvalidInput
from chatbot.domain.manifest import Manifest, parse, place, target_of, without_server_fields

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
"""


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse(text, "manifest")
    assert list(caught.value.fields) == ["manifest"]
    sentence = caught.value.fields["manifest"]
    assert "\n" not in sentence
    return sentence


def config_map(body: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n{body}"


def test_many_documents_are_read_in_order_and_empty_ones_left_out() -> None:
    text = f"# first\n---\n{WEB}---\n---\n{WEB.replace('web', 'api')}...\n"
    assert [target_of(m).name for m in parse(text)] == ["web", "api"]


def test_a_list_is_unwrapped() -> None:
    item = "{apiVersion: v1, kind: Service, metadata: {name: a}}"
    text = f"apiVersion: v1\nkind: List\nitems:\n- {item}\n"
    assert [str(target_of(m)) for m in parse(text)] == ["service/a"]


EMPTY = "there is no manifest here; paste at least one object."
KEY_READS = "this key reads as `{}`, which is not text; put quotes around."
V1 = "apiVersion: v1\nkind: A\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("", 1, 1, EMPTY),
        ("# only a comment\n", 1, 1, EMPTY),
        ("- a\n", 1, 1, "expected a mapping with `apiVersion`, `kind` and `metadata`."),
        ("kind: Deployment\n", 1, 1, "this object needs `apiVersion`, such as `apps/v1`."),
        ("apiVersion: v1\n", 1, 1, "this object needs `kind`, such as `Deployment`."),
        (V1, 1, 1, "this object needs a `metadata` mapping with a `name`."),
        (V1 + "metadata: {a: {}}\n", 3, 11, "this object needs a `name` under `metadata`."),
        (
            V1 + "metadata:\n  name: 12\n",
            4,
            9,
            "the name reads as `12`, not text; put quotes around.",
        ),
        (V1 + "metadata:\n  generateName: a-\n", 4, 17, "`generateName` makes a new object"),
        (WEB + "kind: Pod\n", 5, 1, "the key `kind` stands on line 2 already."),
        (WEB + "---\n" + WEB, 6, 1, "deployment/web stands on line 1 already."),
        (WEB + "spec: {a: !!python/name:os.system }\n", 5, 11, "the tag `!!python/name:os.system`"),
        (WEB + "spec: {a: !!binary aGk=}\n", 5, 11, "the tag `!!binary` is not allowed"),
        (WEB + "spec: *a\n", 5, 7, "`*a` refers to an anchor that is not there."),
        (WEB + "spec: &a [*a]\n", 5, 11, "`*a` refers to itself."),
        (WEB + "\tspec: 1\n", 5, 1, "use spaces in place of tabs."),
        (WEB + "spec: {a: .nan}\n", 5, 11, "Kubernetes cannot store the number `.nan`"),
        (WEB + "spec: {8080: a}\n", 5, 8, KEY_READS.format("8080")),
        (WEB + "spec: {on: a}\n", 5, 8, KEY_READS.format("true")),
        (WEB + "spec: {[a]: a}\n", 5, 8, "a key must be text, not a mapping or a list."),
        (WEB + "  labels: {a: yes}\n", 5, 15, "the value of `a` must be text; put quotes around."),
        (WEB + "a: b: c\n", 5, 5, "a `:` cannot stand here; is the line indented right"),
        (WEB + "a: 'b\n", 6, 1, "a quote is opened and never closed."),
        (WEB + "a: \x07\n", 5, 4, "the character U+0007 is not allowed."),
        ("x" * 1_048_577, 1, 1, "the text is longer than 1 MB."),
        ("{a: 1}\n---\n" * 101, 201, 1, "there are more than 100 documents."),
    ],
)
def test_a_refusal_names_line_column_and_reason(
    text: str, line: int, column: int, problem: str
) -> None:
    said = refusal(text)
    assert said.startswith(f"Line {line}, column {column}: {problem}")
    assert said.endswith((".", "?"))


def test_a_container_without_its_fields_is_asked_about() -> None:
    text = WEB + "spec:\n  template:\n    spec:\n      containers:\n      - name\n"
    expected = "Line 9, column 9: expected a mapping; is `image` indented under `containers`?"
    assert refusal(text) == expected


@pytest.mark.parametrize(
    "name", ["Web", "web_1", "-web", "web-", "../etc", "a" * 254, "a..b", "<!here>"]
)
def test_a_name_that_kubernetes_does_not_allow_is_refused(name: str) -> None:
    assert "cannot be a name" in refusal(WEB.replace("web", json.dumps(name)))


def test_a_role_may_have_a_colon_in_its_name() -> None:
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 'system:a'}\n"
    assert target_of(parse(text)[0]).name == "system:a"


def test_a_secret_is_refused_with_the_way_to_do_it_right() -> None:
    item = "{apiVersion: v1, kind: Secret, metadata: {name: a}}"
    listed = f"apiVersion: v1\nkind: List\nitems:\n- {item}\n"
    for text in ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", listed):
        said = refusal(text)
        assert "SealedSecret" in said
        assert "ExternalSecret" in said
    other = "apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: a}\n"
    assert len(parse(other)) == 1


def test_aliases_are_written_out_within_limits() -> None:
    manifest = parse(config_map("data: &d {a: b}\nbinaryData: *d\n"))[0]
    assert manifest["binaryData"] == {"a": "b"}
    merged = parse(config_map("base: &d {a: b, c: d}\ndata: {<<: *d, a: own}\n"))[0]
    assert merged["data"] == {"a": "own", "c": "d"}


def test_an_alias_bomb_is_refused_before_it_is_written_out() -> None:
    wide = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    wide += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    assert "values, aliases written out" in refusal(config_map(wide))
    deep = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200))
    assert "nested more than 100 deep" in refusal(config_map(deep))


@pytest.mark.parametrize(
    "unit",
    ["[", "- ", "{", "? ", "&a ", "'", "a\n", "---\n", "%A\n", "- a\n", "[a,", "*a ", "a: {"],
)
def test_a_megabyte_of_anything_is_answered_with_a_sentence(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit)))[:1_000_000]
    assert refusal(text).startswith("Line ")


def test_a_megabyte_that_is_fine_is_read() -> None:
    body = "data:\n" + "".join(f"  k{i}: v{i} and some more text\n" for i in range(25_000))
    assert len(parse(config_map(body))[0]["data"]) == 25_000


WORDS = (
    "apiVersion:_v1\n kind:_ConfigMap\n metadata:\n __name:_a\n"
    " ---\n -_ a:_ &x_ *x_ { } [ ] , ' \" |\n >\n"
    " \n __ \t # !!str_ !t_ <<:_ yes 1e999 .inf 2024-01-01 \x00 \ufeff \x85 é 😀"
    " \ud800 \r\n %YAML_1.2\n ...\n ?_ :_"
)
FRAGMENTS = [word.replace("_", " ") for word in WORDS.split(" ")]


@given(st.text(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=400, deadline=1000, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_either_manifests_or_one_sentence(text: str) -> None:
    try:
        manifests = parse(text)
    except InvalidInput:
        return
    for manifest in manifests:
        json.dumps(manifest, allow_nan=False)
        assert target_of(manifest).name


def located(text: str = WEB, namespace: str = "", *, namespaced: bool = True) -> Manifest:
    return place(
        parse(text)[0],
        namespaced=namespaced,
        default_namespace=namespace,
        owns_namespace=lambda name: name.startswith("shop"),
    )


def test_the_namespace_is_the_manifests_own_before_the_one_chosen() -> None:
    assert located(namespace="shop")["metadata"]["namespace"] == "shop"
    own = WEB + "  namespace: shop-eu\n"
    assert located(own, "shop")["metadata"]["namespace"] == "shop-eu"


def test_a_namespace_that_the_environment_does_not_own_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="deployment/web is for the namespace `kube-system`"):
        located(WEB + "  namespace: kube-system\n", "shop")
    with pytest.raises(InvalidInput, match="has no namespace"):
        located()
    with pytest.raises(InvalidInput, match="its kind takes none"):
        located(WEB + "  namespace: shop\n", namespaced=False)
    assert "namespace" not in located(namespaced=False)["metadata"]


def test_what_the_server_filled_in_is_left_out() -> None:
    live = parse(WEB + "  uid: a\n  resourceVersion: '1'\n  managedFields: []\nstatus: {a: b}\n")[0]
    live["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert without_server_fields(live) == parse(WEB)[0]
