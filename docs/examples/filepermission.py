"""A permission backend in a file: one JSON document, locked for the time of each call."""

import fcntl
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from cliquet import jsonlib
from cliquet.permission import PermissionBase, bound_permissions, check_names, uri_matcher
from cliquet.storage.exceptions import BackendError


class Permission(PermissionBase):
    def __init__(self, path):
        self.path = Path(path)

    def initialize_schema(self):
        with self.opened():
            pass

    def flush(self):
        with self.opened() as kept:
            kept["users"], kept["aces"] = [], []

    def add_user_principal(self, user_id, principal):
        check_names(user_id, principal)
        with self.opened() as kept:
            kept["users"].append([user_id, principal])

    def remove_user_principal(self, user_id, principal):
        with self.opened() as kept:
            kept["users"] = [one for one in kept["users"] if one != [user_id, principal]]

    def remove_principal(self, principal):
        with self.opened() as kept:
            kept["users"] = [one for one in kept["users"] if one[1] != principal]

    def user_principals(self, user_id):
        with self.opened() as kept:
            return {principal for user, principal in kept["users"] if user == user_id}

    def add_principal_to_ace(self, object_id, permission, principal):
        check_names(object_id, permission, principal)
        with self.opened() as kept:
            kept["aces"].append([object_id, permission, principal])

    def remove_principal_from_ace(self, object_id, permission, principal):
        with self.opened() as kept:
            ace = [object_id, permission, principal]
            kept["aces"] = [one for one in kept["aces"] if one != ace]

    def object_permission_principals(self, object_id, permission):
        return self.object_permissions(object_id).get(permission, set())

    def principals_accessible_objects(
        self, principals, permission, object_id_match=None, get_bound_permissions=None
    ):
        names = bound_permissions(object_id_match, permission, get_bound_permissions)
        is_match, wanted = uri_matcher(object_id_match), set(principals)
        with self.opened() as kept:
            aces = kept["aces"]
        return {uri for uri, name, one in aces if name in names and one in wanted and is_match(uri)}

    def object_permissions(self, object_id, permissions=None):
        names = None if permissions is None else set(permissions)
        found = {}
        with self.opened() as kept:
            for uri, name, principal in kept["aces"]:
                if uri == object_id and (names is None or name in names):
                    found.setdefault(name, set()).add(principal)
        return found

    def replace_object_permissions(self, object_id, permissions):
        new = [[object_id, name, one] for name, them in permissions.items() for one in them]
        check_names(object_id, *permissions, *chain.from_iterable(new))
        with self.opened() as kept:
            others = [
                one for one in kept["aces"] if one[0] != object_id or one[1] not in permissions
            ]
            kept["aces"] = others + new

    def delete_object_permissions(self, *object_ids):
        with self.opened() as kept:
            kept["aces"] = [one for one in kept["aces"] if one[0] not in object_ids]

    @contextmanager
    def opened(self):
        try:
            with self.path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                old = file.read()
                kept = jsonlib.loads(old or b'{"users": [], "aces": []}')
                yield kept
                new = jsonlib.dumps(kept)
                if new != old:
                    file.truncate(0)
                    file.write(new)
        except OSError as error:
            raise BackendError(error) from error


def load_from_config(config):
    return Permission(config.get_settings()["permission_url"].removeprefix("file://"))
