"""Compares Block Kit JSON with what was agreed on.

`REDLIGHT_UPDATE_GOLDENS=1 pytest tests/unit/blocks` writes the goldens anew; read the difference
before committing it.
"""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "goldens"


def assert_golden(name: str, shown: Any) -> None:
    """`shown` is JSON; the golden is `goldens/<name>.json`."""
    path = FOLDER / f"{name}.json"
    text = json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("REDLIGHT_UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"there is no golden {path.name} yet: set REDLIGHT_UPDATE_GOLDENS=1"
    assert json.loads(path.read_text(encoding="utf-8")) == shown
