"""A stand-in for the Google provider: it knows the schema, and nothing of Google.

Terraform connects to it (``TF_REATTACH_PROVIDERS``) instead of starting one from a registry. That
is enough for ``validate``, and for ``test`` with ``mock_provider``, where Terraform itself makes up
what the cloud would answer. Values are not checked as the real provider would: only that arguments
exist, have the right type, and are given where they must be.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from tf.gen import tfplugin_pb2 as messages  # type: ignore[import-not-found] # in its own venv
from tf.gen import tfplugin_pb2_grpc as services

from offline_checks.schema import Attribute, Block, Mode, Nested

ADDRESS = "hashicorp/google"

ALONE: Mapping[str, str] = {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
"""The environment in which Terraform reads no configuration of its user's, and asks nobody."""

Schemas = Mapping[tuple[Mode, str], Block]
"""By mode and type; the provider's own has the type ``google``."""


@contextmanager
def served(schemas: Schemas) -> Iterator[dict[str, str]]:
    """Serve ``schemas``; yield the environment by which Terraform finds them."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1)])
    services.add_ProviderServicer_to_server(_Provider(_response(schemas)), server)
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "provider")
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        try:
            yield {
                **ALONE,
                "TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: _reattach(socket)}),
            }
        finally:
            server.stop(None)


def _reattach(socket: Path) -> dict[str, object]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "unix", "String": str(socket)},
    }


class _Provider(services.ProviderServicer):  # type: ignore[misc] # its base has no types
    """Answers what Terraform asks before it would have to reach a cloud; method names are its."""

    def __init__(self, response: Any) -> None:  # noqa: ANN401 - protobuf without types
        self._response = response

    def GetProviderSchema(self, request: object, context: object) -> object:
        return self._response

    def ValidateProviderConfig(self, request: object, context: object) -> object:
        return messages.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: object, context: object) -> object:
        return messages.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: object, context: object) -> object:
        return messages.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: object, context: object) -> object:
        return messages.ConfigureProvider.Response()

    def StopProvider(self, request: object, context: object) -> object:
        return messages.StopProvider.Response()


def _response(schemas: Schemas) -> object:
    response = messages.GetProviderSchema.Response()
    tables = {"resource": response.resource_schemas, "data": response.data_source_schemas}
    for (mode, name), block in schemas.items():
        schema = messages.Schema(version=0, block=_block(block))
        if mode == "provider":
            response.provider.CopyFrom(schema)
        else:
            tables[mode][name].CopyFrom(schema)
    return response


def _block(block: Block) -> object:
    return messages.Schema.Block(
        attributes=map(_attribute, block.attributes), block_types=map(_nested, block.blocks)
    )


def _attribute(attribute: Attribute) -> object:
    """What may be left out counts as computed: the bindings do not tell which the cloud fills."""
    return messages.Schema.Attribute(
        name=attribute.name,
        type=json.dumps(attribute.type).encode(),
        required=attribute.required,
        optional=attribute.given and not attribute.required,
        computed=not attribute.required,
    )


def _nested(nested: Nested) -> object:
    kinds = messages.Schema.NestedBlock
    if nested.nesting == "single":
        return kinds(type_name=nested.name, nesting=kinds.SINGLE, block=_block(nested.block))
    return kinds(
        type_name=nested.name,
        nesting=kinds.SET if nested.nesting == "set" else kinds.LIST,
        block=_block(nested.block),
        min_items=int(nested.required),
        max_items=0 if nested.repeated else 1,
    )
