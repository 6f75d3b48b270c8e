"""The application of ``gcpypi``: help, version, exit codes, and light imports."""

import json
import signal
import subprocess
import sys

import pytest

from gcpypi.main import run
from gcpypi.settings import load_settings
from schemas import __version__
from unit.cli.command_run import run_command

HEAVY = ("google", "grpc", "pydantic", "requests", "pypi_simple", "checks", "cloud")


def test_the_version_is_that_of_all_distributions() -> None:
    assert run_command("--version").stdout == f"gcpypi {__version__}\n"


def test_the_help_does_not_load_the_libraries_of_the_commands() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['gcpypi', '--help']\n"
        "from gcpypi.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "check" in done.stdout
    assert done.stderr == "[]\n"


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
