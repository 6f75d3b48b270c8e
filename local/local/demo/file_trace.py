"""Trace of one file through the services, by the objects that each writes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from google.cloud.storage import Blob

from local import topology
from local.clients import StandInClients
from local.demo.step import Step
from local.errors import LocalError
from local.runtime.state import StartedRuntime, State
from schemas import layout as objects
from schemas import web_layout
from schemas.headers import SIMPLE_JSON
from schemas.names import ProjectName
from schemas.verdict_documents import Verdict

PATIENCE = 30.0


@dataclass(frozen=True)
class FileTrace:
    """Trace of one uploaded file."""

    clients: StandInClients
    name: str
    """Name of the incoming object."""
    project: ProjectName
    filename: str

    def list_service_steps(self) -> Iterator[Step]:
        """Yield a step for each service as soon as its object exists.

        Seconds count from the upload, by Cloud Storage's clock.

        :raises LocalError: if ingest refuses the file, or a service takes longer than 30 s.
        """
        uploaded = self.clients.storage.bucket(topology.INCOMING).get_blob(self.name)
        if uploaded is None:
            raise LocalError(f"gs://{topology.INCOMING}/{self.name} does not exist")
        verdict = objects.locate_verdict(self.name, int(uploaded.generation))
        blob, data = self._wait_for_object("ingest", topology.VERDICTS, verdict)
        _check_verdict(data)
        yield _make_step(
            "ingest", uploaded, blob, f"accepted it: verdict in gs://{topology.VERDICTS}"
        )
        path = objects.locate_record(self.project)
        blob, _ = self._wait_for_object("indexer", topology.METADATA, path)
        yield _make_step("indexer", uploaded, blob, f"recorded it: gs://{topology.METADATA}/{path}")
        path = objects.locate_project_json(self.project)
        blob, _ = self._wait_for_object("publisher", topology.STATIC, path)
        yield _make_step("publisher", uploaded, blob, f"rendered gs://{topology.STATIC}/{path}")
        path = web_layout.locate_web_page(self.project)
        blob, _ = self._wait_for_object("web", topology.STATIC, path)
        yield _make_step("web", uploaded, blob, f"rendered gs://{topology.STATIC}/{path}")

    def _wait_for_object(self, service: str, bucket: str, path: str) -> tuple[Blob, bytes]:
        """Wait until the object exists and contains the file name."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            blob = self.clients.storage.bucket(bucket).get_blob(path)
            if blob is not None and self.filename.encode() in (data := blob.download_as_bytes()):
                return blob, data
            time.sleep(0.05)
        where = f"gs://{bucket}/{path}"
        raise LocalError(
            f"{service} did not write {where} within {PATIENCE:.0f} s; see make local-logs"
        )

    def fetch_page(self, state: State, running: StartedRuntime, filename: str) -> Step:
        """Request the project's page from the proxy like pip, until it lists a file.

        :raises LocalError: if the page does not list the file within 30 s.
        """
        url = f"{running.ports.url('proxy')}/simple/{self.project}/"
        auth, accept = ("__token__", state.load_token()), {"accept": SIMPLE_JSON}
        until = time.monotonic() + PATIENCE
        with httpx.Client(trust_env=False, auth=auth, headers=accept) as http:
            while True:
                answer = http.get(url)
                if filename in answer.text:
                    return Step("proxy", answer.elapsed.total_seconds(), f"lists it: {url}")
                if time.monotonic() > until:
                    raise LocalError(f"{url} answers {answer.status_code}, without {filename}")
                time.sleep(0.1)


def _make_step(service: str, uploaded: Blob, written: Blob, result: str) -> Step:
    return Step(service, (written.updated - uploaded.time_created).total_seconds(), result)


def _check_verdict(verdict: bytes) -> None:
    judged = Verdict.model_validate_json(verdict)
    if judged.outcome == "refused":
        raise LocalError(f"ingest refused the file: {judged.reason}: {judged.detail}")
