"""Names: any text is one, and never SQL, a pattern or a path; up to the lengths promised."""

from __future__ import annotations

import random
import string

import pytest

from cliquet.permission import (
    MAX_OBJECT_ID_BYTES,
    MAX_PERMISSION_BYTES,
    MAX_PRINCIPAL_BYTES,
    PermissionBase,
)
from cliquet.testing.kit import ODD_TEXTS
from cliquet.testing.permission.base import PermissionTests, share_of

#: Hidden in a name, they must open nothing and delete nothing.
INJECTIONS = (
    "' OR '1'='1",
    "x'); DELETE FROM access_control_entries; --",
    "%' ESCAPE '\\",
    "\\' OR 1=1 --",
    "one') OR (permission LIKE '%",
    "*/ OR 1=1 /*",
    "one\r\nFLUSHALL\r\n",
)

#: What some database cannot keep, and so none is given.
UNSTORABLE = ("one\0", "\0one", "\ud800", "one\udfff")


def long_text(length: int, seed: int = 0) -> str:
    """Return text that no compression makes shorter."""
    # An index row holds less than a table's, and compresses first.
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))


class NameTests(PermissionTests):
    """Users, principals, objects and permissions of any name."""

    @pytest.mark.parametrize("text", [*ODD_TEXTS, *INJECTIONS], ids=ascii)
    def test_a_name_is_text_whatever_it_looks_like(
        self, backend: PermissionBase, text: str
    ) -> None:
        """It is stored, found and removed by that very text, and by no other (P7)."""
        uri = f"/a/{text}"
        for other in ("one", f"{text}x"):
            backend.add_user_principal(other, other)
            backend.add_principal_to_ace(f"/a/{other}", other, other)
        backend.add_user_principal(text, text)
        backend.replace_object_permissions(uri, {text: [text]})
        assert backend.user_principals(text) == {text}
        assert backend.object_permissions(uri) == {text: {text}}
        assert backend.access(text, [(uri, text)]).aces == {(uri, text): {text}}
        assert backend.check_permission(uri, text, [text])
        assert backend.principals_accessible_objects([text], text) == {uri}
        backend.remove_principal(text)
        backend.remove_principal_from_ace(uri, text, text)
        backend.delete_object_trees(uri)
        for other in ("one", f"{text}x"):
            assert backend.user_principals(other) == {other}
            assert backend.object_permissions(f"/a/{other}") == {other: {other}}

    @pytest.mark.parametrize("text", [*ODD_TEXTS, *INJECTIONS, "%", "_", ".*"], ids=ascii)
    def test_a_name_that_nothing_has_finds_nothing(
        self, backend: PermissionBase, text: str
    ) -> None:
        """Whatever is written in it (P7)."""
        backend.add_user_principal("one", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        assert backend.user_principals(text) == set()
        assert backend.object_permissions(text) == {}
        assert backend.object_permission_principals("/a/1", text) == set()
        assert backend.access(text, [(text, "read"), ("/a/1", text)], text) == (set(), {})
        assert backend.principals_accessible_objects([text], "read") == set()
        assert backend.principals_accessible_objects(["one"], "read", f"/{text}/*") == set()
        assert backend.accessible_ids(share_of(["one"], ["read"], f"/{text}/")) == set()

    @pytest.mark.parametrize("text", [*UNSTORABLE, "\0", "one\0group"], ids=ascii)
    def test_what_cannot_be_stored_finds_nothing(self, backend: PermissionBase, text: str) -> None:
        """Requests that hold it are refused before they write; reads of it do not fail (P7)."""
        backend.add_user_principal("one", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        assert backend.user_principals(text) == set()
        assert backend.object_permissions(f"/a/1{text}") == {}
        assert backend.object_permission_principals("/a/1", f"read{text}") == set()
        assert backend.access(text, [(text, "read")], f"/a/1{text}") == (set(), {})
        assert not backend.check_permission("/a/1", "read", [text])
        assert backend.principals_accessible_objects([text, "one"], "read") == {"/a/1"}
        assert backend.principals_accessible_objects(["one"], "read", f"/{text}/*") == set()
        share = share_of([text, "one"], ["read", f"read{text}"])
        assert (backend.accessible_ids(share), backend.is_shared(share)) == ({"1"}, True)
        hidden = share_of(["one"], ["read"], f"/a{text}/")
        assert (backend.accessible_ids(hidden), backend.is_shared(hidden)) == (set(), False)

    @pytest.mark.parametrize("text", UNSTORABLE, ids=ascii)
    def test_what_cannot_be_stored_is_refused(self, backend: PermissionBase, text: str) -> None:
        """Wherever it stands; and what is there stays (P7)."""
        backend.add_user_principal("one", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        for names in (text, "group"), ("one", text):
            with pytest.raises(ValueError):  # noqa: PT011 - what it says is the backend's own
                backend.add_user_principal(*names)
            backend.remove_user_principal(*names)
        for uri, name, who in (text, "read", "one"), ("/a/1", text, "one"), ("/a/1", "read", text):
            with pytest.raises(ValueError):  # noqa: PT011
                backend.add_principal_to_ace(uri, name, who)
            with pytest.raises(ValueError):  # noqa: PT011
                backend.replace_object_permissions(uri, {"read": [], name: [who]})
            backend.remove_principal_from_ace(uri, name, who)
        backend.remove_principal(text)
        backend.delete_object_permissions(text)
        backend.delete_object_trees(text)
        assert backend.user_principals("one") == {"group"}
        assert backend.object_permissions("/a/1") == {"read": {"one"}}

    def test_names_are_not_joined(self, backend: PermissionBase) -> None:
        """Two pairs are the same when both names are (P7)."""
        parts = ["a", "bc"], ["ab", "c"], ["a:b", "c"], ["a", "b:c"], ["a/b", "c"], ["a", "b/c"]
        for first, second in parts:
            backend.add_user_principal(first, f"{first}-{second}")
            backend.add_principal_to_ace(first, second, f"{first}-{second}")
        for first, second in parts:
            assert backend.object_permission_principals(first, second) == {f"{first}-{second}"}
            seen = backend.principals_accessible_objects([f"{first}-{second}"], second)
            assert seen == {first}
        assert backend.user_principals("a") == {"a-bc", "a-b:c", "a-b/c"}

    def test_users_objects_and_principals_are_of_different_kinds(
        self, backend: PermissionBase
    ) -> None:
        """A name that serves as all of them is three things (P7.7)."""
        backend.add_user_principal("/a/1", "read")
        assert backend.object_permissions("/a/1") == {}
        backend.add_principal_to_ace("/a/1", "read", "/a/1")
        assert backend.user_principals("/a/1") == {"read"}
        backend.remove_user_principal("/a/1", "read")
        assert backend.object_permissions("/a/1") == {"read": {"/a/1"}}

    def test_case_and_composition_tell_names_apart(self, backend: PermissionBase) -> None:
        """Texts are the same when all their characters are (P7)."""
        for number, text in enumerate(["é", "e\u0301", "É", "e", "ss", "ß", "İ", "i"]):
            backend.add_principal_to_ace(f"/a/{text}", text, text)
            backend.add_user_principal(text, str(number))
        assert backend.user_principals("é") == {"0"}
        assert backend.object_permissions("/a/ß") == {"ß": {"ß"}}
        assert backend.principals_accessible_objects(["e\u0301"], "e\u0301") == {"/a/e\u0301"}

    @pytest.mark.parametrize("letter", ["", "é", "😀"])
    def test_names_of_the_lengths_promised_are_stored(
        self, backend: PermissionBase, letter: str
    ) -> None:
        """All of them at their longest, in bytes of UTF-8 (P7)."""

        def longest(size: int, seed: int) -> str:
            width = len(letter.encode())
            return letter * (size // width) if width else long_text(size, seed)

        uri = "/a/" + longest(MAX_OBJECT_ID_BYTES - 3, 1)
        permission = longest(MAX_PERMISSION_BYTES, 2)
        user, principal = longest(MAX_PRINCIPAL_BYTES, 3), longest(MAX_PRINCIPAL_BYTES, 4)
        backend.add_user_principal(user, principal)
        backend.add_principal_to_ace(uri, permission, principal)
        backend.replace_object_permissions(uri, {permission: [user, principal]})
        assert backend.user_principals(user) == {principal}
        assert backend.object_permissions(uri) == {permission: {user, principal}}
        assert backend.principals_accessible_objects([principal], permission, "/a/*") == {uri}
        assert backend.access(user, [(uri, permission)]).principals == {principal}

    def test_names_longer_than_all_that_is_stored_find_nothing(
        self, backend: PermissionBase
    ) -> None:
        """Paths and patterns of any length are asked about (P7)."""
        text = "/" + long_text(20_000)
        assert backend.user_principals(text) == set()
        assert backend.object_permissions(text) == {}
        assert backend.access(text, [(text, text)], text) == (set(), {})
        assert backend.principals_accessible_objects([text], text, f"{text}/*") == set()
        backend.delete_object_trees(text)
        backend.remove_user_principal(text, text)
