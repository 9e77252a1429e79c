from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.blocks.excerpt import excerpt

LINES = st.lists(st.sampled_from(["a: 1", "- b", "-- c", "++ d", "@@ e", "…", ""]), max_size=12)


def diff(before: list[str], after: list[str]) -> str:
    return "\n".join(unified_diff(before, after, "live", "wanted", lineterm=""))


def test_hunks_are_parted_by_an_ellipsis() -> None:
    before = [f"line-{number}" for number in range(30)]
    after = [*before[:5], "changed", *before[6:25], "changed too", *before[26:]]
    assert excerpt([("web", diff(before, after))]).block == (
        "```\n line-4\n-line-5\n+changed\n…\n line-24\n-line-25\n+changed too\n```"
    )


def test_objects_are_named_where_there_are_many() -> None:
    small = diff(["a"], ["b"])
    found = excerpt([("deployment/a", small), ("service/b", ""), ("deployment/c", small)])
    assert found.block == "```\n# deployment/a\n-a\n+b\n# deployment/c\n-a\n+b\n```"
    assert found.unseen == 0


SPEC = ["kind: Deployment", "spec:", "  paused: false", "  replicas: 2", "  selector: {}"]
ROLE = ["kind: Role", "rules:", "- apiGroups: []", "  verbs: get", "- apiGroups: []"]
PORTS = ["kind: Service", "spec:", "  ports:", "  - port: 80", "    name: web", "  type: x"]
LIMITS = ["    resources:", "      limits:", "        cpu: 1"]


@pytest.mark.parametrize(
    ("before", "line", "after", "shown"),
    [
        (SPEC, 3, "  replicas: 5", "-  replicas: 2\n+  replicas: 5"),
        (SPEC, 3, "  minReady: 5", "   paused: false\n-  replicas: 2\n+  minReady: 5"),
        (ROLE, 3, "  verbs: list", " - apiGroups: []\n-  verbs: get\n+  verbs: list"),
        (PORTS, 3, "  - port: 81", "   ports:\n-  - port: 80\n+  - port: 81"),
        (LIMITS, 2, "        cpu: 2", "       limits:\n-        cpu: 1\n+        cpu: 2"),
    ],
    ids=["one field", "another field", "in an item", "an item", "deep down"],
)
def test_a_line_that_says_it_all_stands_alone(
    before: list[str], line: int, after: str, shown: str
) -> None:
    whole = diff(before, [*before[:line], after, *before[line + 1 :]])
    assert excerpt([("web", whole)]).block == f"```\n{shown}\n```"


def test_nothing_is_shown_where_nothing_differs() -> None:
    assert excerpt([("deployment/a", ""), ("service/b", "\n")]).block == ""


@given(LINES, LINES)
def test_every_changed_line_is_shown_or_counted(before: list[str], after: list[str]) -> None:
    whole = diff(before, after)
    changed = [line for line in whole.split("\n")[2:] if line[:1] in ("+", "-")]
    found = excerpt([("web", whole)], lines=5)
    shown = [line for line in found.block.split("\n")[1:-1] if line[:1] in ("+", "-")]
    assert len(shown) + found.unseen == len(changed)
    assert shown == changed[: len(shown)]
