"""The application of ``gcpypi``: help, version, exit codes, and light imports."""

import ast
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from gcpypi.main import app, run
from gcpypi.settings import load_settings
from schemas import __version__
from unit.cli.command_run import run_command

HEAVY = (
    "google",
    "grpc",
    "markdown_it",
    "pycurl",
    "pydantic",
    "pygments",
    "pypi_simple",
    "requests",
    "rich",
    "tomlkit",
    "checks",
    "cloud",
)
COMMANDS = [
    (info.name or getattr(info.callback, "__name__", ""),) for info in app.registered_commands
]
TOKENS = [("token", name) for name in ("create", "list", "rotate", "revoke")]


def find_heavy_modules(*words: str, **variables: str) -> tuple[str, list[str]]:
    """Return the output of a command, and the heavy modules that it loads."""
    program = (
        "import sys\n"
        f"sys.argv = {['gcpypi', *words]!r}\n"
        "from gcpypi.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
    )
    return done.stdout, ast.literal_eval(done.stderr.splitlines()[-1])


def test_publish_loads_no_library_and_no_model_without_a_use() -> None:
    absent = ("cryptography", "pypi_simple", "schemas.push", "schemas.records")
    program = (
        "import sys, gcpypi.publishing.publish_files, cloud.storage, cloud.uploads\n"
        "from google.auth.credentials import AnonymousCredentials\n"
        "from cloud.json_requests.curl_transport import CurlTransport\n"
        "cloud.storage.DirectClient('http://127.0.0.1', AnonymousCredentials(), CurlTransport())\n"
        f"print(sorted(set(sys.modules) & set({absent!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_the_version_is_that_of_all_distributions() -> None:
    assert run_command("--version").stdout == f"gcpypi {__version__}\n"


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("--help",), "publish "),
        (("--version",), "gcpypi "),
        (("publish", "--help"), "--no-wait"),
        (("token", "rotate", "-h"), "--expires-in"),
        (("pblish",), ""),
    ],
)
def test_help_and_wrong_usage_load_no_library_of_the_commands(
    words: tuple[str, ...], output: str
) -> None:
    printed, heavy = find_heavy_modules(*words)

    assert output in printed
    assert heavy == []


def test_the_completion_of_bash_loads_no_library_of_the_commands() -> None:
    printed, heavy = find_heavy_modules(
        _GCPYPI_COMPLETE="complete_bash", COMP_WORDS="gcpypi pub", COMP_CWORD="1"
    )

    assert (printed, heavy) == ("publish\n", [])


@pytest.mark.parametrize("words", [*COMMANDS, *TOKENS], ids=" ".join)
def test_each_help_has_exit_codes_and_examples_and_no_types(words: tuple[str, ...]) -> None:
    page = run_command(*words, "--help").stdout

    assert "Exit codes: 0 " in page
    assert f"Examples:\n    gcpypi {' '.join(words)}" in page
    assert re.findall(r"<(bool|str|int|float|list).*?>|\[/?bold\]", page) == []


def test_the_help_has_the_whole_sentence_of_each_command() -> None:
    page = " ".join(run_command("--help").stdout.split())

    assert "yank Yank a release or a file: installers choose it only if it is pinned" in page
    assert "Operate: remove Remove a release" in page
    assert "..." not in page.partition("ARGS]...")[2]


def test_an_unknown_command_is_wrong_usage() -> None:
    assert run_command("pblish").code == 2


@pytest.mark.parametrize(
    ("variable", "value"), [("GCPYPI_TIMEOUT", "soon"), ("GCPYPI_POLICY", "{")]
)
def test_an_invalid_setting_is_named(variable: str, value: str) -> None:
    done = run_command("check", ".", **{variable: value})

    assert done.code == 2
    assert variable.removeprefix("GCPYPI_").lower() in done.stderr


def test_an_empty_variable_is_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GCPYPI_TIMEOUT", "GCPYPI_DESCRIPTION", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "")

    settings = load_settings()

    assert (settings.timeout, settings.description, settings.xdg_config_home) == (600.0, None, None)


@pytest.mark.parametrize("arguments", [("list",), ("publish", "absent"), ("show", "acme")])
def test_a_failure_is_one_json_value(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gcpypi", *arguments, "--json"])
    monkeypatch.delenv("GCPYPI_INDEX_URL", raising=False)

    handler = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            run()
    finally:
        signal.signal(signal.SIGTERM, handler)

    printed = capsys.readouterr()
    failure = json.loads(printed.out)
    assert (ended.value.code, failure["exit_code"]) == (2, 2)
    assert printed.err == f"gcpypi: {failure['error']}\n"
