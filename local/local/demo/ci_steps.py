"""Steps of CI in the demo: upload and announce a file, and publish another one with uv.

The first two steps use gcloud if it is installed.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from google.pubsub_v1.types import PubsubMessage

from local import console, topology
from local.clients import StandInClients
from local.demo.step import Step
from local.errors import LocalError
from local.runtime.child_environment import build_environment
from local.runtime.state import StartedRuntime, State
from schemas.events import FileUploaded


def upload(state: State, clients: StandInClients, file: Path, directory: str) -> Step:
    """Create the object in the incoming bucket."""
    started = time.monotonic()
    address = f"gs://{topology.INCOMING}/{directory}/"
    if shutil.which("gcloud"):
        _run_gcloud(state, "storage", "cp", str(file), address)
        result = f"gcloud storage cp {file.name} {address}"
    else:
        blob = clients.storage.bucket(topology.INCOMING).blob(f"{directory}/{file.name}")
        blob.upload_from_filename(str(file))
        result = f"to {address} (from Python: there is no gcloud)"
    return Step("upload", time.monotonic() - started, result)


def announce(state: State, running: StartedRuntime, clients: StandInClients, name: str) -> Step:
    """Announce the object on the topic; the second announcement, by the bucket, is harmless."""
    started = time.monotonic()
    message = FileUploaded(bucket=topology.INCOMING, name=name)
    if console.can_use_gcloud(running):
        text = message.model_dump_json(include={"bucket", "name"})
        _run_gcloud(state, "pubsub", "topics", "publish", message.topic, f"--message={text}")
        result = f"gcloud pubsub topics publish {message.topic} --message='{{…}}'"
    else:
        topic = f"projects/{topology.GCP_PROJECT}/topics/{message.topic}"
        clients.publisher.publish(topic=topic, messages=[PubsubMessage(data=message.encode())])
        why = "gcloud cannot reach this Pub/Sub" if shutil.which("gcloud") else "there is no gcloud"
        result = f"on the topic {message.topic} (from Python: {why})"
    return Step("announce", time.monotonic() - started, result)


def publish(state: State, file: Path) -> Step:
    """Publish a file with uv through the upload service, which answers when it is installable.

    :raises LocalError: if uv fails, with its output.
    """
    started, environment = time.monotonic(), state.read_environment()
    # The uv of this environment; the token is no argument, because every user sees arguments.
    command = [str(Path(sys.executable).with_name("uv")), "--no-config", "publish", str(file)]
    settings = {
        "UV_PUBLISH_URL": environment["GCPYPI_UPLOAD_URL"],
        "UV_PUBLISH_TOKEN": environment["GCPYPI_UPLOAD_TOKEN"],
        "NETRC": os.devnull,
    }
    variables = build_environment(settings, drop=("UV_", "PYTHON"))
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise LocalError(f"uv publish failed:\n{done.stdout}{done.stderr}".strip())
    result = f'uv publish --publish-url "$GCPYPI_UPLOAD_URL" {file.name}'
    return Step("publish", time.monotonic() - started, result)


def _run_gcloud(state: State, *arguments: str) -> None:
    """Run gcloud with the stand-ins."""
    command = ["gcloud", *arguments, "--quiet"]
    # gcloud fails if warnings are errors.
    variables = build_environment(state.read_environment(), drop=("PYTHONWARNINGS",))
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise LocalError(f"gcloud {' '.join(arguments[:3])} failed:\n{done.stderr.strip()}")
