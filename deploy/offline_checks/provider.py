"""Stand-in for the Google provider: it has the schema and makes no requests to Google Cloud.

Terraform connects to it (``TF_REATTACH_PROVIDERS``) in place of a provider from a registry. That is
enough for ``validate``, for ``test`` with ``mock_provider``, where Terraform itself generates the
values of the cloud, and for ``plan`` without refresh. Only the existence and the type of arguments
are checked, and that required ones are present. Values are not checked. A plan never contains a
replacement, because the schema does not include which argument forces one.
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
import msgpack  # type: ignore[import-not-found] # in its own venv
from tf.gen import tfplugin_pb2 as messages  # type: ignore[import-not-found] # in its own venv
from tf.gen import tfplugin_pb2_grpc as services

from offline_checks.schema import Attribute, Block, Mode, Nested

ADDRESS = "hashicorp/google"

ISOLATED: Mapping[str, str] = {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
"""Environment in which Terraform reads no user configuration and checks for no new version."""

Schemas = Mapping[tuple[Mode, str], Block]
"""Schemas by mode and type; the type of the provider's own schema is ``google``."""

Data = Mapping[str, Mapping[str, object]]
"""Attributes of data sources, by type."""

_UNKNOWN = msgpack.ExtType(0, b"\0")
"""Unknown value in Terraform's encoding: known only after apply."""


@contextmanager
def serve(schemas: Schemas, data: Data) -> Iterator[dict[str, str]]:
    """Serve ``schemas`` and ``data``; yield the environment by which Terraform finds them."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1)])
    services.add_ProviderServicer_to_server(_Provider(schemas, data), server)
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "provider")
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        try:
            yield {
                **ISOLATED,
                "TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: _build_reattachment(socket)}),
            }
        finally:
            server.stop(None)


def _build_reattachment(socket: Path) -> dict[str, object]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "unix", "String": str(socket)},
    }


class _Provider(services.ProviderServicer):  # type: ignore[misc] # its base has no types
    """Answers to the calls that need no cloud. The protocol defines the names of the methods."""

    def __init__(self, schemas: Schemas, data: Data) -> None:
        self._schemas, self._data = schemas, data

    def GetProviderSchema(self, request: object, context: object) -> object:
        return _build_response(self._schemas)

    def ValidateProviderConfig(self, request: object, context: object) -> object:
        return messages.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: object, context: object) -> object:
        return messages.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: object, context: object) -> object:
        return messages.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: object, context: object) -> object:
        return messages.ConfigureProvider.Response()

    def UpgradeResourceState(self, request: Any, context: object) -> object:  # noqa: ANN401 - protobuf without types
        """Return the attributes of the state file unchanged."""
        state = messages.DynamicValue(json=request.raw_state.json)
        return messages.UpgradeResourceState.Response(upgraded_state=state)

    def ReadDataSource(self, request: Any, context: object) -> object:  # noqa: ANN401 - protobuf without types
        found = json.dumps(self._data[request.type_name]).encode()
        return messages.ReadDataSource.Response(state=messages.DynamicValue(json=found))

    def PlanResourceChange(self, request: Any, context: object) -> object:  # noqa: ANN401 - protobuf without types
        """Plan the proposed state; the results of a new resource are unknown."""
        proposed = request.proposed_new_state
        if msgpack.unpackb(request.prior_state.msgpack) is None:
            block = self._schemas["resource", request.type_name]
            computed = {each.name for each in block.attributes if not each.required}
            values = msgpack.unpackb(proposed.msgpack)
            for name in computed & {name for name, value in values.items() if value is None}:
                values[name] = _UNKNOWN
            proposed = messages.DynamicValue(msgpack=msgpack.packb(values))
        return messages.PlanResourceChange.Response(planned_state=proposed)

    def StopProvider(self, request: object, context: object) -> object:
        return messages.StopProvider.Response()


def _build_response(schemas: Schemas) -> object:
    response = messages.GetProviderSchema.Response()
    tables = {"resource": response.resource_schemas, "data": response.data_source_schemas}
    for (mode, name), block in schemas.items():
        schema = messages.Schema(version=0, block=_build_block(block))
        if mode == "provider":
            response.provider.CopyFrom(schema)
        else:
            tables[mode][name].CopyFrom(schema)
    return response


def _build_block(block: Block) -> object:
    return messages.Schema.Block(
        attributes=map(_build_attribute, block.attributes),
        block_types=map(_build_nested, block.blocks),
    )


def _build_attribute(attribute: Attribute) -> object:
    """Convert an attribute; treat every optional one as computed.

    The bindings do not state which optional attributes the cloud computes.
    """
    return messages.Schema.Attribute(
        name=attribute.name,
        type=json.dumps(attribute.type).encode(),
        required=attribute.required,
        optional=attribute.is_argument and not attribute.required,
        computed=not attribute.required,
    )


def _build_nested(nested: Nested) -> object:
    kinds = messages.Schema.NestedBlock
    if nested.nesting == "single":
        return kinds(type_name=nested.name, nesting=kinds.SINGLE, block=_build_block(nested.block))
    return kinds(
        type_name=nested.name,
        nesting=kinds.SET if nested.nesting == "set" else kinds.LIST,
        block=_build_block(nested.block),
        min_items=int(nested.required),
        max_items=0 if nested.repeated else 1,
    )
