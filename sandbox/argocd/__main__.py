"""`python -m sandbox.argocd`: play Argo CD's application controller until interrupted."""

import logging
from dataclasses import replace
from pathlib import Path

import click

from chatbot.signals import StopSignal
from sandbox.argocd.loop import Controller, Settings
from sandbox.clock import SandboxClock


@click.command()
@click.option("--kubeconfig", required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--context", default="", help="Default: the current one.")
@click.option("--repo-url", required=True, help="The repository, by address or path.")
@click.option("--git-seconds", default=1.0, show_default=True, help="Between looks at Git.")
@click.option("--stores-health", is_flag=True, help="Health of every resource in the status (v2).")
@click.option("--clock", type=click.Path(path_type=Path), help="The sandbox's; default: none.")
def main(
    kubeconfig: str,
    context: str,
    repo_url: str,
    git_seconds: float,
    clock: Path | None,
    *,
    stores_health: bool,
) -> None:
    """Sync Applications from a Git repository, as Argo CD documents it."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings(git_seconds=git_seconds, stores_health=stores_health)
    if clock:
        settings = replace(settings, time=SandboxClock(clock).now)
    with StopSignal() as stop, Controller(kubeconfig, repo_url, context, settings):
        print("argocd ready", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
