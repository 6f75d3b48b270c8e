"""``/_fake/…``: how another process drives the fake.

=======  ================  =====================================================================
method   path              does
=======  ================  =====================================================================
POST     /_fake/reset      forgets buckets, faults and counts
GET      /_fake/counts     requests and answers by operation, billed by class
DELETE   /_fake/counts     sets them to nothing
GET      /_fake/faults     the rules in force
POST     /_fake/faults     adds a rule: the fields of :class:`~testing.storage.Fault`
DELETE   /_fake/faults     removes them all; ``?seed=`` seeds the dice
POST     /_fake/settings   ``write_interval``, ``rewrite_step``, ``now`` (RFC 3339, or null)
POST     /_fake/notify     ``{"bucket", "topic"}``: announce new objects to Pub/Sub
GET      /_fake/health     204
=======  ================  =====================================================================
"""

from datetime import datetime

from testing.storage import errors
from testing.storage.core import Storage
from testing.storage.events import PubSubNotification
from testing.storage.faults import Fault
from testing.storage.http.wire import Answer, Request, json_answer
from testing.storage.objects import Resource


def answer(storage: Storage, request: Request) -> Answer:
    """Do as told.

    :raises StorageError: 400, if there is no such thing to do.
    """
    try:
        return _act(storage, request)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.invalid(f"{type(error).__name__}: {error}") from error


def _act(storage: Storage, request: Request) -> Answer:
    match (request.method, *request.path[1:]):
        case ("GET", "health"):
            pass
        case ("POST", "reset"):
            storage.reset()
        case ("GET", "counts"):
            return json_answer(storage.counts.snapshot())
        case ("DELETE", "counts"):
            storage.counts.clear()
        case ("GET", "faults"):
            return json_answer(storage.faults.snapshot())
        case ("POST", "faults"):
            storage.faults.add(Fault.of(request.json()))
        case ("DELETE", "faults"):
            storage.faults.clear(request.number("seed") or 0)
        case ("POST", "settings"):
            _set(storage, request.json())
        case ("POST", "notify"):
            wanted = request.json()
            listeners = storage.on_finalize.setdefault(str(wanted["bucket"]), [])
            listeners.append(PubSubNotification(str(wanted["topic"])))
        case _:
            raise errors.not_served(f"{request.method} {'/'.join(request.path)}")
    return Answer(204)


def _set(storage: Storage, settings: Resource) -> None:
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
