"""PostgreSQL: what the pages of lists read of the indexes, and the indexes of declared fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from cliquet.drivers.postgresql import PostgreSQLWire, database_from
from cliquet.query import COMPARISON, matches, page_after
from cliquet.storage import Filter, Sort
from cliquet.storage.postgresql import Storage, statements
from cliquet.storage.postgresql.indexes import indexes_of

FIELDS = ["number", "kind", "title"]
INDEXED = [("note", field) for field in FIELDS]
SIZES = {"small": 1000, "large": 50_000}
LONG = "x" * 300

_FILL = """
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    SELECT %(parent)s, 'note', lpad(n::text, 8, '0'), 1500000000000 + n, n %% 10 = 0,
           CASE n %% 10 WHEN 0 THEN '{}' ELSE jsonb_build_object(
               'number', n, 'kind', n %% 2 = 0, 'title', md5(n::text)) END
      FROM generate_series(1, %(size)s) AS n;
    INSERT INTO timestamps VALUES (%(parent)s, 'note', 1500000000000 + %(size)s, %(size)s * 9 / 10)
"""


@pytest.fixture(scope="module")
def url(cliquet_postgresql: str) -> Iterator[str]:
    """A database of the module's own, with a small and a large collection."""
    name = "indexes"
    with_server = psycopg2.connect(cliquet_postgresql)
    with_server.autocommit = True
    cursor = with_server.cursor()
    cursor.execute(f"CREATE DATABASE {name}")
    yield cliquet_postgresql.rpartition("/")[0] + f"/{name}"
    cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with_server.close()


def make_storage(url: str) -> Storage:
    return Storage(database_from({"storage_url": url}, "storage"), statements())


@pytest.fixture(scope="module")
def storage(url: str) -> Storage:
    storage = make_storage(url)
    storage.initialize_schema(indexed_fields=INDEXED)
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for parent, size in SIZES.items():
            cursor.execute(_FILL, {"parent": parent, "size": size})
        cursor.execute("ANALYZE")
    connection.close()
    return storage


@pytest.fixture
def explained(url: str, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that tells how many rows a call of the storage made the database visit."""
    sent: list[Any] = []
    send = PostgreSQLWire.send

    def recording(self: Any, connection: Any, steps: Any, before: str, after: str) -> Any:
        sent.extend(steps)
        return send(self, connection, steps, before, after)

    monkeypatch.setattr(PostgreSQLWire, "send", recording)
    connection = psycopg2.connect(url, options="-c plan_cache_mode=force_generic_plan")

    def visited(action: Any) -> int:
        sent.clear()
        action()
        with connection.cursor() as cursor:
            return sum(_rows_of(cursor, step) for step in sent)

    yield visited
    connection.close()


def _rows_of(cursor: Any, step: Any) -> int:
    text = cursor.mogrify(step.statement.pyformat, step.arguments)
    cursor.execute(b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + text)
    return _visited(cursor.fetchone()[0][0]["Plan"])


def _visited(plan: dict[str, Any]) -> int:
    own = 0
    if "Scan" in plan["Node Type"]:
        removed = plan.get("Rows Removed by Filter", 0)
        own = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    return own + sum(_visited(child) for child in plan.get("Plans", []))


def order(field: str, direction: int) -> list[Sort]:
    keys = {field: direction}
    keys.setdefault("last_modified", -1)
    keys["id"] = list(keys.values())[-1]
    return [Sort(*key) for key in keys.items()]


def middle(storage: Storage, parent: str, sorting: list[Sort]) -> Any:
    """Return the rules of the page that begins in the middle of the collection."""
    record = storage.get("note", parent, f"{SIZES[parent] // 2 + 1:08}")
    last = {key.field: record[key.field] for key in sorting}
    return page_after(sorting, last, ("id", "last_modified"))


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("field", ["last_modified", *FIELDS])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_page_reads_as_many_rows_as_it_shows(  # P6.6
    storage, explained, field, direction, is_first
):
    sorting = order(field, direction)
    rules = None if is_first else middle(storage, "large", sorting)
    rows = explained(
        lambda: storage.get_page("note", "large", 20, sorting=sorting, pagination_rules=rules)
    )
    # The row of the timestamp is read by each stream, of which there are 3 at most.
    assert 20 <= rows <= 3 * 22 + 5


def test_a_poll_reads_what_has_changed(storage, explained):  # P6.3
    since = [Filter("last_modified", 1500000000000 + SIZES["large"] - 10, COMPARISON.GT)]
    query = {"filters": since, "sorting": order("last_modified", 1), "include_deleted": True}
    assert len(storage.get_page("note", "large", 20, **query).records) == 10
    assert explained(lambda: storage.get_page("note", "large", 20, **query)) < 30


@pytest.mark.parametrize(
    "condition",
    [
        Filter("number", 33_333, COMPARISON.EQ),
        Filter("number", SIZES["large"] - 10, COMPARISON.MIN),
        Filter("title", LONG, COMPARISON.EQ),
    ],
)
def test_a_filter_on_a_declared_field_reads_what_it_finds(storage, explained, condition):  # P6.1
    query = {"filters": [condition], "sorting": order("last_modified", -1)}
    assert explained(lambda: storage.get_page("note", "large", 20, **query)) < 60


def test_a_count_without_filters_reads_one_row(storage, explained):  # P6.8
    page = storage.get_page("note", "large", 1, sorting=order("last_modified", -1))
    assert page.total == SIZES["large"] * 9 // 10
    assert explained(lambda: storage.get_all("note", "large", limit=0)) < 5


def test_texts_too_long_for_an_index_are_stored_and_sorted(storage):  # P6.5
    titles = ["b", LONG + "b", "a", LONG, LONG + "a", "é" * 3000, "é"]
    for title in titles:
        storage.create("note", "long", {"title": title})
    sorting = order("title", 1)
    found: list[str] = []
    rules = None
    while len(found) < len(titles):
        page = storage.get_page("note", "long", 2, sorting=sorting, pagination_rules=rules)
        found += [record["title"] for record in page.records]
        last = {key.field: page.records[-1][key.field] for key in sorting}
        rules = page_after(sorting, last, ("id", "last_modified"))
    assert found == sorted(titles)


def names(url: str) -> set[str]:
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'cliquet_field_%'")
        found = {name for (name,) in cursor.fetchall()}
    connection.close()
    return found


def test_indexes_of_fields_no_longer_declared_are_dropped(storage, url):
    storage.initialize_schema(indexed_fields=INDEXED[:1])
    assert names(url) == {index.name for index in indexes_of(*INDEXED[0])}
    storage.initialize_schema(indexed_fields=INDEXED)
    assert len(names(url)) == 3 * len(INDEXED)


def test_an_index_that_is_missing_is_no_hindrance_and_is_told(storage, url, caplog):
    caplog.set_level("WARNING")
    other = make_storage(url)
    other.check_schema(indexed_fields=[*INDEXED, ("note", "colour")])
    assert "The indexed field colour of note has no index" in caplog.text
    assert "cliquet --ini FILE migrate" in caplog.text
    assert other.get_page("note", "small", 2, sorting=order("colour", 1)).total == 900


def test_names_of_fields_are_text_in_statements(storage, url):  # P11.2
    odd = 'it\'s :v0_key %s "x" ?'
    mine = make_storage(url)
    mine.initialize_schema(indexed_fields=[*INDEXED, ("odd", odd)])
    record = mine.create("odd", "u", {odd: 5})
    query = {"filters": [Filter(odd, 5, COMPARISON.EQ)], "sorting": order(odd, 1)}
    assert mine.get_all("odd", "u", **query)[0] == [record]
    storage.initialize_schema(indexed_fields=INDEXED)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_page_by_id_reads_as_many_rows_as_it_shows(  # P6.6
    storage, explained, direction, is_first
):
    sorting = [Sort("id", direction), Sort("last_modified", -1)]
    rules = None if is_first else middle(storage, "large", sorting)
    rows = explained(
        lambda: storage.get_page("note", "large", 20, sorting=sorting, pagination_rules=rules)
    )
    # One record in ten is a tombstone.
    assert 20 <= rows <= 35


@pytest.mark.parametrize("field", ["id", "title", "colour"])
def test_a_poll_in_any_order_reads_what_has_changed(storage, explained, field):  # P6.3
    since = [Filter("last_modified", 1500000000000 + SIZES["large"] - 10, COMPARISON.GT)]
    query = {"filters": since, "sorting": order(field, 1), "include_deleted": True}
    assert len(storage.get_page("note", "large", 20, **query).records) == 10
    assert explained(lambda: storage.get_page("note", "large", 20, **query)) < 60


def test_lists_of_texts_of_any_length_are_one_statement(storage, explained):  # P6.1
    def listing(count: int) -> Any:
        ids = [f"{number:08}" for number in range(1, count + 1)]
        query = {
            "filters": [Filter("id", ids, COMPARISON.IN)],
            "sorting": order("last_modified", 1),
        }
        return lambda: storage.get_page("note", "large", 2000, **query)

    assert len(listing(500)().records) == 450
    assert explained(listing(20)) < 60
    composed = storage._pages._composed.cache_info().misses
    listing(30)()
    listing(700)()
    assert storage._pages._composed.cache_info().misses == composed


@pytest.mark.parametrize("value", [2**70, -(2**70), 1.5, 1500000000001.0])
@pytest.mark.parametrize("operator", [COMPARISON.GT, COMPARISON.LT, COMPARISON.EQ])
def test_numbers_that_are_no_timestamps_are_compared_all_the_same(  # P11.2
    storage, operator, value
):
    by_time = [Filter("last_modified", value, operator)]
    page = storage.get_page("note", "small", 1, filters=by_time, sorting=order("last_modified", 1))
    assert page.total == sum(
        matches({"last_modified": 1500000000000 + number}, by_time)
        for number in range(1, 1001)
        if number % 10
    )


def test_clients_cannot_have_statements_prepared_without_end(storage):
    for count in range(1, 40):
        same = [Filter("last_modified", number, COMPARISON.GT) for number in range(count)]
        storage.get_page("note", "small", 1, filters=same, sorting=order("last_modified", -1))
    connection = storage._database.checked_out()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'cliquet_list_%'")
    assert cursor.fetchone()[0] < 30
    connection.close()
