"""``gcpypi configure``: the recipes of ``docs/use.md``, and their merging into existing files."""

import json
import subprocess
import sys
import tomllib
from netrc import netrc
from pathlib import Path
from stat import S_IMODE

import pytest

from clients.use.recipes import TOKEN, find_block, list_blocks
from gcpypi.configuring.merging import CannotMerge, merge_json, merge_pip_conf, merge_toml
from gcpypi.configuring.tool_recipes import HOST, NETRC, RECIPES, URL, Tool, use_variable
from offline_checks.markdown import CONSOLE
from unit.cli.command_run import Finished, run_command

ADDRESS = "https://packages.example.com/simple/"
SECRET = "gcpypi_secret"
LANGUAGES = {".conf": "ini", ".netrc": "netrc", ".toml": "toml", ".json": "json"}
"""Language of a block by the end of its file's name."""
INSTALLS = ("pip install", "uv add", "poetry add", "pdm add", "pipx install")
ENTRY = RECIPES[Tool.UV].files["pyproject.toml"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home and working directory of the command."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(*arguments: str) -> Finished:
    url = f"https://__token__:{SECRET}@{HOST}/simple/"
    return run_command("configure", *arguments, GCPYPI_INDEX_URL=url)


def find_language(name: str) -> str:
    return next((lang for end, lang in LANGUAGES.items() if name.endswith(end)), name.lower())


@pytest.mark.parametrize("tool", Tool)
def test_the_settings_are_those_of_the_page(tool: Tool, home: Path) -> None:
    recipe = RECIPES[tool]
    files = {name: find_block(recipe.section, find_language(name)) for name in recipe.files}
    typed = [
        line.removeprefix("$ ")
        for block in list_blocks(recipe.section)[: None if tool is not Tool.UV else 2]
        if block.language == CONSOLE
        for line in block.text.splitlines()
        if line.startswith("$ ") and not line.removeprefix("$ ").startswith(INSTALLS)
    ]

    done = configure(tool)

    assert {name: text.strip() for name, text in recipe.files.items()} == {
        name: text.strip() for name, text in files.items()
    }
    commands = [use_variable(command) for command in typed]
    printed = [text.strip() for text in files.values()] + ([] if tool == "netrc" else commands)
    content = printed[:1] if files else printed
    assert (done.code, done.stdout) == (0, "".join(f"{text}\n" for text in content))
    assert [text for text in printed[len(content) :] if f"{text}\n" not in done.stderr] == []


@pytest.mark.parametrize("tool", [Tool.PIP, Tool.UV, Tool.PDM, Tool.RENOVATE, Tool.NETRC])
def test_standard_output_is_a_valid_file(tool: Tool, home: Path) -> None:
    path = home / "settings"
    path.write_text(configure(tool).stdout)

    if tool is Tool.PIP:
        # "pip config get" of pip 23.2 reads only the file of the user.
        pip = [sys.executable, "-m", "pip", "config", "list"]
        environment = {"PIP_CONFIG_FILE": str(path), "HOME": str(home)}
        found = subprocess.run(pip, env=environment, capture_output=True, text=True, check=True)
        settings = [each for each in found.stdout.splitlines() if "index-url" in each]
        assert f"global.index-url={ADDRESS!r}" in settings
    elif tool is Tool.RENOVATE:
        assert json.loads(path.read_text())["packageRules"]
    elif tool is Tool.NETRC:
        assert netrc(str(path)).authenticators(HOST) == ("__token__", "", TOKEN)
    else:
        assert tomllib.loads(path.read_text())["tool"][str(tool)]


@pytest.mark.parametrize("tool", Tool)
def test_no_output_has_the_token(tool: Tool, home: Path) -> None:
    (home / "pyproject.toml").write_text("")
    for arguments in ([tool], [tool, "--write"]):
        done = configure(*arguments)
        assert done.code == 0
        assert SECRET not in done.stdout + done.stderr


def test_an_index_with_a_port_and_a_prefix_fills_the_recipes(home: Path) -> None:
    done = run_command("configure", "pip", GCPYPI_INDEX_URL="http://127.0.0.1:8080/team/simple")

    assert done.stdout.splitlines() == [
        "[global]",
        "index-url = http://127.0.0.1:8080/team/simple/",
    ]
    assert done.stderr.splitlines()[-1] == f"machine 127.0.0.1 login __token__ password {TOKEN}"


def test_write_creates_the_files_and_says_where(home: Path) -> None:
    done = configure("pip", "--write")

    conf, netrc = home / ".config/pip/pip.conf", home / ".netrc"
    assert done.stdout == f"written  {conf}\nwritten  {netrc}\n"
    assert conf.read_text() == f"[global]\nindex-url = {ADDRESS}\n"
    assert netrc.read_text() == f"machine {HOST} login __token__ password {SECRET}\n"
    assert S_IMODE(netrc.stat().st_mode) == 0o600


def test_a_repetition_changes_nothing(home: Path) -> None:
    (home / "pyproject.toml").write_text('[project]\nname = "x"\n')
    for tool in (Tool.PIP, Tool.NETRC, Tool.UV, Tool.PDM, Tool.RENOVATE):
        configure(tool, "--write")
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        done = configure(tool, "--write")
        assert "written" not in done.stdout
        assert {path: path.read_bytes() for path in before} == before


def test_the_entries_of_other_hosts_stay_in_netrc(home: Path) -> None:
    netrc = home / ".netrc"
    present = "# mine\nmachine a.example login me password one\ndefault login x password y\n"
    netrc.write_text(present)
    netrc.chmod(0o644)

    configure("netrc", "--write")

    entry = f"machine {HOST} login __token__ password {SECRET}\n"
    assert netrc.read_text() == f"{entry}{present}"
    assert S_IMODE(netrc.stat().st_mode) == 0o600


def test_a_new_token_replaces_the_old_one_of_this_host_only(home: Path) -> None:
    netrc = home / ".netrc"
    text = (
        "machine a.example login __token__ password old\n"
        f"machine {HOST}\n  login __token__\n  password {{}}\n"
        "machine z.example login __token__ password old\n"
    )
    netrc.write_text(text.format("old"))

    configure("netrc", "--write")

    assert netrc.read_text() == text.format(SECRET)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"machine {HOST} login ada password secret\n", "it has the login ada"),
        ("machin a.example login x password y\n", "line 1"),
        (f"machine {HOST} login __token__\n", "no readable password"),
    ],
)
def test_a_netrc_that_cannot_take_the_token_is_not_changed(
    text: str, fault: str, home: Path
) -> None:
    (home / ".netrc").write_text(text)

    done = configure("pip", "--write")

    assert (done.code, done.stdout) == (2, "")
    assert fault in done.stderr
    assert (home / ".netrc").read_text() == text
    assert not (home / ".config").exists()


def test_a_link_stays_a_link(home: Path) -> None:
    (home / "dotfiles").mkdir()
    (home / "dotfiles/netrc").write_text("")
    (home / ".netrc").symlink_to("dotfiles/netrc")

    configure("netrc", "--write")

    assert (home / ".netrc").is_symlink()
    assert SECRET in (home / "dotfiles/netrc").read_text()


def test_write_needs_a_token_for_netrc(home: Path) -> None:
    done = run_command("configure", "netrc", "--write", GCPYPI_INDEX_URL=ADDRESS)

    assert (done.code, "set GCPYPI_TOKEN" in done.stderr) == (2, True)


def test_a_project_without_pyproject_is_named(home: Path) -> None:
    done = configure("uv", "--write")

    assert done.code == 2
    assert "pyproject.toml is not changed: it does not exist" in done.stderr
    assert "UV_DEFAULT_INDEX" in done.stderr


@pytest.mark.parametrize("tool", [Tool.POETRY, Tool.PIPX, Tool.DOCKER])
def test_a_tool_without_a_file_to_merge_gets_its_lines_printed(tool: Tool, home: Path) -> None:
    done = configure(tool, "--write")

    assert done.stdout == configure(tool).stdout
    assert f"nothing is written: {tool} has no file" in done.stderr
    assert list(home.iterdir()) == []


def test_no_index_is_wrong_usage(home: Path) -> None:
    done = run_command("configure", "uv")

    assert (done.code, "no index: set GCPYPI_INDEX_URL" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("present", "merged"),
    [
        ("", "[global]\nindex-url = NEW\n"),
        ("[install]\nno-deps = 1", "[install]\nno-deps = 1\n\n[global]\nindex-url = NEW\n"),
        (
            "# c\n[global]\ntimeout = 9\n[x]\n",
            "# c\n[global]\nindex-url = NEW\ntimeout = 9\n[x]\n",
        ),
        (
            "[x]\nindex-url = a\n[global]\nt = 9\n# c\nindex-url: old\nz = 1\n",
            "[x]\nindex-url = a\n[global]\nt = 9\n# c\nindex-url = NEW\nz = 1\n",
        ),
        ("[global]\nindex-url =\n  old\nz = 1\n", "[global]\nindex-url = NEW\nz = 1\n"),
        ("[global]\nindex_url = old\n", "[global]\nindex-url = NEW\n"),
        ("[global] \nIndex-Url = old\n", "[global] \nindex-url = NEW\n"),
    ],
)
def test_pip_conf_keeps_its_other_lines(present: str, merged: str) -> None:
    assert merge_pip_conf(present, "[global]\nindex-url = NEW\n") == merged


@pytest.mark.parametrize(
    ("present", "fault"),
    [
        ("index-url = x\n", "not a file of pip"),
        ("[global]\nextra-index-url = x\n", "extra-index-url"),
        ("[install]\nextra_index_url = x\n", "extra-index-url"),
        ("[install]\nindex-url = x\n", r"index-url in \[install\]"),
    ],
)
def test_a_pip_conf_with_a_fault_is_refused(present: str, fault: str) -> None:
    with pytest.raises(CannotMerge, match=fault):
        merge_pip_conf(present, "[global]\nindex-url = NEW\n")


def test_toml_keeps_comments_and_other_indexes() -> None:
    present = '# c\n[tool.uv]\ndev = 1 # d\n\n[[tool.uv.index]]\nname = "other"\nurl = "u"\n'

    assert merge_toml(present, ENTRY) == f"{present}\n{ENTRY}"


def test_toml_changes_the_entry_of_the_same_name() -> None:
    entry = '[[tool.uv.index]]\nname = "gcpypi" # ours\nurl = "{}"\nexplicit = true\n'

    assert merge_toml(entry.format("old"), ENTRY) == f"{entry.format(URL)}default = true\n"


@pytest.mark.parametrize(
    ("present", "fault"),
    [
        ("[tool", "cannot take"),
        ("tool = 1\n", "cannot take"),
        ("[tool.uv]\nindex = []\n", "cannot take"),
        ('[[tool.uv.index]]\nname = "a"\ndefault = true\n', "another default index, a"),
    ],
)
def test_toml_with_a_fault_is_refused(present: str, fault: str) -> None:
    with pytest.raises(CannotMerge, match=fault):
        merge_toml(present, ENTRY)


def test_json_keeps_other_rules_and_its_indent() -> None:
    wanted = RECIPES[Tool.RENOVATE].files["renovate.json"]
    present = '{\n\t"extends": ["config:base"],\n\t"hostRules": [{"matchHost": "https://a/"}]\n}\n'

    merged = merge_json(present, wanted)

    rules = json.loads(wanted)
    assert json.loads(merged) == {
        "extends": ["config:base"],
        "hostRules": [{"matchHost": "https://a/"}, *rules["hostRules"]],
        "packageRules": rules["packageRules"],
    }
    assert '\n\t"extends"' in merged
    assert merge_json(merged, wanted) == merged


@pytest.mark.parametrize("present", ["// c\n{}", "[]", '{"hostRules": {}}'])
def test_json_with_a_fault_is_refused(present: str) -> None:
    with pytest.raises(CannotMerge, match="add the rules yourself"):
        merge_json(present, RECIPES[Tool.RENOVATE].files["renovate.json"])


def test_the_netrc_recipe_is_that_of_pip() -> None:
    assert RECIPES[Tool.NETRC].files == {NETRC: RECIPES[Tool.PIP].files[NETRC]}
