"""Schemas of resources of the Google provider, read from its generated bindings.

Terraform normally gets the schema from the provider, a program from a registry. The bindings (the
wheel ``cdktf-cdktf-provider-google``) were generated from that schema and repeat it in JavaScript.
The arguments of a block are in ``…ToHclTerraform``; an optional one has a ``reset…`` method. Only
the requested resources are read.
"""

import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["resource", "data", "provider"]
Type = str | tuple[str, str]
"""``string``, ``number``, ``bool``, or a list, set or map of them."""

_ARGUMENT = re.compile(
    r"^ +(?P<name>\w+): \{\s+value: (?P<value>.+),\s+isBlock: (?P<block>true|false),\s+"
    r'type: "(?P<kind>\w+)",\s+storageClassType: "(?P<storage>\w+)",\s+\},?$',
    re.MULTILINE,
)
_COMPUTED = re.compile(r"return this\.get(\w+)Attribute\('(\w+)'\);")
_CLASS = re.compile(r"^class (\w+) extends ", re.MULTILINE)
_SCALARS: Mapping[str, str] = {"string": "string", "number": "number", "boolean": "bool"}
_GETTERS: Mapping[str, Type] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ("list", "string"),
    "NumberList": ("list", "number"),
    "StringMap": ("map", "string"),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """Argument or result of a resource."""

    name: str
    type: Type
    required: bool
    """Required argument."""
    is_argument: bool
    """Argument; else only a result."""


@dataclass(frozen=True, slots=True)
class Block:
    """Arguments and nested blocks of a block."""

    attributes: tuple[Attribute, ...]
    blocks: tuple["Nested", ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """Block within a block."""

    name: str
    nesting: Literal["single", "list", "set"]
    required: bool
    repeated: bool
    block: Block


def extract_sources(wheel: Path, folders: Iterable[str]) -> dict[str, str]:
    """Return the JavaScript of ``folders`` (``storage-bucket``) from the wheel of the bindings."""
    wanted = {f"package/lib/{folder}/index.js": folder for folder in folders}
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with archive.open(name) as packed, tarfile.open(fileobj=packed, mode="r|gz") as package:
            return {
                wanted[member.name]: _read_text(package, member)
                for member in package
                if member.name in wanted
            }


def find_folder(mode: Mode, type_name: str) -> str:
    """Return the folder of a type: ``storage-bucket`` for ``google_storage_bucket``."""
    if mode == "provider":
        return "provider"
    dashed = type_name.replace("_", "-")
    return f"data-{dashed}" if mode == "data" else dashed.removeprefix("google-")


def parse(source: str) -> Block:
    """Return the block of the resource (or of the provider) that ``source`` defines."""
    classes = dict(_split_classes(source))
    top = next(body for body in classes.values() if "synthesizeHclAttributes()" in body)
    arguments = top[top.index("synthesizeHclAttributes()") :]
    return _parse_block(source, classes, top, arguments)


def _read_text(package: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    extracted = package.extractfile(member)
    return extracted.read().decode() if extracted else ""


def _split_classes(source: str) -> Iterator[tuple[str, str]]:
    starts = list(_CLASS.finditer(source))
    ends = [match.start() for match in starts[1:]] + [len(source)]
    for match, end in zip(starts, ends, strict=True):
        yield match[1], source[match.start() : end]


def _parse_block(source: str, classes: Mapping[str, str], body: str, arguments: str) -> Block:
    attributes: dict[str, Attribute] = {}
    blocks = []
    for match in _ARGUMENT.finditer(arguments):
        required = bool(body) and f" reset{_to_pascal_case(match['name'])}() {{" not in body
        if match["block"] == "true":
            blocks.append(_parse_nested(source, classes, match, required))
        else:
            kind = _parse_type(match["kind"], match["storage"])
            attributes[match["name"]] = Attribute(match["name"], kind, required, is_argument=True)
    for getter, name in _COMPUTED.findall(body):
        if getter in _GETTERS:
            result = Attribute(name, _GETTERS[getter], required=False, is_argument=False)
            attributes.setdefault(name, result)
    return Block(tuple(attributes.values()), tuple(blocks))


def _parse_nested(
    source: str, classes: Mapping[str, str], match: re.Match[str], required: bool
) -> Nested:
    """Parse a nested block; its class defines the required arguments.

    Blocks of the provider itself have no class.
    """
    function = re.findall(r"(\w+)ToHclTerraform", match["value"])[0]
    name = function[0].upper() + function[1:]
    start = source.index(f"function {function}ToHclTerraform(")
    arguments = source[start : source.index("\n}", start)]
    nesting: Literal["single", "list", "set"] = (
        "single" if match["kind"] == "struct" else "set" if match["kind"] == "set" else "list"
    )
    block = _parse_block(source, classes, classes.get(f"{name}OutputReference", ""), arguments)
    repeated = "listMapperHcl" in match["value"]
    return Nested(match["name"], nesting, required, repeated, block)


def _parse_type(kind: str, storage: str) -> Type:
    if kind == "simple":
        return _SCALARS[storage]
    return kind, _SCALARS[storage.removesuffix("List").removesuffix("Map")]


def _to_pascal_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
