"""``gcpypi configure --publish``: settings of publishing tools, read back as the tools do."""

import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from gcpypi.configuring.publish_recipes import PYPIRC, UploadTool
from unit.cli.command_run import Finished, run_command

INDEX = "https://packages.example.com/simple/"
UPLOAD = "https://upload.example.com/legacy/"
SECRET = "gcpypi_secret"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home and working directory of the command."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(*arguments: str) -> Finished:
    return run_command(
        "configure",
        *arguments,
        GCPYPI_INDEX_URL=INDEX,
        GCPYPI_UPLOAD_URL=UPLOAD,
        GCPYPI_UPLOAD_TOKEN=SECRET,
        GCPYPI_TOKEN=SECRET,
    )


@pytest.mark.parametrize("tool", UploadTool)
def test_the_settings_have_the_address_and_no_token(tool: UploadTool) -> None:
    done = configure(tool, "--publish")

    assert (done.code, UPLOAD in done.stdout) == (0, True)
    assert SECRET not in done.stdout + done.stderr
    assert "GCPYPI_UPLOAD_TOKEN" in done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["twine", "flit"])
def test_the_output_is_a_pypirc(tool: str) -> None:
    parser = ConfigParser()
    parser.read_string(configure(tool, "--publish").stdout)

    assert parser["distutils"]["index-servers"].split() == ["gcpypi"]
    assert dict(parser["gcpypi"]) == {"repository": UPLOAD, "username": "__token__"}


@pytest.mark.parametrize("tool", ["poetry", "pdm", "hatch"])
def test_the_output_is_commands_of_a_shell(tool: str) -> None:
    commands = configure(tool, "--publish").stdout
    script = f"{tool}() {{ echo {tool} called; }}\n{commands}env"

    done = subprocess.run(
        ["sh", "-euc", script],
        env={"PATH": "/usr/bin:/bin", "GCPYPI_UPLOAD_TOKEN": SECRET},
        capture_output=True,
        text=True,
        check=True,
    )

    assert SECRET in done.stdout.replace(f"GCPYPI_UPLOAD_TOKEN={SECRET}", "")


@pytest.mark.parametrize("tool", UploadTool)
def test_the_messages_end_with_the_command_that_publishes(tool: UploadTool) -> None:
    last = configure(tool, "--publish").stderr.strip().splitlines()[-1]

    assert last.startswith((f"{tool} publish", f"{tool} upload"))


def test_poetry_publishes_to_the_index_and_not_to_its_default() -> None:
    done = configure("poetry", "--publish")

    assert done.stderr.endswith("poetry publish --no-interaction --repository gcpypi\n")


def test_write_adds_the_address_to_the_entry_of_uv(home: Path) -> None:
    path = home / "pyproject.toml"
    path.write_text("[project]\nname = 'x'\n")
    configure("uv", "--write")

    done = configure("uv", "--publish", "--write")

    assert done.code == 0
    [entry] = tomllib.loads(path.read_text())["tool"]["uv"]["index"]
    assert entry == {"name": "gcpypi", "url": INDEX, "default": True, "publish-url": UPLOAD}


def test_write_leaves_a_pypirc_alone(home: Path) -> None:
    present = "[pypi]\nusername = me\n"
    path = home / PYPIRC.removeprefix("~/")
    path.write_text(present)

    done = configure("twine", "--publish", "--write")

    assert (done.code, path.read_text()) == (0, present)
    assert "nothing is written" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [(("twine",), "add --publish"), (("docker", "--publish"), "leave out --publish")],
)
def test_a_tool_for_the_other_purpose_is_wrong_usage(
    arguments: tuple[str, ...], remedy: str
) -> None:
    done = configure(*arguments)

    assert (done.code, remedy in done.stderr) == (2, True)
