"""`python -m sandbox.jira`: serve one project as a small Jira until told to stop."""

import asyncio
import contextlib
import signal

import click
from aiohttp import web

from sandbox.jira import PROJECT, TOKEN, USER
from sandbox.jira.server import build
from sandbox.jira.state import Jira


@click.command()
@click.option("--port", type=int, default=0, help="0 takes a free port.")
@click.option("--cloud", is_flag=True, help="Be Jira Cloud; without it, Data Center.")
@click.option("--project", default=PROJECT, show_default=True, help="The key of the one project.")
@click.option("--user", default=USER, show_default=True, help="Who signs in; on Cloud only.")
@click.option("--token", default=TOKEN, show_default=True)
@click.option(
    "--index-seconds", type=float, default=0.0, help="How far the search lags behind what is filed."
)
def main(
    port: int, project: str, user: str, token: str, index_seconds: float, *, cloud: bool
) -> None:
    """Serve one project as a small Jira until told to stop."""
    jira = Jira(project, cloud, user if cloud else "", token, index_seconds)
    asyncio.run(_serve(jira, port))


async def _serve(jira: Jira, port: int) -> None:
    runner = web.AppRunner(build(jira), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"jira ready on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C still ends the loop
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()
