"""An application like Kinto 1: buckets hold collections, which hold records of any form."""

import colander
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException

import cliquet
from cliquet import resource
from cliquet.authorization import PRIVATE, RouteFactory
from cliquet.errors import raise_invalid
from cliquet.events import ACTIONS
from cliquet.storage import Filter
from cliquet.storage.exceptions import UnicityError
from cliquet.storage.generators import Generator
from cliquet.utils import (
    COMPARISON,
    build_request,
    hmac_digest,
    random_bytes_hex,
    reapply_cors,
)


class NameGenerator(Generator):
    """Ids are names, in lower case."""

    regexp = r"^[a-z0-9][a-z0-9-]*$"

    def __call__(self):
        return random_bytes_hex(4)


class FreeSchema(resource.ResourceSchema):
    """Anything; it says nothing of the other options."""

    class Options:
        preserve_unknown = True


@resource.register(name="bucket", collection_methods=("GET", "POST"))
class Bucket(resource.BaseResource):
    """Buckets, of everybody."""

    mapping = FreeSchema()
    permissions = ("read", "write", "collection:create")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.id_generator = NameGenerator()

    def get_parent_id(self, request):
        return ""

    def delete(self):
        result = super().delete()
        parent = {"collection_id": "collection", "parent_id": f"/buckets/{self.record_id}"}
        self.model.storage.delete_all(with_deleted=False, **parent)
        self.model.storage.purge_deleted(**parent)
        return result


class CollectionSchema(FreeSchema):
    """A collection may say how long its records are fresh."""

    cache_expires = colander.SchemaNode(colander.Integer(), missing=colander.drop)


@resource.register(
    name="collection",
    collection_path="/buckets/{{bucket_id}}/collections",
    record_path="/buckets/{{bucket_id}}/collections/{{id}}",
    collection_methods=("GET", "POST"),
)
class Collection(resource.BaseResource):
    """Collections of a bucket."""

    mapping = CollectionSchema()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.id_generator = NameGenerator()

    def get_parent_id(self, request):
        self.bucket_id = request.matchdict["bucket_id"]
        return f"/buckets/{self.bucket_id}"


@resource.register(
    name="record",
    collection_path="/buckets/{{bucket_id}}/collections/{{collection_id}}/records",
    record_path="/buckets/{{bucket_id}}/collections/{{collection_id}}/records/{{id}}",
)
class Record(resource.BaseResource):
    """Records of a collection."""

    mapping = FreeSchema()
    schema_field = "schema"

    def get_parent_id(self, request):
        self.bucket_id = request.matchdict["bucket_id"]
        self.collection_id = request.matchdict["collection_id"]
        return f"/buckets/{self.bucket_id}/collections/{self.collection_id}"

    def is_known_field(self, field):
        return not field.startswith("unknown")

    def process_record(self, new, old=None):
        new = super().process_record(new, old)
        if new.get("size", 0) > 10:
            raise_invalid(self.request, name="size", description="size is too large")
        new[self.schema_field] = 1 if old is None else old[self.schema_field] + 1
        return new

    def collection_get(self):
        result = super().collection_get()
        self.request.response.headers["Collection"] = self.collection_id
        return result

    def collection_delete(self):
        result = super().collection_delete()
        self.request.response.headers["Deleted"] = str(len(result["data"]))
        return result

    def get(self):
        result = super().get()
        self.request.response.cache_control.max_age = 60
        return result

    def postprocess(self, result, action=ACTIONS.READ, old=None):
        body = super().postprocess(result, action=action, old=old)
        return {**body, "action": action.value, "had": old is not None}

    def _extract_filters(self, queryparams=None):
        filters = super()._extract_filters(queryparams)
        if "Only-Size" in self.request.headers:
            size = int(self.request.headers["Only-Size"])
            filters.append(Filter("size", size, COMPARISON.EQ))
        return filters


def create_bucket(request, bucket_id):
    """Return the bucket of that id, made now if it was not there."""
    context = RouteFactory(request)
    context.get_permission_object_id = lambda request, object_id=None: f"/buckets/{bucket_id}"
    matchdict, request.matchdict = request.matchdict, {"id": bucket_id}
    bucket = Bucket(request, context)
    request.matchdict = matchdict
    try:
        return bucket.model.create_record({"id": bucket_id})
    except UnicityError as error:
        return error.record


def default_bucket(request):
    """Answer as the bucket of the user does, which is made when it is first asked for."""
    settings = request.registry.settings
    bucket_id = hmac_digest(settings["userid_hmac_secret"], request.prefixed_userid)[:32]
    request.bound_data.setdefault("buckets", {})[bucket_id] = create_bucket(request, bucket_id)
    path = request.path.replace("/buckets/default", f"/buckets/{bucket_id}")
    query = request.url[request.url.index(request.path) + len(request.path) :]
    subrequest = build_request(
        request, {"method": request.method, "path": path + query, "body": request.body}
    )
    subrequest.bound_data = request.bound_data
    try:
        return request.invoke_subrequest(subrequest)
    except HTTPException as error:
        if error.content_type == "application/json":
            return reapply_cors(subrequest, error)
        raise


def main(global_config, config=None, **settings):
    """Return the WSGI application."""
    config = config or Configurator(settings=settings, root_factory=RouteFactory)
    config.add_settings({"cliquet.project_name": "kinto"})
    cliquet.initialize(config, version="1.11.2", default_settings={"kinto.paginate_by": 50})
    config.add_route("default_bucket", "/buckets/default{subpath:.*}")
    config.add_view(default_bucket, route_name="default_bucket", permission=PRIVATE)
    config.scan(__name__)
    return cliquet.install_middlewares(config.make_wsgi_app(), settings)
