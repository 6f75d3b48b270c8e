"""The JSON API without uploads: calls by path and method.

https://cloud.google.com/storage/docs/json_api/v1
"""

import base64
import binascii
import json
from collections.abc import Mapping

from local.stand_ins.storage import errors
from local.stand_ins.storage.core import FakeStorage, RewriteSource
from local.stand_ins.storage.http import reads
from local.stand_ins.storage.http.api_calls import Call, select_fields
from local.stand_ins.storage.http.wire import Request, WireResponse, json_response, text_error
from local.stand_ins.storage.object_listing import MAX_RESULTS, ListQuery
from local.stand_ins.storage.objects import Attributes, Resource, Version, has_attributes
from local.stand_ins.storage.preconditions import Preconditions


class JsonApi:
    """JSON API of ``storage``."""

    def __init__(self, storage: FakeStorage) -> None:
        self._storage = storage

    def resolve(self, request: Request) -> Call:
        """Return the call of a request.

        :raises StorageError: 400, for an unsupported request.
        """
        match (request.method, *request.path):
            case (method, _, "v1", "b"):
                return self._project(method, request)
            case (method, _, "v1", "b", bucket):
                return self._bucket(method, request, bucket)
            case ("GET", _, "v1", "b", bucket, "storageLayout"):
                return Call("buckets.layout", bucket, "", lambda: self._read_layout(bucket))
            case ("GET", _, "v1", "b", bucket, "o"):
                return Call("objects.list", bucket, "", lambda: self._list(request, bucket))
            case (method, _, "v1", "b", bucket, "o", name):
                return self._object(method, request, bucket, name)
            case ("POST", _, "v1", "b", bucket, "o", name, "rewriteTo", "b", to, "o", new):
                source = RewriteSource(
                    bucket,
                    name,
                    request.number("sourceGeneration"),
                    Preconditions.from_query(request.query, "ifSource"),
                )
                return Call(
                    "objects.rewrite", to, new, lambda: self._rewrite(request, source, to, new)
                )
        raise errors.not_supported(f"{request.method} {'/'.join(request.path)}")

    def _project(self, method: str, request: Request) -> Call:
        storage = self._storage

        def insert() -> WireResponse:
            settings = request.json()
            storage.create_bucket(str(settings["name"]), versioning=_read_versioning(settings))
            return self._bucket_answer(request, str(settings["name"]))

        def list_all() -> WireResponse:
            items = [b.resource(storage.origin) for b in storage.buckets.values()]
            return select_fields(request, {"kind": "storage#buckets", "items": items})

        if method == "POST":
            return Call("buckets.insert", str(request.json().get("name", "")), "", insert)
        return Call("buckets.list", "", "", list_all)

    def _bucket(self, method: str, request: Request, bucket: str) -> Call:
        storage = self._storage

        def patch() -> WireResponse:
            versioning = _read_versioning(request.json(), storage.bucket(bucket).versioning)
            storage.patch_bucket(bucket, versioning=versioning)
            return self._bucket_answer(request, bucket)

        def delete() -> WireResponse:
            storage.delete_bucket(bucket)
            return WireResponse(204)

        match method:
            case "GET":
                return Call("buckets.get", bucket, "", lambda: self._bucket_answer(request, bucket))
            case "PATCH":
                return Call("buckets.patch", bucket, "", patch)
            case "DELETE":
                return Call("buckets.delete", bucket, "", delete)
        raise errors.not_supported(f"{method} of a bucket")

    def _read_layout(self, bucket: str) -> WireResponse:
        """Return the layout of a bucket without hierarchical namespace."""
        location = self._storage.bucket(bucket).resource("")["location"]
        return json_response(
            {"kind": "storage#storageLayout", "bucket": bucket, "location": location}
        )

    def _bucket_answer(self, request: Request, bucket: str) -> WireResponse:
        return select_fields(request, self._storage.bucket(bucket).resource(self._storage.origin))

    def _object(self, method: str, request: Request, bucket: str, name: str) -> Call:
        storage = self._storage
        generation = request.number("generation")
        conditions = Preconditions.from_query(request.query)

        def get() -> WireResponse:
            version = storage.get(bucket, name, generation, conditions)
            return self._answer(request, version)

        def download() -> WireResponse:
            version = storage.get(bucket, name, generation, conditions)
            return reads.respond(version, request.headers, "json")

        def patch() -> WireResponse:
            changes = request.json()
            return self._answer(
                request, storage.patch(bucket, name, changes, generation, conditions)
            )

        def delete() -> WireResponse:
            storage.delete(bucket, name, generation, conditions)
            return WireResponse(204)

        match method:
            case "GET" if request.query.get("alt") == "media":
                return Call("objects.download", bucket, name, download, text_error)
            case "GET":
                return Call("objects.get", bucket, name, get)
            case "PATCH":
                return Call("objects.patch", bucket, name, patch)
            case "DELETE":
                return Call("objects.delete", bucket, name, delete)
        raise errors.not_supported(f"{method} of an object")

    def _answer(self, request: Request, version: Version) -> WireResponse:
        return select_fields(request, version.resource(self._storage.origin))

    def _list(self, request: Request, bucket: str) -> WireResponse:
        query = request.query
        limit = request.number("maxResults")
        wanted = ListQuery(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start_offset=query.get("startOffset", ""),
            end_offset=query.get("endOffset", ""),
            versions=request.flag("versions"),
            max_results=limit or MAX_RESULTS,
            page_token=query.get("pageToken", ""),
        )
        page = self._storage.list(bucket, wanted)
        resource: Resource = {"kind": "storage#objects"}
        if page.items:
            resource["items"] = [v.resource(self._storage.origin) for v in page.items]
        if page.prefixes:
            resource["prefixes"] = page.prefixes
        if page.next_page_token:
            resource["nextPageToken"] = page.next_page_token
        return select_fields(request, resource)

    def _rewrite(
        self, request: Request, source: RewriteSource, bucket: str, name: str
    ) -> WireResponse:
        """Run one call of a rewrite; only the last call has an effect, and checks all again."""
        storage, resource = self._storage, request.json()
        attributes = Attributes.from_resource(resource) if has_attributes(resource) else None
        conditions = Preconditions.from_query(request.query)
        version = storage.find_source(source)
        size = version.content.size
        step = request.number("maxBytesRewrittenPerCall") or storage.rewrite_step or size
        written = min(_read_progress(request.query, version) + step, size)
        answer: Resource = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(written),
            "objectSize": str(size),
            "done": written == size,
        }
        if written < size:
            storage.check_insert(bucket, name, conditions)
            return select_fields(request, answer | {"rewriteToken": _make_token(version, written)})
        copy = storage.rewrite(source, bucket, name, attributes, conditions)
        return select_fields(request, answer | {"resource": copy.resource(storage.origin)})


def _read_versioning(settings: Mapping[str, object], current: bool = False) -> bool:
    versioning = settings.get("versioning")
    return bool(versioning.get("enabled")) if isinstance(versioning, dict) else current


def _make_token(version: Version, written: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([version.generation, written]).encode()).decode()


def _read_progress(query: Mapping[str, str], version: Version) -> int:
    """Return the number of copied bytes from the token of earlier calls for this generation."""
    if "rewriteToken" not in query:
        return 0
    try:
        generation, written = json.loads(base64.urlsafe_b64decode(query["rewriteToken"]))
    except (binascii.Error, ValueError, TypeError):
        generation, written = 0, 0
    if generation != version.generation:
        raise errors.invalid("Invalid value for rewriteToken", "rewriteToken")
    return int(written)
