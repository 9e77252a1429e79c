"""The verdict is OPA's, also where the engine by itself would give another one."""

import pytest

from tests.unit.policy.judging import hits, judge, rego, thing

OBJECT = thing(
    empty={}, numbers=[1, 2], number=5, text="abc", items=[{"of": [1, 2]}, {"of": [3]}], nothing=[]
)
HELPERS = """\
import future.keywords.in
never { false }
is_one(x) { x == 1 }
same(x) = x
pair(a, b) { a == b }
"""

TRUE = [
    # a negated reference or equality asks once whether there is any
    "not input.missing[_] == 1",
    "not input.numbers[_] == 7",
    "not input.numbers[_] = 7",
    "not input.items[_].of[_] == 9",
    "not input.empty[_]",
    "not input.empty.field",
    'not input.missing[_] == "a"',
    'not "é" == input.missing[_]',
    "x := input.items[_]; not x.of[_] == 3",
    # what a negated call is given is taken out, and so it is asked for each element
    "not is_one(input.numbers[_])",
    "not input.numbers[_] > 1",
    "not is_one(input.number)",
    'not startswith(input.text, "b")',
    'not input.text in ["a"]',
    "not is_one(input.number) with input.number as 2",
    "count([x | x := input.numbers[_]; not is_one(x)]) == 1",
    # what a builtin cannot take is undefined, and no error
    "not to_number(input.text)",
    "not to_number(input.empty)",
    "not lower(input.number)",
    "not count(input.number)",
    'not startswith(null, "a")',
    'not regex.match("(", "a")',
    'not concat(",", input.numbers)',
    "not units.parse(input.text)",
    "not units.parse_bytes(input.text)",
    "not json.unmarshal(input.text)",
    'not object.get(input.text, "a", 1)',
    "not substring(input.text, -1, 2)",
    'not split(input.number, ",")',
    'not time.parse_rfc3339_ns("today")',
    'not glob.match("a", [], input.number)',
    'x := [to_number(s) | s := ["1", "x"][_]]; x == [1]',
    # so are operators
    "not 1 / 0",
    "not input.number % 0",
    "not input.text - 1",
    'not input.text + "b"',
    "not {1} - input.numbers",
    # printing never fails
    'sprintf("%v of %v", [1]) == "1 of %!v(MISSING)"',
    'sprintf("%v", [1, 2]) == "1%!(EXTRA int=2)"',
    'sprintf("%d", [1.5]) == "%!d(float64=1.5)"',
    'sprintf("%05.2f|%5d|%-5s|", [1.5, 3, "a"]) == "01.50|    3|a    |"',
    'sprintf("100%", []) == "100%!(NOVERB)"',
    # builtins of old Rego
    "any([false, true])",
    "not any([false])",
    "not any([])",
    "all([true])",
    "all([])",
    "not all([true, false])",
    "x := any([false]); x == false",
    're_match("^a", input.text)',
    "cast_array({1, 2}) == [1, 2]",
    "set_diff({1, 2}, {1}) == {2}",
    # a parenthesis on a new line starts a statement
    "x := input.number\n  (x + 1) > 5",
    "x := input.numbers[_]\n  (x) == 2",
    # old calls that give their result as a last argument
    'sprintf("%v", [1], x); x == "1"',
]
FALSE = [
    "not input.numbers[_] == 1",
    "not input.numbers[_] = 1",
    "not input.items[_].of[_] == 3",
    # what is taken out of a negation and is not there makes the rule undefined, not true
    "not is_one(input.missing.field)",
    "not is_one(input.missing[_])",
    "not pair(input.missing, input.number)",
    "not same(input.missing.field) == 3",
    "not pair([input.missing], 1)",
    "not count(input.missing) > 1",
    "not input.missing > 1",
    'not "a" in input.missing',
    "not input.items[input.missing]",
    "not is_one(never)",
    'not startswith(input.missing, "a")',
    "not is_one(input.number) with input as {}",
    "x := input.items[_]; not is_one(x.missing)",
    "[1 | not is_one(input.missing)] == [1]",
    "not (input.text - 1) * 2",
    "to_number(input.text)",
    'lower(input.number) == "5"',
    "any([])",
    "input.missing == input.missing",
    "is_one(input.missing)",
]


@pytest.mark.parametrize("expression", TRUE)
def test_what_opa_finds_true_is_found_true(expression: str) -> None:
    assert rego(f'{HELPERS}deny[msg] {{ {expression}; msg := "hit" }}', OBJECT) == [("deny", "hit")]


@pytest.mark.parametrize("expression", FALSE)
def test_what_opa_finds_false_or_undefined_is_no_hit(expression: str) -> None:
    assert rego(f'{HELPERS}deny[msg] {{ {expression}; msg := "hit" }}', OBJECT) == []


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('deny[msg] { msg := "a" } { msg := "b" }', ["a", "b"]),
        ('deny[msg] {\n  msg := "a"\n} { # two\n  msg := "b"\n}\n{ msg := "c" }', ["a", "b", "c"]),
        ('f(x) = {"is": x} { x == 1 } { x == 2 }\ndeny[m] { m := f(2).is }', ["2"]),
        ('ok { false } { input.kind == "Thing" }\ndeny["a"] { ok }', ["a"]),
        ('f("a")\nf("b") = true\ndeny[m] { f("a"); f("b"); m := "x" }', ["x"]),
        ('f(x) = x + 1\ndeny[m] { m := sprintf("%v", [f(1)]) }', ["2"]),
        ('default f = {}\nx = {1}\ny := {"a": 1}\ndeny["x"] { count(x) == y.a }', ["x"]),
        ("f(x) = 1 { x == 1 } else = 2 { x == 2 } else = 3\ndeny[m] { m := f(9) }", ["3"]),
    ],
)
def test_rules_of_old_rego_keep_all_their_bodies(text: str, messages: list[str]) -> None:
    assert rego(text) == [("deny", message) for message in messages]


@pytest.mark.parametrize(
    "text",
    [
        'deny[msg] { msg := "hit" }',
        'deny contains msg if { msg := "hit" }',
        'deny contains {"msg": "hit", "details": {"a": 1}}',
        'import rego.v1\ndeny contains msg if msg := "hit"',
        'import future.keywords\ndeny contains msg if { some msg in ["hit"] }',
        'import future.keywords.if\ndeny[msg] if { msg := "hit" }',
        'import future.keywords.in\ndeny[msg] { some msg in ["hit"] }',
        'deny = "hit" { true }',
        'deny = ["hit"]',
    ],
)
def test_old_and_new_syntax_are_read_alike(text: str) -> None:
    assert rego(text) == [("deny", "hit")]


def test_a_rule_that_is_only_true_denies() -> None:
    assert rego('deny { input.kind == "Thing" }') == [("deny", "not allowed")]


@pytest.mark.parametrize(
    "rule",
    [
        'deny contains "hit" if not f(input.missing)',
        'deny contains "hit" if { not f(input.missing) }',
    ],
)
def test_negation_is_the_same_in_new_syntax_with_and_without_braces(rule: str) -> None:
    text = f"{rule}\nf(x) if x == 1"
    assert rego(text) == []
    assert rego(text.replace("input.missing", "input.number"), OBJECT) == [("deny", "hit")]


def test_old_modules_and_new_ones_stand_side_by_side() -> None:
    files = {
        "opa/old.rego": 'package redlight.old\nimport data.lib.x\ndeny["old"] { x.is(1) }',
        "opa/new.rego": 'package redlight.new\nimport data.lib.x\ndeny contains "new" if x.is(1)',
        "opa/lib.rego": "package lib.x\nis(x) { x == 1 }",
    }
    assert sorted(hits(judge(files, thing()))) == [("deny", "new"), ("deny", "old")]


def test_a_function_of_ones_own_hides_the_builtin_of_its_name() -> None:
    assert rego('count(x) = 5\ndeny["own"] { count("a") == 5 }') == [("deny", "own")]


def test_data_files_are_placed_by_their_folder() -> None:
    files = {
        "opa/a.rego": "package redlight.a\ndeny[m] { m := data.teams.shop.owner }",
        "opa/teams/data.json": '{"shop": {"owner": "someone"}}',
    }
    assert hits(judge(files, thing())) == [("deny", "someone")]
