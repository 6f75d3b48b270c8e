"""Export of every message and document as a JSON Schema.

Usage: ``python -m schemas.export schemas/json``.
"""

import json
import re
import sys
from pathlib import Path

from pydantic import BaseModel

from schemas.discovery import IndexDescription
from schemas.events import MESSAGES
from schemas.push import PushEnvelope
from schemas.records import DOCUMENTS
from schemas.tokens import TokenDocument


def render_schemas() -> dict[str, str]:
    """Return the JSON Schemas (2020-12) of the written documents, as text by file name."""
    models: tuple[type[BaseModel], ...] = (
        *MESSAGES,
        *DOCUMENTS,
        IndexDescription,
        PushEnvelope,
        TokenDocument,
    )
    return {_format_file_name(model): _render_schema(model) for model in models}


def _format_file_name(model: type[BaseModel]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", model.__name__).lower() + ".json"


def _render_schema(model: type[BaseModel]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(directory: Path) -> None:
    """Write the schemas into ``directory``, and delete other JSON files there."""
    directory.mkdir(parents=True, exist_ok=True)
    schemas = render_schemas()
    for stale in {path.name for path in directory.glob("*.json")} - schemas.keys():
        (directory / stale).unlink()
    for name, text in schemas.items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
