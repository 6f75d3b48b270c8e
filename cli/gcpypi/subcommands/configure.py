"""Command ``gcpypi configure``."""

from typing import Annotated, Literal

import typer

from gcpypi.arguments import IndexUrl
from gcpypi.errors import CommandFailure

_Reader = Literal["pip", "uv", "poetry", "pdm", "pipx", "docker", "netrc", "renovate"]
_Publisher = Literal["uv", "twine", "poetry", "pdm", "hatch", "flit"]
_Tool = Literal[_Reader, _Publisher]


def configure(
    tool: Annotated[_Tool, typer.Argument(metavar="TOOL", help="tool to configure")],
    index_url: IndexUrl = None,
    write: Annotated[
        bool, typer.Option("--write", help="merge the settings into the files of the tool")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="settings for publishing by the upload service")
    ] = False,
) -> None:
    """Print the settings of a tool for this index, or write them.

    TOOL is pip, uv, poetry, pdm, pipx, docker, netrc or renovate. With --publish it is uv, twine,
    poetry, pdm, hatch or flit.

    Standard output is the content of one file, or commands for the shell. All else is on standard
    error.

    Only --write for pip and netrc writes the token, into ~/.netrc. No output has it.

    Exit codes: 0 done, 2 wrong usage, or a file cannot take the settings; no file is changed.

    \b
    Examples:
      gcpypi configure uv
      gcpypi configure pip --write
      gcpypi configure twine --publish > ~/.pypirc
      gcpypi configure renovate > renovate.json
      eval "$(gcpypi configure pipx)"
    """
    from gcpypi.configuring.configure_command import configure_publishing, configure_tool
    from gcpypi.configuring.publish_recipes import UploadTool
    from gcpypi.configuring.tool_recipes import Tool
    from gcpypi.settings import load_settings

    if tool not in set(UploadTool if publish else Tool):
        raise CommandFailure(
            f"{tool} does not publish: leave out --publish"
            if publish
            else f"{tool} only publishes: add --publish"
        )
    settings = load_settings(index_url=index_url)
    if publish:
        raise typer.Exit(configure_publishing(UploadTool(tool), settings, write=write))
    raise typer.Exit(configure_tool(Tool(tool), settings, write=write))
