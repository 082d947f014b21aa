"""Random sequences of operations, after which a backend tells what the model tells."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cliquet.permission import PermissionBase
from cliquet.testing.permission.base import PermissionTests, share_of
from cliquet.testing.permission.capabilities import TREES
from cliquet.testing.permission.model import Model

NAMES = ("one", "two", "it's", "%", "_", ".*", "\\", "é", "")
URIS = ("/a/1", "/a/10", "/a/1/b/2", "/a/%", "/b/1")

# Few of them, so that much happens to one.
names = st.sampled_from(NAMES) | st.sampled_from(["one", "two"])
uris = st.sampled_from(URIS)
permissions = st.dictionaries(names, st.lists(names, max_size=3), max_size=3)
steps = [
    st.tuples(st.just("add_user_principal"), names, names),
    st.tuples(st.just("remove_user_principal"), names, names),
    st.tuples(st.just("remove_principal"), names),
    st.tuples(st.just("add_principal_to_ace"), uris, names, names),
    st.tuples(st.just("remove_principal_from_ace"), uris, names, names),
    st.tuples(st.just("replace_object_permissions"), uris, permissions),
    st.tuples(st.just("replace_object_permissions"), uris, permissions),
    st.tuples(st.just("delete_object_permissions"), uris, uris),
]
trees = st.tuples(st.just("delete_object_trees"), uris)


def told(backend: PermissionBase) -> Any:
    """Return all that a backend tells."""
    share = share_of(NAMES, ["one", "%"])
    return (
        {name: backend.user_principals(name) for name in NAMES},
        {uri: backend.object_permissions(uri) for uri in URIS},
        backend.object_permission_principals("/a/1", "one"),
        backend.access("one", [("/a/1", "one"), ("/a/%", "%")], "/a/10"),
        {name: backend.principals_accessible_objects([name], "one") for name in NAMES},
        backend.principals_accessible_objects(NAMES, "two", "/a/*"),
        backend.object_permission_authorized_principals(
            "/a/1", "one", lambda uri, name: [(uri, name), ("/b/1", "two")]
        ),
        (backend.accessible_ids(share), backend.is_shared(share)),
    )


class SequenceTests(PermissionTests):
    """Sequences of operations."""

    def test_sequences_of_operations_leave_what_the_model_says(
        self, backend: PermissionBase
    ) -> None:
        """Whatever was given, taken, replaced and deleted, in whatever order (P7)."""
        step = st.one_of(*steps) if TREES in self.lacks else st.one_of(*steps, trees)

        @self.for_all(st.lists(step, max_size=15))
        def check(operations: list[tuple[Any, ...]]) -> None:
            model = Model()
            backend.flush()
            for name, *arguments in operations:
                getattr(model, name)(*arguments)
                getattr(backend, name)(*arguments)
            assert told(backend) == told(model)
