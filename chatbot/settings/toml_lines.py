"""Where each key of a TOML text stands.

`tomllib` and pydantic say what is wrong with a configuration but not on which line, and of the
TOML libraries that keep positions none offers them to its callers. This scan reads text that
`tomllib` has accepted already, so it needs to know only how long a token is, not whether it is
right: that leaves a page of code, held against `tomllib`'s own idea of the keys by its tests.
"""

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys and, inside arrays, indexes from 0: `("freezes", 0, "start")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK_AND_COMMAS = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Map every table, key and array item of `text` to the line (from 1) where it first stands.

    `text` must be valid TOML: parse it with `tomllib` first.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._last_index: dict[KeyPath, int] = {}
        """Of each array of tables, keyed by its path."""

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`: the path of the table that the lines below it fill."""
        is_array = self._text.startswith("[[", self._at)
        brackets = 2 if is_array else 1
        self._at += brackets
        keys = self._dotted_key()
        self._skip(_BLANK)
        path: KeyPath = ()
        for position, key in enumerate(keys, start=1):
            path = (*path, key)
            self._note(path)
            if is_array and position == len(keys):
                self._last_index[path] = self._last_index.get(path, -1) + 1
            if path in self._last_index:
                path = (*path, self._last_index[path])
                self._note(path)
        self._at += brackets
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for key in self._dotted_key():
            path = (*path, key)
            self._note(path)
        self._skip(_BLANK)
        self._at += len("=")
        self._skip(_BLANK)
        self._value(path)

    def _dotted_key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANK)
            if bare := _BARE_KEY.match(self._text, self._at):
                keys.append(bare[0])
                self._at = bare.end()
            else:
                keys.append(tomllib.loads(f"key = {self._take(_STRING)}")["key"])
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += len(".")

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._take(_STRING if opening in "\"'" else _SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += len("[")
        self._skip(_BLANK_AND_COMMAS)
        index = 0
        while self._text[self._at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            self._skip(_BLANK_AND_COMMAS)
            index += 1
        self._at += len("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._at += len("{")
        self._skip(_BLANK_AND_COMMAS)
        while self._text[self._at] != "}":
            self._pair(path)
            self._skip(_BLANK_AND_COMMAS)
        self._at += len("}")

    def _note(self, path: KeyPath) -> None:
        self.lines.setdefault(path, bisect_right(self._newlines, self._at - 1) + 1)

    def _skip(self, blank: re.Pattern[str]) -> None:
        if match := blank.match(self._text, self._at):
            self._at = match.end()

    def _take(self, token: re.Pattern[str]) -> str:
        match = token.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at offset {self._at}")
        self._at = match.end()
        return match[0]
