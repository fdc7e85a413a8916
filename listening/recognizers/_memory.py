"""Keeps memory between windows.

A window's attention takes tens of MB. glibc hands blocks of that size back to the system and asks for them again, layer
by layer, and having them emptied and mapped anew is almost half of the encoder's time (measured on two AVX2 cores:
2.0 CPU seconds a window with it, 1.1 without).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # malloc.h
_KEPT_BYTES = 512 << 20


def keep_large_blocks() -> None:
    """From now on freed blocks stay with the process, up to 512 MB. Does nothing where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # musl has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)  # the others are too small to keep such blocks
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
