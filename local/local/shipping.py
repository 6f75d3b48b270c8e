"""What CI does with a file it built, for the demo: with gcloud where there is one, else by hand."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from google.pubsub_v1.types import PubsubMessage

from local import console, layout
from local.clients import Clients
from local.failure import Failure
from local.state import Running, State
from schemas.events import FileUploaded


def upload(state: State, clients: Clients, file: Path, name: str) -> str:
    """Create the object ``name`` in the incoming bucket; return the words for how."""
    if shutil.which("gcloud"):
        address = f"gs://{layout.INCOMING}/{name}"
        took = gcloud(state, "storage", "cp", str(file), address)
        return f"gcloud storage cp … {address} (gcloud: {took:.1f} s)"
    clients.storage.bucket(layout.INCOMING).blob(name).upload_from_filename(str(file))
    return f"gs://{layout.INCOMING}/{name} (with Python, as there is no gcloud)"


def announce(state: State, running: Running, clients: Clients, name: str) -> str:
    """Say on the topic that the object is there; return the words for how."""
    message = FileUploaded(bucket=layout.INCOMING, name=name)
    topic = FileUploaded.topic
    if console.has_gcloud(running):
        text = message.model_dump_json(include={"bucket", "name"})
        took = gcloud(state, "pubsub", "topics", "publish", topic, f"--message={text}")
        return f"gcloud pubsub topics publish {topic} … (gcloud: {took:.1f} s)"
    path = f"projects/{layout.PROJECT}/topics/{topic}"
    clients.publisher.publish(topic=path, messages=[PubsubMessage(data=message.encode())])
    return f"a message on the topic {topic} (with Python: gcloud cannot talk to this Pub/Sub)"


def gcloud(state: State, *arguments: str) -> float:
    """Run gcloud against the stand-ins; return the seconds it took."""
    environment = {**os.environ, **state.read_environment()}
    started = time.monotonic()
    done = subprocess.run(
        ["gcloud", *arguments, "--quiet"], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise Failure(f"gcloud {' '.join(arguments[:3])} failed:\n{done.stderr.strip()}")
    return time.monotonic() - started
