import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from chatbot.settings.toml_lines import KeyPath, key_lines

NASTY = r'''# [not.a.table] = 1
title = "x = 1 # no comment"   # comment with "quotes" and [brackets]
a.b . "c.d" = 1
"quoted # key" = 'C:\no\escapes'
'lit = eral'.x = true
"escaped \"\u00e9" = 1
text = """
[inside]
key = "never a key"
ends with two quotes"""""
raw = \'\'\'
''two quotes, and a backslash \
[inside] = 2\'\'\'
when = 1979-05-27 07:32:00Z
list = [ 1, # one
  [2, 3], "]", { in = 'line', deep = { er = "}" } },
]
empty = []
none = {}

[ table . "with.dot" ]
x = { y.z = 1, "q r" = [ { s = 1 }, { s = 2 } ] }
[[freezes]]
reason = "first"
[freezes.sub]
k = 1
[[freezes]]
reason = """one line"""
[[freezes.nested]]
n = 1
[[freezes.nested]]
n = 2
[table]
after = "reopened above its child"
'''.replace(r"\'", "'")


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every key path of a parsed document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    found = {path} if path else set()
    for key, inner in items:
        found |= paths_of(inner, (*path, key))
    return found


def test_every_key_of_a_nasty_document_is_found_and_nothing_else() -> None:
    assert set(key_lines(NASTY)) == paths_of(tomllib.loads(NASTY))


@pytest.mark.parametrize(
    ("path", "start_of_line"),
    [
        (("title",), "title"),
        (("a", "b", "c.d"), "a.b"),
        (("quoted # key",), '"quoted # key"'),
        (("lit = eral", "x"), "'lit = eral'"),
        (("raw",), "raw"),
        (("when",), "when"),
        (("list", 1, 0), "  [2, 3]"),
        (("list", 3, "deep", "er"), "  [2, 3]"),
        (("table", "with.dot"), "[ table"),
        (("table", "with.dot", "x", "q r", 1, "s"), "x = {"),
        (("freezes", 0, "sub", "k"), "k = 1"),
        (("freezes", 1, "reason"), 'reason = """'),
        (("freezes", 1, "nested", 1, "n"), "n = 2"),
        (("table", "after"), "after"),
    ],
)
def test_a_key_is_found_on_its_line(path: KeyPath, start_of_line: str) -> None:
    line = key_lines(NASTY)[path]
    assert NASTY.split("\n")[line - 1].startswith(start_of_line)


def test_windows_line_ends_count_once() -> None:
    assert key_lines("a = 1\r\n# x\r\n[t]\r\nb = 2\r\n")["t", "b"] == 4


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=5)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.booleans() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=5,
)


@given(DOCUMENTS)
def test_keys_agree_with_the_parser_whatever_the_document(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # the writer's slip; the scan is only for what the parser accepts
    assert set(key_lines(text)) == paths_of(parsed)


@given(st.data())
def test_every_value_is_found_on_the_line_that_holds_it(data: st.DataObject) -> None:
    marks = iter(range(100_000, 200_000))
    shape = data.draw(
        st.dictionaries(
            KEYS,
            st.recursive(
                st.none(),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
                ),
                max_leaves=12,
            ),
            max_size=5,
        )
    )

    def numbered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: numbered(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [numbered(inner) for inner in value]
        return next(marks)

    text = tomlkit.dumps(numbered(shape))
    lines = text.split("\n")
    parsed = tomllib.loads(text)
    for path, line in key_lines(text).items():
        value: Any = parsed
        for part in path:
            value = value[part]
        if isinstance(value, int):
            assert str(value) in lines[line - 1]
