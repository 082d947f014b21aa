"""Helpers that applications import from ``cliquet.utils``."""

from __future__ import annotations

import hashlib
import hmac

import colander
import pytest
from pyramid.response import Response

from cliquet import utils
from cliquet.http.cors import reapply_cors
from cliquet.testing import DummyRequest
from cliquet.utils import build_request, build_response, strip_uri_prefix
from tests.compat.support import ALICE, answer, served

ORIGIN = {"Origin": "http://a.example"}


@pytest.fixture
def original():
    """A request to make others from."""
    request = DummyRequest(headers={**ALICE, "X-Mine": "1"})
    request.registry.route_prefix = "v1"
    return request


class TestBuildRequest:
    """``build_request(original, …)``."""

    def test_the_method_is_get_by_default(self, original):  # P8.1
        """Utilities: `build_request(original, {"method", "path", "body", "headers"})`."""
        assert build_request(original, {"path": "/a"}).method == "GET"
        assert build_request(original, {"path": "/a", "method": "PUT"}).method == "PUT"

    def test_headers_are_kept(self, original):  # P8.1
        """Utilities: keeps headers."""
        request = build_request(original, {"path": "/a"})
        assert request.headers["X-Mine"] == "1"
        assert request.headers["Authorization"] == ALICE["Authorization"]

    def test_headers_that_are_given_win(self, original):  # P8.1
        """Utilities: keeps headers, but those given win, whatever their case."""
        request = build_request(original, {"path": "/a", "headers": {"x-mine": "2"}})
        assert request.headers["X-Mine"] == "2"
        assert original.headers["X-Mine"] == "1"

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/a", "/v1/a"),
            ("/v1/a", "/v1/a"),
            ("/", "/v1/"),
            ("/v1", "/v1"),
            ("/v1/", "/v1/"),
            ("/v1?a=1", "/v1"),
            ("/v1things", "/v1/v1things"),
            ("/v12", "/v12"),
            ("/v0/a", "/v0/a"),
            ("/a/v1/b", "/v1/a/v1/b"),
        ],
    )
    def test_the_version_is_added_where_it_is_missing(self, original, path, expected):  # P8.1
        """Utilities: adds the missing `/vN`."""
        assert build_request(original, {"path": path}).path == expected

    def test_a_prefix_with_slashes_is_added(self, original):  # settings: route_prefix
        """Utilities: adds the missing prefix, whatever its form."""
        original.registry.route_prefix = "api/v1"
        assert build_request(original, {"path": "/a"}).path == "/api/v1/a"
        assert build_request(original, {"path": "/api/v1/a"}).path == "/api/v1/a"

    def test_nothing_is_added_without_a_prefix(self, original):  # settings: route_prefix
        """Utilities: adds the missing `/vN`, if the application has any."""
        original.registry.route_prefix = None
        assert build_request(original, {"path": "/a"}).path == "/a"

    def test_the_query_string_is_kept(self, original):  # P8.1
        """Utilities: keeps the query string."""
        request = build_request(original, {"path": "/a?b=1&c=é%20f"})
        assert dict(request.GET) == {"b": "1", "c": "é f"}
        assert request.path == "/v1/a"

    @pytest.mark.parametrize("path", ["/é", "/%C3%A9"])
    def test_a_path_may_be_text_or_encoded(self, original, path):  # P8.1
        """Utilities: `build_request(original, {"path"})`."""
        assert build_request(original, {"path": path}).path_info == "/v1/é"

    @pytest.mark.parametrize("body", [b'{"a":1}', '{"a":1}', {"a": 1}])
    def test_the_body_may_be_bytes_text_or_a_mapping(self, original, body):  # P8.1
        """Utilities: `"body": bytes|str|dict`."""
        request = build_request(original, {"path": "/a", "method": "POST", "body": body})
        assert request.json == {"a": 1}
        assert request.content_length == len(request.body) > 0

    def test_a_mapping_is_sent_as_json(self, original):  # P8.1
        """Utilities: `"body": dict` is sent as JSON."""
        request = build_request(original, {"path": "/a", "body": {"a": "é"}})
        assert request.content_type == "application/json"
        assert request.json == {"a": "é"}

    def test_text_is_utf8(self, original):  # P8.1
        """Utilities: `"body": str`."""
        assert build_request(original, {"path": "/a", "body": "é"}).body == "é".encode()

    def test_the_length_of_the_original_is_not_kept(self, original):  # P8.1
        """Utilities: keeps headers, but the length is that of the body."""
        original.headers["Content-Length"] = "1234"
        assert not build_request(original, {"path": "/a"}).content_length

    def test_the_host_and_scheme_are_kept(self):  # P8.1
        """Utilities: the host and the scheme of the original are kept."""

        def view(request):
            return build_request(request, {"path": "/a"}).url

        app = served(view=view)
        environ = {"HTTP_HOST": "h.example:8080", "wsgi.url_scheme": "https"}
        url = app.get("/v1/probe", extra_environ=environ).json
        assert url == "https://h.example:8080/v1/a"

    @pytest.mark.parametrize("path", ["/a", "/v1/a", "/app/v1/a", "/app/a"])
    def test_a_mount_is_kept(self, original, path):  # P8.1
        """Utilities: the path may have that of the mount, as `request.path` has."""
        original.script_name = "/app"
        original.application_url = "http://example.com/app"
        request = build_request(original, {"path": path})
        assert (request.script_name, request.path_info) == ("/app", "/v1/a")

    def test_it_has_the_originals_user(self):  # P7.1
        """Utilities: keeps headers, so that the sub-request is the user's."""

        def view(request):
            subrequest = build_request(request, {"path": "/"})
            return request.invoke_subrequest(subrequest).json.get("user")

        assert answer(view, ALICE) == answer(lambda r: r.get_user_info(), ALICE)

    def test_it_carries_the_originals_data(self, original):  # names: bound_data
        """Utilities: `build_request`: `parent` and `bound_data` of the original."""
        request = build_request(original, {"path": "/a"})
        assert request.parent is original
        assert request.bound_data is original.bound_data


class TestBuildResponse:
    """``build_response(response, request)``."""

    def test_json_is_a_value(self, original):  # P8.1
        """Utilities: `build_response`."""
        response = Response(json_body={"a": 1}, status=201, headerlist=[("X-Mine", "1")])
        built = build_response(response, build_request(original, {"path": "/é?b=1"}))
        assert (built["status"], built["body"]) == (201, {"a": 1})
        assert built["path"] in ("/v1/%C3%A9", "/v1/é")
        assert built["headers"]["X-Mine"] == "1"

    def test_other_bodies_are_text(self, original):  # P8.3
        """Utilities: `build_response`: bodies are JSON; else text."""
        request = build_request(original, {"path": "/a"})
        assert build_response(Response("hello"), request)["body"] == "hello"

    def test_the_body_of_head_is_empty(self, original):  # P8.3
        """Utilities: `build_response`: HEAD: body ""."""
        request = build_request(original, {"path": "/a", "method": "HEAD"})
        assert build_response(Response(json_body={"a": 1}), request)["body"] == ""


class TestFollow:
    """``follow_subrequest(request, subrequest)``."""

    def test_it_returns_the_response_and_the_request(self):  # P8.3
        """Utilities: `follow_subrequest` (→ response, request)."""

        def view(request):
            subrequest = build_request(request, {"path": "/"})
            response, last = utils.follow_subrequest(request, subrequest)
            return [response.status_code, last is subrequest]

        assert answer(view) == [200, True]

    @pytest.mark.parametrize(
        "location",
        ["http://localhost/v1/?a=1", "/v1/?a=1", "./?a=1"],
    )
    def test_any_form_of_location_is_followed(self, location):  # P8.3
        """Utilities: `follow_subrequest`: the location may be absolute or relative."""

        def view(request):
            if request.method == "GET":
                posted = build_request(request, {"path": "/probe", "method": "HEAD"})
                response, last = request.follow_subrequest(posted)
                return [response.status_code, last.path_qs, last.method]
            return Response(status=302, headerlist=[("Location", location)])

        assert answer(view) == [200, "/v1/?a=1", "HEAD"]

    def test_a_mount_is_kept(self):  # P8.3
        """Utilities: `follow_subrequest` in an application that is mounted below a path."""

        def view(request):
            subrequest = build_request(request, {"path": "/__lbheartbeat__/"})
            response, last = request.follow_subrequest(subrequest)
            return [response.status_code, subrequest.url, last.url]

        app = served(view=view)
        root = "http://localhost/app/v1/__lbheartbeat__"
        body = app.get("/v1/probe", extra_environ={"SCRIPT_NAME": "/app"}).json
        assert body == [200, f"{root}/", root]

    def test_another_host_is_not_followed(self):  # P8.3
        """Utilities: `follow_subrequest`: a redirection elsewhere is the answer."""

        def view(request):
            if request.method == "GET":
                posted = build_request(request, {"path": "/probe", "method": "POST"})
                response, last = request.follow_subrequest(posted)
                return [response.status_code, response.location, last is posted]
            return Response(status=302, location="http://elsewhere.example/v1/")

        assert answer(view) == [302, "http://elsewhere.example/v1/", True]


class TestCors:
    """``reapply_cors(request, response)``."""

    def test_it_works_with_a_service(self):  # P1.6
        """Utilities: `reapply_cors(request, response)`."""

        def setup(config):
            config.add_subscriber(note, "pyramid.events.NewResponse")

        def note(event):
            response = reapply_cors(event.request, Response())
            event.response.headers["X-Allowed"] = response.headers["Access-Control-Allow-Origin"]

        headers = served(setup=setup).get("/v1/", headers=ORIGIN).headers
        assert headers["X-Allowed"] == "*"

    def test_it_works_without_a_service(self):  # P1.6
        """Utilities: `reapply_cors(request, response)` without a service too."""

        def view(request):
            given = Response()
            response = reapply_cors(request, given)
            return [response is given, response.headers["Access-Control-Allow-Origin"]]

        assert answer(view, ORIGIN) == [True, "http://a.example"]

    def test_no_origin_is_no_header(self):  # P1.6
        """Utilities: `reapply_cors` of a request without Origin."""

        def view(request):
            return "Access-Control-Allow-Origin" in reapply_cors(request, Response()).headers

        assert answer(view) is False

    def test_a_refused_origin_is_no_header(self):  # P1.6
        """Utilities: `reapply_cors` follows the settings of the application."""

        def view(request):
            return "Access-Control-Allow-Origin" in reapply_cors(request, Response()).headers

        assert answer(view, ORIGIN, {"cors_origins": "http://b.example"}) is False

    def test_the_service_of_a_request_is_found(self):  # names: current_service
        """Utilities: `current_service(request)`."""
        assert answer(utils.current_service) is None
        assert utils.current_service(DummyRequest()) is None
        assert utils.current_resource_name(DummyRequest()) is None


class TestText:
    """Helpers for text."""

    @pytest.mark.parametrize("secret", ["secret", b"secret"])
    def test_a_digest_is_hexadecimal_sha256(self, secret):  # P7.2
        """Utilities: `hmac_digest`."""
        expected = hmac.new(b"secret", "é".encode(), hashlib.sha256).hexdigest()
        assert utils.hmac_digest(secret, "é") == expected

    def test_random_bytes_are_text(self):  # names: random_bytes_hex
        """Utilities: `random_bytes_hex(n)` (text)."""
        text = utils.random_bytes_hex(16)
        assert isinstance(text, str)
        assert len(bytes.fromhex(text)) == 16
        assert text != utils.random_bytes_hex(16)

    def test_blanks_are_stripped(self):  # names: strip_whitespace
        """Utilities: `strip_whitespace`."""
        assert utils.strip_whitespace(" \t\n a b \u00a0") == "a b"

    def test_null_is_passed(self):  # names: strip_whitespace
        """Utilities: `strip_whitespace` (passes `colander.null`)."""
        assert utils.strip_whitespace(colander.null) is colander.null
        assert utils.strip_whitespace(None) is None

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/v1/articles/42", "/articles/42"),
            ("/articles/42", "/articles/42"),
            ("/v12", ""),
            ("/v1things/1", "/v1things/1"),
            ("/a/v1/b", "/a/v1/b"),
        ],
    )
    def test_the_version_is_taken_off_a_path(self, path, expected):  # P7.4
        """Utilities: `strip_uri_prefix`."""
        assert strip_uri_prefix(path) == expected

    def test_base64_goes_both_ways(self):  # names: encode64 decode64
        """Utilities: `encode64`, `decode64`."""
        assert utils.encode64("alice:é") == "YWxpY2U6w6k="
        assert utils.decode64("YWxpY2U6w6k=") == "alice:é"

    def test_values_are_native(self):  # names: native_value
        """Utilities: `native_value`."""
        given = ("12", "true", '"12"', "abc", "1.5", "null")
        assert list(map(utils.native_value, given)) == [12, True, "12", "abc", 1.5, None]

    def test_the_environment_is_read(self, monkeypatch):  # names: read_env
        """Utilities: `read_env(key, value)`."""
        monkeypatch.setenv("COMPAT_SOME_SIZE", "12")
        assert utils.read_env("compat.some-size", 3) == 12
        assert utils.read_env("compat.other", 3) == 3

    def test_dicts_are_merged_in_place(self):  # names: merge_dicts
        """Utilities: `merge_dicts(a, b)`."""
        target = {"a": {"b": 1}}
        utils.merge_dicts(target, {"a": {"b": 2, "c": 3}, "d": 4})
        assert target == {"a": {"b": 1, "c": 3}, "d": 4}

    def test_a_part_of_a_dict_is_taken(self):  # P6.7
        """Utilities: `dict_subset`."""
        record = {"a": {"b": 1, "c": 2, "d": 3}, "e": 4}
        assert utils.dict_subset(record, ["a.b", "a.c"]) == {"a": {"b": 1, "c": 2}}

    def test_headers_go_both_ways(self):  # P1.7
        """Utilities: `encode_header`, `decode_header`."""
        assert utils.decode_header(utils.encode_header("日本")) == "日本"
        assert "\n" not in utils.encode_header("a\r\nb: c")

    def test_deprecated_classes_warn(self):  # names: DeprecatedMeta
        """Utilities: `DeprecatedMeta`."""

        class Old(metaclass=utils.DeprecatedMeta):
            __deprecation_warning__ = "Use New"

        with pytest.warns(DeprecationWarning, match="Use New"):
            Old()
        with pytest.warns(DeprecationWarning, match="Use New"):
            type("Newer", (Old,), {})
