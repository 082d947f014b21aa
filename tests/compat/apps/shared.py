"""An application like Kinto 2: buckets, groups and records that inherit permissions."""

import colander
from pyramid.config import Configurator
from pyramid.security import NO_PERMISSION_REQUIRED

import cliquet
from cliquet import resource
from cliquet.authorization import DYNAMIC, AuthorizationPolicy, RouteFactory
from cliquet.errors import raise_invalid
from cliquet.storage.exceptions import UnicityError
from cliquet.storage.generators import Generator

SETTINGS = {
    "storage_backend": "cliquet.storage.memory",
    "permission_backend": "cliquet.permission.memory",
    "userid_hmac_secret": "b4c96a8692291d88fe5a97dd91846eb4",
    "bucket_create_principals": "system.Authenticated",
    "multiauth.authorization_policy": "tests.compat.apps.shared.Policy",
}


class Names(Generator):
    """Ids that are names."""

    regexp = r"^[a-z0-9-]+$"

    def __call__(self):
        return "made"


class Policy(AuthorizationPolicy):
    """Rights on a bucket are rights on what is in it; a robot may read everything."""

    asked = []

    def get_bound_permissions(self, uri, perm):
        self.asked.append((uri, perm))
        if uri.startswith("/nothing"):
            return []
        bucket = "/".join(uri.split("/")[:3])
        pairs = [(uri, perm), (bucket, "write")]
        if perm == "read":
            pairs += [(uri, "write"), (bucket, "read"), ("/robots", "read")]
        return pairs

    def permits(self, context, principals, permission):
        if getattr(context, "robot", False):
            principals = principals + ["robot"]  # noqa: RUF005 - as applications do
        return super().permits(context, principals, permission)


class Factory(RouteFactory):
    """Knows robots by their header; what is asked at /archive is about a bucket."""

    def __init__(self, request):
        super().__init__(request)
        self.robot = "X-Robot" in request.headers
        if request.matched_route is not None and request.matched_route.name == "archive":
            self.resource_name = "bucket"
            self.permission_object_id = f"/buckets/{request.matchdict['name']}"
            self.required_permission = "write"


class FreeSchema(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


class RobotViewSet(resource.ShareableViewSet):
    """Views whose context is of the application."""

    service_arguments = {"factory": Factory}


@resource.register(collection_path="/buckets", record_path="/buckets/{{id}}")
class Bucket(resource.ShareableResource):
    """Buckets."""

    mapping = FreeSchema()
    default_viewset = RobotViewSet
    permissions = ("read", "write", "group:create", "record:create")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.id_generator = Names()

    def process_record(self, new, old=None):
        asked = new.get(self.model.permissions_field, {})
        if "enemy" in asked.get("write", []):
            raise_invalid(self.request, name="permissions.write", description="not the enemy")
        new["had"] = None if old is None else len(old[self.model.permissions_field])
        return new

    def delete(self):
        result = super().delete()
        parent = f"/buckets/{self.record_id}"
        for kind in ("group", "record"):
            self.model.storage.delete_all(collection_id=kind, parent_id=parent, with_deleted=False)
            self.model.storage.purge_deleted(collection_id=kind, parent_id=parent)
        return result


class GroupSchema(resource.ResourceSchema):
    """Members."""

    members = colander.SchemaNode(colander.Sequence(), colander.SchemaNode(colander.String()))


@resource.register(
    collection_path="/buckets/{{bucket_id}}/groups",
    record_path="/buckets/{{bucket_id}}/groups/{{id}}",
)
class Group(resource.ShareableResource):
    """Groups, whose URIs are the principals of their members."""

    mapping = GroupSchema()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.id_generator = Names()

    def get_parent_id(self, request):
        return f"/buckets/{request.matchdict['bucket_id']}"

    def process_record(self, new, old=None):
        before = set() if old is None else set(old["members"])
        after = set(new["members"])
        permission = self.request.registry.permission
        uri = self.context.get_permission_object_id(self.request, new.get("id", self.record_id))
        for member in after - before:
            permission.add_user_principal(member, uri)
        for member in before - after:
            permission.remove_user_principal(member, uri)
        return new

    def delete(self):
        uri = self.context.get_permission_object_id(self.request, self.record_id)
        self.request.registry.permission.remove_principal(uri)
        return super().delete()

    def collection_delete(self):
        groups, _ = self.model.get_records(filters=self._extract_filters())
        for group in groups:
            uri = self.context.get_permission_object_id(self.request, group[self.model.id_field])
            self.request.registry.permission.remove_principal(uri)
        return super().collection_delete()


@resource.register(
    collection_path="/buckets/{{bucket_id}}/records",
    record_path="/buckets/{{bucket_id}}/records/{{id}}",
)
class Record(resource.ShareableResource):
    """Records of a bucket."""

    mapping = FreeSchema()

    def get_parent_id(self, request):
        return f"/buckets/{request.matchdict['bucket_id']}"


@resource.register(collection_path="/nothing", record_path="/nothing/{{id}}")
class Nothing(resource.ShareableResource):
    """What nobody may do anything with."""


def make_bucket(request):
    """Make the bucket of that name by hand, or find it."""
    name = request.matchdict["name"]
    context = RouteFactory(request)
    context.resource_name = "bucket"
    context.get_permission_object_id = lambda r, i: f"/buckets/{name}"
    bucket = Bucket(request=request, context=context)
    try:
        return bucket.model.create_record({"id": name})
    except UnicityError as error:
        return error.record


def main(global_config, **settings):
    """Return the WSGI application."""
    config = Configurator(settings={**SETTINGS, **settings}, root_factory=Factory)
    cliquet.initialize(config, version="2.1.0", project_name="shared")
    config.add_route("make", "/make/{name}")
    config.add_view(
        make_bucket, route_name="make", renderer="json", permission=NO_PERMISSION_REQUIRED
    )
    config.add_route("archive", "/archive/{name}")
    config.add_view(lambda r: "done", route_name="archive", renderer="json", permission=DYNAMIC)
    config.scan(__name__)
    return cliquet.install_middlewares(config.make_wsgi_app(), settings)
