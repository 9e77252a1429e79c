"""`redlight policy test`: the bot's own verdict on files, for CI in the cluster repository."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from chatbot.adapters import rego_files
from chatbot.adapters.rego import RegoPolicies
from chatbot.domain import policyfile, policyset
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.errors import Permanent
from chatbot.domain.policy import Subject, Violation, denies

_SUFFIXES: Final = {".yaml", ".yml", ".json"}
_LINE: Final = 500


def run(
    files: Sequence[Path], policies: Path | None, inventory: Sequence[Path], *, as_json: bool
) -> None:
    """Print what the policies say about the files; leaves with status 1 if anything denies.
    Raises `ConfigError` for a folder without policies, `Permanent` for files that no one could
    judge."""
    sources = rego_files.shipped() if policies is None else rego_files.folder(policies)
    subjects = _subjects(files)
    around = [one.object for one in _subjects(inventory)]
    if not subjects:
        raise Permanent("There is no object in these files.")
    with _engine_off_standard_output():
        found = RegoPolicies().judge(policyset.read(sources), subjects, around)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found], indent=2))
    else:
        _print(found, len(subjects))
    if denies(found):
        sys.exit(1)


def _print(found: Iterable[Violation], objects: int) -> None:
    counts = dict.fromkeys(Enforcement, 0)
    for one in found:
        counts[one.enforcement] += 1
        place = "/".join(part for part in (one.namespace, one.name) if part)
        about = f"{one.kind} {place}".strip()
        line = f"{one.enforcement:<6} {one.policy}: {about + ': ' if about else ''}{one.message}"
        click.echo("".join(sign if sign.isprintable() else " " for sign in line[:_LINE]))
    told = ", ".join(f"{counts[one]} {one.value}" for one in Enforcement)
    click.echo(f"{objects} object{'s' * (objects != 1)} judged: {told}")


def _subjects(paths: Iterable[Path]) -> list[Subject]:
    return [
        subject
        for path in paths
        for file in _files(path)
        for subject in policyfile.subjects(_text(file), str(file))
    ]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())


def _text(file: Path) -> str:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(policyfile.MAX_TEXT * 4 + 1).decode()
        with file.open("rb") as opened:
            return opened.read(policyfile.MAX_TEXT * 4 + 1).decode()
    except (UnicodeDecodeError, OSError) as error:
        raise Permanent(f"{file} cannot be read: {error}") from error


@contextmanager
def _engine_off_standard_output() -> Iterator[None]:
    """The engine prints remarks of its own to standard output, where only the list belongs."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
