"""
What a list asks for: the query string of a request, read by the rules of :mod:`.querystring`.

Source: protocol P6.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pyramid.httpexceptions import HTTPException

from cliquet.errors import send_alert
from cliquet.exceptions import InvalidParameter
from cliquet.query import Filter, Sort
from cliquet.resource import querystring
from cliquet.resource.model import Model
from cliquet.resource.pagination import read_token
from cliquet.resource.preconditions import Preconditions


class ListReader:
    """
    The part of a resource that reads query strings; each step can be overridden.

    It is mixed into :class:`~cliquet.resource.BaseResource`, whose attributes it needs.
    """

    request: Any
    model: Model
    mapping: Any
    timestamp: Any

    def is_known_field(self, field: str) -> bool:
        """
        Tell whether records may be filtered and sorted by *field* (protocol P6.1).

        Args:
            field: Name; dots reach into objects.
        """
        if self.mapping.get_option("preserve_unknown"):
            return True
        return field in self._declared or field.partition(".")[0] in self._declared

    def _list_query(self, preconditions: Preconditions) -> tuple[dict[str, Any], list[str] | None]:
        try:
            filters, sorting = self._extract_filters(), self._extract_sorting()
            limit = self._extract_limit()
            rules = self._extract_pagination_rules_from_token(limit, sorting)
            fields = self._extract_partial_fields()
        except (InvalidParameter, HTTPException, UnicodeDecodeError):
            # Whatever is wrong with a query string, preconditions come first (protocol P2.9).
            preconditions.check_collection(self.timestamp)
            raise
        modified_field = self.model.modified_field
        query = {
            "filters": filters,
            "sorting": sorting,
            "limit": limit,
            "pagination_rules": rules,
            "include_deleted": any(one.field == modified_field for one in filters),
        }
        return query, fields

    def _extract_filters(self, queryparams: Any = None) -> list[Filter]:
        """Return the filters of the query string (protocol P6.1 to P6.4)."""
        parameters = self.request.GET if queryparams is None else queryparams
        if "_to" in parameters:
            message = "_to is now deprecated, you should use _before instead"
            send_alert(self.request, message)
        return querystring.read_filters(parameters.items(), self._vocabulary)

    def _extract_sorting(self, queryparams: Any = None) -> list[Sort]:
        """Return the sort keys of the query string, a total order (protocol P6.5)."""
        parameters = self.request.GET if queryparams is None else queryparams
        return querystring.read_sorting(parameters.get("_sort"), self._vocabulary)

    def _extract_limit(self) -> int:
        """Return the size of the page (protocol P6.6)."""
        settings = self.request.registry.settings
        return querystring.read_limit(
            self.request.GET.get("_limit"),
            paginate_by=settings.get("paginate_by"),
            max_fetch_size=settings.get("storage_max_fetch_size", 10000),
        )

    def _extract_pagination_rules_from_token(
        self, limit: int, sorting: Sequence[Sort]
    ) -> list[list[Filter]] | None:
        """Return the rules of the page that a token begins, or ``None`` for the first one."""
        token = self.request.GET.get("_token")
        if not token:
            return None
        fields = {"id_field": self.model.id_field, "modified_field": self.model.modified_field}
        return read_token(token, sorting, **fields)

    def _extract_partial_fields(self) -> list[str] | None:
        """Return the paths to show, or ``None`` for whole records (protocol P6.7)."""
        text = self.request.GET.get("_fields")
        # Without it there is no need of the vocabulary, which costs more than all the rest.
        if not text:
            return None
        return querystring.read_fields(
            text,
            self._vocabulary,
            preserve_unknown=self.mapping.get_option("preserve_unknown"),
        )

    @cached_property
    def _declared(self) -> frozenset[str]:
        model = self.model
        own = (model.id_field, model.modified_field, model.deleted_field)
        return frozenset([*own, *(node.name for node in self.mapping.children)])

    @cached_property
    def _vocabulary(self) -> querystring.Vocabulary:
        model = self.model
        return querystring.Vocabulary(
            self._declared,
            self.is_known_field,
            model.id_field,
            model.modified_field,
            model.deleted_field,
        )
