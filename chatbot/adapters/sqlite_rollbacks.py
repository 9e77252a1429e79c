"""What a rollback has to know of other changes: who rolls back the same one, and who wrote to the
same objects since. Asked once for each rollback, and of one environment."""

import json
from datetime import datetime

from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.change import Change

# The condition in the words of the index `changes_rolls_back`, so that it is used.
_ROLLBACKS_OF = """
    SELECT * FROM changes
    WHERE json_extract(request, '$.rolls_back') = ?
        AND json_extract(request, '$.rolls_back') IS NOT NULL
    ORDER BY number"""

_OF_THE_SAME_NAMES = """
    SELECT * FROM changes
    WHERE environment = :environment AND number <> :number AND updated_at > :since
        AND EXISTS (
            SELECT 1 FROM json_each(request, '$.targets') AS target
            WHERE json_extract(target.value, '$.name') IN (SELECT value FROM json_each(:names))
        )"""


class RollbackQueries:
    """The part of the store that answers rollbacks."""

    _connections: Connections

    def submitted(self, submission: str) -> Change | None:
        """See `Store`."""
        with self._connections.reading() as db:
            row = db.execute("SELECT * FROM changes WHERE submission = ?", (submission,)).fetchone()
        return rows.to_change(row) if row else None

    def rollbacks_of(self, number: int) -> list[Change]:
        """See `Store`."""
        with self._connections.reading() as db:
            return [rows.to_change(row) for row in db.execute(_ROLLBACKS_OF, (number,)).fetchall()]

    def writers_since(self, change: Change, since: datetime | None = None) -> list[Change]:
        """See `Store`."""
        since = since or change.progress.applied_at
        if since is None:
            return []
        wanted = {
            "environment": change.request.environment,
            "number": change.number,
            "since": rows.to_text(since),
            "names": json.dumps(sorted({target.name for target in change.request.targets})),
        }
        with self._connections.reading() as db:
            near = [
                rows.to_change(row) for row in db.execute(_OF_THE_SAME_NAMES, wanted).fetchall()
            ]
        objects = {target.key for target in change.request.targets}
        later = [
            (other.progress.applied_at, other)
            for other in near
            if other.progress.applied_at is not None
            and other.progress.applied_at > since
            and any(target.key in objects for target in other.request.targets)
        ]
        return [other for _, other in sorted(later, key=lambda each: each[0])]
