"""A plugin, as the setting ``includes`` names it: it has settings, a check, and its own users."""

import cliquet


def get_user_info(request):
    """Say more of the user than cliquet does."""
    return {"id": request.prefixed_userid, "name": "somebody"}


def includeme(config):
    """Look at what was set up so far, and override a part of it."""
    config.registry.policies_when_included = config.get_settings()["multiauth.policies"]
    config.registry.heartbeats["plugin"] = lambda request: None
    config.add_request_method(get_user_info)
    config.add_api_capability("plugin", description="It is there", url="http://plugin.example/")
    cliquet.load_default_settings(config, {"my-plugin.size": 3, "my-plugin.version": "1.0"})
    config.add_route("plugin", "/plugin")
    config.add_view(lambda request: {"size": 3}, route_name="plugin", renderer="json")
