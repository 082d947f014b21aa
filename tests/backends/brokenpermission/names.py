"""Faults of names: prefixes, patterns, cases, lengths; and of deletions by them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from cliquet.permission import PermissionBase, ids_below
from cliquet.storage.exceptions import BackendError
from tests.backends.brokenpermission.base import Broken


class DeletesByPrefix(Broken):
    """Deleting ``/a/1`` deletes what belongs to ``/a/10``."""

    caught_by = ("test_a_deletion_takes_ids_as_they_stand",)

    def delete_object_permissions(self, *object_ids):
        uris = [uri for uri in self._aces if uri.startswith(object_ids)]
        super().delete_object_permissions(*uris)


class DeletesByPattern(Broken):
    """Deleting takes ids for patterns."""

    caught_by = ("test_a_deletion_takes_ids_as_they_stand",)

    def delete_object_permissions(self, *object_ids):
        matching = [uri for uri in self._aces for one in object_ids if fnmatchcase(uri, one)]
        super().delete_object_permissions(*object_ids, *matching)


class DeletesOneDirection(Broken):
    """What was deleted is still found by its principals."""

    caught_by = ("test_deleted_permissions_are_found_in_no_direction",)

    def delete_object_permissions(self, *object_ids):
        for one in object_ids:
            self._aces.pop(one, None)


class HidesTheDeleted(Broken):
    """What was deleted is hidden until the object has an entry again."""

    caught_by = ("test_deleted_permissions_do_not_come_back",)

    def __init__(self, settings):
        super().__init__(settings)
        self._hidden = set()

    def delete_object_permissions(self, *object_ids):
        self._hidden |= set(object_ids)

    def add_principal_to_ace(self, object_id, permission, principal):
        self._hidden.discard(object_id)
        super().add_principal_to_ace(object_id, permission, principal)

    def object_permissions(self, object_id, permissions=None):
        return {} if object_id in self._hidden else super().object_permissions(object_id)


class NothingIsEverything(Broken):
    """A deletion of no object is one of all."""

    caught_by = ("test_deleting_the_permissions_of_no_object_deletes_nothing",)

    def delete_object_permissions(self, *object_ids):
        super().delete_object_permissions(*(object_ids or list(self._aces)))


class TreesByPrefix(Broken):
    """The tree of ``/a/1`` has ``/a/10`` in it."""

    caught_by = ("test_a_tree_is_deleted_by_whole_segments",)

    def delete_object_trees(self, *object_ids):
        uris = [uri for uri in self._aces if uri.startswith(object_ids)]
        self.delete_object_permissions(*uris)


class TreesByPattern(Broken):
    """The root of a tree is a pattern of LIKE, or a regular expression."""

    caught_by = ("test_the_root_of_a_tree_is_no_pattern",)

    def delete_object_trees(self, *object_ids):
        super().delete_object_trees(*object_ids)
        for root in object_ids:
            if root.endswith(("%", "_", "*", ".")):
                super().delete_object_trees(*[uri for uri in self._aces if uri.startswith("/a/1")])


class OneTree(Broken):
    """Of several trees the first is deleted."""

    caught_by = ("test_the_roots_of_several_trees_are_deleted",)

    def delete_object_trees(self, *object_ids):
        super().delete_object_trees(*object_ids[:1])


class FlushesHalf(Broken):
    """A flush forgets no user."""

    caught_by = ("test_a_flush_forgets_everything",)

    def flush(self):
        self.delete_object_permissions(*list(self._aces))


class BeginsAnew(Broken):
    """Each initialization empties the tables."""

    caught_by = ("test_the_schema_may_be_initialized_again",)

    def initialize_schema(self):
        self.flush()


class ChecksPrefixes(Broken):
    """A permission on ``/a/1`` is one on ``/a/10``."""

    caught_by = ("test_a_check_takes_ids_as_they_stand",)

    def object_permission_authorized_principals(self, object_id, permission, bound=None):
        uris = [uri for uri in self._aces if object_id.startswith(uri)]
        return set().union(*(self.object_permission_principals(one, permission) for one in uris))


class IgnoresCase(Broken):
    """Names are compared in lower case."""

    caught_by = ("test_case_and_composition_tell_names_apart",)

    def add_user_principal(self, user_id, principal):
        super().add_user_principal(user_id.lower(), principal)

    def user_principals(self, user_id):
        return super().user_principals(user_id.lower())


class JoinsNames(Broken):
    """An object and a permission are one text."""

    caught_by = ("test_names_are_not_joined",)

    def _add(self, object_id, permission, principal):
        super()._add(object_id, permission, principal)
        self._joined = {**getattr(self, "_joined", {})}
        self._joined.setdefault(object_id + permission, set()).add(principal)

    def object_permission_principals(self, object_id, permission):
        return set(getattr(self, "_joined", {}).get(object_id + permission, ()))


class OneTable(Broken):
    """Users are objects that have permissions."""

    caught_by = ("test_users_objects_and_principals_are_of_different_kinds",)

    def object_permissions(self, object_id, permissions=None):
        groups = {name: {object_id} for name in self.user_principals(object_id)}
        return groups | super().object_permissions(object_id, permissions)


class TakesTextForFormats(Broken):
    """What looks like a parameter is taken for one."""

    caught_by = ("test_a_name_is_text_whatever_it_looks_like",)

    def replace_object_permissions(self, object_id, permissions):
        super().replace_object_permissions(object_id.replace("%%", "%"), permissions)


class FindsByPattern(Broken):
    """A user whose name is a pattern has the groups of those that match."""

    caught_by = ("test_a_name_that_nothing_has_finds_nothing",)

    def user_principals(self, user_id):
        like = user_id.replace("%", "*")
        users = [
            one for one in self._principals_of_user if one == user_id or fnmatchcase(one, like)
        ]
        return set().union(*map(super().user_principals, users))


class EndsAtNUL(Broken):
    """Names end at the character NUL, as in the language of the driver."""

    caught_by = ("test_what_cannot_be_stored_finds_nothing",)

    def user_principals(self, user_id):
        return super().user_principals(user_id.partition("\0")[0])


class DropsWhatItCannotStore(Broken):
    """Characters that the database does not know are left out."""

    caught_by = ("test_what_cannot_be_stored_is_refused",)

    def add_user_principal(self, user_id, principal):
        super().add_user_principal(user_id, re.sub("[\ud800-\udfff]", "", principal))


class ShortNames(Broken):
    """Names end where the column does."""

    caught_by = ("test_names_of_the_lengths_promised_are_stored",)

    def _add(self, object_id, permission, principal):
        super()._add(object_id[:255], permission, principal)


class RefusesToLook(Broken):
    """What could not be stored is refused even when it is asked about."""

    caught_by = ("test_names_longer_than_all_that_is_stored_find_nothing",)

    def user_principals(self, user_id):
        if len(user_id) > 2704:
            raise BackendError(ValueError("too long"))
        return super().user_principals(user_id)


class AboveAndBelow(Broken):
    """One entry under the prefix makes a part."""

    caught_by = ("test_objects_above_and_below_a_collection_do_not_make_a_part",)

    def is_shared(self, share):
        return any(
            uri.startswith(share.uri_prefix)
            for (who, name), uris in self._objects_of_principal.items()
            for uri in uris
            if who in share.principals and name in share.permissions
        )


class StarsOfCollections(Broken):
    """The prefix of a part is taken for a pattern."""

    caught_by = ("test_a_part_has_the_objects_of_its_collection",)

    def accessible_ids(self, share):
        found = self.principals_accessible_objects(
            share.principals,
            "",
            share.uri_prefix + "*",
            lambda uri, name: [(uri, one) for one in share.permissions],
        )
        return {uri.rpartition("/")[2] for uri in found}


class NobodyIsEverybody(Broken):
    """Without principals, a part is the whole."""

    caught_by = ("test_a_part_of_nobody_is_empty",)

    def is_shared(self, share):
        return super().is_shared(share) or (not share.principals and bool(self._aces))


class PartsOfOnePermission(Broken):
    """Of the permissions that open a part one is looked at."""

    caught_by = ("test_a_part_is_opened_by_any_permission_to_any_principal",)

    def accessible_ids(self, share):
        names = frozenset(sorted(share.permissions)[:1])
        return PermissionBase.accessible_ids(self, share._replace(permissions=names))


class NoPartAtAll(Broken):
    """What is below a collection is told by the first object found."""

    caught_by = ("test_a_part_is_opened_by_any_permission_to_any_principal",)

    def is_shared(self, share):
        uris = sorted(set().union(*self._objects_of_principal.values()))
        return bool(uris) and uris[-1] in uris[:1] and bool(ids_below(uris[:1], share))
