import os
import subprocess
import sys

import pytest

from proxy.main import build_app, connect
from proxy.settings import Settings
from testing.storage import StorageServer

SETTINGS = {
    "GCP_PROJECT": "acme-prod",
    "STATIC_BUCKET": "static",
    "PACKAGES_BUCKET": "packages",
    "TOKENS_SECRET": "tokens",
}


@pytest.mark.parametrize("missing", SETTINGS)
def test_a_missing_setting_is_named_and_ends_the_program(missing: str) -> None:
    environment = {name: value for name, value in SETTINGS.items() if name != missing}
    process = subprocess.run(
        [sys.executable, "-m", "proxy.main"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 1
    assert missing in process.stderr


def test_the_proxy_imports_neither_renderer_nor_pubsub() -> None:
    code = "import sys, proxy.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = set(loaded.stdout.split())
    assert not modules & {"dumb_pypi", "jinja2", "google.cloud.pubsub", "google.pubsub_v1"}
    assert not any(name.split(".")[0] in {"ingest", "indexer", "publisher"} for name in modules)


def test_loaded_objects_are_excluded_from_garbage_collection() -> None:
    code = (
        "import gc, proxy.main, uvicorn\n"
        "uvicorn.run = lambda *_, **__: print(len(gc.get_objects()))\n"
        "proxy.main.main()"
    )
    environment = {"PATH": os.environ["PATH"], "LOG_LEVEL": "ERROR", **SETTINGS}
    environment["SECRET_MANAGER_EMULATOR_HOST"] = "127.0.0.1:9"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 1000


def test_the_application_is_built_without_a_request_to_google_cloud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StorageServer() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        chosen = {name.lower(): value for name, value in SETTINGS.items()}
        settings = Settings.model_validate(
            {**chosen, "secret_manager_emulator_host": "127.0.0.1:9"}
        )
        build_app(settings, connect(settings))
        assert server.storage.counts.requests == {}
