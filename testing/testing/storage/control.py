"""``/_fake/…``: control of the fake by another process.

=======  ================  =====================================================================
method   path              does
=======  ================  =====================================================================
POST     /_fake/reset      removes buckets, faults and counts
GET      /_fake/counts     requests and answers by operation, billed by class
DELETE   /_fake/counts     sets them to 0
GET      /_fake/faults     the active rules
POST     /_fake/faults     adds a rule: the fields of :class:`~testing.storage.Fault`
DELETE   /_fake/faults     removes all; ``?seed=`` seeds the random numbers
POST     /_fake/settings   ``write_interval``, ``rewrite_step``, ``now`` (RFC 3339, or null)
POST     /_fake/notify     ``{"bucket", "topic"}``: announce new objects to Pub/Sub
GET      /_fake/health     204
=======  ================  =====================================================================
"""

from datetime import datetime

from local.stand_ins.storage import errors
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.faults import Fault
from local.stand_ins.storage.http.wire import Request, WireResponse, json_response
from local.stand_ins.storage.notifications import PubSubNotification
from local.stand_ins.storage.objects import Resource


def handle(storage: FakeStorage, request: Request) -> WireResponse:
    """Handle a control request.

    :raises StorageError: 400, for an unknown request.
    """
    try:
        return _act(storage, request)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.invalid(f"{type(error).__name__}: {error}") from error


def _act(storage: FakeStorage, request: Request) -> WireResponse:
    match (request.method, *request.path[1:]):
        case ("GET", "health"):
            pass
        case ("POST", "reset"):
            storage.reset()
        case ("GET", "counts"):
            return json_response(storage.counts.snapshot())
        case ("DELETE", "counts"):
            storage.counts.clear()
        case ("GET", "faults"):
            return json_response(storage.faults.snapshot())
        case ("POST", "faults"):
            storage.faults.add(Fault.from_json(request.json()))
        case ("DELETE", "faults"):
            storage.faults.clear(request.number("seed") or 0)
        case ("POST", "settings"):
            _set(storage, request.json())
        case ("POST", "notify"):
            rule = request.json()
            listeners = storage.on_finalize.setdefault(str(rule["bucket"]), [])
            listeners.append(PubSubNotification(str(rule["topic"])))
        case _:
            raise errors.not_supported(f"{request.method} {'/'.join(request.path)}")
    return WireResponse(204)


def _set(storage: FakeStorage, settings: Resource) -> None:
    for name, value in settings.items():
        match name, value:
            case "write_interval", int() | float():
                storage.write_interval = float(value)
            case "rewrite_step", int():
                storage.rewrite_step = value
            case "now", None:
                storage.now = None
            case "now", str():
                storage.now = datetime.fromisoformat(value)
            case _:
                raise ValueError(f"{name}={value!r}")
