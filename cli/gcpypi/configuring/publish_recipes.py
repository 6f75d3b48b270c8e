"""Settings of publishing tools for the upload service of an index. No setting has a token."""

from collections.abc import Mapping
from enum import StrEnum

from gcpypi.configuring.tool_recipes import PYPROJECT, Recipe

PYPIRC = "~/.pypirc"
SECTION = "Publish with uv, twine, poetry, pdm, hatch or flit"
TOKEN_VARIABLE = "GCPYPI_UPLOAD_TOKEN"  # noqa: S105 - the name of a variable
_TOKEN = f'"${TOKEN_VARIABLE}"'


class UploadTool(StrEnum):
    """Tools that publish by the upload service."""

    UV = "uv"
    TWINE = "twine"
    POETRY = "poetry"
    PDM = "pdm"
    HATCH = "hatch"
    FLIT = "flit"


COMMANDS: Mapping[UploadTool, str] = {
    UploadTool.UV: "uv publish --index gcpypi dist/*",
    UploadTool.TWINE: "twine upload --repository gcpypi --verbose dist/*",
    UploadTool.POETRY: "poetry publish --no-interaction --repository gcpypi",
    UploadTool.PDM: "pdm publish --no-build",
    UploadTool.HATCH: "hatch publish --no-prompt dist/*",
    UploadTool.FLIT: "flit publish --repository gcpypi",
}
"""Command that publishes, for each tool with its settings."""


def build_publish_recipe(tool: UploadTool, upload_url: str, index_url: str) -> Recipe:
    """Return the settings of a tool.

    :param upload_url: URL of the upload service; it ends in ``/legacy/``.
    :param index_url: the simple API without credentials.
    """
    entry = f'name = "gcpypi"\nurl = "{index_url}"\npublish-url = "{upload_url}"\n'
    pypirc = (
        "[distutils]\nindex-servers = gcpypi\n\n"
        f"[gcpypi]\nrepository = {upload_url}\nusername = __token__\n"
    )
    match tool:
        case UploadTool.UV:
            # uv compares the files with the page of the index first.
            commands: tuple[str, ...] = (
                f"export UV_PUBLISH_TOKEN={_TOKEN}",
                "export UV_INDEX_GCPYPI_USERNAME=__token__ "
                'UV_INDEX_GCPYPI_PASSWORD="$GCPYPI_TOKEN"',
            )
            return Recipe(SECTION, {PYPROJECT: f"[[tool.uv.index]]\n{entry}"}, commands)
        case UploadTool.TWINE:
            commands = (f"export TWINE_PASSWORD={_TOKEN}",)
            return Recipe(SECTION, {PYPIRC: pypirc}, commands, is_writable=False)
        case UploadTool.FLIT:
            commands = (f"export FLIT_PASSWORD={_TOKEN}",)
            return Recipe(SECTION, {PYPIRC: pypirc}, commands, is_writable=False)
    return Recipe(SECTION, {}, _list_commands(tool, upload_url), is_writable=False)


def _list_commands(tool: UploadTool, upload_url: str) -> tuple[str, ...]:
    """Return the commands of a tool without a file that can be copied."""
    if tool is UploadTool.POETRY:
        return (
            f"poetry config repositories.gcpypi {upload_url}",
            "export POETRY_HTTP_BASIC_GCPYPI_USERNAME=__token__ "
            f"POETRY_HTTP_BASIC_GCPYPI_PASSWORD={_TOKEN}",
        )
    if tool is UploadTool.PDM:
        return (
            f"pdm config repository.gcpypi.url {upload_url}",
            "pdm config repository.gcpypi.username __token__",
            f"export PDM_PUBLISH_REPO=gcpypi PDM_PUBLISH_PASSWORD={_TOKEN}",
        )
    return (
        f"export HATCH_INDEX_REPO={upload_url}",
        f"export HATCH_INDEX_USER=__token__ HATCH_INDEX_AUTH={_TOKEN}",
    )
