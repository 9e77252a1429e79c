"""The files that explain the settings name exactly the settings that there are."""

import json
import re
import tomllib
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from chatbot.settings import load
from chatbot.settings.rules import Rules
from chatbot.settings.toml_lines import KeyPath, key_lines
from chatbot.settings.variables import HttpAddress, Variables, read_variables
from tests.support.config import ENVIRON

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "redlight.toml"


def env_example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_env_example_names_every_variable_and_no_other() -> None:
    assert list(env_example()) == list(Variables.model_fields)


def test_env_example_shows_the_defaults() -> None:
    shown, problems = read_variables({k: v for k, v in env_example().items() if v})
    assert not problems
    assert shown == Variables()
    assert isinstance(shown.REDLIGHT_HTTP, HttpAddress)


def test_the_example_rules_load() -> None:
    assert list(load(ENVIRON, EXAMPLE).environments) == ["prod", "dev"]
    assert not load(ENVIRON, EXAMPLE).warnings


def keys_of(model: type[BaseModel], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """{path of a key of the file: its default}; names and indexes in a path are `*`."""
    keys: dict[tuple[str, ...], Any] = {}
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        annotation: Any = field.annotation
        if get_origin(annotation) in (dict, tuple):
            inner = [arg for arg in get_args(annotation) if arg is not Ellipsis][-1]
            repeated = (*path, "*")
        else:
            inner = next((a for a in get_args(annotation) if a is not type(None)), annotation)
            repeated = path
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys |= keys_of(inner, repeated)
        else:
            keys[path] = field.default
    return keys


def general(path: KeyPath) -> tuple[str, ...]:
    """A path of the example with its names and indexes as `*`."""
    return tuple(
        "*" if isinstance(part, int) or (place == 1 and path[0] == "environments") else part
        for place, part in enumerate(path)
    )


LINES = key_lines(EXAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", list(keys_of(Rules)), ids=".".join)
def test_the_example_explains_every_key_and_its_default(key: tuple[str, ...]) -> None:
    places = [line for path, line in LINES.items() if general(path) == key]
    assert places, f"docs/redlight.toml does not show {'.'.join(key)}"
    text = EXAMPLE.read_text(encoding="utf-8").split("\n")
    first = min(places) - 1
    start = first
    while text[start - 1].startswith("#") and text[start - 1] != "#":
        start -= 1
    comment = " ".join(text[start:first])
    default = keys_of(Rules)[key]
    if default is PydanticUndefined:
        assert "required" in comment
    elif default is None:
        assert re.search(r"default: (none|by class|environments/<name>|as context)", comment)
    else:
        plain = default.value if isinstance(default, Enum) else default
        assert f"default: {json.dumps(plain)}" in comment


def test_the_example_shows_nothing_that_is_not_a_key() -> None:
    tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    known = keys_of(Rules)
    for path in LINES:
        place = general(path)
        assert any(key[: len(place)] == place or place[: len(key)] == key for key in known), (
            f"{place} is explained and unknown"
        )


def test_the_manifest_asks_for_what_socket_mode_and_the_buttons_need() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yaml").read_text(encoding="utf-8"))
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]
    assert manifest["features"]["app_home"]["home_tab_enabled"]
    assert "app_home_opened" in manifest["settings"]["event_subscriptions"]["bot_events"]
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["display_information"]["name"]) <= 35


def test_every_scope_of_the_manifest_says_why_it_is_there() -> None:
    text = (ROOT / "manifest.yaml").read_text(encoding="utf-8")
    scopes = yaml.safe_load(text)["oauth_config"]["scopes"]["bot"]
    for scope in scopes:
        assert re.search(rf"- {re.escape(scope)} # \S", text), f"{scope} has no reason"
    assert len(scopes) == len(set(scopes))
    assert "chat:write.public" not in scopes
