"""The table, for a terminal and for `docs/benchmarks.md`."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks.measure import Row

HEADINGS = ("what", "ours", "anchor", "ratio", "goal", "met")
_ROWS = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", re.DOTALL)


def terminal(rows: Sequence[Row], machine: str) -> Table:
    """One table of everything that was measured."""
    table = Table(title=f"Redlight, measured on {machine}", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in ("ours", "ratio") else "left")
    for row in rows:
        table.add_row(*_cells(row), style="" if row.met else "red")
    return table


def write(document: Path, rows: Sequence[Row], machine: str, soak_seconds: float) -> None:
    """Put the measured part of the document anew; what people wrote around it stays."""
    lines = [
        f"Measured on {machine}; soak of {soak_seconds:,.0f} s.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *(f"| {' | '.join(_cells(row))} |" for row in rows),
    ]
    text = document.read_text(encoding="utf-8")
    measured = "\n".join(lines) + "\n"
    new, found = _ROWS.subn(lambda _: measured, text)
    if not found:
        raise ValueError(f"{document} has no part between the marks <!-- measured -->")
    document.write_text(new, encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    anchor = ""
    if row.anchor is not None:
        anchor = f"{_number(row.anchor)} {row.unit}: {row.anchor_name}"
    return (
        row.what,
        f"{_number(row.ours)} {row.unit}",
        anchor,
        "" if row.ratio is None else f"{row.ratio:.2f} ×",
        row.goal,
        "yes" if row.met else "no",
    )


def _number(value: float) -> str:
    """Three digits that count, for instance 0.219, 17.3 or 374."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
