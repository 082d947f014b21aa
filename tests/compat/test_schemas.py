"""Schemas as applications write them."""

from __future__ import annotations

import colander
import pytest

from cliquet.resource import ResourceSchema
from cliquet.resource.schema import URL, TimeStamp
from cliquet.utils import msec_time, strip_whitespace
from tests.compat.apps import readinglist
from tests.compat.apps.kinto import FreeSchema


class TestOptions:
    """``Options`` of schemas."""

    def test_the_base_has_all_of_them(self):  # names: ResourceSchema
        """Resources: `Options.{…}` are tuples or booleans on the base."""
        options = ResourceSchema.Options
        assert (options.unique_fields, options.readonly_fields) == ((), ())
        assert options.preserve_unknown is False

    def test_they_can_be_added_to(self):  # names: ResourceSchema
        """Resources: applications write `(...) + ResourceSchema.Options.readonly_fields`."""
        assert ("a",) + ResourceSchema.Options.readonly_fields == ("a",)  # noqa: RUF005
        assert readinglist.ArticleSchema.get_option("unique_fields") == ("url",)

    def test_they_may_be_partly_missing(self):  # names: get_option
        """Resources: `Options` may be partly missing."""
        assert FreeSchema.get_option("preserve_unknown") is True
        assert FreeSchema.get_option("readonly_fields") == ()
        assert FreeSchema().get_option("unique_fields") == ()

    def test_a_schema_without_options_has_the_defaults(self):  # names: get_option
        """Resources: `Options` may be partly missing, or wholly."""

        class Schema(ResourceSchema):
            pass

        assert Schema.get_option("preserve_unknown") is False

    def test_readonly_fields_are_told(self):  # names: is_readonly
        """Resources: `get_option`, `is_readonly`."""
        schema = readinglist.ArticleSchema()
        assert schema.is_readonly("stored_on")
        assert not schema.is_readonly("title")

    def test_unknown_keys_are_dropped(self):  # P4.8
        """Resources: unknown keys dropped."""
        assert ResourceSchema().deserialize({"other": 1}) == {}

    def test_unknown_keys_are_kept_where_a_schema_says_so(self):  # P4.8
        """Resources: `Options.preserve_unknown`."""
        assert FreeSchema().deserialize({"other": 1}) == {"other": 1}

    def test_a_schema_of_no_fields_is_a_mapping(self):  # P4.8
        """Resources: schema classes can be driven without a server."""
        with pytest.raises(colander.Invalid):
            ResourceSchema().deserialize([1])

    def test_a_clone_keeps_the_options(self):  # names: ResourceSchema
        """Resources: `Options` of schemas hold for a clone."""
        assert FreeSchema().clone().get_option("preserve_unknown") is True


class TestURL:
    """The node ``URL``."""

    @pytest.mark.parametrize(
        "text",
        [
            "http://server/image.jpg",
            "https://user:pass@host:9999/p?q#a",
            "http2://x",
            "ftp://server/file",
            "http://sérver.example/é",
            "http://server/a_(b)",
            "http://localhost:8000",
            "data:1ab",
        ],
    )
    def test_what_colander_accepted_of_old_is_accepted(self, text):  # P4
        """Resources: `URL` accepts what colander 1.2 accepted, any scheme-like `http2://x`."""
        assert URL().deserialize(text) == text

    @pytest.mark.parametrize("text", ["hello", "/path", "//host", "", "http://", " "])
    def test_what_is_no_url_is_refused(self, text):  # P4
        """Resources: `URL` accepts what colander 1.2 accepted, and no more."""
        with pytest.raises(colander.Invalid):
            URL().deserialize(text)

    def test_blanks_are_stripped(self):  # names: URL
        """Resources: `URL(missing=None)` strips blanks."""
        assert URL(missing=None).deserialize(" http://a.example/ ") == "http://a.example/"

    def test_a_missing_one_may_be_none(self):  # names: URL
        """Resources: `URL(missing=None)`."""
        assert URL(missing=None).deserialize(colander.null) is None
        assert URL(missing=None).deserialize() is None

    def test_a_missing_one_is_required(self):  # names: URL
        """Resources: `URL()` is required."""
        with pytest.raises(colander.Invalid):
            URL().deserialize(colander.null)

    def test_a_long_one_is_refused(self):  # names: URL
        """Resources: `URL`: at most 2048 characters."""
        longest = "http://a.example/" + "x" * 2031
        assert URL().deserialize(longest) == longest
        with pytest.raises(colander.Invalid):
            URL().deserialize(longest + "x")

    def test_the_length_is_that_without_blanks(self):  # names: URL
        """Resources: `URL` strips blanks, then counts at most 2048 characters."""
        longest = "http://a.example/" + "x" * 2031
        assert URL().deserialize(f"  {longest}  ") == longest

    def test_a_validator_of_an_application_is_honoured(self):  # names: URL
        """Resources: `URL` with a validator of the application's."""
        node = URL(validator=colander.Length(max=10))
        with pytest.raises(colander.Invalid):
            node.deserialize("http://a.example/")


class TestTimeStamp:
    """The node ``TimeStamp``."""

    def test_alone_it_is_now(self):  # names: TimeStamp
        """Resources: `TimeStamp()` is now in ms, `TimeStamp().deserialize()` alone works."""
        before = msec_time()
        assert before <= TimeStamp().deserialize() <= msec_time()

    def test_in_a_schema_it_is_now(self):  # names: TimeStamp
        """Resources: `TimeStamp()` is now in ms."""

        class Schema(ResourceSchema):
            stored_on = TimeStamp()

        before = msec_time()
        assert before <= Schema().deserialize({})["stored_on"] <= msec_time()

    def test_without_auto_now_it_is_none(self):  # names: TimeStamp
        """Resources: `auto_now=False` → None."""
        assert TimeStamp(auto_now=False).deserialize() is None

    def test_a_value_is_kept(self):  # names: TimeStamp
        """Resources: `TimeStamp`: a client's value is kept."""
        assert TimeStamp().deserialize(42) == 42

    def test_what_is_no_integer_is_refused(self):  # names: TimeStamp
        """Resources: `TimeStamp` is an integer."""
        with pytest.raises(colander.Invalid):
            TimeStamp().deserialize("abc")


class TestNodes:
    """Nodes of an application's own."""

    ARTICLE = {"url": "http://a.example/", "title": " A ", "added_by": " phone "}

    def test_extra_keywords_are_kept(self):  # dependencies: colander
        """Resources: extra keywords of nodes (`location=`) are kept."""
        assert readinglist.ArticleSchema().get("status").location == "body"

    def test_preparers_are_honoured(self):  # dependencies: colander
        """Resources: custom types and preparers are honoured."""
        article = readinglist.ArticleSchema().deserialize(self.ARTICLE)
        assert (article["title"], article["added_by"]) == ("A", "phone")

    def test_types_are_honoured(self):  # dependencies: colander
        """Resources: custom types and preparers are honoured."""
        article = readinglist.ArticleSchema().deserialize({**self.ARTICLE, "status": "read"})
        assert article["status"] == 1

    def test_a_preparer_may_be_given_null(self):  # names: strip_whitespace
        """Resources: `strip_whitespace` as a preparer of a node that may be missing."""
        node = colander.SchemaNode(colander.String(), preparer=strip_whitespace, missing=None)
        assert node.deserialize(colander.null) is None

    def test_a_field_is_found_by_name(self):  # dependencies: colander
        """Resources: schema classes can be driven without a server."""
        assert "title" in readinglist.ArticleSchema()
        assert readinglist.ArticleSchema()["title"].name == "title"
