"""Text after ``make local-up``: addresses and next commands."""

import shutil

from local.runtime.state import StartedRuntime, State


def render_guide(state: State, running: StartedRuntime) -> str:
    """Return the shell commands to publish and to install a wheel."""
    here = state.display_path
    return f"""
The index    {running.ports.url("proxy")}/simple/
             user __token__, password: GCPYPI_TOKEN in {here}

Publish your wheels and sdists

  . {here}
  .venv/bin/gcpypi publish dist/

or with your own tool

  uv publish --publish-url "$GCPYPI_UPLOAD_URL" --token "$GCPYPI_UPLOAD_TOKEN" dist/*

Install it

  pip install --index-url "$GCPYPI_INDEX_URL" your-package

Look at it, with the same user and password

  {running.ports.url("proxy")}/projects/your-package/
"""


def can_use_gcloud(running: StartedRuntime) -> bool:
    """Return whether gcloud is installed and works with the running Pub/Sub."""
    return running.gcloud_publishes and shutil.which("gcloud") is not None
