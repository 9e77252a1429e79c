"""`python -m sandbox.bot`: `redlight run`, on the sandbox's clock."""

from pathlib import Path

import click

from chatbot import process
from chatbot.settings import load, process_environment
from sandbox.clock import SandboxClock


@click.command()
@click.option("--clock", required=True, type=click.Path(path_type=Path, dir_okay=False))
def main(clock: Path) -> None:
    """Run the bot and its jobs until told to stop."""
    settings = load(process_environment())
    process.run(settings, bot=True, jobs=True, clock=SandboxClock(clock))


if __name__ == "__main__":
    main()
