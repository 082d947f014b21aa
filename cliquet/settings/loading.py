"""How values under several names, from several sources, become one value a setting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cliquet.settings.defaults import DEFAULT_SETTINGS, NAMES_WITHOUT_DEFAULT, is_of_resource
from cliquet.settings.forms import checked
from cliquet.settings.reading import aslist, read_native, read_setting, shown

#: The prefix that every application may use beside its own name.
PREFIX = "cliquet"


def environment_name(*parts: str) -> str:
    """Return the environment variable of a dotted name: ``reading-list.x`` → ``READING_LIST_X``."""
    return re.sub(r"[^A-Z0-9_]", "_", "_".join(parts).upper())


def load(
    given: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
    *,
    project_name: str | None = None,
    version: str | None = None,
    environ: Mapping[str, str],
) -> dict[str, object]:
    """
    Return the settings of an application: one value a setting, native, checked, without prefix.

    Args:
        given: Those of the INI file, or of code: under ``cliquet.x``, ``<project>.x`` or ``x``.
            Unknown ones are kept; so are the names of others (``pyramid.x``, ``fxa-oauth.x``).
        defaults: The application's own defaults, under any of these names.
        project_name: The name of the project when no source has a ``project_name``.
        version: Likewise for ``project_version``.
        environ: The environment. ``X`` alone is read for settings that are known (listed, in
            *defaults*, or of a resource) or have a dot, so that ``home`` is never ``$HOME``.

    Returns:
        A new mapping that replaces *given*: names with a prefix of ours are left out of it, for
        they could differ from the value in use.

    Raises:
        ValueError: One setting has two names with different values in one source, or a value has
            not the form of its setting.
    """
    defaults = defaults or {}
    prefixes = project_prefixes(given, defaults, project_name=project_name, environ=environ)
    reader = _Reader(prefixes, environ, _known(defaults, prefixes))
    written = DEFAULT_SETTINGS | reader.read(defaults) | reader.read(given)
    settings = checked(written | reader.read_environment({*written, *NAMES_WITHOUT_DEFAULT}))
    settings |= checked(reader.read_environment(reader.names_in_environment(settings)))
    settings["project_name"] = settings["project_name"] or project_name or ""
    settings["project_version"] = settings["project_version"] or version or ""
    return settings


@dataclass(frozen=True)
class Sources:
    """
    Where the settings of an application were read from, as :func:`load` was given them.

    Attributes:
        given: Those of the INI file, or of code.
        defaults: The application's own defaults; those of plugins may be added.
        project_name: The name of the project when no source has one.
    """

    given: Mapping[str, object]
    defaults: dict[str, object]
    project_name: str | None = None

    def prefixes(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """Return the prefixes of settings; see :func:`project_prefixes`."""
        return project_prefixes(
            self.given, self.defaults, project_name=self.project_name, environ=environ
        )

    def origins(
        self, names: Iterable[str], environ: Mapping[str, str]
    ) -> dict[str, tuple[str, str] | None]:
        """
        Return where the values of settings come from.

        Args:
            names: Of settings, without prefix.
            environ: The environment.

        Returns:
            By name: the source (``environment``, ``given`` or ``defaults``) and the name that
            the setting has there; ``None`` for those that no source has.
        """
        prefixes = self.prefixes(environ)
        reader = _Reader(prefixes, environ, _known(self.defaults, prefixes))
        found: dict[str, tuple[str, str] | None] = dict.fromkeys(names)
        for source, values in (("defaults", self.defaults), ("given", self.given)):
            for key in values:
                name = bare_name(key, prefixes)
                if name in found:
                    found[name] = source, key
        for name in found:
            for variable in reader.variables(name):
                found[name] = "environment", variable
        return found


def with_defaults(
    settings: Mapping[str, object],
    defaults: Mapping[str, object],
    *,
    prefixes: Sequence[str] = (PREFIX,),
    environ: Mapping[str, str],
    given: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """
    Return the values of the settings in *defaults*, for a plugin that has settings of its own.

    Args:
        settings: Those of the application, after or before :func:`load`; they win over defaults.
        defaults: The plugin's, usually under its own prefix: ``fxa-oauth.cache_ttl_seconds``.
        prefixes: ``cliquet`` and the project's name.
        environ: The environment, which wins over all: ``FXA_OAUTH_CACHE_TTL_SECONDS``.
        given: The settings as they were before :func:`load`, which could not know that a default
            is text: where it is, ``1.20`` is found again behind the number 1.2.

    Returns:
        The settings named in *defaults* and no others, native and checked, without the prefixes.

    Raises:
        ValueError: As :func:`load` does, for these settings.
    """
    reader = _Reader(prefixes, environ, _known(defaults, prefixes))
    values = reader.read(defaults)
    current = reader.read(settings, only=values.keys())
    texts = reader.read(given or {}, only=current.keys())
    kept = {name: _as_written(value, texts.get(name)) for name, value in current.items()}
    return checked(values | kept | reader.read_environment(values))


def _as_written(value: object, text: object) -> object:
    """Return *text* when *value* is the number that was read from it, else *value*."""
    was_read = isinstance(text, str) and not isinstance(value, str) and read_native(text) == value
    return text if was_read else value


def project_prefixes(
    given: Mapping[str, object],
    defaults: Mapping[str, object],
    *,
    project_name: str | None = None,
    environ: Mapping[str, str],
) -> tuple[str, ...]:
    """
    Return the prefixes of settings, without dot: ``cliquet`` and the project's name if it has one.

    The name is that of *given*, else of *defaults*, else *project_name*. A name set by the
    environment is added to it instead of replacing it: the settings in a file keep their prefix
    when a deployment shows another name.

    Raises:
        ValueError: The environment has two names for the project.
    """
    keys = (f"{PREFIX}.project_name", "project_name")
    names = [*(source.get(key) for source in (given, defaults) for key in keys), project_name]
    project = next(([name] for name in names if isinstance(name, str) and name), [])
    reader = _Reader((PREFIX, *project), environ, DEFAULT_SETTINGS)
    renamed = [str(name) for name in reader.read_environment(["project_name"]).values() if name]
    return tuple(dict.fromkeys((PREFIX, *project, *renamed)))


def _known(defaults: Mapping[str, object], prefixes: Iterable[str]) -> dict[str, object]:
    """Return the defaults of all listed settings by bare name; ours tell which are text."""
    theirs = {bare_name(key, prefixes): value for key, value in defaults.items()}
    ours = dict.fromkeys(NAMES_WITHOUT_DEFAULT) | DEFAULT_SETTINGS
    return {name: None if is_of_resource(name) else theirs[name] for name in theirs} | ours


def bare_name(key: str, prefixes: Iterable[str]) -> str:
    """Return the name of a setting without the prefix that it has, if any."""
    # A project may be called like the first part of a setting: "tm.annotate_user" is not its.
    if key in DEFAULT_SETTINGS:
        return key
    starts = (f"{prefix}." for prefix in sorted(prefixes, key=len, reverse=True))
    return next((key[len(s) :] for s in starts if key.startswith(s) and key != s), key)


@dataclass(frozen=True)
class _Reader:
    """Reads sources under *prefixes*; *defaults*, by bare name, tell which settings are text."""

    prefixes: Sequence[str]
    environ: Mapping[str, str]
    defaults: Mapping[str, object]

    def read(
        self, source: Mapping[str, object], only: Iterable[str] | None = None
    ) -> dict[str, object]:
        """Return native values by bare name; *only* restricts them to some names."""
        wanted = None if only is None else set(only)
        found: dict[str, dict[str, object]] = {}
        for key, value in source.items():
            name = bare_name(key, self.prefixes)
            if wanted is None or name in wanted:
                found.setdefault(name, {})[key] = value
        return {name: self._agreed(name, values) for name, values in found.items()}

    def read_environment(self, names: Iterable[str]) -> dict[str, object]:
        """Return native values of those settings in *names* that the environment has."""
        found = {name: self.variables(name) for name in names}
        return {name: self._agreed(name, values) for name, values in found.items() if values}

    def variables(self, name: str) -> dict[str, object]:
        """Return the values that the environment has for a setting, by variable."""
        variables = [environment_name(prefix, name) for prefix in self.prefixes]
        if self._may_be_bare(name):
            variables.append(environment_name(name))
        return {key: self.environ[key] for key in variables if key in self.environ}

    def _may_be_bare(self, name: str) -> bool:
        # An unlisted setting with a common name must not take the value of PATH, USER or HOME.
        return name in self.defaults or "." in name or is_of_resource(name)

    def names_in_environment(self, settings: Mapping[str, object]) -> set[str]:
        """Return names that only variables spell: of resources, of listeners and of policies."""
        spaces = [f"event_listeners.{_last(item)}" for item in aslist(settings["event_listeners"])]
        spaces += [f"multiauth.policy.{item}" for item in aslist(settings["multiauth.policies"])]
        starts = {space: [space, *(f"{p}.{space}" for p in self.prefixes)] for space in spaces}
        options = {f"{space}.{rest}" for space in spaces for rest in self._rests(starts[space])}
        return options | set(filter(is_of_resource, self._rests(self.prefixes)))

    def _rests(self, starts: Iterable[str]) -> Iterator[str]:
        """Yield, in lower case, what follows one of *starts* in the names of variables."""
        for start in (f"{environment_name(start)}_" for start in starts):
            rests = (key.removeprefix(start) for key in self.environ if key.startswith(start))
            yield from (rest.lower() for rest in rests if rest)

    def _agreed(self, name: str, values: Mapping[str, object]) -> object:
        """Return the one value of *values*, by the keys they were found under."""
        default = self.defaults.get(name)
        read = [(key, read_setting(name, value, default)) for key, value in values.items()]
        first, value = read[0]
        for key, other in read[1:]:
            if other is not value and other != value:
                raise ValueError(
                    f"Settings {first} = {shown(name, value)} and {key} = {shown(name, other)} "
                    "are one setting with two values: keep one of them"
                )
        return value


def _last(dotted: object) -> str:
    return str(dotted).rpartition(".")[2]
