"""Command ``gcpypi configure``."""

from typing import Annotated, Literal

import typer

from gcpypi.arguments import IndexUrl

_Tool = Literal["pip", "uv", "poetry", "pdm", "pipx", "docker", "netrc", "renovate"]


def configure(
    tool: Annotated[_Tool, typer.Argument(metavar="TOOL", help="tool to configure")],
    index_url: IndexUrl = None,
    write: Annotated[
        bool, typer.Option("--write", help="merge the settings into the files of the tool")
    ] = False,
) -> None:
    """Print the settings of a tool for this index, or write them.

    TOOL is pip, uv, poetry, pdm, pipx, docker, netrc or renovate.

    Only --write for pip and netrc writes the token, into ~/.netrc. No output has it.

    Exit codes: 0 done, 2 a file cannot take the settings; no file is changed.

    [bold]Examples[/bold]

    \b
      gcpypi configure uv
      gcpypi configure pip --write
      gcpypi configure renovate > renovate.json
    """
    from gcpypi.configuring.configure_command import configure_tool
    from gcpypi.configuring.tool_recipes import Tool
    from gcpypi.settings import load_settings

    raise typer.Exit(configure_tool(Tool(tool), load_settings(index_url=index_url), write=write))
