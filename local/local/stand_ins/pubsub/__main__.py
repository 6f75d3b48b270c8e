"""Program of the in-memory Pub/Sub: ``python -m local.stand_ins.pubsub --port 8085``."""

import argparse
import gc

import uvloop

from local.plain_logs import log_to_stdout
from local.stand_ins.grpc_server import serve
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub.servicer import Servicer


async def _serve(address: str) -> None:
    await serve(address, *Servicer(Broker()).make_handlers())


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.stand_ins.pubsub", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8085)
    options = parser.parse_args()
    log_to_stdout()
    gc.freeze()  # docs/adr/0012-loaded-objects-are-frozen.md
    uvloop.run(_serve(f"{options.host}:{options.port}"))


if __name__ == "__main__":
    main()
