"""Whether an environment has had a change of this content. Asked once for each review."""

from chatbot.adapters.sqlite_connection import Connections

# The conditions in the words of the index `changes_content`, so that it is used.
_COMPLETED_WITH = """
    SELECT number FROM changes
    WHERE environment = ? AND json_extract(progress, '$.review.content') = ?
        AND state = 'completed' AND json_extract(progress, '$.review.content') IS NOT NULL
        AND json_extract(progress, '$.rolled_back.done') IS NOT 1
    ORDER BY number DESC LIMIT 1"""


class PromotionQueries:
    """The part of the store that answers for the order of environments."""

    _connections: Connections

    def completed_with(self, environment: str, content: str) -> int | None:
        """See `Store`."""
        with self._connections.reading() as db:
            row = db.execute(_COMPLETED_WITH, (environment, content)).fetchone()
        return int(row["number"]) if row else None
