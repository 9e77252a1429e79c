"""An edit changes the characters it is about, and no others."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatbot.domain.yamltext import write as yamlwrite
from chatbot.domain.yamltext.edit import NotEditable, replace, same
from chatbot.domain.yamltext.tree import YamlError, compose, to_json

NASTY = """\
# a head that nobody may lose
apiVersion: apps/v1   # the version
kind: Deployment
metadata:
    name: web  # the name

    labels: {app: web, "tier": 'front'}
spec:
    # how many
    replicas: 3   # three
    template:
        metadata:
            annotations:
                # why
                "a": 'b'
        spec:
            containers:
              # the one that matters
              - name: web
                image: "web:1"  # pinned
                args: [--a, "b"]
                env:
                - {name: A, value: "1"}
                # the second
                - name: B
                  value: |
                    hi
                    there

              # beside it
              - name: side
                image: s:1
                # the tail of side
        # the tail of the template
# the end
"""
OTHER = "--- # two\nkind:   B   \n# odd\nx: [ 1,2 ]\n"


def parsed(text: str, index: int = 0) -> Any:
    return to_json(compose(text)[index])


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    gone = [line for line in old if old.count(line) > new.count(line)]
    return gone, [line for line in new if new.count(line) > old.count(line)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_a_number_is_changed_on_its_one_line(newline: str, final: bool) -> None:
    text = (OTHER + "---\n" + NASTY + OTHER).replace("\n", newline)
    text = text if final else text.removesuffix(newline)
    wanted = parsed(text, 1)
    wanted["spec"]["replicas"] = 5
    assert replace(text, 1, wanted) == text.replace("replicas: 3 ", "replicas: 5 ")


def containers(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]["containers"]


CASES: list[tuple[str, Any, list[str], list[str]]] = [
    (
        "an annotation goes beside the others",
        lambda w: w["spec"]["template"]["metadata"]["annotations"].update(c="2026-01-01T00:00:00Z"),
        [],
        ['                c: "2026-01-01T00:00:00Z"'],
    ),
    (
        "text keeps its quotes",
        lambda w: containers(w)[0].update(image="web:2"),
        ['                image: "web:1"  # pinned'],
        ['                image: "web:2"  # pinned'],
    ),
    (
        "a flow list keeps what is equal as written",
        lambda w: containers(w)[0]["args"].append("c,d"),
        ['                args: [--a, "b"]'],
        ['                args: [--a, "b", "c,d"]'],
    ),
    (
        "a flow mapping too",
        lambda w: w["metadata"]["labels"].update(new="yes"),
        ["    labels: {app: web, \"tier\": 'front'}"],
        ["    labels: {app: web, \"tier\": 'front', new: \"yes\"}"],
    ),
    (
        "lines of text keep their indentation",
        lambda w: containers(w)[0]["env"][1].update(value="hi\nyou\n"),
        ["                    there"],
        ["                    you"],
    ),
    (
        "a new container goes after the comments of the last one",
        lambda w: containers(w).append({"name": "c", "args": ["on"]}),
        [],
        ["              - name: c", "                args:", '                  - "on"'],
    ),
    (
        "a removed container takes its lines with it",
        lambda w: containers(w).pop(),
        [
            "              - name: side",
            "                image: s:1",
            "                # the tail of side",
        ],
        [],
    ),
    (
        "a new key goes to the end of its mapping",
        lambda w: w["spec"].update(strategy={"type": "Recreate"}),
        [],
        ["    strategy:", "        type: Recreate"],
    ),
    (
        "a removed key leaves",
        lambda w: w["spec"].pop("replicas"),
        ["    replicas: 3   # three"],
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "gone", "new"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_only_its_lines(
    edit: Any, gone: list[str], new: list[str], newline: str
) -> None:
    text = (NASTY + OTHER).replace("\n", newline)
    wanted = deepcopy(parsed(text))
    edit(wanted)
    result = replace(text, 0, wanted)
    assert changed_lines(text, result) == (gone, new)
    assert parsed(result) == wanted
    assert result.endswith(OTHER.replace("\n", newline))
    assert ("\r" in result) == (newline == "\r\n")
    assert result.count("\n") == result.count(newline)


def test_what_is_equal_already_keeps_its_bytes() -> None:
    reordered = dict(reversed(parsed(NASTY).items()))
    assert replace(NASTY, 0, reordered) == NASTY


def test_an_anchor_that_others_use_is_not_edited_behind_their_backs() -> None:
    text = "a: &n 3\nb: *n\nc: 1\n"
    assert replace(text, 0, {"a": 3, "b": 4, "c": 1}) == "a: &n 3\nb: 4\nc: 1\n"
    with pytest.raises(NotEditable, match="line 1"):
        replace(text, 0, {"a": 4, "b": 3, "c": 1})
    assert replace(text, 0, {"a": 4, "b": 3}, rewrite=True) == "a: 4\nb: 3\n"


def test_a_merged_key_is_overridden_where_it_is_merged() -> None:
    text = "base: &b {x: 1, w: 2}\nuse:\n  <<: *b\n  z: 3\n"
    wanted = {"base": {"x": 1, "w": 2}, "use": {"x": 9, "w": 2, "z": 3}}
    assert replace(text, 0, wanted) == "base: &b {x: 1, w: 2}\nuse:\n  <<: *b\n  z: 3\n  x: 9\n"


def test_a_byte_order_mark_stays() -> None:
    assert replace("\ufeffa: 1\nb: 2\n", 0, {"a": 1, "b": 3, "c": 4}) == "\ufeffa: 1\nb: 3\nc: 4\n"


WORDS = """\
yes no 1e3 0x1f 017 1:30 2026-01-01 _ _a a_ a:_b a_#b ~ -_a aNb aN N aNN _aNbN aN_Nb {a} *a &a !a
| é << = --a=b /bin/sh web:1 100m \t a\tb \r \x85 \ufeff 😀 y Null .inf 1_0 [ ] , ' \" % @ ` ? :
-"""
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", *(word.replace("_", " ").replace("N", "\n") for word in re.split("[ \n]", WORDS))]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5)
STYLES = st.sampled_from(
    [yamlwrite.Style(), yamlwrite.Style(4, 0), yamlwrite.Style(4, 2), yamlwrite.Style(2, 2)]
)


def clean(value: Any) -> Any:
    """Without what YAML cannot hold: lone surrogates."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


@given(OBJECTS.map(clean), STYLES)
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_reads_as_the_same(value: Any, style: yamlwrite.Style) -> None:
    assert same(parsed("\n".join(yamlwrite.block(value, style)) + "\n"), value)
    assert same(parsed(yamlwrite.inline(value)), value)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Any]:
    """A document with comments, and what it shall become: some of it kept."""
    old = clean(draw(OBJECTS))
    lines = yamlwrite.block(old, draw(STYLES))
    for at in draw(st.lists(st.integers(0, len(lines)), max_size=3)):
        indent = draw(st.integers(0, 6))
        lines.insert(at, draw(st.sampled_from([" " * indent + "# note", "", "#"])))
    text = "\n".join(lines) + "\n"
    new = deepcopy(old)
    for key in list(new):
        choice = draw(st.integers(0, 3))
        if choice == 0:
            new[key] = clean(draw(VALUES))
        elif choice == 1 and isinstance(new[key], dict):
            new[key].update(clean(draw(OBJECTS)))
        elif choice == 1 and isinstance(new[key], list):
            new[key].insert(draw(st.integers(0, 3)), clean(draw(VALUES)))
        elif choice == 2 and len(new) > 1:
            del new[key]
    new.update(clean(draw(st.dictionaries(TEXTS, VALUES, max_size=2))))
    return text, new


@given(edits(), st.sampled_from(["", OTHER + "---\n"]), st.sampled_from(["", OTHER]), st.booleans())
@settings(max_examples=500, deadline=None)
def test_an_edit_is_exact_and_leaves_other_documents_byte_for_byte(
    edit: tuple[str, Any], before: str, after: str, crlf: bool
) -> None:
    middle, wanted = edit
    text = before + middle + after
    if crlf:
        text = text.replace("\n", "\r\n")
        before, after = before.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    try:
        assume(len(compose(text)) == 1 + bool(before) + bool(after))
        parsed(text, int(bool(before)))
    except YamlError:
        assume(False)
    index = int(bool(before))
    try:
        result = replace(text, index, wanted, rewrite=True)
    except NotEditable:
        return
    assert same(parsed(result, index), wanted)
    assert result.startswith(before)
    assert result.endswith(after)


ODD = """\
a:   # c1

  # c2
  b:
  # c3
  - # c4
    x: 1
    # c5
  -   w: 2   # c6
      z:
        - - 1
          - 2
        -
          # c7
          - 3

  - "q"   # c8
  - |
    text
    more
  # c9
  c: >-
    folded
    text

  d: "multi
    line"
  f: {a: [1, 2], b: {c: d}}   # c10
  g: [
    a, # c11
    b
  ]
  h:
  i: ""
  k: &anc
    l: 1
"""


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: list[Any] = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [p for key in keys for p in [(*path, key), *paths(value[key], (*path, key))]]


@given(st.sampled_from([NASTY, ODD]), st.sampled_from(["\n", "\r\n"]), st.data())
@settings(max_examples=300, deadline=None)
def test_odd_layouts_are_edited_in_place(text: str, newline: str, data: st.DataObject) -> None:
    text = (OTHER + "---\n" + text + OTHER).replace("\n", newline)
    wanted = deepcopy(parsed(text, 1))
    *above, last = data.draw(st.sampled_from(paths(wanted)))
    parent = wanted
    for key in above:
        parent = parent[key]
    action = data.draw(st.sampled_from(["set", "delete", "add"]))
    if action == "delete":
        del parent[last]
    elif action == "add" and isinstance(parent, list):
        parent.insert(last, clean(data.draw(VALUES)))
    else:
        parent["new" if action == "add" else last] = clean(data.draw(VALUES))
    assume(wanted)
    result = replace(text, 1, wanted)
    assert same(parsed(result, 1), wanted)
    assert result.startswith((OTHER + "---\n").replace("\n", newline))
    assert result.endswith(OTHER.replace("\n", newline))
