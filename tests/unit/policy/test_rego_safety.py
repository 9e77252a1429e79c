"""What a policy cannot do, and what happens when it cannot be judged by."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot.adapters import rego_engine
from chatbot.adapters.rego import RegoPolicies
from chatbot.adapters.rego_engine import Engine, RegoError
from chatbot.domain import policyset
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.policy import MAX_MESSAGES, MAX_OBJECTS, Subject
from tests.unit.policy.judging import hits, judge, rego, template, thing

REAL_ENGINE = rego_engine.regorus.Engine


def sentence(text: str) -> str:
    """The one denial of a policy that is broken."""
    ((enforcement, message),) = rego(text)
    assert enforcement == "deny"
    return message


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('deny[m] { m := "open"', ":2:", "expecting"),
        ("deny[m] { m := 1\n  m := 2 }", ":2:11", "used before definition"),
        ("deny[m] { m := nowhere }", ":2:16", "unsafe"),
        ("deny[m] { missing(1); m := 1 }", ":2:18", "there is no function `missing`"),
        ("x = 1\nx = 2\ndeny[m] { m := x }", ":3:1", "conflicts"),
        ("deny[m] { m := f(1) }\nf(x) = y { y := f(x) }", "test.rego", "calls itself"),
        ("deny[m] { m := f(1) }\nf(x) { g(x) }\ng(x) { f(x) }", "test.rego", "calls itself"),
        ("deny[m] { m := f(1) }\nf(x) { r }\nr { f(1) }", "test.rego", "calls itself"),
        (f"deny[m] {{ m := {'(' * 500}1{')' * 500} }}", "test.rego", "nested"),
        (f"deny[m] {{ m := {'+'.join('1' * 3000)} }}", "test.rego", "operators"),
    ],
)
def test_a_policy_that_does_not_compile_denies_and_says_where(
    text: str, place: str, reason: str
) -> None:
    message = sentence(text)
    assert message.startswith("the policy cannot be used, so everything is denied: opa/test.rego")
    assert place in message
    assert reason in message


def test_a_policy_that_cannot_be_evaluated_denies_for_each_object_and_says_where() -> None:
    files = {"opa/a.rego": "package redlight.a\nf(1) = 1\nf(x) = 2\ndeny[m] { m := f(1) }"}
    found = judge(files, thing("one"), thing("two"))
    assert [(one.policy, one.name, one.enforcement) for one in found] == [
        ("a", "one", Enforcement.DENY),
        ("a", "two", Enforcement.DENY),
    ]
    assert "opa/a.rego:4:17: functions must not produce multiple outputs" in found[0].message


def test_one_broken_policy_does_not_silence_the_others() -> None:
    files = {
        "opa/a.rego": "package redlight.a\ndeny[m] {",
        "opa/b.rego": 'package redlight.b\ndeny["b"]{ true }',
    }
    assert [one.policy for one in judge(files, thing())] == ["a", "b"]


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": "http://127.0.0.1/"})',
        'http["send"]({"method": "get", "url": "http://127.0.0.1/"})',
        "opa.runtime()",
        'opa["runtime"]().env',
        'net.lookup_ip_addr("localhost")',
    ],
)
@pytest.mark.parametrize("head", ["deny[m] { m := ", "f(x) = m { m := "])
def test_the_network_and_the_environment_are_out_of_reach(call: str, head: str) -> None:
    assert "is out of reach of policies" in sentence(f"{head}{call} }}\ndeny[m] {{ m := 1 }}")


def test_a_template_or_its_library_that_calls_out_is_refused() -> None:
    lib = 'package lib.out\nget(x) = http.send({"method": "get", "url": x})'
    made = template("package t\nviolation[m] { m := data.lib.out.get(1) }", libs=[lib])
    (found,) = judge({"gatekeeper/t.yaml": made}, thing())
    assert found.enforcement is Enforcement.DENY
    assert "gatekeeper/t.yaml (libs 1):2:19: `http.send` is out of reach" in found.message


def test_the_engine_itself_refuses_to_call_out_when_the_check_is_passed_by() -> None:
    os.environ.setdefault("REDLIGHT_TEST_MARK", "seen")
    engine = Engine()
    engine.close_off()
    engine.add_module(
        "a.rego",
        'package a\nenv := opa.runtime()\nnet := http.send({"url": "http://127.0.0.1"})',
        modern=True,
    )
    for rule in ("data.a.env", "data.a.net"):
        with pytest.raises(RegoError, match="out of reach of policies"):
            engine.evaluate(rule, "{}")


class PanicException(BaseException):
    """A panic."""


class Panicking:
    """The real engine until it is asked."""

    def __init__(self) -> None:
        self.real = REAL_ENGINE()

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def eval_rule_as_json(self, rule: str) -> str:
        raise PanicException("index out of bounds")


def test_a_panic_of_the_engine_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    rego_engine.builtins()
    monkeypatch.setattr(rego_engine.regorus, "Engine", Panicking)
    ((enforcement, message),) = rego('deny["never"] { true }')
    assert enforcement == "deny"
    assert message.endswith("so it denies: the engine failed: index out of bounds")


def test_an_engine_used_by_another_thread_panics_and_the_panic_is_an_error() -> None:
    engine = Engine()
    found: list[str] = []

    def use() -> None:
        try:
            engine.evaluate("data.a", "{}")
        except RegoError as error:
            found.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "another thread" in found[0]


def test_an_adapter_may_be_forgotten_on_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", complaints.append)
    rules = policyset.read({"opa/a.rego": 'package redlight.a\ndeny["no"] { true }'})
    forgotten = [RegoPolicies()]
    assert forgotten[0].judge(rules, [Subject(thing())])
    thread = threading.Thread(target=forgotten.clear)
    thread.start()
    thread.join()
    assert complaints == []


def test_many_threads_judge_at_once_with_one_answer() -> None:
    files = {
        f"opa/p{number}.rego": f'package redlight.p{number}\ndeny[m] {{ m := sprintf("{number} %v"'
        ", [input.metadata.name]) }"
        for number in range(5)
    }
    policies, rules = RegoPolicies(), policyset.read(files)
    names = [f"o{number}" for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda name: policies.judge(rules, [Subject(thing(name))]), names * 4)
        )
    for name, answer in zip(names * 4, answers, strict=True):
        assert [one.message for one in answer] == [f"{number} {name}" for number in range(5)]


def test_a_policy_prints_nothing_where_people_read(capfd: pytest.CaptureFixture[str]) -> None:
    assert rego('deny["x"] { print("for the author") }') == [("deny", "x")]
    assert capfd.readouterr() == ("", "")


def test_objects_too_big_too_many_or_too_deep_are_denied() -> None:
    files = {"opa/a.rego": "package redlight.a\ndeny[m] { m := input.never }"}
    ((_, big),) = hits(judge(files, thing(text="x" * 1_100_000)))
    assert "bigger than" in big
    ((_, many),) = hits(judge(files, *[thing()] * (MAX_OBJECTS + 1)))
    assert "more than the 2,000" in many
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    ((enforcement, _),) = hits(judge(files, thing(deep=deep)))
    assert enforcement == "deny"


def test_a_policy_with_a_thousand_complaints_is_cut_short_and_says_so() -> None:
    found = rego('deny[m] { m := sprintf("%v", [numbers.range(1, 1000)[_]]) }')
    assert len(found) == MAX_MESSAGES + 1
    assert found[-1] == ("deny", "and 950 more")


def test_numbers_beyond_64_bits_are_judged() -> None:
    assert rego('deny["big"] { input.n > 1 }', thing(n=2**80)) == [("deny", "big")]


def test_rules_that_nobody_would_ask_are_refused() -> None:
    ((_, message),) = hits(judge({"opa/main.rego": "package main\ndeny[m] { m := 1 }"}, thing()))
    assert "`main` has rules that nobody would ask" in message
