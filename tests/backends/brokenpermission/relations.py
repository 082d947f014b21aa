"""Faults of users, ACEs and what is told of them."""

from __future__ import annotations

from cliquet.permission import Access, PermissionBase
from tests.backends.brokenpermission.base import Broken


class OneGroupOnly(Broken):
    """A user has the principal that it was given last."""

    caught_by = ("test_a_user_has_the_principals_it_was_given",)

    def add_user_principal(self, user_id, principal):
        for one in self.user_principals(user_id):
            self.remove_user_principal(user_id, one)
        super().add_user_principal(user_id, principal)


class TakesFromAll(Broken):
    """A principal taken from one user is taken from all."""

    caught_by = ("test_a_principal_taken_from_a_user_stays_with_others",)

    def remove_user_principal(self, user_id, principal):
        self.remove_principal(principal)


class FailsOnWhatIsMissing(Broken):
    """What is taken has to be there."""

    caught_by = (
        "test_taking_a_principal_that_a_user_has_not_does_nothing",
        "test_taking_a_principal_that_an_ace_has_not_does_nothing",
    )

    def remove_user_principal(self, user_id, principal):
        self._principals_of_user[user_id].remove(principal)

    def remove_principal_from_ace(self, object_id, permission, principal):
        self._aces[object_id][permission].remove(principal)


class RemovesByPrefix(Broken):
    """Principals whose names begin alike are removed together."""

    caught_by = ("test_a_removed_principal_is_taken_from_every_user",)

    def remove_principal(self, principal):
        for one in [one for one in self._users_of_principal if one.startswith(principal)]:
            super().remove_principal(one)


class RemovesFromACEs(Broken):
    """A group that is removed loses its permissions."""

    caught_by = ("test_a_removed_principal_stays_in_aces",)

    def remove_principal(self, principal):
        super().remove_principal(principal)
        for name, uris in [
            (name, set(uris))
            for (one, name), uris in self._objects_of_principal.items()
            if one == principal
        ]:
            for uri in uris:
                self.remove_principal_from_ace(uri, name, principal)


class ForgetsOneDirection(Broken):
    """The members of a group are not told of one that joined again."""

    caught_by = ("test_a_principal_that_was_taken_can_be_removed_and_given_again",)

    def remove_principal(self, principal):
        members = self._users_of_principal.get(principal, set())
        if len(members) > 1:
            super().remove_principal(principal)


class OneACE(Broken):
    """Permissions of an object are one."""

    caught_by = ("test_an_ace_holds_the_principals_it_was_given",)

    def object_permission_principals(self, object_id, permission):
        return set().union(*self.object_permissions(object_id).values())


class StaysAccessible(Broken):
    """What was taken from an ACE is still found by the principal."""

    caught_by = ("test_a_principal_taken_from_an_ace_is_found_in_no_direction",)

    def remove_principal_from_ace(self, object_id, permission, principal):
        self._aces.get(object_id, {}).get(permission, set()).discard(principal)


class EmptyACEs(Broken):
    """Permissions that nobody has any more are told."""

    caught_by = ("test_the_permissions_of_an_object_are_those_that_somebody_has",)

    def object_permissions(self, object_id, permissions=None):
        names = ("read", "write", "old") if permissions is None else permissions
        return {name: self.object_permission_principals(object_id, name) for name in names}


class LiveSets(Broken):
    """What is returned is what is stored."""

    caught_by = ("test_what_is_returned_is_the_caller_s_own",)

    def user_principals(self, user_id):
        return self._principals_of_user.get(user_id, set())


class MemoryOfOneLook(Broken):
    """What one look told is told again, changed or not."""

    caught_by = ("test_what_is_returned_is_the_caller_s_own",)

    def __init__(self, settings):
        super().__init__(settings)
        self._looks = {}

    def access(self, user_id, pairs=(), object_id=None):
        key = user_id, object_id
        return self._looks.setdefault(key, super().access(user_id, pairs, object_id))


class ReplacesAll(Broken):
    """A replacement removes the permissions that it does not name."""

    caught_by = (
        "test_a_replacement_changes_the_permissions_it_names",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    def replace_object_permissions(self, object_id, permissions):
        self.delete_object_permissions(object_id)
        super().replace_object_permissions(object_id, permissions)


class IgnoresEmptyLists(Broken):
    """An empty list replaces nothing."""

    caught_by = ("test_a_replacement_by_an_empty_list_removes_the_permission",)

    def replace_object_permissions(self, object_id, permissions):
        given = {name: set(them) for name, them in permissions.items()}
        super().replace_object_permissions(object_id, {k: v for k, v in given.items() if v})


class ReplacesNeighbours(Broken):
    """A replacement first deletes by a prefix."""

    caught_by = ("test_a_replacement_leaves_other_objects_alone",)

    def replace_object_permissions(self, object_id, permissions):
        for uri in [uri for uri in self._aces if uri.startswith(object_id) and uri != object_id]:
            super().delete_object_permissions(uri)
        super().replace_object_permissions(object_id, permissions)


class ChangesTheArgument(Broken):
    """Empty lists are taken from what was given."""

    caught_by = ("test_what_a_replacement_is_given_stays_the_caller_s",)

    def replace_object_permissions(self, object_id, permissions):
        super().replace_object_permissions(object_id, permissions)
        for name in [name for name, them in permissions.items() if them == []]:
            del permissions[name]


class ComputedPerProduct(Broken):
    """One look takes objects and permissions apart, and asks for each with each."""

    caught_by = ("test_one_look_tells_nothing_that_was_not_asked",)

    def access(self, user_id, pairs=(), object_id=None):
        pairs = list(pairs)
        product = {(uri, name) for uri, _ in pairs for _, name in pairs}
        return super().access(user_id, product, object_id)


class LooksAtPairsAlone(Broken):
    """One look leaves out the rest of the object."""

    caught_by = ("test_one_look_tells_groups_and_aces",)

    def access(self, user_id, pairs=(), object_id=None):
        return super().access(user_id, pairs)


class FewPairs(Broken):
    """One look is at a number of pairs that seemed enough."""

    caught_by = ("test_one_look_is_at_any_number_of_pairs",)

    def access(self, user_id, pairs=(), object_id=None):
        return super().access(user_id, list(pairs)[:50], object_id)


class UserAmongThePrincipals(Broken):
    """A user is a principal of its own."""

    caught_by = ("test_a_user_has_the_principals_it_was_given",)

    def user_principals(self, user_id):
        return super().user_principals(user_id) | {user_id}


class NoWideningOfOneLook(Broken):
    """One look tells of nothing for who is nobody."""

    caught_by = ("test_one_look_tells_nothing_that_was_not_asked",)

    def access(self, user_id, pairs=(), object_id=None):
        if user_id is None:
            return Access(set(), {})
        return PermissionBase.access(self, user_id, pairs, object_id)
