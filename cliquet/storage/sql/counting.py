"""The number of live records that a collection is told to have, against those that it has."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

#: Most collections that are told of.
MOST: Final = 10

#: Compares all collections, in one statement and so at one moment.
MISCOUNTS: Final = f"""
    SELECT parent_id, collection_id, sum(told), sum(counted)
      FROM (SELECT parent_id, collection_id, live AS told, 0 AS counted FROM timestamps
             UNION ALL
            SELECT parent_id, collection_id, 0, count(*) FROM records WHERE NOT deleted
             GROUP BY parent_id, collection_id) AS figures
     GROUP BY parent_id, collection_id HAVING sum(told) <> sum(counted)
     ORDER BY parent_id, collection_id LIMIT {MOST}
"""  # noqa: S608 - a constant of ours

#: Statements that set all numbers right, after one that keeps writers out; where the row of a
#: collection is missing, it is made.
RECOUNT: Final = (
    "UPDATE timestamps SET live = (SELECT count(*) FROM records"
    " WHERE records.parent_id = timestamps.parent_id"
    " AND records.collection_id = timestamps.collection_id AND NOT records.deleted);"
    " INSERT INTO timestamps (parent_id, collection_id, last_modified, live)"
    " SELECT parent_id, collection_id, max(last_modified), sum(CASE WHEN deleted THEN 0 ELSE 1 END)"
    " FROM records WHERE id IS NOT NULL GROUP BY parent_id, collection_id ON CONFLICT DO NOTHING"
)


class Miscount(NamedTuple):
    """
    A collection that has not the number of records that it is told to have.

    Attributes:
        parent_id, collection_id: Which it is.
        told: What lists say, in the header ``Total-Records``.
        counted: How many there are.
    """

    parent_id: str
    collection_id: str
    told: int
    counted: int

    @classmethod
    def of_row(cls, row: Any) -> Miscount:
        """Return what a row of :data:`MISCOUNTS` says."""
        parent_id, collection_id, told, counted = row
        return cls(parent_id, collection_id, int(told), int(counted))
