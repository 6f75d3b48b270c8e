"""Text after ``make local-up``: addresses and next commands."""

import shutil

from local.runtime.state import StartedRuntime, State

GCLOUD = """\
  gcloud storage cp "$WHEEL" "gs://$INCOMING_BUCKET/$OBJECT"
  gcloud pubsub topics publish file-uploaded \\
    --message="{\\"bucket\\":\\"$INCOMING_BUCKET\\",\\"name\\":\\"$OBJECT\\"}"

  (The second command is optional: the bucket announces the file too.)"""

CURL = """\
  curl --fail -H 'Content-Type: application/octet-stream' --data-binary "@$WHEEL" \\
    "$STORAGE_EMULATOR_HOST/upload/storage/v1/b/$INCOMING_BUCKET/o?uploadType=media&name=$OBJECT"

  (The bucket announces the file itself.)"""


def render_guide(state: State, running: StartedRuntime) -> str:
    """Return the shell commands to publish and to install a wheel."""
    here = state.display_path
    return f"""
The index    {running.ports.url("proxy")}/simple/
             user __token__, password: GCPYPI_TOKEN in {here}

Publish a wheel

  . {here}
  WHEEL=dist/your_package-1.0-py3-none-any.whl
  OBJECT="me/$(date +%s)/$(basename "$WHEEL")"
{GCLOUD if can_use_gcloud(running) else CURL}

Install it

  pip install --index-url "$GCPYPI_INDEX_URL" your-package
"""


def can_use_gcloud(running: StartedRuntime) -> bool:
    """Return whether gcloud is installed and works with the running Pub/Sub."""
    return running.gcloud_publishes and shutil.which("gcloud") is not None
