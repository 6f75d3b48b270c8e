"""Tables of docs/configuration.md against the settings classes."""

import re
from datetime import timedelta
from pathlib import Path

from pydantic.fields import FieldInfo

from chassis.settings import ServiceSettings
from indexer.settings import Settings as IndexerSettings
from ingest.settings import Settings as IngestSettings
from proxy.settings import Settings as ProxySettings
from publisher.settings import Settings as PublisherSettings
from publisher.web.settings import Settings as WebSettings
from upload.settings import Settings as UploadSettings

PAGE = Path(__file__).parents[3] / "docs/configuration.md"
SERVICES: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "indexer": IndexerSettings,
    "publisher": PublisherSettings,
    "web": WebSettings,
    "proxy": ProxySettings,
    "upload": UploadSettings,
}


def render_rows() -> list[str]:
    """Return the rows of the table, without the settings of ``ServiceSettings``."""
    return [
        f"| {service} | `{name.upper()}` | {_render_default(field)} | {_render_meaning(field)} |"
        for service, settings in SERVICES.items()
        for name, field in settings.model_fields.items()
        if name not in ServiceSettings.model_fields
    ]


def _render_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default in (None, {}, ()):
        return "none"
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g}"
    if isinstance(default, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in default) + "]`"
    if isinstance(default, int | float) and not isinstance(default, bool):
        return f"{default:g}" if isinstance(default, float) else f"{default}"
    return f"`{default}`"


def _render_meaning(field: FieldInfo) -> str:
    sentence = re.sub(r"\s+", " ", field.description or "").split(". ")[0].rstrip(".")
    return sentence.replace("``", "`")


def test_the_page_lists_every_setting() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if _is_row(line)]
    assert rows == render_rows(), "the table should be:\n" + "\n".join(render_rows())


def _is_row(line: str) -> bool:
    return line.startswith(tuple(f"| {service} | `" for service in SERVICES))


def test_the_page_lists_the_settings_of_every_service() -> None:
    rows = [
        (name.upper(), _render_default(field).strip("`"), _render_meaning(field))
        for name, field in ServiceSettings.model_fields.items()
    ]
    page = PAGE.read_text("utf-8")
    for name, default, meaning in rows:
        assert f"| `{name}` | {default} | {meaning} |" in page
