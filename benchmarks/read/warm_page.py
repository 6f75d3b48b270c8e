"""CPU of a page in memory: the proxy, a bare Starlette and a bare ASGI application.

    python -m benchmarks.read.warm_page [--rounds 20]

CPU per request, without a socket: each application is called as uvicorn calls it. All check the
same token, send the same bytes and header fields, and write the same access-log line. A further one
has the proxy's routes in the ``Starlette`` class. Each round runs every application. The results
are minima, because other processes on the machine only add. The decision is docs/adr/0008.
"""

import argparse
import asyncio
import contextlib
import hmac
import io
import resource
from collections import defaultdict
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.authentication import parse_credential
from chassis import logs
from proxy.http.access_log import AccessLog, AccessRecord
from schemas.tokens import hash_token
from testing.memory_proxy import JSON, TOKEN, MemoryProxy, encode_basic

PIP = (
    f"{JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    'pip/26.3 {"ci":true,"cpu":"x86_64","implementation":{"name":"CPython","version":"3.13.0"}}',
)
DIGEST = hash_token(TOKEN)
FIELDS = {"cache-control": "private, no-cache", "vary": "Accept", "etag": '"0123"'}


def make_scope(path: str) -> Scope:
    """Return a request of pip in the form that uvicorn passes."""
    fields = {
        "host": "a",
        "accept": PIP[0],
        "accept-encoding": "gzip, deflate",
        "user-agent": PIP[1],
        "authorization": encode_basic(),
    }
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
    }


def is_known(authorization: str) -> bool:
    """Check the token."""
    return hmac.compare_digest(hash_token(parse_credential(authorization) or ""), DIGEST)


def log_line(scope: Scope, body: bytes) -> None:
    """Write the line of the access log."""
    record = AccessRecord(status=200, sent=len(body), is_complete=True)
    record.write(scope, "acme-prod", 0.001)


def make_starlette_app(body: bytes) -> ASGIApp:
    """Make a Starlette application with a router, a request and a response object."""

    async def serve(request: Request) -> Response:
        known = is_known(request.headers.get("authorization", ""))
        log_line(request.scope, body)
        return Response(body, 200 if known else 401, FIELDS, media_type=JSON)

    return Starlette(routes=[Route("/simple/{project}/", serve)])


def make_asgi_app(body: bytes) -> ASGIApp:
    """Make the minimal ASGI application."""
    length = str(len(body))
    fields = {**FIELDS, "content-type": JSON, "content-length": length}
    encoded = [(name.encode(), value.encode()) for name, value in fields.items()]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        known = is_known(dict(scope["headers"]).get(b"authorization", b"").decode())
        status = 200 if known else 401
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})
        log_line(scope, body)

    return app


async def measure_cpu(app: ASGIApp, scope: Scope, times: int) -> float:
    """Return the CPU microseconds of a request."""
    statuses: list[Message] = []

    async def send(message: Message) -> None:
        statuses.append(message)

    async def receive() -> Message:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    await app(dict(scope), receive, send)
    if statuses[0]["status"] != 200:
        raise ValueError("not served")
    started = _read_cpu_seconds()
    for _ in range(times):
        statuses.clear()
        await app(dict(scope), receive, send)
    return (_read_cpu_seconds() - started) / times * 1e6


def _read_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def compare(rounds: int) -> Mapping[str, float]:
    """Return the microseconds of each application."""
    proxy = MemoryProxy(cache_ttl=3600)
    body = b'{"files":[]}' * 200
    proxy.put_page("simple/alpha-pkg/index.v1.json", body.decode())
    contenders: dict[str, ASGIApp] = {
        "proxy": proxy.app,
        "proxy in Starlette": Starlette(
            routes=proxy.app.routes, middleware=[Middleware(AccessLog, "acme-prod")]
        ),
        "Starlette": make_starlette_app(body),
        "bare ASGI": make_asgi_app(body),
    }
    seen: dict[str, list[float]] = defaultdict(list)
    scope = make_scope("/simple/alpha-pkg/")
    for _ in range(rounds):
        for name, app in contenders.items():
            seen[name].append(await measure_cpu(app, scope, 1000))
    return {name: min(values) for name, values in seen.items()}


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with contextlib.redirect_stdout(io.StringIO()):
        logs.configure()
        microseconds = asyncio.run(compare(rounds))
    for name, value in microseconds.items():
        print(f"{name:<20} {value:6.0f} us CPU a request, {value / microseconds['Starlette']:.2f}")


if __name__ == "__main__":
    main()
