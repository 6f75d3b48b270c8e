"""``gcpypi configure``: print the settings of a tool, or write them."""

import os
import sys
import tempfile
from pathlib import Path
from stat import S_IMODE
from urllib.parse import urlsplit

from gcpypi.configuring.merging import CannotMerge, merge_json, merge_pip_conf, merge_toml
from gcpypi.configuring.netrc_file import merge_netrc
from gcpypi.configuring.publish_recipes import (
    COMMANDS,
    TOKEN_VARIABLE,
    UploadTool,
    build_publish_recipe,
)
from gcpypi.configuring.tool_recipes import (
    NETRC,
    PIP_CONF,
    PYPROJECT,
    RECIPES,
    RENOVATE,
    Recipe,
    Tool,
)
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.output import create_console, escape_unprintable
from gcpypi.settings import Settings

_MERGES = {PIP_CONF: merge_pip_conf, PYPROJECT: merge_toml, RENOVATE: merge_json}
_PRIVATE = 0o600


def configure_tool(tool: Tool, settings: Settings, *, write: bool) -> ExitCode:
    """Print the settings of a tool for the index, or write its files.

    Standard output has the content of one file, so that it can be redirected to it: the first file
    of the tool. All other files, names of files and commands are messages. Without a file, standard
    output has the commands.

    :raises CommandFailure: if no index is set, or if a file cannot take the settings.
    """
    index = IndexConnection(settings).index
    return _apply(tool, RECIPES[tool].fill(index.url), settings, "GCPYPI_TOKEN", write=write)


def configure_publishing(tool: UploadTool, settings: Settings, *, write: bool) -> ExitCode:
    """Print or write the settings of a tool for publishing, like :func:`configure_tool`.

    :raises CommandFailure: if the index has no upload service, or if a file cannot take the
        settings.
    """
    connection = IndexConnection(settings)
    upload_url = settings.upload_url or connection.description.upload_url
    if not upload_url:
        raise CommandFailure(
            "the index has no upload service: set GCPYPI_UPLOAD_URL, or publish by gcpypi publish"
        )
    recipe = build_publish_recipe(tool, upload_url, connection.index.url)
    code = _apply(tool, recipe, settings, TOKEN_VARIABLE, write=write)
    _say("Then publish:")
    _print(COMMANDS[tool], is_message=True)
    return code


def _apply(
    tool: Tool | UploadTool, recipe: Recipe, settings: Settings, variable: str, *, write: bool
) -> ExitCode:
    index = IndexConnection(settings).index
    if write and recipe.is_writable:
        _write_files(recipe, settings, index.url, index.password)
    else:
        _print_files(recipe)
        if write:
            _say(f"nothing is written: {tool} has no file that can be merged. Copy these lines")
    if recipe.commands:
        _say(f"In the shell, with your token in {variable}:")
    for command in recipe.commands:
        _print(command, is_message=bool(recipe.files))
    return ExitCode.OK


def _print_files(recipe: Recipe) -> None:
    for number, (name, text) in enumerate(recipe.files.items()):
        _say(f"{name}{' (mode 0600, with your token)' if name == NETRC else ''}:")
        _print(text.rstrip("\n"), is_message=number > 0)


def _write_files(recipe: Recipe, settings: Settings, url: str, token: str | None) -> None:
    """Compute the contents of all files before the first one is written."""
    contents = {}
    for name, text in recipe.files.items():
        path = locate(name, settings)
        try:
            contents[path] = _merge(name, path, text, url, token)
        except CannotMerge as error:
            raise CommandFailure(f"{path} is not changed: {error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailure(f"{path} is not readable: {error}") from error
    for path, content in contents.items():
        _print(f"{write_file(path, content, private=path.name == '.netrc')}  {path}")


def _merge(name: str, path: Path, text: str, url: str, token: str | None) -> str:
    if name == NETRC:
        if not token:
            raise CannotMerge("there is no token: set GCPYPI_TOKEN")
        return merge_netrc(path, urlsplit(url).hostname or "", token)
    if name == PYPROJECT and not path.exists():
        raise CannotMerge(
            "it does not exist: go to the folder of the project, or create one. "
            "uv without a project needs the URL with the token in UV_DEFAULT_INDEX"
        )
    return _MERGES[name](path.read_text("utf-8") if path.exists() else "", text)


def locate(name: str, settings: Settings) -> Path:
    """Return the path of a file; pip's has its place below ``XDG_CONFIG_HOME``, if that is set."""
    if name == PIP_CONF and settings.xdg_config_home:
        return settings.xdg_config_home / "pip" / "pip.conf"
    return Path(name).expanduser()


def write_file(path: Path, content: str, *, private: bool) -> str:
    """Write a file in one step, so that an interruption leaves the old or the new content.

    The mode of a file stays, apart from a private one. A link stays a link.

    :return: ``written`` or ``unchanged``.
    :raises CommandFailure: if the file is not writable.
    """
    path = path.resolve()
    present = S_IMODE(path.stat().st_mode) if path.exists() else None
    mode = _PRIVATE if private else present or 0o644
    if present == mode and path.read_text("utf-8") == content:
        return "unchanged"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(content)
            os.chmod(name, mode)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise CommandFailure(f"{path} is not writable: {error.strerror}") from error
    return "written"


def _say(sentence: str) -> None:
    create_console(stderr=True).print(escape_unprintable(sentence))


def _print(text: str, *, is_message: bool = False) -> None:
    """Print text exactly, without the markup and the folding of Rich."""
    print(text, file=sys.stderr if is_message else sys.stdout, flush=True)
