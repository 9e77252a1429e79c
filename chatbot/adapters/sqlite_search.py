"""The list queries: which way through the indexes answers a list of changes fastest.

- open changes: along the index that holds only them, looking at each one's words, those that
  wait for a person first;
- a word of three letters or more: through the trigram index, newest first;
- shorter words alone: along the words of all changes, newest first, which is the slowest way;
- otherwise along the requester's or the environment's index, or the whole table, newest first.
"""

from chatbot.adapters.sqlite_schema import LIVE
from chatbot.domain.change import Change, parse_change_id
from chatbot.domain.offers import WAITING_FOR_PEOPLE

_TRIGRAM = 3
"""A trigram index knows no shorter text."""

_FOR_PEOPLE = ", ".join(f"'{state.value}'" for state in sorted(WAITING_FOR_PEOPLE))

_WORDS_FIRST = "changes_text CROSS JOIN changes ON number = changes_text.rowid"
_HAS_WORD = (
    "EXISTS (SELECT 1 FROM changes_text AS t WHERE t.rowid = number AND instr(t.words, ?) > 0)"
)


def query(
    *, requester: str, environment: str, text: str, open_only: bool, limit: int
) -> tuple[str, list[str | int]]:
    """SQL and its parameters for rows of `changes`, newest first."""
    conditions: list[str] = []
    parameters: list[str | int] = []

    def where(condition: str, *values: str | int) -> None:
        conditions.append(condition)
        parameters.extend(values)

    source = "changes"
    number = parse_change_id(text)
    words = [] if number else fold(text).split()
    long_words = [word for word in words if len(word) >= _TRIGRAM]
    if number:
        where("number = ?", number)
    if open_only:
        source += " INDEXED BY changes_live"
        where(LIVE)
    elif long_words:
        source = _WORDS_FIRST
        where("changes_text MATCH ?", " AND ".join(map(_quote, long_words)))
        words = [word for word in words if word not in long_words]
    elif words and not (requester or environment):
        source = _WORDS_FIRST
    if requester:
        where("requester = ?", requester)
    if environment:
        where("environment = ?", environment)
    words_first = source == _WORDS_FIRST
    for word in words:
        where("instr(words, ?) > 0" if words_first else _HAS_WORD, word)
    order = "changes_text.rowid" if words_first else "number"
    if open_only:
        order = f"state IN ({_FOR_PEOPLE}) DESC, number"
    chosen = " AND ".join(conditions) or "true"
    parameters.append(limit)
    # Only words of this function are joined; what people typed goes in as parameters.
    sql = f"SELECT changes.* FROM {source} WHERE {chosen} ORDER BY {order} DESC LIMIT ?"  # noqa: S608 - see above
    return sql, parameters


def words_of(change: Change) -> str:
    """The text that a search looks into."""
    request = change.request
    parts = (
        change.id,
        *map(str, request.targets),
        request.namespace,
        request.incident_id,
        request.justification,
    )
    return fold(" ".join(part for part in parts if part))


def fold(text: str) -> str:
    """Text for comparing without regard to case. FTS5 ends a query at NUL, so NUL is a space; half
    a surrogate pair, which UTF-8 cannot hold, is a question mark."""
    return text.casefold().replace("\0", " ").encode(errors="replace").decode()


def _quote(word: str) -> str:
    escaped = word.replace('"', '""')
    return f'"{escaped}"'
