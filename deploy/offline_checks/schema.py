"""What a resource of the Google provider looks like, read from generated bindings of it.

Terraform wants the provider's schema and asks the provider itself, a program that only a registry
offers. The bindings (the wheel ``cdktf-cdktf-provider-google``) were generated from that schema and
state it again, in JavaScript: the arguments of a block in ``…ToHclTerraform``, and whether one may
be left out in that there is a ``reset…`` method for it. Only the resources asked for are read.
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
    """An argument or a result."""

    name: str
    type: Type
    required: bool
    """Whether it must be given."""
    given: bool
    """Whether it may be given; else it is a result only."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's arguments and the blocks within it."""

    attributes: tuple[Attribute, ...]
    blocks: tuple["Nested", ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """A block within a block."""

    name: str
    nesting: Literal["single", "list", "set"]
    required: bool
    repeated: bool
    block: Block


class NotInProvider(Exception):
    """The provider has no resource or data source of that type."""


def sources(wheel: Path, folders: Iterable[str]) -> dict[str, str]:
    """Read the JavaScript of ``folders`` (``storage-bucket``) out of the bindings' wheel."""
    wanted = {f"package/lib/{folder}/index.js": folder for folder in folders}
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with archive.open(name) as packed, tarfile.open(fileobj=packed, mode="r|gz") as package:
            return {
                wanted[member.name]: _text(package, member)
                for member in package
                if member.name in wanted
            }


def folder(mode: Mode, type_name: str) -> str:
    """Where the bindings keep a type: ``google_storage_bucket`` in ``storage-bucket``."""
    if mode == "provider":
        return "provider"
    dashed = type_name.replace("_", "-")
    return f"data-{dashed}" if mode == "data" else dashed.removeprefix("google-")


def read(source: str) -> Block:
    """Derive the block of the resource (or provider) that ``source`` defines."""
    classes = dict(_classes(source))
    top = next(body for body in classes.values() if "synthesizeHclAttributes()" in body)
    arguments = top[top.index("synthesizeHclAttributes()") :]
    return _block(source, classes, top, arguments)


def _text(package: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    extracted = package.extractfile(member)
    return extracted.read().decode() if extracted else ""


def _classes(source: str) -> Iterator[tuple[str, str]]:
    starts = list(_CLASS.finditer(source))
    ends = [match.start() for match in starts[1:]] + [len(source)]
    for match, end in zip(starts, ends, strict=True):
        yield match[1], source[match.start() : end]


def _block(source: str, classes: Mapping[str, str], body: str, arguments: str) -> Block:
    attributes: dict[str, Attribute] = {}
    blocks = []
    for match in _ARGUMENT.finditer(arguments):
        required = bool(body) and f" reset{_pascal(match['name'])}() {{" not in body
        if match["block"] == "true":
            blocks.append(_nested(source, classes, match, required))
        else:
            kind = _type(match["kind"], match["storage"])
            attributes[match["name"]] = Attribute(match["name"], kind, required, given=True)
    for getter, name in _COMPUTED.findall(body):
        if getter in _GETTERS:
            result = Attribute(name, _GETTERS[getter], required=False, given=False)
            attributes.setdefault(name, result)
    return Block(tuple(attributes.values()), tuple(blocks))


def _nested(
    source: str, classes: Mapping[str, str], match: re.Match[str], required: bool
) -> Nested:
    """A block's own class tells what it requires; the provider's blocks have none."""
    function = re.findall(r"(\w+)ToHclTerraform", match["value"])[0]
    name = function[0].upper() + function[1:]
    start = source.index(f"function {function}ToHclTerraform(")
    arguments = source[start : source.index("\n}", start)]
    nesting: Literal["single", "list", "set"] = (
        "single" if match["kind"] == "struct" else "set" if match["kind"] == "set" else "list"
    )
    block = _block(source, classes, classes.get(f"{name}OutputReference", ""), arguments)
    repeated = "listMapperHcl" in match["value"]
    return Nested(match["name"], nesting, required, repeated, block)


def _type(kind: str, storage: str) -> Type:
    if kind == "simple":
        return _SCALARS[storage]
    return kind, _SCALARS[storage.removesuffix("List").removesuffix("Map")]


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
