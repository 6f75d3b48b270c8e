"""The JSON API, without uploads: which path and method is which operation of the core.

https://cloud.google.com/storage/docs/json_api/v1
"""

import base64
import binascii
import json
from collections.abc import Mapping

from testing.storage import errors, listing
from testing.storage.core import Source, Storage
from testing.storage.http import reads
from testing.storage.http.calls import Call, selected
from testing.storage.http.wire import Answer, Request, text_error
from testing.storage.objects import Attributes, Resource, Version, describes
from testing.storage.preconditions import Preconditions


class JsonApi:
    """Answers from ``storage``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def resolve(self, request: Request) -> Call:
        """:raises StorageError: 400, for what is not served."""
        match (request.method, *request.path):
            case (method, _, "v1", "b"):
                return self._project(method, request)
            case (method, _, "v1", "b", bucket):
                return self._bucket(method, request, bucket)
            case ("GET", _, "v1", "b", bucket, "o"):
                return Call("objects.list", bucket, "", lambda: self._list(request, bucket))
            case (method, _, "v1", "b", bucket, "o", name):
                return self._object(method, request, bucket, name)
            case ("POST", _, "v1", "b", bucket, "o", name, "rewriteTo", "b", to, "o", new):
                source = Source(
                    bucket,
                    name,
                    request.number("sourceGeneration"),
                    Preconditions.of(request.query, "ifSource"),
                )
                return Call(
                    "objects.rewrite", to, new, lambda: self._rewrite(request, source, to, new)
                )
        raise errors.not_served(f"{request.method} {'/'.join(request.path)}")

    def _project(self, method: str, request: Request) -> Call:
        storage = self._storage

        def insert() -> Answer:
            settings = request.json()
            storage.create_bucket(str(settings["name"]), versioning=_versioning(settings))
            return self._bucket_answer(request, str(settings["name"]))

        def list_all() -> Answer:
            items = [b.resource(storage.origin) for b in storage.buckets.values()]
            return selected(request, {"kind": "storage#buckets", "items": items})

        if method == "POST":
            return Call("buckets.insert", str(request.json().get("name", "")), "", insert)
        return Call("buckets.list", "", "", list_all)

    def _bucket(self, method: str, request: Request, bucket: str) -> Call:
        storage = self._storage

        def patch() -> Answer:
            state = storage.bucket(bucket)
            state.versioning = _versioning(request.json(), state.versioning)
            state.metageneration += 1
            return self._bucket_answer(request, bucket)

        def delete() -> Answer:
            storage.delete_bucket(bucket)
            return Answer(204)

        match method:
            case "GET":
                return Call("buckets.get", bucket, "", lambda: self._bucket_answer(request, bucket))
            case "PATCH":
                return Call("buckets.patch", bucket, "", patch)
            case "DELETE":
                return Call("buckets.delete", bucket, "", delete)
        raise errors.not_served(f"{method} of a bucket")

    def _bucket_answer(self, request: Request, bucket: str) -> Answer:
        return selected(request, self._storage.bucket(bucket).resource(self._storage.origin))

    def _object(self, method: str, request: Request, bucket: str, name: str) -> Call:
        storage = self._storage
        generation = request.number("generation")
        conditions = Preconditions.of(request.query)

        def get() -> Answer:
            version = storage.get(bucket, name, generation, conditions)
            return self._answer(request, version)

        def download() -> Answer:
            version = storage.get(bucket, name, generation, conditions)
            return reads.media(version, request.headers, "json")

        def patch() -> Answer:
            changes = request.json()
            return self._answer(
                request, storage.patch(bucket, name, changes, generation, conditions)
            )

        def delete() -> Answer:
            storage.delete(bucket, name, generation, conditions)
            return Answer(204)

        match method:
            case "GET" if request.query.get("alt") == "media":
                return Call("objects.download", bucket, name, download, text_error)
            case "GET":
                return Call("objects.get", bucket, name, get)
            case "PATCH":
                return Call("objects.patch", bucket, name, patch)
            case "DELETE":
                return Call("objects.delete", bucket, name, delete)
        raise errors.not_served(f"{method} of an object")

    def _answer(self, request: Request, version: Version) -> Answer:
        return selected(request, version.resource(self._storage.origin))

    def _list(self, request: Request, bucket: str) -> Answer:
        query = request.query
        limit = request.number("maxResults")
        wanted = listing.ListQuery(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start_offset=query.get("startOffset", ""),
            end_offset=query.get("endOffset", ""),
            versions=request.flag("versions"),
            max_results=limit or listing.MAX_RESULTS,
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
        return selected(request, resource)

    def _rewrite(self, request: Request, source: Source, bucket: str, name: str) -> Answer:
        """One call of the loop: nothing is visible before the last, which checks all again."""
        storage, said = self._storage, request.json()
        attributes = Attributes.of(said) if describes(said) else None
        conditions = Preconditions.of(request.query)
        version = storage.source(source)
        size = len(version.data)
        step = request.number("maxBytesRewrittenPerCall") or storage.rewrite_step or size
        written = min(_progress(request.query, version) + step, size)
        answer: Resource = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(written),
            "objectSize": str(size),
            "done": written == size,
        }
        if written < size:
            storage.check_insert(bucket, name, conditions)
            return selected(request, answer | {"rewriteToken": _token(version, written)})
        copy = storage.rewrite(source, bucket, name, attributes, conditions)
        return selected(request, answer | {"resource": copy.resource(storage.origin)})


def _versioning(settings: Mapping[str, object], current: bool = False) -> bool:
    versioning = settings.get("versioning")
    return bool(versioning.get("enabled")) if isinstance(versioning, dict) else current


def _token(version: Version, written: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([version.generation, written]).encode()).decode()


def _progress(query: Mapping[str, str], version: Version) -> int:
    """The bytes that earlier calls copied, by their token, which belongs to one generation."""
    if "rewriteToken" not in query:
        return 0
    try:
        generation, written = json.loads(base64.urlsafe_b64decode(query["rewriteToken"]))
    except (binascii.Error, ValueError, TypeError):
        generation, written = 0, 0
    if generation != version.generation:
        raise errors.invalid("Invalid value for rewriteToken", "rewriteToken")
    return int(written)
