"""`redlight sandbox`: start the outside world and the bot, say what to try, end all on Ctrl-C."""

import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from sandbox.children import Child, ChildError
from sandbox.world import Outside, World

SLACK_PORT = 8065
FORGE_PORT = 8066


def start(folder: Path | None = None) -> None:
    """Run until interrupted. Everything lies in `folder`, or in a temporary one that goes too."""
    console = Console()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as parts:
        if folder is None:
            folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="redlight-")))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with console.status("Starting a Slack, a GitHub, a cluster and the bot…"):
                world = World(folder, slack_port=SLACK_PORT, forge_port=FORGE_PORT)
                outside = parts.enter_context(world)
                bot = Child.start(
                    "redlight",
                    ["chatbot", "run"],
                    folder=folder,
                    environ=outside.environ(folder / "redlight.db"),
                )
                parts.callback(bot.stop)
                bot.wait_for("redlight.ready")
        except ChildError as error:
            console.print(f"[red]The sandbox did not start.[/red] {error}", highlight=False)
            sys.exit(1)
        console.print(_screen(outside, folder))
        while not stop.wait(1):
            if not bot.alive():
                console.print(f"[red]The bot ended.[/red]\n{bot.tail()}", highlight=False)
                break
        console.print("Stopping…")
    console.print("All of it is gone.")


def _screen(outside: Outside, folder: Path) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_row("Slack", f"[bold]{outside.slack}[/bold]  act as requester, senior-one, manager")
    table.add_row("GitHub", f"{outside.forge}  pull requests to read and merge")
    table.add_row("", f"git clone {outside.forge}/acme/cluster-config.git")
    kind = "a real kube-apiserver" if outside.cluster.is_real else "an embedded API server"
    table.add_row("Cluster", f"{kind}; KUBECONFIG={outside.cluster.admin_kubeconfig}")
    table.add_row("Files", str(folder))
    table.add_row("", "")
    table.add_row("Try", "1. in #dev-changes   /change scale dev deploy/web 3")
    table.add_row("", "2. in #test-changes  /change restart test deploy/api   then press Apply")
    table.add_row("", "3. merge its pull request on the GitHub page, and watch the card end")
    table.add_row("", "")
    table.add_row("", "[dim]Slack's part listens on every interface of this machine: use it only")
    table.add_row("", "[dim]where you trust the network. Ctrl-C ends everything.")
    return Panel(table, title="Redlight sandbox", expand=False)


if __name__ == "__main__":
    start()
