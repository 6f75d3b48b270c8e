"""Follows one file through the services, by what each of them leaves in its bucket."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from google.cloud.storage import Blob

from local import layout
from local.clients import Clients
from local.demo.step import Step
from local.failure import Failure
from local.runtime.state import Running, State
from schemas import layout as objects
from schemas.headers import SIMPLE_JSON
from schemas.names import ProjectName
from schemas.records import Verdict

PATIENCE = 30.0


@dataclass(frozen=True)
class Journey:
    """The way of one uploaded file."""

    clients: Clients
    name: str
    """The incoming object."""
    project: ProjectName
    filename: str

    def stages(self) -> Iterator[Step]:
        """Yield a step for each service as soon as its work can be seen.

        Their seconds count from the upload, by Cloud Storage's own clock.

        :raises Failure: if ingest refuses the file, or a service does not do its part in time.
        """
        uploaded = self.clients.storage.bucket(layout.INCOMING).get_blob(self.name)
        if uploaded is None:
            raise Failure(f"gs://{layout.INCOMING}/{self.name} is not there")
        verdict = objects.verdict(self.name, int(uploaded.generation))
        blob, data = self._await("ingest", layout.VERDICTS, verdict)
        _check(data)
        yield _stage("ingest", uploaded, blob, f"accepted it: verdict in gs://{layout.VERDICTS}")
        path = objects.record(self.project)
        blob, _ = self._await("indexer", layout.METADATA, path)
        yield _stage("indexer", uploaded, blob, f"recorded it: gs://{layout.METADATA}/{path}")
        path = objects.project_json(self.project)
        blob, _ = self._await("publisher", layout.STATIC, path)
        yield _stage("publisher", uploaded, blob, f"rendered gs://{layout.STATIC}/{path}")

    def _await(self, service: str, bucket: str, path: str) -> tuple[Blob, bytes]:
        """Wait until the object is there and names the file."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            blob = self.clients.storage.bucket(bucket).get_blob(path)
            if blob is not None and self.filename.encode() in (data := blob.download_as_bytes()):
                return blob, data
            time.sleep(0.05)
        where = f"gs://{bucket}/{path}"
        raise Failure(f"{service} did not write {where} within {PATIENCE:.0f} s: make local-logs")

    def page(self, state: State, running: Running) -> Step:
        """Ask the proxy for the project's page as pip does, until it lists the file.

        :raises Failure: if it does not in time.
        """
        url = f"{running.ports.url('proxy')}/simple/{self.project}/"
        auth, accept = ("__token__", state.token()), {"accept": SIMPLE_JSON}
        until = time.monotonic() + PATIENCE
        with httpx.Client(trust_env=False, auth=auth, headers=accept) as http:
            while True:
                answer = http.get(url)
                if self.filename in answer.text:
                    return Step("proxy", answer.elapsed.total_seconds(), f"lists it: {url}")
                if time.monotonic() > until:
                    raise Failure(f"{url} answers {answer.status_code}, without {self.filename}")
                time.sleep(0.1)


def _stage(service: str, uploaded: Blob, written: Blob, words: str) -> Step:
    return Step(service, (written.updated - uploaded.time_created).total_seconds(), words)


def _check(verdict: bytes) -> None:
    judged = Verdict.model_validate_json(verdict)
    if judged.outcome == "refused":
        raise Failure(f"ingest refused the file: {judged.reason}: {judged.detail}")
