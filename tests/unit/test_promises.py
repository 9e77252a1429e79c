"""The promises that the repository makes about itself."""

import ast
import inspect
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt import App
from slack_sdk import WebClient

from chatbot import ports
from chatbot.adapters.argocd import ArgoCD, ArgoCDs
from chatbot.adapters.clock import SystemClock
from chatbot.adapters.github import GitHubHost
from chatbot.adapters.jira import JiraTracker
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.kubernetes.cluster import KubernetesCluster
from chatbot.adapters.rego import RegoPolicies
from chatbot.adapters.slack import SlackChat
from chatbot.adapters.slack_channels import SlackChannels
from chatbot.adapters.sqlite import SqliteStore
from chatbot.blocks.buttons import LABELS
from chatbot.slack.register import register

ROOT = Path(__file__).parents[2]
PACKAGES = ("chatbot", "scheduler", "sandbox")
MANIFEST = yaml.safe_load((ROOT / "manifest.yaml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

LONG_FILES: dict[str, str] = {}
"""Files over 400 lines, and why each is one room all the same."""

LONG_FUNCTIONS: dict[str, str] = {}
"""Functions over 60 lines, and why."""

SCOPES: dict[str, frozenset[str]] = {
    "auth.test": frozenset(),
    "bookmarks.add": frozenset({"bookmarks:write"}),
    "bookmarks.list": frozenset({"bookmarks:read"}),
    "chat.getPermalink": frozenset(),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.archive": frozenset({"channels:manage", "groups:write"}),
    "conversations.create": frozenset({"channels:manage", "groups:write"}),
    "conversations.history": frozenset({"channels:history", "groups:history", "im:history"}),
    "conversations.info": frozenset({"channels:read", "groups:read"}),
    "conversations.invite": frozenset({"channels:manage", "groups:write"}),
    "conversations.join": frozenset({"channels:join"}),
    "conversations.list": frozenset({"channels:read", "groups:read"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": frozenset({"channels:history", "groups:history", "im:history"}),
    "conversations.setTopic": frozenset({"channels:manage", "groups:write"}),
    "pins.add": frozenset({"pins:write"}),
    "usergroups.list": frozenset({"usergroups:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.conversations": frozenset({"channels:read", "groups:read"}),
    "users.info": frozenset({"users:read"}),
    "users.lookupByEmail": frozenset({"users:read.email"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
}
"""What each method of Slack's Web API asks for, by its page at docs.slack.dev/reference/methods;
of history, what public and private channels and direct messages need."""


# --- Slack -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def registered() -> dict[str, list[Any]]:
    """What the listeners wait for: `{kind: constraints}`."""

    class Recorder:
        """Takes what `register` hangs on it, as a Bolt App does."""

        def __init__(self) -> None:
            self.seen: dict[str, list[Any]] = {}

        def __getattr__(self, kind: str) -> Any:
            if not hasattr(App, kind):
                raise AttributeError(kind)

            def listener(constraint: Any = None, *_: Any, **__: Any) -> Any:
                self.seen.setdefault(kind, []).append(constraint)
                return lambda function: function

            return listener

    recorder = Recorder()
    register(cast("App", recorder), cast("Any", _Anything()))
    return recorder.seen


class _Anything:
    """A desk that nobody asks yet."""

    def __getattr__(self, _: str) -> Any:
        return _Anything()


def test_every_listener_can_be_hung_on_a_real_app() -> None:
    app = App(client=WebClient(token="xoxb-x"), token_verification_enabled=False)
    register(app, cast("Any", _Anything()))
    assert len(app._listeners) > 5


def test_the_manifest_has_the_commands_that_are_listened_to(
    registered: dict[str, list[Any]],
) -> None:
    commands = [command["command"] for command in MANIFEST["features"]["slash_commands"]]
    assert commands == registered["command"]


def test_the_manifest_subscribes_to_the_events_that_are_listened_to(
    registered: dict[str, list[Any]],
) -> None:
    """`message.channels` and its kin come as one event, `message`."""
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert list(dict.fromkeys(name.split(".")[0] for name in subscribed)) == registered["event"]


def test_the_manifest_has_the_shortcuts_that_are_listened_to(
    registered: dict[str, list[Any]],
) -> None:
    shortcuts = [
        {"type": f"{shortcut['type']}_action", "callback_id": shortcut["callback_id"]}
        for shortcut in MANIFEST["features"]["shortcuts"]
    ]
    assert shortcuts == registered["shortcut"]


def test_every_button_that_can_be_offered_is_listened_to(registered: dict[str, list[Any]]) -> None:
    buttons = {constraint for constraint in registered["action"] if isinstance(constraint, str)}
    assert {offer.action_id for offer in LABELS} <= buttons


def _web_api_methods() -> set[str]:
    """The methods of Slack's Web API that the product's code calls, from the code itself."""
    known = {
        name.replace("_", ".").lower(): name
        for name, _ in inspect.getmembers(WebClient, inspect.isfunction)
    }
    spelled = {name.lower().replace(".", "_"): name for name in SCOPES}
    found = set()
    for path in (ROOT / "chatbot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            owner = ast.unparse(node.value)
            if owner.endswith("client") and node.attr.replace("_", ".").lower() in known:
                found.add(spelled.get(node.attr.lower(), node.attr))
    return found - {"api_call"}


def test_the_manifest_asks_for_the_scopes_of_every_method_that_is_called() -> None:
    called = _web_api_methods()
    assert {"chat.postMessage", "users.info", "views.open"} <= called
    assert called <= set(SCOPES), "say in SCOPES what the new method needs"
    asked = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    needed = frozenset[str]().union(*(SCOPES[method] for method in called))
    assert needed <= asked
    assert asked - needed == {"commands"}, "a scope that no method needs"


# --- commands --------------------------------------------------------------------------------


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def test_every_target_of_the_makefile_is_phony() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert _targets() <= set(phony.split())


def test_make_help_lists_every_target() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    assert {line.split("\t")[0] for line in told.splitlines()} == _targets()
    assert all(len(line.split("\t")) == 2 and line.split("\t")[1] for line in told.splitlines())


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_make_commands_that_documents_name_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`|\$ )make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert named <= _targets()


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_documents_link_to_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", link):
            assert (document.parent / link).exists(), f"{link} is linked to and not there"


def test_the_console_script_is_the_command_line() -> None:
    assert PROJECT["project"]["scripts"] == {"redlight": "chatbot.__main__:main"}


# --- ports and layers ------------------------------------------------------------------------

ADAPTERS = [
    (ports.Clock, SystemClock),
    (ports.Store, SqliteStore),
    (ports.Cluster, KubernetesCluster),
    (ports.Clusters, KubernetesClusters),
    (ports.GitHost, GitHubHost),
    (ports.Kustomize, KubectlKustomize),
    (ports.Deployer, ArgoCD),
    (ports.Deployers, ArgoCDs),
    (ports.Policies, RegoPolicies),
    (ports.Chat, SlackChat),
    (ports.Channels, SlackChannels),
    (ports.Tracker, JiraTracker),
]


def _methods(port: type) -> Iterator[str]:
    return (
        name
        for name, value in vars(port).items()
        if inspect.isfunction(value)
        and (not name.startswith("_") or name == "__call__")
        and value.__module__.startswith(ports.__name__)
    )


def test_every_port_has_an_adapter() -> None:
    protocols = {
        value
        for value in vars(ports).values()
        if inspect.isclass(value) and getattr(value, "_is_protocol", False)
        if value.__module__.startswith(ports.__name__)
    }
    assert {port for port, _ in ADAPTERS} == protocols


@pytest.mark.parametrize(("port", "adapter"), ADAPTERS, ids=lambda one: one.__name__)
def test_every_adapter_takes_what_its_port_says(port: type, adapter: type) -> None:
    for name in _methods(port):
        wanted = inspect.signature(getattr(port, name)).parameters
        given = inspect.signature(getattr(adapter, name)).parameters
        assert list(given)[: len(wanted)] == list(wanted), f"{adapter.__name__}.{name}"
        for parameter in wanted.values():
            assert given[parameter.name].kind == parameter.kind
            assert given[parameter.name].default == parameter.default


def test_the_import_contracts_cover_every_package() -> None:
    linter = PROJECT["tool"]["importlinter"]
    assert set(linter["root_packages"]) == set(PACKAGES)
    [layers] = [c["layers"] for c in linter["contracts"] if c["type"] == "layers"]
    layered = {module.strip() for line in layers for module in line.split(":")}
    parts = {
        f"chatbot.{path.stem}"
        for path in (ROOT / "chatbot").iterdir()
        if not path.name.startswith("__init__")
        and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert layered == parts
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(shipped) == set(PACKAGES)
    assert set(PROJECT["tool"]["mypy"]["packages"]) == {*PACKAGES, "benchmarks"}


# --- sizes -----------------------------------------------------------------------------------


def _python() -> list[Path]:
    return [path for name in (*PACKAGES, "tests") for path in (ROOT / name).rglob("*.py")]


def test_no_file_is_longer_than_400_lines_without_a_reason() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in _python()
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    }
    assert long == set(LONG_FILES)


def test_no_function_is_longer_than_60_lines_without_a_reason() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in _python()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > 60
    }
    assert long == set(LONG_FUNCTIONS)
