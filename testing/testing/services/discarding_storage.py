"""Cloud Storage that accepts uploads of any size and keeps no byte of them.

``python -m testing.services.discarding_storage --port 4443``. No object ever exists.
"""

import argparse
import itertools
import re

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", re.ASCII)
_numbers = itertools.count(1)


async def answer_health(request: Request) -> Response:
    return Response()


async def find(request: Request) -> Response:
    return JSONResponse({"error": {"code": 404, "message": "No such object"}}, 404)


async def start(request: Request) -> Response:
    body = await request.body()
    if request.query_params["uploadType"] != "resumable":  # a small object in one request
        return JSONResponse({"name": "upload", "generation": "1", "size": str(len(body))})
    url = request.url.replace(path=f"/session/{next(_numbers)}", query="")
    return Response(headers={"location": str(url)})


async def receive(request: Request) -> Response:
    async for _ in request.stream():
        pass
    found = _RANGE.fullmatch(request.headers["content-range"])
    assert found is not None
    if found[3] == "*":
        return Response(status_code=308, headers={"range": f"bytes=0-{found[2]}"})
    return JSONResponse({"name": "upload", "generation": "1", "size": found[3]})


async def cancel(request: Request) -> Response:
    return Response(status_code=499)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    routes = [
        Route("/upload/storage/v1/b/{bucket}/o", start, methods=["POST"]),
        Route("/session/{number}", receive, methods=["PUT"]),
        Route("/session/{number}", cancel, methods=["DELETE"]),
        Route("/health", answer_health),
        Route("/{path:path}", find),
    ]
    port = parser.parse_args().port
    uvicorn.run(Starlette(routes=routes), port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
