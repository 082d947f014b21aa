"""Faults of patterns, of bound permissions, and of what is accessible."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from cliquet.permission import bound_pairs, bound_permissions
from tests.backends.brokenpermission.base import Broken


class FirstPrincipal(Broken):
    """Objects of the first of the principals are accessible."""

    caught_by = ("test_accessible_objects_are_those_of_any_of_the_principals",)

    def principals_accessible_objects(self, principals, *arguments):
        return super().principals_accessible_objects(list(principals)[:1], *arguments)


class NobodyAccessesAll(Broken):
    """Without principals there is no condition."""

    caught_by = ("test_no_principals_and_unknown_ones_access_nothing",)

    def principals_accessible_objects(self, principals, *arguments):
        principals = list(principals)
        if not principals:
            return set(self._aces)
        return super().principals_accessible_objects(principals, *arguments)


class Globs(Broken):
    """A star stands for any text, segments and all."""

    caught_by = ("test_a_star_stands_for_one_segment_and_the_rest_for_itself",)

    def principals_accessible_objects(self, principals, permission, pattern=None, bound=None):
        found = super().principals_accessible_objects(principals, permission)
        return {uri for uri in found if fnmatchcase(uri, pattern or "*")}


class Regexes(Broken):
    """A pattern is a regular expression, but for its stars."""

    caught_by = ("test_a_star_stands_for_one_segment_and_the_rest_for_itself",)

    def principals_accessible_objects(self, principals, permission, pattern=None, bound=None):
        found = super().principals_accessible_objects(principals, permission)
        wanted = ".*" if pattern in (None, "*") else pattern.replace("\\", "").replace("*", "[^/]+")
        return {uri for uri in found if re.fullmatch(wanted, uri, re.DOTALL)}


class ParentsOpenLists(Broken):
    """Pairs of another pattern count in a list."""

    caught_by = ("test_bound_permissions_of_the_pattern_widen_a_list_and_others_are_ignored",)

    def principals_accessible_objects(self, principals, permission, pattern=None, bound=None):
        pairs = bound_pairs(pattern or "*", permission, bound)
        widened = [(pattern or "*", name) for _, name in pairs]
        return super().principals_accessible_objects(
            principals, permission, pattern, lambda uri, name: widened
        )


class AsksForEachPrincipal(Broken):
    """The policy is asked again and again."""

    caught_by = ("test_bound_permissions_of_a_list_are_asked_for_once_with_the_pattern",)

    def principals_accessible_objects(self, principals, permission, pattern=None, bound=None):
        bound_permissions(pattern, permission, bound)
        return super().principals_accessible_objects(principals, permission, pattern, bound)


class ALimit(Broken):
    """A thousand objects are told, and no more."""

    caught_by = ("test_thousands_of_objects_and_principals_are_told",)

    def principals_accessible_objects(self, *arguments):
        return set(sorted(super().principals_accessible_objects(*arguments))[:1000])


class ListsOnly(Broken):
    """Principals have to be a list."""

    caught_by = ("test_one_principal_of_the_ace_is_enough",)

    def check_permission(self, object_id, permission, principals, bound=None):
        return super().check_permission(object_id, permission, principals[:], bound)


class OwnPairAlways(Broken):
    """The pair asked for grants, whatever the policy says."""

    caught_by = ("test_nothing_is_looked_at_but_the_bound_permissions",)

    def check_permission(self, object_id, permission, principals, bound=None):
        principals = set(principals)
        own = self.object_permission_principals(object_id, permission)
        widened = super().check_permission(object_id, permission, principals, bound)
        return widened or not own.isdisjoint(principals)


class NoInheritance(Broken):
    """The policy is not asked."""

    caught_by = ("test_bound_permissions_widen_a_check",)

    def check_permission(self, object_id, permission, principals, bound=None):
        return super().check_permission(object_id, permission, principals)


class Combines(Broken):
    """Objects and permissions of bound pairs are combined."""

    caught_by = ("test_authorized_principals_are_those_of_every_bound_permission",)

    def object_permission_authorized_principals(self, object_id, permission, bound=None):
        pairs = bound_pairs(object_id, permission, bound)
        combined = [(uri, name) for uri, _ in pairs for _, name in pairs]
        return super().object_permission_authorized_principals(
            object_id, permission, lambda uri, name: combined
        )


class AsksTwice(Broken):
    """The policy is asked whether it is to be asked."""

    caught_by = ("test_bound_permissions_are_asked_for_once",)

    def object_permission_authorized_principals(self, object_id, permission, bound=None):
        if bound is not None and not list(bound(object_id, permission)):
            return set()
        return super().object_permission_authorized_principals(object_id, permission, bound)


class HoldsWhileAsking(Broken):
    """What the policy asks for meanwhile is refused, lest it wait for ever."""

    caught_by = ("test_bound_permissions_may_come_from_the_backend_itself",)
    _is_held = False

    def object_permission_authorized_principals(self, *arguments):
        self._is_held = True
        try:
            return super().object_permission_authorized_principals(*arguments)
        finally:
            self._is_held = False

    def object_permissions(self, *arguments):
        assert not self._is_held
        return super().object_permissions(*arguments)
