"""An application like Syncto: no resource, services made at import, errors of a server behind."""

import colander
import cornice
from cornice.validators import colander_body_validator
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPServiceUnavailable, HTTPUnauthorized
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from requests import HTTPError, Response

import cliquet
from cliquet import Service
from cliquet.errors import ERRORS, http_error, json_error_handler, raise_invalid, send_alert
from cliquet.views.errors import service_unavailable


class MessageSchema(colander.MappingSchema):
    """The top level of a body."""

    text = colander.SchemaNode(colander.String(), location="body", type="str")
    size = colander.SchemaNode(colander.Integer(), location="body", missing=1)


collections = Service(
    name="collections",
    path="/collections/{name}",
    description="What the server behind has",
    cors_headers=("X-Last-Modified", "X-Weave-Records"),
)
messages = Service(name="messages", path="/messages")
listed = Service(name="listed", path="/listed")
plain = cornice.Service(
    name="plain",
    path="/plain",
    error_handler=json_error_handler,
    cors_enabled=True,
    cors_origins=("http://plain.example",),
)


def _refuse(status):
    response = Response()
    response.status_code = status
    raise HTTPError(f"server behind answered {status}", response=response)


@collections.get(permission=NO_PERMISSION_REQUIRED)
def get_collection(request):
    """Answer, or fail as the server behind did."""
    name = request.matchdict["name"]
    if name.isdigit():
        _refuse(int(name))
    request.response.headers["X-Last-Modified"] = "14377478425.69"
    if name == "old":
        send_alert(request, "Use another", code="soft-eol")
    return {"name": name}


@messages.post(schema=MessageSchema, permission=NO_PERMISSION_REQUIRED)
def post_message(request):
    """Return what was understood."""
    if request.validated["size"] > 10:
        raise_invalid(request, location="headers", name="X-Size", description="X-Size is off")
    return request.validated


class CountingSchema(MessageSchema):
    """Counts how often it is run."""

    runs = []

    def deserialize(self, cstruct=colander.null):
        self.runs.append(cstruct)
        return super().deserialize(cstruct)


@listed.post(
    schema=CountingSchema(),
    validators=(colander_body_validator,),
    permission=NO_PERMISSION_REQUIRED,
)
def post_listed(request):
    """Return what was understood."""
    return request.validated


def _is_positive(request, **kwargs):
    if request.validated.get("size", 1) <= 0:
        request.errors.add("body", "size", "size is not positive")


@messages.put(schema=MessageSchema(), validators=(_is_positive,), permission=NO_PERMISSION_REQUIRED)
def put_message(request):
    """Return what was understood."""
    return request.validated


@plain.get(permission=NO_PERMISSION_REQUIRED)
def get_plain(request):
    """Answer."""
    return {"plain": True}


@plain.post(
    schema=MessageSchema(),
    validators=(colander_body_validator, _is_positive),
    permission=NO_PERMISSION_REQUIRED,
)
def post_plain(request):
    """Return what was understood."""
    return request.validated


@view_config(context=HTTPError, permission=NO_PERMISSION_REQUIRED)
def response_error(context, request):
    """Tell what the server behind said."""
    status = context.response.status_code
    cliquet.logger.error(context, exc_info=True)
    if status == 401:
        return http_error(
            HTTPUnauthorized(), errno=ERRORS.INVALID_AUTH_TOKEN, message="The token is not valid"
        )
    response = http_error(
        HTTPServiceUnavailable(), errno=ERRORS.BACKEND, message=f"It answered {status}"
    )
    return service_unavailable(response, request)


def main(global_config, **settings):
    """Return the WSGI application."""
    config = Configurator(settings=settings)
    cliquet.initialize(config, version="1.5.0", project_name="syncto")
    config.scan(__name__)
    return cliquet.install_middlewares(config.make_wsgi_app(), settings)
