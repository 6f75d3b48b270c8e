"""Loaded objects, and the garbage collector of Python."""

import gc


def freeze_loaded_objects() -> None:
    """Exclude all existing objects from garbage collection, because they are never freed.

    A full collection visits every object, and all requests wait until it ends
    (``docs/adr/0012-loaded-objects-are-frozen.md``).
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
