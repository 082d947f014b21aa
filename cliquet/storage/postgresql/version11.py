"""
What a database of cliquet 3.1 becomes: its data, owners and rights move into the tables of today.

The old tables are set aside, the new ones made in their schema, filled from them, and the old ones
dropped. What administrators hung on the old tables and cannot move is refused beforehand, named
by the statements that remove it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cliquet.storage.postgresql.versions import UnknownSchema

Tell = Callable[[str], None]

#: How the records look in the present schema, to statements that only read them.
AS_PRESENT: Final = """WITH records AS (
    SELECT parent_id, collection_id, id, FALSE AS deleted, data FROM records)"""

# Before anything is looked at, so that it stays so.
_LOCK = "LOCK TABLE records, deleted, timestamps IN ACCESS EXCLUSIVE MODE"
_SCHEMAS = """
    SELECT count(DISTINCT relnamespace) FROM pg_class
     WHERE oid IN ('records'::regclass, 'deleted'::regclass, 'timestamps'::regclass,
                   'metadata'::regclass)
"""
# New tables go where the old ones are, whatever comes first for this role.
_STAY_IN_SCHEMA = """
    SELECT set_config('search_path',
                      quote_ident(nspname) || ', ' || current_setting('search_path'), TRUE)
      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE pg_class.oid = 'records'::regclass
"""
_OLD = "('records'::regclass, 'deleted'::regclass, 'timestamps'::regclass)"
# What would be lost, as the statements that remove it, in an order in which they can be run.
_OBSTACLES = f"""
    SELECT DISTINCT 1 AS place, CASE
           WHEN relkind = 'v' THEN format('DROP VIEW %s', ev_class::regclass)
           WHEN relkind = 'm' THEN format('DROP MATERIALIZED VIEW %s', ev_class::regclass)
           ELSE format('DROP RULE %I ON %s', rulename, ev_class::regclass) END AS statement
      FROM pg_depend
      JOIN pg_rewrite ON pg_rewrite.oid = objid JOIN pg_class ON pg_class.oid = ev_class
     WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
       AND refobjid IN {_OLD}
     UNION ALL
    SELECT 2, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
      FROM pg_constraint
     WHERE contype IN ('c', 'f', 'x') AND (conrelid IN {_OLD} OR confrelid IN {_OLD})
     UNION ALL
    SELECT 3, format('ALTER PUBLICATION %I DROP TABLE %s', pubname, prrelid::regclass)
      FROM pg_publication_rel JOIN pg_publication ON pg_publication.oid = prpubid
     WHERE prrelid IN {_OLD}
     UNION ALL
    SELECT 4, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
      FROM pg_trigger
     WHERE tgrelid IN {_OLD} AND NOT tgisinternal
       AND tgname NOT IN ('tgr_records_last_modified', 'tgr_deleted_last_modified')
     UNION ALL
    SELECT 5, format('DROP POLICY %I ON %s', polname, polrelid::regclass)
      FROM pg_policy WHERE polrelid IN {_OLD}
     UNION ALL
    SELECT 6, format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', oid::regclass)
      FROM pg_class WHERE oid IN {_OLD} AND relrowsecurity
     UNION ALL
    SELECT DISTINCT 7, format('REVOKE ALL (%I) ON %s FROM %s', attname, attrelid::regclass,
           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
      FROM pg_attribute CROSS JOIN aclexplode(attacl) WHERE attrelid IN {_OLD}
     UNION ALL
    SELECT 8, format('ALTER TABLE %s DROP COLUMN %I', attrelid::regclass, attname)
      FROM pg_attribute
     WHERE attrelid IN {_OLD} AND attnum > 0 AND NOT attisdropped
       AND attname NOT IN ('id', 'parent_id', 'collection_id', 'last_modified', 'data')
     ORDER BY place, statement
"""  # noqa: S608 - names of ours
# Lists read the fields of data: each of their parent would fail at one of these.
_NO_OBJECTS = "SELECT id FROM records WHERE jsonb_typeof(data) <> 'object' ORDER BY id LIMIT 11"
# Indexes of administrators; those of 3.1 itself have names that begin with idx_.
_INDEXES_LOST = f"""
    SELECT indexrelid::regclass::text, indrelid::regclass::text
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid IN {_OLD} AND NOT indisprimary AND NOT starts_with(relname, 'idx_')
     ORDER BY 1
"""  # noqa: S608 - names of ours
_MOVING = """
    SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM deleted),
           (SELECT count(*) FROM timestamps)
"""
_SET_ASIDE = """
    DROP TRIGGER IF EXISTS tgr_records_last_modified ON records;
    DROP TRIGGER IF EXISTS tgr_deleted_last_modified ON deleted;
    ALTER TABLE records RENAME TO records_11;
    ALTER TABLE deleted RENAME TO deleted_11;
    ALTER TABLE timestamps RENAME TO timestamps_11;
"""
# Names of constraints and indexes stay with the tables that were set aside.
_FREE_NAMES = """
    SELECT format('ALTER INDEX %s RENAME TO cliquet_old_%s',
                  indexrelid::regclass, row_number() OVER ())
      FROM pg_index
     WHERE indrelid IN ('records_11'::regclass, 'deleted_11'::regclass, 'timestamps_11'::regclass)
"""
# 3.1 kept microseconds, and showed them rounded to milliseconds. They are rounded alike, so that
# ETags stay right, and only those that collide move up: by the millisecond that the one before
# them has taken, in the order that they were made.
_MIGRATE_RECORDS = """
    WITH changes AS (
        SELECT parent_id, collection_id, id, last_modified AS at, FALSE AS deleted, data
          FROM records_11
         UNION ALL
        SELECT parent_id, collection_id, id, last_modified, TRUE, '{}'::jsonb
          FROM deleted_11
         WHERE NOT EXISTS (SELECT 1 FROM records_11 AS live
                            WHERE live.parent_id = deleted_11.parent_id
                              AND live.collection_id = deleted_11.collection_id
                              AND live.id = deleted_11.id)
    ), rounded AS (
        SELECT *, round(extract(epoch FROM at) * 1000)::bigint AS ms,
               row_number() OVER (PARTITION BY parent_id, collection_id ORDER BY at, id) AS place
          FROM changes
    )
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    SELECT parent_id, collection_id, id,
           place + max(ms - place) OVER (PARTITION BY parent_id, collection_id ORDER BY place),
           deleted, data
      FROM rounded
"""
_MIGRATE_TIMESTAMPS = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live)
    SELECT parent_id, collection_id, max(last_modified), sum(live)
      FROM (SELECT parent_id, collection_id,
                   round(extract(epoch FROM last_modified) * 1000)::bigint AS last_modified,
                   0 AS live
              FROM timestamps_11
             UNION ALL
            SELECT parent_id, collection_id, last_modified, (NOT deleted)::int FROM records
           ) AS known
     GROUP BY parent_id, collection_id
"""
# Tombstones are among the records now: who may see records sees them too.
_CARRY_OVER = """
    SELECT statement
      FROM (VALUES ('records_11'::regclass, 'records'::regclass),
                   ('timestamps_11', 'timestamps')) AS pair (old, new)
      JOIN pg_class ON pg_class.oid = old
     CROSS JOIN LATERAL (
        SELECT 1, format('ALTER TABLE %s OWNER TO %s', new, relowner::regrole)
         UNION ALL
        SELECT 2, format('ALTER TABLE %s SET (%s)', new, array_to_string(reloptions, ', '))
         WHERE reloptions IS NOT NULL
         UNION ALL
        SELECT 3, format('COMMENT ON TABLE %s IS %L', new, comment)
          FROM obj_description(old, 'pg_class') AS comment WHERE comment IS NOT NULL
         UNION ALL
        SELECT 4, format('GRANT %s ON %s TO %s%s', privilege_type, new,
               CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
               CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM aclexplode(relacl) WHERE grantee <> relowner
     ) AS carried (place, statement)
     ORDER BY place
"""
_FORGET_OLD = """
    DROP TABLE records_11, deleted_11, timestamps_11;
    DROP FUNCTION IF EXISTS collection_timestamp(varchar, varchar);
    DROP FUNCTION IF EXISTS bump_timestamp();
    DROP FUNCTION IF EXISTS as_epoch(timestamp);
    DROP FUNCTION IF EXISTS from_epoch(bigint);
    ANALYZE records, timestamps;
"""


def preview(cursor: Any, tell: Tell) -> None:
    """
    Tell what would move and what would go.

    Raises:
        UnknownSchema: As :func:`set_aside`.
    """
    _check(cursor)
    cursor.execute(_MOVING)
    records, tombstones, collections = cursor.fetchone()
    tell(
        f"{records} records, {tombstones} tombstones and {collections} timestamps of"
        " collections would move."
    )
    for line in _losses(cursor, "would go"):
        tell(line)


def set_aside(cursor: Any, tell: Tell) -> None:
    """
    Make room for the new tables, in the schema of the old ones: the next that are made are there.

    Args:
        cursor: In a transaction; others wait for its end from here on.
        tell: Is told what is lost, a line at a time.

    Raises:
        UnknownSchema: There is what cannot move; nothing has changed, and the message names it.
    """
    cursor.execute(_LOCK)
    _check(cursor)
    for line in _losses(cursor, "goes"):
        tell(line)
    cursor.execute(_STAY_IN_SCHEMA)
    cursor.execute(_SET_ASIDE)
    _run_each(cursor, _FREE_NAMES)


def move(cursor: Any, tell: Tell) -> None:
    """
    Fill the new tables from those that were set aside, which are dropped then.

    Owners, rights, storage parameters and comments move too.
    """
    cursor.execute(_MIGRATE_RECORDS)
    tell(f"{cursor.rowcount} records and tombstones moved.")
    cursor.execute(_MIGRATE_TIMESTAMPS)
    tell(f"{cursor.rowcount} timestamps of collections moved.")
    _run_each(cursor, _CARRY_OVER)
    cursor.execute(_FORGET_OLD)


def _check(cursor: Any) -> None:
    cursor.execute(_SCHEMAS)
    if cursor.fetchone() != (1,):
        raise UnknownSchema(
            "The tables records, deleted, timestamps and metadata are in several schemas of the"
            " database: move them to one"
        )
    cursor.execute(_NO_OBJECTS)
    ids = [id_ for (id_,) in cursor.fetchall()]
    if ids:
        more = " and others" if len(ids) > 10 else ""
        raise UnknownSchema(
            f"The data of these records is no JSON object: {', '.join(ids[:10])}{more}. Change or"
            " delete them, then migrate again"
        )
    cursor.execute(_OBSTACLES)
    statements = [statement for _, statement in cursor.fetchall()]
    if statements:
        raise UnknownSchema(
            "The tables of records are made anew, and this would be lost. Keep what you need of"
            f" it for the new ones, migrate, and make it again; first run {'; '.join(statements)}"
        )


def _losses(cursor: Any, goes: str) -> list[str]:
    cursor.execute(_INDEXES_LOST)
    return [
        f"Index {index} {goes} with the old table {table}; make it again for the new one."
        for index, table in cursor.fetchall()
    ]


def _run_each(cursor: Any, query: str) -> None:
    """Run the statements that a query returns."""
    cursor.execute(query)
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
