"""What a person reads after ``make local-up``: where things are, and what to type next."""

import shutil

from local.runtime.state import Running, State

GCLOUD = """\
  gcloud storage cp "$WHEEL" "gs://$INCOMING_BUCKET/$OBJECT"
  gcloud pubsub topics publish file-uploaded \\
    --message="{\\"bucket\\":\\"$INCOMING_BUCKET\\",\\"name\\":\\"$OBJECT\\"}"

  (The bucket announces the file too: without the second command it works as well.)"""

CURL = """\
  curl --fail -H 'Content-Type: application/octet-stream' --data-binary "@$WHEEL" \\
    "$STORAGE_EMULATOR_HOST/upload/storage/v1/b/$INCOMING_BUCKET/o?uploadType=media&name=$OBJECT"

  (The bucket announces the file itself.)"""


def guide(state: State, running: Running) -> str:
    """Return how to publish and how to install, for a shell."""
    here = state.shown
    return f"""
The index    {running.ports.url("proxy")}/simple/
             user __token__, password: GCPYPI_TOKEN in {here}

Publish a wheel

  . {here}
  WHEEL=dist/your_package-1.0-py3-none-any.whl
  OBJECT="me/$(date +%s)/$(basename "$WHEEL")"
{GCLOUD if has_gcloud(running) else CURL}

Install it

  pip install --index-url "$GCPYPI_INDEX_URL" your-package
"""


def has_gcloud(running: Running) -> bool:
    """Whether gcloud is here and understands the Pub/Sub that runs."""
    return running.gcloud_publishes and shutil.which("gcloud") is not None
