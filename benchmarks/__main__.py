"""Runs the benchmarks and prints one table.

    python -m benchmarks [--only ack,apply] [--soak 3600] [--quick] [--write docs/benchmarks.md]

Exit status 1 when a goal is missed, unless the run is only a quick one.
"""

import importlib
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from benchmarks import machine, table
from benchmarks.measure import Row, Scale
from sandbox.control_plane import assets

PARTS = (
    "ack",
    "approve",
    "sign_off",
    "apply",
    "commit",
    "policy",
    "tick",
    "lists",
    "start",
    "memory",
)


@click.command()
@click.option("--only", default="", help=f"Some of {', '.join(PARTS)}, with commas between.")
@click.option("--soak", default=120.0, show_default=True, help="Seconds of steady work for memory.")
@click.option("--quick", is_flag=True, help="Tiny: shows that the harness works, not how fast.")
@click.option("--write", "document", type=click.Path(exists=True, path_type=Path))
def main(only: str, soak: float, document: Path | None, *, quick: bool) -> None:
    """Measure what the design promises, each number beside its anchor."""
    chosen = [part for part in PARTS if part in only.split(",")] if only else list(PARTS)
    unknown = set(filter(None, only.split(","))) - set(PARTS)
    if unknown:
        raise click.BadParameter(f"there is no {', '.join(sorted(unknown))}", param_hint="--only")
    if document and (quick or only):
        raise click.UsageError("--write takes a whole run: leave --quick and --only out.")
    if document and assets() is None:
        raise click.UsageError("--write takes a real API server: set KUBEBUILDER_ASSETS.")
    console, scale = Console(), Scale(quick=quick, soak_seconds=soak)
    where = machine.described()
    rows: list[Row] = []
    for part in chosen:
        with (
            console.status(f"measuring {part}…"),
            tempfile.TemporaryDirectory(prefix="redlight-bench-") as folder,
        ):
            rows += importlib.import_module(f"benchmarks.{part}").rows(Path(folder), scale)
    console.print(table.terminal(rows, where))
    if document:
        table.write(document, rows, where, soak)
    if not quick and not all(row.met for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
