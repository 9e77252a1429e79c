"""`python -m sandbox.kubelet`: play controller manager and kubelet until interrupted."""

import logging

import click

from chatbot.signals import StopSignal
from sandbox.kubelet.loop import Kubelet
from sandbox.kubelet.rollout import Settings


@click.command()
@click.option("--kubeconfig", required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--context", default="", help="Default: the current one.")
@click.option("--ready-after", default=0.5, show_default=True, help="Seconds until pods are ready.")
@click.option(
    "--fails-after", default=3.0, show_default=True, help="Seconds until a bad rollout has failed."
)
@click.option("--nodes", default=1, show_default=True, help="Pods of a DaemonSet.")
def main(kubeconfig: str, context: str, ready_after: float, fails_after: float, nodes: int) -> None:
    """Roll out workloads, good and bad, on a cluster that runs nothing."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings(ready_after, fails_after, nodes)
    with StopSignal() as stop, Kubelet(kubeconfig, context, settings):
        print("kubelet ready", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
