"""Memory settings of the process for the allocator of glibc."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of ``mallopt`` in glibc's malloc.h."""


def reuse_memory() -> None:
    """Let glibc reuse the memory of a chunk (some hundred KiB) for the next chunk.

    By default glibc requests new memory from the kernel for each chunk. This is half of the cost of
    streaming (``docs/adr/0013-memory-of-chunks-is-reused.md``). Other C libraries have no
    ``mallopt`` (https://man7.org/linux/man-pages/man3/mallopt.3.html).
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)
        libc.mallopt(_M_TRIM_THRESHOLD, 4 * 1024 * 1024)
