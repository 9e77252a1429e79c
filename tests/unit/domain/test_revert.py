"""Taking a change's files back: what it did goes, what came later stays, and doubt is refused."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.errors import Conflict
from chatbot.domain.revert import merged, reverted

WEB = "prod/web.yaml"
LINES = [f"line {number}\n" for number in range(1, 10)]


def text(lines: Sequence[str] = LINES, **replaced: str) -> str:
    """Nine lines; `l3="x"` says what the third reads."""
    return "".join(
        f"{replaced[key]}\n" if (key := f"l{number}") in replaced else line
        for number, line in enumerate(lines, start=1)
    )


def test_what_nobody_changed_since_is_as_it_was() -> None:
    before, after = {WEB: text()}, {WEB: text(l3="new")}
    assert reverted(before, after, after) == before


def test_a_later_change_of_other_lines_stays() -> None:
    now = {WEB: text(l3="new", l7="later")}
    assert reverted({WEB: text()}, {WEB: text(l3="new")}, now) == {WEB: text(l7="later")}


def test_a_later_change_of_the_next_line_stays() -> None:
    now = {WEB: text(l3="new", l4="later")}
    assert reverted({WEB: text()}, {WEB: text(l3="new")}, now) == {WEB: text(l4="later")}


def test_a_list_entry_goes_and_the_one_added_behind_it_stays() -> None:
    entries = "resources:\n- web.yaml\n"
    [written] = reverted(
        {WEB: entries}, {WEB: f"{entries}- a.yaml\n"}, {WEB: f"{entries}- a.yaml\n- b.yaml\n"}
    ).values()
    assert written == f"{entries}- b.yaml\n"


def test_a_later_change_of_the_same_line_is_refused_by_file_and_line() -> None:
    now = {WEB: text(["first\n", *LINES], l4="later")}
    with pytest.raises(Conflict, match=r"prod/web\.yaml line 4\.") as refused:
        reverted({WEB: text()}, {WEB: text(l3="new")}, now)
    assert "manifest_ref" in refused.value.remedy


def test_a_new_file_goes_and_a_deleted_one_comes_back() -> None:
    before, after = {"gone": "x\n", "new": None}, {"gone": None, "new": "y\n"}
    assert reverted(before, after, after) == before


@pytest.mark.parametrize(
    ("before", "after", "now"),
    [
        pytest.param(None, "new\n", "new\nlater\n", id="a new file that was changed since"),
        pytest.param("old\n", "new\n", None, id="a changed file that is gone"),
        pytest.param("old\n", None, "other\n", id="a deleted file that was made anew"),
    ],
)
def test_whole_files_that_moved_on_are_refused(
    before: str | None, after: str | None, now: str | None
) -> None:
    with pytest.raises(Conflict, match=r"prod/web\.yaml"):
        reverted({WEB: before}, {WEB: after}, {WEB: now})


def test_what_is_taken_back_already_needs_nothing() -> None:
    before = {WEB: text(), "gone": "x\n", "new": None}
    after = {WEB: text(l3="new"), "gone": None, "new": "y\n"}
    assert reverted(before, after, before) == {}


def test_every_conflict_is_named_and_many_are_counted() -> None:
    paths = [f"{number}.yaml" for number in range(7)]
    with pytest.raises(Conflict, match=r"0\.yaml line 3, 1\.yaml .* and 2 more\."):
        reverted(
            dict.fromkeys(paths, text()),
            dict.fromkeys(paths, text(l3="new")),
            dict.fromkeys(paths, text(l3="later")),
        )


def test_a_last_line_without_its_end_does_not_swallow_the_next() -> None:
    assert merged("a\n", "a\nb\n", "a") == ("a\nb\n", [])


EDITS = st.dictionaries(
    st.integers(0, 11), st.sampled_from(["replace", "delete", "insert", "keep"]), max_size=8
)


def edited(base: list[str], edits: dict[int, str], mark: str) -> list[str]:
    """Lines that nobody else wrote, so that there is one way to see the difference."""
    result: list[str] = []
    for number, line in enumerate(base):
        match edits.get(number):
            case "replace":
                result.append(f"{mark} {number}\n")
            case "delete":
                continue
            case "insert":
                result += [f"{mark} {number}\n", line]
            case _:
                result.append(line)
    return result


@given(own=EDITS, other=EDITS)
def test_what_git_merges_comes_out_the_same(
    tmp_path_factory: pytest.TempPathFactory, own: dict[int, str], other: dict[int, str]
) -> None:
    base = [f"line {number}\n" for number in range(12)]
    sides = {
        "base": "".join(base),
        "ours": "".join(edited(base, own, "ours")),
        "theirs": "".join(edited(base, other, "theirs")),
    }
    folder = tmp_path_factory.getbasetemp()
    for name, content in sides.items():
        Path(folder, name).write_text(content)
    git = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    result, clashes = merged(sides["base"], sides["ours"], sides["theirs"])
    if git.returncode == 0:
        assert (result, clashes) == (git.stdout, [])
    elif clashes == []:
        assert_edits_only_touch(own, other)


def assert_edits_only_touch(own: dict[int, str], other: dict[int, str]) -> None:
    """Git refuses edits with no line between them; we refuse those that overlap."""
    changed = [
        {n for n, edit in side.items() if edit in ("replace", "delete")} for side in (own, other)
    ]
    for number in changed[0] & changed[1]:
        assert own[number] == other[number] == "delete"


def as_map(value: object) -> dict[str, str | None]:
    return {WEB: value if isinstance(value, str) else None}


TEXTS = st.one_of(st.none(), st.lists(st.sampled_from("abcd"), max_size=6).map("\n".join))


@given(before=TEXTS, after=TEXTS)
def test_right_after_a_change_taking_it_back_gives_what_was(
    before: str | None, after: str | None
) -> None:
    written = reverted(as_map(before), as_map(after), as_map(after))
    assert {**as_map(after), **written} == as_map(before)


@given(base=TEXTS, ours=TEXTS)
def test_a_side_that_did_nothing_changes_nothing(base: str | None, ours: str | None) -> None:
    assert merged(base or "", ours or "", base or "") == (ours or "", [])
    assert merged(base or "", base or "", ours or "") == (ours or "", [])
