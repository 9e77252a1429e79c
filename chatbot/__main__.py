"""The command line. Exit status 0: done; 1: failed; 2: used wrongly."""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from chatbot.domain.change import parse_change_id
from chatbot.domain.errors import ConfigError, Permanent, RedlightError

if TYPE_CHECKING:
    from chatbot.adapters.sqlite import SqliteStore
    from chatbot.settings import Settings

T = TypeVar("T")
_FILE = click.Path(exists=True, allow_dash=True, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="redlight")
def main() -> None:
    """Redlight: changes to Kubernetes and OpenShift, from Slack, the GitOps way."""


@main.command()
@click.option("--no-scheduler", is_flag=True, help="Only the bot; `redlight schedule` runs beside.")
def run(*, no_scheduler: bool) -> None:
    """Run the bot and, in the same process, the scheduler."""
    from chatbot import process

    _exit(lambda: process.run(_settings(), bot=True, jobs=not no_scheduler))


@main.command()
def schedule() -> None:
    """Run only the scheduler, beside a `redlight run --no-scheduler`."""
    from chatbot import process

    _exit(lambda: process.run(_settings(), bot=False, jobs=True))


@main.group()
def audit() -> None:
    """Read the audit log."""


@audit.command()
def verify() -> None:
    """Check the hash chain; name the first event that was altered, removed or put in."""
    from chatbot.services.audit import verify as verified

    result = _with_store(verified)
    click.echo(result.sentence)
    if not result.holds:
        sys.exit(1)


@audit.command()
@click.argument("change")
def export(change: str) -> None:
    """Print the whole story of a CHANGE (CHG-12) as JSON."""
    from chatbot.services.audit import export as exported

    number = parse_change_id(change)
    if number is None:
        raise click.BadParameter(f"“{change}” is no change id; write it like CHG-12.")
    story = _with_store(lambda store: exported(store, number))
    click.echo(json.dumps(story, indent=2, ensure_ascii=False))


@main.group()
def policy() -> None:
    """Policy as code, as the bot applies it."""


@policy.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=_FILE)
@click.option("--policies", type=_FOLDER, help="Has opa/ and gatekeeper/; default: the shipped.")
@click.option("--inventory", multiple=True, type=_FILE, help="Objects for data.inventory.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def test(
    files: tuple[Path, ...], policies: Path | None, inventory: tuple[Path, ...], *, as_json: bool
) -> None:
    """Judge the objects in FILE… (files, folders, or - for standard input) by the policies. A
    file may hold many documents, or AdmissionReviews. Exit status 1 if anything denies."""
    from chatbot import policy_command

    _exit(lambda: policy_command.run(files, policies, inventory, as_json=as_json))


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Keep its files here.")
@click.option("--slack-port", type=int, help="Default: 8065, or a free one; 0: any free one.")
@click.option("--forge-port", type=int, help="Default: 8066, or a free one; 0: any free one.")
def sandbox(folder: Path | None, slack_port: int | None, forge_port: int | None) -> None:
    """The whole product on this machine, in a browser, with nothing to sign up for."""
    from sandbox.__main__ import start

    _exit(lambda: start(folder, slack_port=slack_port, forge_port=forge_port))


def _settings() -> "Settings":
    from chatbot.settings import load, process_environment

    return load(process_environment())


def _with_store(read: Callable[["SqliteStore"], T]) -> T:
    """Open the database that is there; never make one."""
    from chatbot.adapters.sqlite import SqliteStore
    from chatbot.settings import database, process_environment

    path = database(process_environment())
    if not path.exists():
        _fail(f"There is no database at {path}. Set REDLIGHT_DB to where it is.")
    try:
        with closing(SqliteStore(path)) as store:
            return read(store)
    except RedlightError as error:
        _fail(_told(error))


def _exit(work: Callable[[], None]) -> None:
    try:
        work()
    except ConfigError as error:
        _fail(str(error), status=2)
    except RedlightError as error:
        _fail(_told(error))


def _told(error: RedlightError) -> str:
    """The sentence, and what a person can do."""
    remedy = error.remedy if isinstance(error, Permanent) else ""
    return f"{error}\n{remedy}".rstrip()


def _fail(sentence: str, status: int = 1) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
