from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.domain.change import RiskLevel
from chatbot.domain.environment import ENVIRONMENT_CLASSES, EnvironmentClass, MergeMethod
from chatbot.domain.errors import ConfigError
from chatbot.settings import load
from chatbot.settings.config_file import read_rules
from tests.support.config import ENVIRON, RULES, write_rules


def refusal(folder: Path, text: str) -> str:
    path = write_rules(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(ENVIRON, path)
    return str(caught.value).replace(str(folder) + "/", "")


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), start=1) if part in line)


def test_an_environment_gets_what_its_class_says(tmp_path: Path) -> None:
    environments = load(ENVIRON, write_rules(tmp_path)).environments
    assert list(environments) == ["dev", "prod"]
    dev, prod = environments["dev"], environments["prod"]
    assert dev.rules == ENVIRONMENT_CLASSES[EnvironmentClass.DEV]
    assert prod.rules == ENVIRONMENT_CLASSES[EnvironmentClass.PROD]
    assert prod.path == "environments/prod"
    assert prod.emergency_context == "prod"
    assert prod.argocd is None


def test_a_section_overrides_its_class_key_by_key(tmp_path: Path) -> None:
    text = RULES.replace(
        'class = "prod"\n',
        'class = "prod"\n'
        'risk_level = "high"\nrequires_senior_approval = false\nconfirm = false\n'
        'path = "clusters/eu/"\nemergency_context = "prod-emergency"\napprovals = 2\n'
        "approval_timeout_hours = 1.5\nrollout_timeout_minutes = 3\nrollback_on_failure = false\n"
        "rollback_approved_hours = 2.5\n"
        'namespaces = ["shop-*"]\ncluster_scoped = true\n'
        'backfill.auto_merge = true\nbackfill.merge_method = "squash"\n'
        'argocd = { application = "prod" }\n',
    )
    prod = load(ENVIRON, write_rules(tmp_path, text)).environments["prod"]
    assert prod.rules.risk_level is RiskLevel.HIGH
    assert not prod.rules.requires_senior_approval
    assert not prod.rules.confirm
    assert prod.rules.gitops_required
    assert prod.path == "clusters/eu"
    assert prod.emergency_context == "prod-emergency"
    assert prod.approvals == 2
    assert prod.approval_timeout == timedelta(minutes=90)
    assert prod.rollout_timeout == timedelta(minutes=3)
    assert not prod.rollback_on_failure
    assert prod.rollback_approved_for == timedelta(hours=2.5)
    assert prod.owns_namespace("shop-eu")
    assert not prod.owns_namespace("pay")
    assert prod.cluster_scoped
    assert prod.backfill.auto_merge
    assert prod.backfill.merge_method is MergeMethod.SQUASH
    assert prod.argocd is not None
    assert prod.argocd.namespace == "argocd"


@pytest.mark.parametrize(
    "start", ['"2026-12-20T00:00Z"', "2026-12-20T00:00:00Z", '"2026-12-20T01:00+01:00"']
)
def test_a_freeze_reads_texts_and_native_times(tmp_path: Path, start: str) -> None:
    text = (
        RULES + f'\n[[freezes]]\nenvironments = ["prod"]\nreason = "year end"\nstart = {start}\n'
        'end = "2027-01-02T00:00Z"\n'
    )
    (freeze,) = load(ENVIRON, write_rules(tmp_path, text)).freezes
    assert freeze.start == datetime(2026, 12, 20, tzinfo=UTC)


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(tmp_path: Path) -> None:
    text = RULES + "aprovals = 2\n"
    assert refusal(tmp_path, text) == (
        f"redlight.toml line {line_of(text, 'aprovals')}: environments.prod.aprovals "
        "is not a setting; did you mean approvals?"
    )


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("[git]", "[gitt]", "[gitt]", "gitt is not a setting; did you mean git?"),
        (
            'class = "prod"',
            'class = "production"',
            "production",
            "environments.prod.class must be 'dev', 'test', 'staging' or 'prod', not \"produc",
        ),
        ('class = "prod"\n', "", "[environments.prod]", "environments.prod.class is missing"),
        (
            'class = "prod"',
            'class = "prod"\napprovals = "2"',
            "approvals",
            'environments.prod.approvals must be a whole number, not "2"',
        ),
        ('class = "prod"', 'class = "prod"\napprovals = 0', "approvals", "greater than or equal"),
        (
            'class = "prod"',
            'class = "prod"\nconfirm = "yes"',
            "confirm",
            'environments.prod.confirm must be true or false, not "yes"',
        ),
        (
            'class = "prod"',
            'class = "prod"\napproval_timeout_hours = inf',
            "approval_timeout_hours",
            "environments.prod.approval_timeout_hours must be",
        ),
        (
            'class = "prod"',
            'class = "prod"\npath = "../elsewhere"',
            "elsewhere",
            "environments.prod.path must be a folder inside the repository",
        ),
        ('class = "prod"', 'class = "prod"\npath = "/etc"', "/etc", "environments.prod.path must"),
        (
            'class = "prod"',
            'class = "prod"\npath = "environments/dev/eu"',
            "dev/eu",
            "overlaps with environments.dev.path",
        ),
        (
            'class = "prod"',
            'class = "prod"\nauto_apply = true',
            "auto_apply",
            "environments.prod.auto_apply contradicts itself",
        ),
        (
            'class = "prod"',
            'class = "prod"\npromoted_from = "staging"',
            "promoted_from",
            "environments.prod.promoted_from names staging, and there is no",
        ),
        (
            'class = "prod"',
            'class = "prod"\npromoted_from = "dev"',
            "promoted_from",
            "environments.prod.promoted_from (dev) needs a pull request in both, and dev applies",
        ),
        (
            'class = "prod"',
            'class = "prod"\npromoted_from = "prod"',
            "promoted_from",
            "environments.prod.promoted_from (prod) leads back to prod",
        ),
        (
            "[environments.prod]",
            "[environments.Prod_EU]",
            "Prod_EU",
            "environments.Prod_EU is no name for an environment",
        ),
        (
            '"U0SENIOR"]',
            '"U0SENIOR",\n  "the lead"]',
            "the lead",
            "people.seniors[1] must be a Slack user id",
        ),
        ('["U0SENIOR"]', "[]", "seniors", "people.seniors is empty, but prod requires a senior's"),
        ('"#prod-changes"', '"# prod"', "# prod", "environments.prod.channel must be a channel"),
        (
            '"acme/cluster-config"',
            '"https://example.com/acme/cluster-config"',
            "repo",
            "git.repo must",
        ),
        (
            'class = "prod"',
            'class = "prod"\nnamespaces = "shop"',
            "shop",
            'environments.prod.namespaces must be a list in [brackets], not "shop"',
        ),
        (
            'class = "prod"',
            'class = "prod"\nargocd = "prod"',
            "argocd",
            'environments.prod.argocd must be a section, not "prod"',
        ),
        (
            "[people]",
            "[channels]\nincidents = 3\n[people]",
            "incidents",
            "channels.incidents must be",
        ),
        ("[people]", '[slack]\nmode = "carrier"\n[people]', "carrier", "slack.mode must be"),
        ("[people]", "[slack]\nport = 0\n[people]", "port", "slack.port must be"),
        (
            "[people]",
            "[polling]\npull_requests_seconds = 0\n[people]",
            "pull_requests",
            "polling.pull_requests_seconds must be",
        ),
        (
            "[people]",
            "[timeouts]\ngithub_seconds = 0.5\n[people]",
            "github_seconds",
            "timeouts.github_seconds must be",
        ),
    ],
)
def test_a_bad_key_or_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    text = RULES.replace(old, new, 1)
    message = refusal(tmp_path, text)
    (line,) = [line for line in message.split("\n") if said in line]
    assert line.startswith(f"redlight.toml line {line_of(text, at)}: ")


FREEZE = """
[[freezes]]
environments = ["prod"]
start = "2026-12-20T00:00Z"
end = "2027-01-02T00:00Z"
reason = "year end"
"""


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        (
            '["prod"]',
            '["prod", "prd"]',
            "environments =",
            "environments[1] names prd, and there is no [environments.prd] section; did you mean",
        ),
        ("2026-12-20T00:00Z", "2026-12-20", "start", "freezes[0].start must"),
        (
            "2026-12-20T00:00Z",
            "2026-12-20T00:00",
            "start",
            "freezes[0].start must be a date and time with a",
        ),
        ("2027", "2025", "[[freezes]]", "freezes[0] ends before it starts"),
        ('reason = "year end"', "", "[[freezes]]", "freezes[0].reason is missing"),
    ],
)
def test_a_bad_freeze_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    text = RULES + FREEZE.replace(old, new, 1)
    message = refusal(tmp_path, text)
    assert said in message
    assert message.startswith(f"redlight.toml line {line_of(text, at)}: ")


def test_a_file_without_environments_says_what_to_write(tmp_path: Path) -> None:
    assert refusal(tmp_path, '[git]\nrepo = "acme/cluster-config"\n') == (
        "redlight.toml: environments is missing: "
        "write an [environments.<name>] section for each environment"
    )
    assert "git is missing: write a section for it" in refusal(tmp_path, "")


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = RULES.replace('class = "dev"', 'class = "devel"') + "aprovals = 2\n"
    first, second = refusal(tmp_path, text).split("\n")
    assert "environments.dev.class" in first
    assert "environments.prod.aprovals" in second


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[git]\nrepo = #nothing\n", "line 2, column 8"),
        ('[git]\nrepo = "a/b"\n[git]\n', "line 3"),
        ('[git]\nrepo = "a/b"\nrepo = "a/b"\n', "line 3"),
        ('[git]\nrepo = """a\n\n', "line 3 (end of file)"),
        ("[git\n", "line 1"),
    ],
)
def test_broken_toml_is_named_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith(f"redlight.toml {where}")
    assert "is not valid TOML: " in message


def test_a_missing_unreadable_or_binary_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"redlight\.toml is not there: copy docs/redlight\.toml"):
        load(ENVIRON, tmp_path / "redlight.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(ENVIRON, tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# a\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.toml line 2: is not UTF-8 text"):
        load(ENVIRON, tmp_path / "latin.toml")


def test_a_secret_in_the_file_is_sent_to_the_environment_and_not_repeated(tmp_path: Path) -> None:
    message = refusal(tmp_path, RULES + '[slack]\nbot_token = "xoxb-hush-hush-hush"\n')
    assert "slack.bot_token is not a setting; secrets come from the environment" in message
    assert "hush" not in message
    assert "hush" not in refusal(tmp_path, RULES + '[slack]\nmode = "xoxb-hush-hush-hush"\n')


def test_two_environments_may_share_a_cluster_and_are_warned_about_until_namespaces_part_them(
    tmp_path: Path,
) -> None:
    shared = RULES.replace('context = "prod"', 'context = "dev"')
    (warning,) = load(ENVIRON, write_rules(tmp_path, shared)).warnings
    assert "environments.dev and environments.prod share the kubeconfig context dev" in warning
    parted = shared.replace('context = "dev"', 'context = "dev"\nnamespaces = ["x"]')
    assert not load(ENVIRON, write_rules(tmp_path, parted)).warnings


VALUES = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.floats() | st.text("ab#@.-", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text("ab-.", max_size=3), inner, max_size=2)
    ),
    max_leaves=3,
)
PLACES = st.sampled_from(
    [
        ("git",),
        ("git", "repo"),
        ("slack",),
        ("people",),
        ("people", "seniors"),
        ("freezes",),
        ("github_logins",),
        ("environments",),
        ("environments", "x"),
        ("environments", "prod", "class"),
        ("environments", "prod", "argocd"),
        ("environments", "prod", "backfill"),
        ("environments", "prod", "namespaces"),
        ("environments", "prod", "approval_timeout_hours"),
        ("polling", "pull_requests_seconds"),
        ("timeouts", "slack_seconds"),
        ("unknown",),
    ]
)


@settings(max_examples=150, deadline=None)
@given(place=PLACES, value=VALUES)
def test_whatever_stands_where_it_should_not_is_a_message_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str, ...], value: Any
) -> None:
    document: dict[str, Any] = tomlkit.parse(RULES).unwrap()
    table = document
    for key in place[:-1]:
        table = table.setdefault(key, {})
    table[place[-1]] = value
    path = write_rules(tmp_path_factory.mktemp("any"), tomlkit.dumps(document))
    try:
        read_rules(path)
    except ConfigError as error:
        for line in str(error).split("\n"):
            assert line.startswith(str(path))
