"""Small honest wheels, built in memory."""

from local.demo.wheel import Wheel


def wheel(
    name: str = "acme",
    version: str = "1.0",
    *,
    metadata: str = "",
    body: bytes = b"VERSION = 1\n",
    program: str = "",
) -> bytes:
    """A pure wheel of one module.

    :param metadata: further lines of METADATA, each with its newline.
    :param program: the name of a program that calls the module's ``main``; empty: none.
    """
    return Wheel(name, version, {f"{name}.py": body}, metadata, program).encode()


def wheel_filename(name: str = "acme", version: str = "1.0") -> str:
    """The file name of :func:`wheel`."""
    return Wheel(name, version, {}).filename
