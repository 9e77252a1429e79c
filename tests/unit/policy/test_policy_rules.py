"""Which rules judge: the cluster repository's, from one commit, over the shipped ones."""

from collections.abc import Collection, Mapping

from chatbot.adapters import rego_files
from chatbot.adapters.rego import RegoPolicies
from chatbot.domain import policyset
from chatbot.domain.policy import Subject
from chatbot.domain.policyset import PolicySet
from chatbot.ports import RepoFile
from chatbot.services.policy import PolicyRules
from tests.unit.policy.judging import constraint, template, thing

BASE = {
    "opa/a.rego": 'package redlight.a\ndeny["base a"] { true }',
    "opa/b.rego": 'package redlight.b\ndeny[m] { m := concat(" ", data.words.b) }',
    "opa/data.yaml": "words:\n  b: [base, b]\n  c: [base, c]\n",
    "gatekeeper/t.yaml": template('package t\nviolation[{"msg": m}] { m := input.parameters.say }'),
    "gatekeeper/c.yaml": constraint("parameters: {say: base c}", name="c"),
}


class FakeGit:
    """A repository of blobs, as far as rules are read from it."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._blobs = {f"sha of {path}": content for path, content in files.items()}
        self.reads: list[str] = []

    def files(self, commit_sha: str, under: str = "") -> list[RepoFile]:
        return [
            RepoFile(sha.removeprefix("sha of "), sha)
            for sha in self._blobs
            if sha.startswith(f"sha of {under}/")
        ]

    def blobs(self, blob_shas: Collection[str]) -> Mapping[str, bytes]:
        self.reads += blob_shas
        return {sha: self._blobs[sha] for sha in blob_shas}


def said(rules: PolicySet) -> list[str]:
    return [one.message for one in RegoPolicies().judge(rules, [Subject(thing())])]


def over(top: Mapping[str, str]) -> list[str]:
    return said(policyset.over(policyset.read(BASE), policyset.read(top)))


def test_without_rules_of_its_own_a_repository_has_the_shipped_ones() -> None:
    assert over({}) == ["base a", "base b", "base c"]


def test_a_file_of_the_same_path_replaces_the_shipped_one() -> None:
    assert over({"opa/a.rego": 'package redlight.other\ndeny["new"] { true }'}) == [
        "base b",
        "new",
        "base c",
    ]


def test_a_package_of_the_same_name_replaces_the_shipped_one() -> None:
    assert over({"opa/x.rego": 'package redlight.a\ndeny["new"] { true }'}) == [
        "base b",
        "new",
        "base c",
    ]


def test_an_empty_package_switches_a_policy_off() -> None:
    assert over({"opa/a.rego": "package redlight.a\n"}) == ["base b", "base c"]


def test_a_constraint_of_the_same_name_replaces_the_shipped_one_and_keeps_its_template() -> None:
    top = {"gatekeeper/mine.yaml": constraint("parameters: {say: mine}", name="c")}
    assert over(top) == ["base a", "base b", "mine"]


def test_a_template_of_the_same_kind_replaces_the_shipped_one() -> None:
    top = {"gatekeeper/mine.yaml": template('package t\nviolation[{"msg": "mine"}] { true }')}
    assert over(top) == ["base a", "base b", "mine"]


def test_data_is_merged_key_by_key_and_lists_are_replaced() -> None:
    assert over({"opa/data.yaml": "words:\n  b: [my, own]\n"}) == ["base a", "my own", "base c"]


def test_a_broken_file_denies_beside_the_rules_that_are_left() -> None:
    messages = over({"opa/data.yaml": "words: [", "opa/z.rego": "nothing"})
    assert len(messages) == 2 + 3
    assert any("opa/data.yaml: the file cannot be read. Line 2" in one for one in messages)
    assert any("opa/z.rego: the file names no package" in one for one in messages)


def test_the_revision_names_the_rules_whole() -> None:
    one, two = policyset.read(BASE), policyset.read({**BASE, "opa/data.yaml": "words: {}"})
    assert one.revision != two.revision
    assert one.revision == policyset.read(dict(reversed(BASE.items()))).revision
    assert policyset.over(one, two).revision != policyset.over(two, one).revision


def test_the_rules_of_a_commit_come_from_its_policies_folder_and_are_read_once() -> None:
    git = FakeGit(
        {
            "policies/opa/a.rego": b'package redlight.a\ndeny["mine"] { true }',
            "policies/README.md": b"\xff",
            "environments/prod/web.yaml": b"kind: Deployment",
        }
    )
    rules = PolicyRules(RegoPolicies(), policyset.read(BASE))
    first = rules.at(git, "c1")
    assert said(first) == ["base b", "mine", "base c"]
    assert rules.at(git, "c2") is first
    assert git.reads == ["sha of policies/opa/a.rego"]


def test_bytes_that_are_no_text_break_the_policy_and_deny() -> None:
    git = FakeGit({"policies/opa/a.rego": b"package redlight.a\n\xff\xfe deny"})
    rules = PolicyRules(RegoPolicies(), policyset.read({}))
    (message,) = said(rules.at(git, "c1"))
    assert "opa/a.rego:2" in message


def test_the_shipped_set_is_found() -> None:
    assert "opa/images.rego" in rego_files.shipped()
