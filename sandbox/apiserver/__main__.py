"""`python -m sandbox.apiserver`: run the embedded API server until it is interrupted."""

from pathlib import Path

import click

from chatbot.signals import StopSignal
from sandbox.apiserver.server import ApiServer


@click.command()
@click.option("--port", default=0, show_default=True, help="0 takes a free one.")
@click.option("--token", default="", help="Bearer token that clients must show; empty: none.")
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a kubeconfig for this server here.",
)
@click.option("--context", "contexts", multiple=True, help="Name a context; repeat for more.")
def main(port: int, token: str, kubeconfig: Path | None, contexts: tuple[str, ...]) -> None:
    """An embedded Kubernetes API server on loopback. It forgets everything when it stops."""
    with StopSignal() as stop, ApiServer(port=port, token=token) as server:
        if kubeconfig:
            server.write_kubeconfig(kubeconfig, *contexts)
        print(f"api server ready on {server.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
