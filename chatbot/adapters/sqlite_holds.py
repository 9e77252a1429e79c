"""Objects that changes have in hand, in the store's tables: one change at a time has an object."""

import json
from collections.abc import Sequence

from chatbot.adapters import sqlite_changes as changes
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.events import AuditEntry

_OTHERS = """
    SELECT object, change FROM holds
    WHERE environment = :environment AND change <> :number
        AND object IN (SELECT value FROM json_each(:objects))
    ORDER BY change, object"""

_TAKE = """
    INSERT INTO holds (environment, object, change)
    SELECT :environment, value, :number FROM json_each(:objects) WHERE true
    ON CONFLICT (environment, object) DO UPDATE SET change = excluded.change"""


class HoldTable:
    """The part of the store that knows who has what in hand."""

    _connections: Connections

    def hold(
        self, change: Change, *, also: Sequence[str] = (), seize: AuditEntry | None = None
    ) -> list[int]:
        """See `Store`."""
        objects = {target.key for target in change.request.targets}.union(also)
        wanted = {
            "number": change.number,
            "environment": change.request.environment,
            "objects": json.dumps(sorted(objects)),
        }
        with self._connections.writing() as db:
            changes.refuse_stale(db, change)
            others = db.execute(_OTHERS, wanted).fetchall()
            numbers = list(dict.fromkeys(row["change"] for row in others))
            if not others or seize is not None:
                db.execute(_TAKE, wanted)
            if others and seize is not None:
                lost = {
                    "objects": [row["object"] for row in others],
                    "from": [format_change_id(number) for number in numbers],
                }
                rows.append(db, seize.model_copy(update={"data": {**seize.data, **lost}}))
        return numbers

    def let_go(self, change: int) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            db.execute("DELETE FROM holds WHERE change = ?", (change,))
