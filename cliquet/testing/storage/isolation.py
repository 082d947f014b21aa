"""Isolation: what is of one parent and one collection is of no other."""

from __future__ import annotations

import pytest

from cliquet.query import COMPARISON, Filter
from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.testing.kit import ODD_TEXTS
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.places import NEWEST_FIRST, Place

#: Names beside ``/a/1``: longer, shorter, and such as a pattern or a separator would confuse.
NEIGHBOURS = ["/a/10", "/a/", "/a", "/a/1/", "/A/1", "/a/1:note", "/a/_", "/a/%", "/a/.", "*", ""]

#: Parents and collections that run into one another when they are joined.
JOINED = [("a", "bc"), ("ab", "c"), ("a:b", "c"), ("a", "b:c"), ("a/b", "c"), ("a", "b/c")]


class IsolationTests(StorageTests):
    """Parents, collections and ids of any form."""

    def assert_apart(self, one: Place, other: Place) -> None:
        """Assert that what is done in one place shows in that place alone."""
        record, tombstone = one.add(id="abc", u=1), one.bury(id="gone")
        before = one.everything()
        with pytest.raises(RecordNotFoundError):
            other.get(object_id="abc")
        assert other.get_all(include_deleted=True) == ([], 0)
        with pytest.raises(RecordNotFoundError):
            other.delete(object_id="abc")
        other.create(record={"id": "abc", "u": 1}, unique_fields=["u"])
        other.put("abc", u=2)
        assert (other.delete_all()[0]["id"], other.purge_deleted()) == ("abc", 1)
        assert one.everything() == before
        assert before[1] == [record, tombstone]

    @pytest.mark.parametrize("parent_id", NEIGHBOURS)
    def test_parents_see_their_own_records_only(self, place: Place, parent_id: str) -> None:
        """Whatever their names have in common (P7.1)."""
        self.assert_apart(Place(place.storage, "/a/1"), Place(place.storage, parent_id))

    @pytest.mark.parametrize("collection_id", NEIGHBOURS)
    def test_collections_hold_their_own_records_only(
        self, place: Place, collection_id: str
    ) -> None:
        """Whatever their names have in common (P7.1)."""
        one = Place(place.storage, collection_id="/a/1")
        self.assert_apart(one, Place(place.storage, collection_id=collection_id))

    def test_names_of_parents_and_collections_are_not_joined(self, place: Place) -> None:
        """Two places are the same when both names are (P7.1)."""
        places = [Place(place.storage, parent, collection) for parent, collection in JOINED]
        for number, one in enumerate(places):
            one.add(id="abc", n=number)
        assert [one.all()[0]["n"] for one in places] == list(range(len(JOINED)))

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
    def test_parents_and_collections_may_have_any_name(self, place: Place, text: str) -> None:
        """Names are text, and never SQL, a pattern or a path."""
        odd = Place(place.storage, text, text)
        self.assert_apart(odd, Place(place.storage, text, f"{text}x"))
        assert odd.delete_all()[0]["id"] == "abc"

    @pytest.mark.parametrize("record_id", [text for text in [*ODD_TEXTS, *NEIGHBOURS] if text])
    def test_records_may_have_any_id(self, place: Place, record_id: str) -> None:
        """It is read, replaced, found and deleted by that very id."""
        other = place.add(id=f"{record_id}0")
        record = place.add(id=record_id, n=1)
        assert place.get(object_id=record_id) == record
        assert place.put(record_id, n=2)["id"] == record_id
        by_id = [Filter("id", record_id, COMPARISON.EQ)]
        assert place.ids(filters=by_id) == [record_id]
        assert place.delete(object_id=record_id)["id"] == record_id
        assert place.all() == [other]

    def test_rules_never_show_other_collections(self, place: Place) -> None:
        """Alternatives are looked for within the collection (P7.1)."""
        Place(place.storage, "bob").add(name="secret")
        Place(place.storage, collection_id="other").add(name="secret")
        rules = [
            [Filter("name", "a", COMPARISON.NOT)],
            [Filter("last_modified", 0, COMPARISON.GT)],
        ]
        assert place.get_all(pagination_rules=rules) == ([], 0)
        page = place.get_page(limit=5, pagination_rules=rules, sorting=NEWEST_FIRST)
        assert (page.records, page.total, page.more) == ([], 0, False)
