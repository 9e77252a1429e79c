"""What a pull request does to objects, and which complaints are its own."""

from typing import Any

import pytest

from chatbot.domain.change import ObjectAction, Target
from chatbot.domain.diff import CHANGE_ANNOTATION
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import Subject, Violation
from chatbot.domain.review import Finding
from chatbot.domain.review_rules import (
    MAX_FINDINGS,
    arrivals,
    by_key,
    departures,
    irregular,
    judged,
    judged_departures,
    listed,
    out_of_reach,
    placed,
    planned,
    residents,
    sorted_findings,
    touched,
    unasked,
    untouched,
)
from tests.support.builders import target
from tests.support.cards import environment


def thing(name: str, value: Any = 1, **metadata: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "value": value,
    }


def named(name: str) -> Target:
    return target(name, api_version="v1", kind="Thing")


def violation(
    name: str, message: str = "bad", enforcement: Enforcement = Enforcement.DENY
) -> Violation:
    return Violation("p", "Thing", "shop", name, message, enforcement)


BEFORE = by_key([thing("a"), thing("b"), thing("gone")])
AFTER = by_key([thing("a"), thing("b", 2), thing("new")])


def test_new_changed_and_deleted_objects_show_and_the_named_ones_come_first() -> None:
    plan = planned(BEFORE, AFTER, [named("new"), named("missing")])
    assert [(one.target.name, one.action) for one in plan] == [
        ("new", ObjectAction.CREATE),
        ("b", ObjectAction.CHANGE),
        ("gone", ObjectAction.DELETE),
    ]
    assert plan[1].diff.endswith("-value: 1\n+value: 2")


def test_bookkeeping_is_no_difference_to_read_and_one_to_judge() -> None:
    marked = by_key([thing("a", annotations={CHANGE_ANNOTATION: "CHG-1"})])
    assert planned(by_key([thing("a")]), marked, []) == ()
    assert list(touched(by_key([thing("a")]), marked)) == ["/Thing/shop/a"]


@pytest.mark.parametrize("pair", [(1, True), (1, "1"), (None, ""), ([1, 2], [2, 1])])
def test_values_that_only_look_alike_differ(pair: tuple[Any, Any]) -> None:
    old, new = (by_key([thing("a", value)]) for value in pair)
    assert len(planned(old, new, [])) == 1


def test_what_the_request_does_not_name_is_said_by_what_happens_to_it() -> None:
    plan = planned(BEFORE, AFTER, [])
    [sentence] = unasked(plan, [named("b")])
    assert sentence == (
        "The pull request also creates thing/new in shop, and deletes thing/gone in shop, which "
        "the request does not name."
    )
    assert unasked(plan, [one.target for one in plan]) == []


def test_objects_go_where_argo_cd_puts_them() -> None:
    bare = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}
    assert placed(bare, namespaced=True, default="shop")["metadata"]["namespace"] == "shop"
    assert placed(thing("a"), namespaced=True, default="other") == thing("a")
    assert placed(thing("a"), namespaced=False, default="shop") == bare | {"value": 1}
    assert placed(bare, namespaced=True, default="") == bare
    assert placed(thing("a"), namespaced=None, default="other") == thing("a")
    assert "namespace" not in bare["metadata"]


@pytest.mark.parametrize(
    ("kind", "namespace", "namespaced", "words"),
    [
        ("Thing", "shop", True, ""),
        ("Thing", "other", True, "the namespace other does not belong to test"),
        ("Thing", "", True, "it names no namespace"),
        ("Namespace", "", False, ""),
        ("ClusterRole", "", False, "it belongs to the whole cluster, and test allows only"),
        ("Thing", "shop", None, "the cluster has no kind Thing in v1"),
    ],
)
def test_reach_ends_at_the_environments_namespaces(
    kind: str, namespace: str, namespaced: bool | None, words: str
) -> None:
    place = environment(namespaces=("shop",))
    one = target("shop", api_version="v1", kind=kind, namespace=namespace)
    finding = out_of_reach(one, place, namespaced=namespaced)
    assert (finding is None) == (not words)
    if finding is not None:
        assert words in finding.message
        assert finding.enforcement is Enforcement.DENY


def test_an_environment_with_the_whole_cluster_takes_cluster_scoped_objects() -> None:
    role = target("reader", kind="ClusterRole", namespace="")
    assert out_of_reach(role, environment(cluster_scoped=True), namespaced=False) is None


def test_everything_at_the_head_is_judged_and_what_goes_is_judged_as_deleted() -> None:
    assert arrivals(BEFORE, AFTER) == [
        Subject(thing("a"), thing("a"), "UPDATE"),
        Subject(thing("b", 2), thing("b"), "UPDATE"),
        Subject(thing("new")),
    ]
    assert departures(BEFORE, AFTER) == [Subject(thing("gone"), thing("gone"), "DELETE")]
    assert residents(BEFORE, {("Thing", "shop", "a")}) == [
        Subject(thing("a"), thing("a"), "UPDATE")
    ]


def test_an_old_complaint_about_what_is_left_alone_only_informs() -> None:
    said = [violation("a"), violation("a", "warned", Enforcement.WARN)]
    names = untouched(said, BEFORE, AFTER)
    assert names == {("Thing", "shop", "a")}
    assert [(one.message, one.enforcement) for one in judged(said, said, names)] == [
        ("bad; it was there before this change", Enforcement.WARN),
        ("warned; it was there before this change", Enforcement.DRYRUN),
    ]


@pytest.mark.parametrize(
    ("said", "before"),
    [
        (violation("b"), violation("b")),  # touched
        (violation("new"), violation("new")),
        (violation("a"), violation("a", "another message")),
        (violation("a"), violation("b")),
        (violation("", "the policy cannot be used"), violation("", "the policy cannot be used")),
    ],
)
def test_every_other_complaint_keeps_its_force(said: Violation, before: Violation) -> None:
    names = untouched([said], BEFORE, AFTER)
    [finding] = judged([said], [before], names)
    assert (finding.message, finding.enforcement) == (said.message, Enforcement.DENY)


def test_a_fault_of_what_goes_does_not_keep_it_and_a_rule_against_deleting_does() -> None:
    said = [violation("gone"), violation("gone", "must not be deleted")]
    assert [one.message for one in judged_departures(said, [violation("gone")])] == [
        "must not be deleted"
    ]


def test_what_is_defined_twice_or_has_no_name_stops_it_unless_it_did_so_before() -> None:
    job = {"kind": "Job", "metadata": {"generateName": "x-"}}
    twice = [thing("a"), thing("a", 2)]
    found = irregular(([], []), (twice, [job]), "environments/prod")
    assert [(one.object, one.enforcement) for one in found] == [
        ("thing/a in shop", Enforcement.DENY),
        ("job", Enforcement.DENY),
    ]
    again = irregular((twice, [job]), (twice[::-1], [job]), "environments/prod")
    assert {one.enforcement for one in again} == {Enforcement.WARN}
    other = irregular((twice, [job]), (twice, [job, job]), "environments/prod")
    assert [one.enforcement for one in other] == [Enforcement.WARN, Enforcement.DENY]


def test_findings_are_sorted_by_what_they_do_and_each_stands_once() -> None:
    warn, deny = (
        Finding(policy=policy, object="", message="m", enforcement=enforcement)
        for policy, enforcement in (("a", Enforcement.WARN), ("b", Enforcement.DENY))
    )
    assert sorted_findings([warn, deny, warn]) == (deny, warn)


def test_too_many_findings_are_cut_with_a_count_and_the_force_of_what_is_left_out() -> None:
    many = [
        Finding(policy="p", object=str(number), message="m", enforcement=Enforcement.DENY)
        for number in range(MAX_FINDINGS + 7)
    ]
    *_, last = found = sorted_findings(many)
    assert len(found) == MAX_FINDINGS + 1
    assert (last.message, last.enforcement) == (
        "7 more findings are not listed",
        Enforcement.DENY,
    )


def test_long_lists_are_cut_with_a_count() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(8)]) == "0, 1, 2, 3, 4 and 3 more"
