"""Small valid wheels, built in memory."""

from local.demo.wheel_builder import Wheel


def build_wheel(
    name: str = "acme",
    version: str = "1.0",
    *,
    metadata: str = "",
    body: bytes = b"VERSION = 1\n",
    program: str = "",
    tag: str = "py3-none-any",
) -> bytes:
    """Build a pure-Python wheel of one module.

    :param metadata: additional lines of METADATA, each with its newline.
    :param program: name of a console script that calls the module's ``main``; empty for none.
    :param tag: tag of the file name and of WHEEL.
    """
    return Wheel(name, version, {f"{name}.py": body}, metadata, program, tag).encode()


def wheel_filename(name: str = "acme", version: str = "1.0") -> str:
    """Return the file name for :func:`build_wheel`."""
    return Wheel(name, version, {}).filename
