"""What CI does with a file it built, for the demo: with gcloud where there is one, else by hand."""

import shutil
import subprocess
import time
from pathlib import Path

from google.pubsub_v1.types import PubsubMessage

from local import console, layout
from local.clients import Clients
from local.demo.step import Step
from local.failure import Failure
from local.runtime.inherited import environment
from local.runtime.state import Running, State
from schemas.events import FileUploaded


def upload(state: State, clients: Clients, file: Path, directory: str) -> Step:
    """Create the object in the incoming bucket."""
    started = time.monotonic()
    address = f"gs://{layout.INCOMING}/{directory}/"
    if shutil.which("gcloud"):
        _gcloud(state, "storage", "cp", str(file), address)
        words = f"gcloud storage cp {file.name} {address}"
    else:
        blob = clients.storage.bucket(layout.INCOMING).blob(f"{directory}/{file.name}")
        blob.upload_from_filename(str(file))
        words = f"to {address} (from Python: there is no gcloud)"
    return Step("upload", time.monotonic() - started, words)


def announce(state: State, running: Running, clients: Clients, name: str) -> Step:
    """Say on the topic that the object is there; the bucket has said so too, which does no harm."""
    started = time.monotonic()
    message = FileUploaded(bucket=layout.INCOMING, name=name)
    if console.has_gcloud(running):
        text = message.model_dump_json(include={"bucket", "name"})
        _gcloud(state, "pubsub", "topics", "publish", message.topic, f"--message={text}")
        words = f"gcloud pubsub topics publish {message.topic} --message='{{…}}'"
    else:
        topic = f"projects/{layout.PROJECT}/topics/{message.topic}"
        clients.publisher.publish(topic=topic, messages=[PubsubMessage(data=message.encode())])
        why = "gcloud cannot reach this Pub/Sub" if shutil.which("gcloud") else "there is no gcloud"
        words = f"on the topic {message.topic} (from Python: {why})"
    return Step("announce", time.monotonic() - started, words)


def _gcloud(state: State, *arguments: str) -> None:
    """Run gcloud against the stand-ins."""
    command = ["gcloud", *arguments, "--quiet"]
    # Warnings as errors are for our own services: gcloud does not survive them.
    variables = environment(state.read_environment(), drop=("PYTHONWARNINGS",))
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"gcloud {' '.join(arguments[:3])} failed:\n{done.stderr.strip()}")
