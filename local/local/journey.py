"""Follows one file through the services, by what each of them leaves in its bucket."""

import time
from collections.abc import Callable

import httpx
from google.cloud.storage import Blob

from local import layout
from local.clients import Clients
from local.failure import Failure
from local.state import Running, State
from schemas import layout as objects
from schemas.names import ProjectName
from schemas.records import Verdict

PATIENCE = 30.0
JSON_PAGE = "application/vnd.pypi.simple.v1+json"


def follow(
    clients: Clients, name: str, project: ProjectName, filename: str, say: Callable[[str], None]
) -> None:
    """Say a line for each service as soon as its work can be seen.

    :raises Failure: if ingest refuses the file, or a service does not do its part in time.
    """
    uploaded = _uploaded(clients, name)

    def stage(service: str, bucket: str, path: str, mark: str) -> bytes:
        blob, data = _await(clients, service, bucket, path, mark)
        took = (blob.updated - uploaded.time_created).total_seconds() * 1000
        say(f"{service:<10} gs://{bucket}/{blob.name} ({took:.0f} ms after the upload)")
        return data

    verdict = objects.verdict(name, int(uploaded.generation))
    _check(stage("ingest", layout.VERDICTS, verdict, filename))
    stage("indexer", layout.METADATA, objects.record(project), filename)
    stage("publisher", layout.STATIC, objects.project_json(project), filename)


def page(state: State, running: Running, project: ProjectName, filename: str) -> str:
    """Ask the proxy for the project's page as pip does, until it lists the file."""
    url = f"{running.ports.url('proxy')}/simple/{project}/"
    auth = ("__token__", state.token())
    until = time.monotonic() + PATIENCE
    with httpx.Client(trust_env=False, auth=auth, headers={"accept": JSON_PAGE}) as http:
        while time.monotonic() < until:
            started = time.monotonic()
            answer = http.get(url)
            if filename in answer.text:
                took = (time.monotonic() - started) * 1000
                return f"{url} lists it (answered in {took:.0f} ms)"
            time.sleep(0.1)
    raise Failure(f"the proxy does not list {filename}: {url} answers {answer.status_code}")


def _uploaded(clients: Clients, name: str) -> Blob:
    blob = clients.storage.bucket(layout.INCOMING).get_blob(name)
    if blob is None:
        raise Failure(f"gs://{layout.INCOMING}/{name} is not there")
    return blob


def _await(clients: Clients, service: str, bucket: str, path: str, mark: str) -> tuple[Blob, bytes]:
    """Wait until the object is there and says ``mark``."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        blob = clients.storage.bucket(bucket).get_blob(path)
        if blob is not None and mark.encode() in (data := blob.download_as_bytes()):
            return blob, data
        time.sleep(0.05)
    where = f"gs://{bucket}/{path}"
    raise Failure(f"{service} did not write {where} within {PATIENCE:.0f} s; see make local-logs")


def _check(verdict: bytes) -> None:
    judged = Verdict.model_validate_json(verdict)
    if judged.outcome == "refused":
        raise Failure(f"ingest refused the file: {judged.reason}: {judged.detail}")
