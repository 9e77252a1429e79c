"""Policy files on disk: a folder that a person names, and the set that ships."""

from pathlib import Path
from typing import Final

from chatbot.domain.errors import ConfigError
from chatbot.domain.policyset import MAX_FILE, MAX_FILES

SUBFOLDERS: Final = ("opa", "gatekeeper")
_PACKAGE: Final = Path(__file__).parent.parent
_PLACES: Final = (_PACKAGE / "shipped_policies", _PACKAGE.parent / "policies")
"""In an installed wheel; in a checkout."""


def folder(path: Path) -> dict[str, str]:
    """The files of `opa/` and `gatekeeper/` below a folder, as `{relative path: text}`. Raises
    `ConfigError` when it has neither, or more than can be read."""
    if not any((path / name).is_dir() for name in SUBFOLDERS):
        raise ConfigError(f"{path} has neither a folder opa/ nor a folder gatekeeper/.")
    found: dict[str, str] = {}
    for name in SUBFOLDERS:
        for file in sorted((path / name).rglob("*")):
            if file.is_file():
                found[file.relative_to(path).as_posix()] = _text(file)
            if len(found) > MAX_FILES:
                raise ConfigError(f"{path} has more than {MAX_FILES} policy files.")
    return found


def shipped() -> dict[str, str]:
    """The files of the shipped set."""
    for place in _PLACES:
        if place.is_dir():
            return folder(place)
    raise ConfigError("The shipped policies are not there; is Redlight installed completely?")


def _text(file: Path) -> str:
    """The text; bytes that are none are replaced, so that a policy with them is seen as broken."""
    with file.open("rb") as opened:
        return opened.read(MAX_FILE * 4 + 1).decode(errors="replace")
