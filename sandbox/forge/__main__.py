"""`python -m sandbox.forge`: serve one repository as a small GitHub until told to stop."""

import sys
from pathlib import Path

import click

from sandbox.forge import DEFAULT_TOKENS, AppConfig, Config, Forge, run


@click.command()
@click.option("--port", type=int, default=0, help="0 takes a free port.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="Where the repository and the rest are kept; made if need be, taken up if there.",
)  # fmt: skip
@click.option("--repo", default="acme/cluster-config", show_default=True, help="OWNER/NAME.")
@click.option(
    "--seed", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The files of the first commit (default: the sandbox's own cluster-config).",
)  # fmt: skip
@click.option(
    "--token", "tokens", multiple=True, metavar="TOKEN=LOGIN[:PERMISSION]",
    help="Who may sign in; replaces the sandbox's own tokens. Permission defaults to write.",
)  # fmt: skip
@click.option(
    "--user", "people", multiple=True, metavar="LOGIN[:PERMISSION]",
    help="A person without a token, who acts on the web pages.",
)  # fmt: skip
@click.option("--app-id", type=int, default=1, show_default=True, help="The GitHub App's id.")
@click.option(
    "--app-public-key", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="PEM file to verify the App's JWTs with; without it their signature is not checked.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True)
def main(
    port: int,
    directory: Path,
    repo: str,
    seed: Path | None,
    tokens: tuple[str, ...],
    people: tuple[str, ...],
    app_id: int,
    app_public_key: Path | None,
    host: str,
) -> None:
    """Serve one repository as a small GitHub until told to stop."""
    config = Config(
        directory=directory,
        repo=repo,
        seed=seed,
        tokens=_pairs(tokens) or DEFAULT_TOKENS,
        people=people or Config.people,
        app=AppConfig(
            app_id=app_id, public_key=app_public_key.read_text() if app_public_key else None
        ),
    )
    try:
        forge = Forge(config)
    except (ValueError, FileNotFoundError) as error:
        raise click.UsageError(str(error)) from error
    run(forge, port, ready=_announce, host=host)


def _announce(url: str) -> None:
    print(f"forge ready on {url}", flush=True)


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(pair.split("=", 1) for pair in given if "=" in pair)
    if len(pairs) < len(given):
        raise click.UsageError("--token takes TOKEN=LOGIN, each token once")
    return pairs


if __name__ == "__main__":
    sys.exit(main())
