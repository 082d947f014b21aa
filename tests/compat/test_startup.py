"""How applications start: ``cliquet.initialize()`` in all the ways it was called."""

from __future__ import annotations

import pytest
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

import cliquet
from cliquet.authorization import RouteFactory
from cliquet.permission.memory import Permission
from cliquet.storage.generators import UUID4
from cliquet.storage.memory import Storage
from tests.compat.apps import kinto, readinglist
from tests.compat.support import ALICE, MEMORY, configured, served


def hello(app):
    """Return what the application says of itself."""
    return app.get("/v1/").json


class TestNames:
    """The name and the version of the project."""

    @pytest.mark.parametrize("name", ["project_name", "cliquet.project_name"])
    def test_the_name_is_that_of_the_settings_before_that_of_the_call(self, name):  # P3.1
        """Start-up: the name from `cliquet.project_name`, else settings, else the argument."""
        app = served({name: "from settings"}, project_name="from the call")
        assert hello(app)["project_name"] == "from settings"

    def test_the_name_is_that_of_the_call_when_settings_have_none(self):  # P3.1
        """Start-up: the name from `cliquet.project_name`, else settings, else the argument."""
        assert hello(served(project_name="from the call"))["project_name"] == "from the call"

    def test_a_missing_name_is_a_warning(self):  # settings: project_name
        """Start-up: no name is a warning, and the application starts."""
        config = Configurator(settings=MEMORY)
        with pytest.warns(UserWarning, match="project_name"):
            cliquet.initialize(config, version="1.0")
        assert hello(webtest.TestApp(config.make_wsgi_app()))["project_name"] == ""

    def test_a_missing_version_is_refused(self):  # settings: project_version
        """Start-up: no version at all is a ConfigurationError."""
        with pytest.raises(ConfigurationError, match="version"):
            cliquet.initialize(Configurator(settings=MEMORY), project_name="compat")

    def test_the_version_may_be_a_setting(self):  # P3.1
        """Start-up: `cliquet.initialize(config, version=, project_name=, default_settings=)`."""
        config = Configurator(settings={**MEMORY, "compat.project_version": "3.4.5"})
        cliquet.initialize(config, project_name="compat")
        body = webtest.TestApp(config.make_wsgi_app()).get("/v3/").json
        assert (body["project_version"], body["http_api_version"]) == ("3.4.5", "3.4")

    def test_arguments_may_be_given_by_position(self):  # P3.1
        """Start-up: `cliquet.initialize(config, version=, project_name=, default_settings=)`."""
        config = Configurator(settings=MEMORY)
        cliquet.initialize(config, "1.0", "compat", {"paginate_by": 7})
        assert config.get_settings()["paginate_by"] == 7

    def test_the_old_name_of_initialize_works(self):  # names: initialize_cliquet
        """Start-up: `initialize_cliquet` is `initialize`."""
        config = Configurator(settings=MEMORY)
        cliquet.initialize_cliquet(config, version="1.0", project_name="compat")
        assert config.route_prefix == "v1"


class TestValues:
    """Where the values of settings come from."""

    @pytest.mark.parametrize("name", ["paginate_by", "cliquet.paginate_by", "compat.paginate_by"])
    def test_a_setting_has_three_names(self, name):  # settings
        """Start-up: values under bare, `cliquet.` or `<project>.` names."""
        assert configured({name: "12"}).get_settings()["paginate_by"] == 12

    def test_conflicting_names_are_refused(self):  # settings
        """Start-up: one setting under two names with different values is an error."""
        with pytest.raises(ValueError, match="paginate_by"):
            configured({"cliquet.paginate_by": "12", "compat.paginate_by": "13"})

    def test_names_that_agree_are_accepted(self):  # settings
        """Start-up: values under bare, `cliquet.` or `<project>.` names."""
        config = configured({"cliquet.paginate_by": "12", "compat.paginate_by": 12})
        assert config.get_settings()["paginate_by"] == 12

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("compat.cors_origins", ["http://a.example", "http://b.example"]),
            ("cliquet.readonly", True),
            ("compat.trailing_slash_redirect_enabled", False),
            ("paginate_by", None),
            ("batch_max_requests", None),
            ("vary", ["Accept", "Authorization"]),
            ("compat.unknown", {"a": [1]}),
        ],
    )
    def test_values_need_not_be_text(self, name, value):  # settings
        """Start-up: non-string values allowed (lists, booleans, None)."""
        settings = configured({name: value}).get_settings()
        assert settings[name.rpartition(".")[2]] == value

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("multiauth.policies", ["basicauth"]),
            ("multiauth.policies", ("basicauth",)),
            ("multiauth.policies", "basicauth,"),
            ("includes", ["tests.compat.apps.plugin"]),
            ("event_listeners", []),
        ],
    )
    def test_lists_may_be_lists(self, name, value):  # settings
        """Start-up: non-string values allowed (lists, booleans, None)."""
        app = served({name: value})
        assert "user" in app.get("/v1/", headers=ALICE).json

    def test_values_are_native_before_initialize_returns(self):  # settings
        """Start-up: values from INI files are read as native values."""
        settings = configured({"compat.flag": "false", "compat.size": "12"}).get_settings()
        assert (settings["flag"], settings["size"]) == (False, 12)

    @pytest.mark.parametrize("variable", ["CLIQUET_PAGINATE_BY", "COMPAT_PAGINATE_BY"])
    def test_the_environment_wins(self, variable, monkeypatch):  # settings
        """Start-up: the environment wins."""
        monkeypatch.setenv(variable, "99")
        config = configured({"compat.paginate_by": "12"}, default_settings={"paginate_by": 3})
        assert config.get_settings()["paginate_by"] == 99

    def test_defaults_of_the_application_may_be_prefixed(self):  # settings
        """Start-up: `default_settings` keys may be prefixed (`{"cliquet.paginate_by": 100}`)."""
        defaults = {"cliquet.paginate_by": 100, "compat.own": "x"}
        settings = configured(default_settings=defaults).get_settings()
        assert (settings["paginate_by"], settings["own"]) == (100, "x")

    def test_the_file_wins_over_defaults_of_the_application(self):  # settings
        """Start-up: the INI file comes before `default_settings`, whatever the names."""
        config = configured({"paginate_by": "7"}, default_settings={"cliquet.paginate_by": 100})
        assert config.get_settings()["paginate_by"] == 7

    def test_the_api_version_stays_text(self):  # settings: http_api_version
        """Start-up: `http_api_version = 1.20` is "1.20"."""
        assert hello(served({"http_api_version": "1.20"}))["http_api_version"] == "1.20"

    def test_the_end_of_service_stays_text(self):  # P10.1
        """Start-up: `eos` dates arrive as text (`2026-11-26` is no subtraction)."""
        app = served({"compat.eos": "2126-11-26"})
        assert app.app.registry.settings["eos"] == "2126-11-26"
        assert hello(app)["eos"] == "2126-11-26"

    def test_the_callers_dict_of_defaults_is_left_alone(self):  # settings
        """Start-up: applications keep their DEFAULT_SETTINGS in a module, and start twice."""
        defaults = {"cliquet.paginate_by": 100}
        configured(default_settings=defaults)
        assert defaults == {"cliquet.paginate_by": 100}


class TestConfigurator:
    """The configurator is the application's own."""

    def test_the_route_prefix_is_the_major_version(self):  # settings: http_api_version
        """Start-up: sets `config.route_prefix` to `v<major>`."""
        config = configured(version="12.3.4")
        assert (config.route_prefix, config.registry.route_prefix) == ("v12", "v12")

    def test_the_route_prefix_follows_the_api_version(self):  # settings: http_api_version
        """Start-up: sets `config.route_prefix` to `v<major>`."""
        assert configured({"http_api_version": "3.1"}).route_prefix == "v3"

    def test_routes_added_afterwards_are_below_the_prefix(self):  # P3.4
        """Start-up: sets `config.route_prefix` to `v<major>`."""
        app = served(view=lambda request: request.path)
        assert app.get("/v1/probe").json == "/v1/probe"

    def test_settings_added_before_are_read(self):  # settings
        """Start-up: may call `config.add_settings({"cliquet.project_name": …})` *before*."""
        config = Configurator(settings=MEMORY, root_factory=RouteFactory)
        config.add_settings({"cliquet.project_name": "kinto"})
        cliquet.initialize(config, version="1.0", project_name="other")
        assert config.get_settings()["project_name"] == "kinto"

    def test_an_application_with_its_own_root_factory_serves(self):  # P4.1
        """Start-up: own `Configurator(root_factory=RouteFactory)`, then they `config.scan`."""
        app = webtest.TestApp(kinto.main({}, **MEMORY))
        assert app.get("/v1/buckets", headers=ALICE).json["data"] == []

    def test_settings_have_no_prefix_afterwards(self):  # settings
        """Start-up: after it `config.get_settings()` has unprefixed keys."""
        settings = configured({"compat.own": "x", "cliquet.backoff": "3"}).get_settings()
        assert (settings["own"], settings["backoff"]) == ("x", 3)
        assert not any(key.startswith(("compat.", "cliquet.")) for key in settings)

    def test_an_application_scans_its_resources(self):  # P4.1
        """Start-up: then they `config.scan`."""
        app = webtest.TestApp(readinglist.main({}, **MEMORY))
        assert app.get("/v2/articles", headers=ALICE).json == {"data": []}

    def test_defaults_of_an_application_are_in_force(self):  # P6.6
        """Start-up: `default_settings` keys may be prefixed."""
        app = webtest.TestApp(readinglist.main({}, **MEMORY)).app
        assert app.registry.settings["paginate_by"] == 100
        assert app.registry.settings["retention_days"] == 30

    def test_middlewares_return_the_application(self):  # names: install_middlewares
        """Start-up: `install_middlewares(app, settings)` returns the app."""
        config = configured()
        app = config.make_wsgi_app()
        assert cliquet.install_middlewares(app, config.get_settings()) is app

    def test_middlewares_take_the_settings_of_the_ini_file(self):  # names: install_middlewares
        """Start-up: `install_middlewares(app, settings)`: `main()` hands on its own keywords."""
        app = configured().make_wsgi_app()
        assert cliquet.install_middlewares(app, {"compat.storage_backend": "x"}) is app


class TestRegistry:
    """What the registry has afterwards."""

    def test_backends_are_there_when_they_are_set(self):  # settings: storage_backend
        """Start-up: after it the registry has `storage cache permission`."""
        settings = {
            "cache_backend": "cliquet.cache.memory",
            "permission_backend": "cliquet.permission.memory",
        }
        registry = configured(settings).registry
        assert isinstance(registry.storage, Storage)
        assert isinstance(registry.permission, Permission)
        registry.cache.set("a", 1, 10.5)
        assert registry.cache.get("a") == 1

    def test_backends_are_absent_when_they_are_not(self):  # settings: storage_backend
        """Start-up: `storage cache permission` (absent when no backend is set)."""
        registry = configured({"storage_backend": ""}).registry
        assert not any(hasattr(registry, name) for name in ("storage", "cache", "permission"))

    def test_heartbeats_are_functions_by_name(self):  # P3.2
        """Start-up: the registry has `heartbeats` (name → f(request))."""
        app = served(
            {"cache_backend": "cliquet.cache.memory"},
            setup=lambda config: config.registry.heartbeats.update(other=lambda request: True),
        )
        status = app.get("/v1/__heartbeat__").json
        assert status == {"storage": True, "cache": True, "other": True}

    def test_public_settings_are_a_set(self):  # P3.1
        """Start-up: the registry has `public_settings` (a set)."""
        app = served(
            {"compat.limit": 3},
            setup=lambda config: config.registry.public_settings.add("limit"),
        )
        assert hello(app)["settings"]["limit"] == 3

    @pytest.mark.parametrize("name", ["cliquet.batch_max_requests", "compat.batch_max_requests"])
    def test_public_settings_show_under_the_name_they_were_added_with(self, name):  # P3.1
        """Start-up: `"cliquet.batch_max_requests"` shows under that name."""
        app = served(
            {"batch_max_requests": 7},
            setup=lambda config: config.registry.public_settings.add(name),
        )
        assert hello(app)["settings"][name] == 7

    def test_there_is_no_statsd_unless_it_is_set(self):  # settings: statsd_url
        """Start-up: the registry has `statsd` (None or a client)."""
        assert configured().registry.statsd is None

    def test_statsd_is_a_client_when_it_is_set(self):  # settings: statsd_url
        """Start-up: the registry has `statsd` (None or a client)."""
        registry = configured({"statsd_url": "udp://127.0.0.1:8125"}).registry
        registry.statsd.count("key")
        registry.statsd.close()

    def test_the_id_generator_is_there(self):  # P4.9
        """Start-up: the registry has `id_generator`."""
        generator = configured().registry.id_generator
        assert isinstance(generator, UUID4)
        assert generator.match(generator())

    def test_services_and_capabilities_are_there(self):  # P3.1
        """Start-up: the registry has `cornice_services api_capabilities`."""
        registry = configured().registry
        names = {service.name for service in registry.cornice_services.values()}
        assert {"hello", "heartbeat"} <= names
        assert registry.api_capabilities == {}

    def test_a_capability_is_shown(self):  # P3.1
        """Start-up: `config.add_api_capability`, as plugins call it."""
        app = served(
            setup=lambda config: config.add_api_capability(
                "history", description="d", url="http://h.example/", size=3
            )
        )
        shown = {"description": "d", "url": "http://h.example/", "size": 3}
        assert hello(app)["capabilities"] == {"history": shown}


class TestIncludes:
    """The setting ``includes``."""

    SETTINGS = {"compat.includes": "tests.compat.apps.plugin"}

    def test_a_plugin_overrides_who_the_user_is(self):  # P3.1
        """Start-up: a plugin may override `add_request_method(get_user_info)`."""
        user = served(self.SETTINGS).get("/v1/", headers=ALICE).json["user"]
        assert user["name"] == "somebody"

    def test_a_plugin_adds_a_heartbeat(self):  # P3.2
        """Start-up: a plugin may add to `registry.heartbeats`; None counts as fine."""
        assert served(self.SETTINGS).get("/v1/__heartbeat__").json["plugin"] is True

    def test_policies_are_read_before_plugins(self):  # settings: multiauth.policies
        """Start-up: `multiauth.policies` are read before `includes`."""
        registry = served(self.SETTINGS).app.registry
        assert registry.policies_when_included == "basicauth"
        assert [name for name, _ in registry.authentication_policy.get_policies()] == ["basicauth"]

    def test_a_plugin_adds_its_settings(self, monkeypatch):  # settings: load_default_settings
        """Start-up: `load_default_settings(config, defaults)` with a prefix of the plugin's."""
        monkeypatch.setenv("MY_PLUGIN_SIZE", "5")
        settings = configured({**self.SETTINGS, "my-plugin.version": "1.20"}).get_settings()
        assert (settings["my-plugin.size"], settings["my-plugin.version"]) == (5, "1.20")

    def test_routes_of_a_plugin_are_below_the_prefix(self):  # settings: includes
        """Start-up: `includes` come after set-up."""
        app = served(self.SETTINGS)
        assert app.get("/v1/plugin", headers=ALICE).json == {"size": 3}

    def test_a_plugin_shows_its_capability(self):  # P3.1
        """Start-up: `includes` come after set-up and a `config.commit()`."""
        assert "plugin" in hello(served(self.SETTINGS))["capabilities"]

    def test_an_application_may_override_a_plugin(self):  # settings: includes
        """Start-up: `includes` come after set-up; the application has the last word."""

        def setup(config):
            config.commit()
            config.add_request_method(lambda request: {"id": "mine"}, "get_user_info")

        app = served(self.SETTINGS, setup=setup)
        assert app.get("/v1/", headers=ALICE).json["user"] == {"id": "mine"}
