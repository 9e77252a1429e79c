"""Reading `redlight.toml`: everything that is wrong with it at once, each with its line."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chatbot.domain.errors import ConfigError
from chatbot.domain.secrets import mask_tokens
from chatbot.settings.consistency import Problem, contradictions, did_you_mean
from chatbot.settings.rules import Rules
from chatbot.settings.toml_lines import KeyPath, key_lines

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_SUBJECT = re.compile(r"^\w+ should\b")
"""How pydantic's sentences start; ours start with the key."""
_WHEN = "must be a date and time with a time zone, such as 2026-12-20T00:00Z"
_SENTENCES = {
    "bool_type": "must be true or false",
    "dict_type": "must be a section",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "model_type": "must be a section",
    "string_too_short": "must not be empty",
    "string_type": 'must be text in "quotes"',
    "timezone_aware": _WHEN,
    "too_short": "must not be empty",
    "tuple_type": "must be a list in [brackets]",
}
"""For pydantic's error types whose own sentence speaks of Python."""
_LONGEST_QUOTED_VALUE = 60
_SOUNDS_SECRET = re.compile(r"token|secret|password|private_key|app_id|installation", re.IGNORECASE)


def read_rules(path: Path) -> Rules:
    """Read and check the file. Raises `ConfigError`: a line for each thing that is wrong, with
    file, line and key, in the order of the file."""
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_error(path, text, error)) from error
    try:
        rules = Rules.model_validate(document)
    except ValidationError as error:
        problems = [_problem(details) for details in error.errors(include_url=False)]
        # The cause would carry the whole input into a traceback; the message has what matters.
        raise ConfigError(_report(path, text, problems)) from None
    if problems := contradictions(rules):
        raise ConfigError(_report(path, text, problems))
    return rules


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is not there: copy docs/redlight.toml, make it yours, and name it with "
            "REDLIGHT_CONFIG if it stands elsewhere"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path} line {line}: is not UTF-8 text") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _syntax_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    sentence = str(error)
    if place := _PLACE.search(sentence):
        where = f"line {place[1]}, column {place[2]}"
    else:
        where = f"line {len(text.splitlines()) or 1} (end of file)"
    said = re.sub(r" ?\(at [^)]*\)", "", sentence)
    return f"{path} {where}: is not valid TOML: {said[:1].lower()}{said[1:]}"


def _report(path: Path, text: str, problems: list[Problem]) -> str:
    lines = key_lines(text)
    found = [(_line_of(problem.path, lines), problem) for problem in problems]
    found.sort(key=lambda pair: pair[0] or 0)
    return "\n".join(
        f"{path}{f' line {line}' if line else ''}: {dotted(problem.path)} {problem.sentence}"
        for line, problem in found
    )


def _line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of the key, or of the nearest table around it that is written down."""
    for length in range(len(path), 0, -1):
        if line := lines.get(path[:length]):
            return line
    return None


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `freezes[0].start`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _problem(details: ErrorDetails) -> Problem:
    path = tuple(part for part in details["loc"] if part != "[key]")
    return Problem(path, _sentence(path, details))


def _sentence(path: KeyPath, details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if path == ("environments",):
        return "is missing: write an [environments.<name>] section for each environment"
    if kind == "missing":
        return "is missing: write a section for it" if len(path) == 1 else "is missing"
    if details["loc"][-1] == "[key]" and path[0] == "environments":
        return "is no name for an environment: use small letters, digits and hyphens, at most 63"
    if kind.startswith("datetime_"):
        said = _WHEN
    elif kind == "value_error":
        said = str(context["error"])
    else:
        said = _SENTENCES.get(kind) or _SUBJECT.sub("must", details["msg"])
    return f"{said[:1].lower()}{said[1:]}{_value(details['input'])}"


def _unknown_key(path: KeyPath) -> str:
    key = str(path[-1])
    model = _model_at(path[:-1])
    if _SOUNDS_SECRET.search(key):
        return "is not a setting; secrets come from the environment, see .env.example"
    known = [field.alias or name for name, field in model.model_fields.items()]
    return f"is not a setting; {did_you_mean(key, known)}"


def _value(value: Any) -> str:
    """The value that was found, if it is short enough to help."""
    if isinstance(value, dict | list):
        return ""
    plain = isinstance(value, str | int | float)
    text = mask_tokens(json.dumps(value, ensure_ascii=False) if plain else str(value))
    return f", not {text}" if len(text) <= _LONGEST_QUOTED_VALUE else ""


def _model_at(path: KeyPath) -> type[BaseModel]:
    """The model of the table at `path`."""
    model: type[BaseModel] = Rules
    parts = iter(path)
    for part in parts:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        annotation = fields[str(part)].annotation
        if get_origin(annotation) in (dict, tuple):
            next(parts)  # the name or the index of the table
        model = _model_in(annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [arg for arg in get_args(annotation) if arg not in (type(None), Ellipsis)]
    return _model_in(inner[-1])
