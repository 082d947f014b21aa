"""What administrators made of a database of version 3.1: carried over by migrations, or refused."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cliquet.storage.postgresql import Storage, UnknownSchema
from tests.backends.version11 import RECORDS, VERSION_11, database_of_its_own, execute
from tests.backends.writers import open_storage

ROLE = f"application_{os.getpid()}"


@pytest.fixture
def role(cliquet_postgresql: str) -> Iterator[str]:
    """Return the name of a role that may do nothing, of an application."""
    execute(cliquet_postgresql, f"CREATE ROLE {ROLE} LOGIN")
    yield ROLE
    execute(cliquet_postgresql, f"DROP ROLE {ROLE}")


@pytest.fixture
def url(role: str, cliquet_postgresql: str) -> Iterator[str]:
    with database_of_its_own(cliquet_postgresql) as url:
        execute(url, VERSION_11)
        yield url


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


def as_role(url: str) -> str:
    return f"postgresql://{ROLE}@{url.partition('@')[2]}"


def tables(url: str) -> list[str]:
    query = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND oid > 16384 ORDER BY"
    return [name for (name,) in execute(url, f"{query} 1")]


# -- Carried over


def test_rights_of_the_application_are_those_that_it_had(url, storage):
    execute(url, f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    execute(url, "GRANT SELECT ON records TO PUBLIC")
    storage.initialize_schema()
    application = open_storage(as_role(url))
    application.check_schema()
    assert application.create("article", "alice", {"id": "new"})["id"] == "new"
    assert application.get_page("article", "alice", 1).total == RECORDS + 1
    rights = "has_table_privilege(%s, 'records', 'DELETE'), has_table_privilege(%s, 'records', %s)"
    rights %= f"'{ROLE}'", "'pg_monitor'", "'SELECT'"
    assert execute(url, f"SELECT {rights}") == [(False, True)]


def test_a_right_to_grant_is_carried_over(url, storage):
    execute(url, f"GRANT SELECT ON timestamps TO {ROLE} WITH GRANT OPTION")
    storage.initialize_schema()
    execute(as_role(url), "GRANT SELECT ON timestamps TO pg_monitor")
    assert execute(url, "SELECT has_table_privilege('pg_monitor', 'timestamps', 'SELECT')") == [
        (True,)
    ]


def test_the_owner_stays_the_owner(url, storage):
    for table in ("records", "deleted", "timestamps", "metadata"):
        execute(url, f"ALTER TABLE {table} OWNER TO {ROLE}")
    storage.initialize_schema()
    owners = execute(url, f"SELECT tablename FROM pg_tables WHERE tableowner = '{ROLE}' ORDER BY 1")
    assert owners == [("metadata",), ("records",), ("timestamps",)]


def test_an_owner_who_is_no_superuser_migrates(url):
    for table in ("records", "deleted", "timestamps", "metadata"):
        execute(url, f"ALTER TABLE {table} OWNER TO {ROLE}")
    for function in ("bump_timestamp()", "as_epoch(timestamp)", "from_epoch(bigint)"):
        execute(url, f"ALTER FUNCTION {function} OWNER TO {ROLE}")
    execute(url, f"GRANT CREATE ON SCHEMA public TO {ROLE}; GRANT SELECT ON records TO pg_monitor")
    own = open_storage(as_role(url))
    own.initialize_schema([("article", "n")], [("article", "n")])
    own.check_schema([("article", "n")])
    assert execute(url, "SELECT has_table_privilege('pg_monitor', 'records', 'SELECT')") == [
        (True,)
    ]


def test_storage_parameters_and_comments_are_carried_over(url, storage):
    execute(url, "COMMENT ON TABLE records IS 'it''s 100% ours'")
    execute(url, "ALTER TABLE records SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01)")
    storage.initialize_schema()
    query = "SELECT reloptions, obj_description(oid) FROM pg_class WHERE relname = 'records'"
    options = ["fillfactor=80", "autovacuum_vacuum_scale_factor=0.01"]
    assert execute(url, query) == [(options, "it's 100% ours")]


def test_new_tables_are_made_in_the_schema_of_the_old_ones(url, storage):
    before = tables(url)
    # It comes first in the search path of the role, and is empty.
    execute(url, "CREATE SCHEMA postgres")
    storage.initialize_schema()
    assert tables(url) == [name for name in before if name != "deleted"]
    storage.check_schema()


# -- Told


def test_indexes_of_administrators_that_go_with_the_old_tables_are_told(url, storage):
    execute(url, 'CREATE INDEX "we""ird" ON records (id)')
    lines: list[str] = []
    storage.preview_schema(tell=lines.append)
    assert lines[2:] == [
        'Index "we""ird" would go with the old table records; make it again for the new one.'
    ]
    storage.initialize_schema(tell=lines.append)
    assert 'Index "we""ird" goes with the old table records; make it again for the new one.' in (
        lines
    )


# -- Refused

OBSTACLES = {
    "DROP VIEW report": "CREATE VIEW report AS SELECT id FROM records",
    "DROP MATERIALIZED VIEW report": "CREATE MATERIALIZED VIEW report AS SELECT id FROM deleted",
    "DROP RULE silent ON timestamps": """
        CREATE RULE silent AS ON DELETE TO timestamps DO INSTEAD NOTHING""",
    'ALTER TABLE mine DROP CONSTRAINT "a key"': """
        CREATE TABLE mine (id text, parent text, collection text);
        ALTER TABLE mine ADD CONSTRAINT "a key"
            FOREIGN KEY (id, parent, collection) REFERENCES records""",
    "ALTER TABLE records DROP CONSTRAINT short": """
        ALTER TABLE records ADD CONSTRAINT short CHECK (length(id) < 100)""",
    "ALTER PUBLICATION changes DROP TABLE records": "CREATE PUBLICATION changes FOR TABLE records",
    "DROP TRIGGER audit ON records": """
        CREATE TRIGGER audit AFTER INSERT ON records EXECUTE FUNCTION bump_timestamp()""",
    "DROP POLICY own ON records": "CREATE POLICY own ON records USING (parent_id = current_user)",
    "ALTER TABLE deleted DISABLE ROW LEVEL SECURITY": """
        ALTER TABLE deleted ENABLE ROW LEVEL SECURITY""",
    f"REVOKE ALL (id) ON records FROM {ROLE}": f"GRANT SELECT (id) ON records TO {ROLE}",
    'ALTER TABLE records DROP COLUMN "Note"': 'ALTER TABLE records ADD COLUMN "Note" text',
}


@pytest.mark.parametrize("remedy", OBSTACLES, ids=range(len(OBSTACLES)))
def test_what_would_be_lost_is_refused_with_the_statement_that_removes_it(url, storage, remedy):
    execute(url, OBSTACLES[remedy])
    before = tables(url)
    for action in (storage.preview_schema, storage.initialize_schema):
        with pytest.raises(UnknownSchema, match="this would be lost") as caught:
            action()
        assert str(caught.value).partition("first run ")[2] == remedy
    assert tables(url) == before
    execute(url, remedy)
    storage.initialize_schema()


def test_everything_that_would_be_lost_is_named_at_once_and_goes_in_that_order(url, storage):
    setup = [sql for remedy, sql in OBSTACLES.items() if "MATERIALIZED" not in remedy]
    execute(url, "; ".join(setup) + '; CREATE VIEW notes AS SELECT "Note" FROM records')
    with pytest.raises(UnknownSchema) as caught:
        storage.preview_schema()
    execute(url, str(caught.value).partition("first run ")[2])
    storage.initialize_schema()


def test_tables_in_several_schemas_are_refused(url, storage):
    execute(url, "CREATE SCHEMA postgres; ALTER TABLE deleted SET SCHEMA postgres")
    for action in (storage.preview_schema, storage.initialize_schema):
        with pytest.raises(UnknownSchema, match="several schemas"):
            action()


def test_records_that_are_no_objects_are_refused_by_their_ids(url, storage):
    values = {"array": "[1]", "string": '"x"', "null": "null"}
    for id_, data in values.items():
        execute(url, f"INSERT INTO records VALUES ('{id_}', 'carol', 'article', now(), '{data}')")
    for action in (storage.preview_schema, storage.initialize_schema):
        with pytest.raises(UnknownSchema, match="no JSON object: array, null, string"):
            action()
    execute(url, "UPDATE records SET data = '[]' WHERE id LIKE 'r1%'")
    with pytest.raises(UnknownSchema, match=r"array, null, r1, r10, .* and others\. Change"):
        storage.preview_schema()
    assert "deleted" in tables(url)
