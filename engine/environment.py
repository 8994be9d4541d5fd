"""What a process that computes needs of its surroundings."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Mapping
from typing import Final

TURN_SECONDS: Final = 0.0005
SPINS: Final = "5000"
HIGHEST_NICENESS: Final = 19
"""What is written can wait a little, while all threads of an operation wait for one that was kept from its core."""
MIB: Final = 1024 * 1024
LARGEST_KEPT: Final = 32 * MIB
MOST_KEPT: Final = 256 * MIB
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them


def limit_thread_spinning(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with OpenMP's threads told how long to spin while they wait, unless it says so itself.

    The threads of one operation wait for the last of them, and all of them for the next operation. By default GNU's
    OpenMP lets them spin for a millisecond or more, which takes cores from whoever writes pictures meanwhile. Asleep
    at once, they are so slow to wake that a small model's call takes longer than one thread alone. Some tens
    of microseconds reach from one operation to the next.
    """
    if "OMP_WAIT_POLICY" in environment:
        return dict(environment)
    return {"GOMP_SPINCOUNT": SPINS, **environment}


def shorten_thread_turns() -> None:
    """Let Python's threads take shorter turns than usual.

    Every operation on a tensor hands the interpreter over, and the thread that feeds a graphics card gets it back only
    when a thread that writes GIFs ends its turn: 5 ms by default, the time of many operations.
    """
    sys.setswitchinterval(TURN_SECONDS)


def lower_thread_priority(niceness: int = HIGHEST_NICENESS) -> None:
    """Let the calling thread compute where nobody else wants to; elsewhere than on Linux that would be the process."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # where it is forbidden, it only takes its share
            os.setpriority(os.PRIO_PROCESS, thread, max(niceness, os.getpriority(os.PRIO_PROCESS, thread)))


def keep_freed_memory() -> bool:
    """Let the C library keep memory for the next operation rather than give it back to the system after each.

    A picture's activations are blocks of a few MiB. By default glibc gives them back at once, and the next operation
    has to take them page by page: a thousand page faults each, a tenth of a decode's time and a quarter of an encode's.
    What is kept is bounded.

    Returns:
        whether that could be said: only glibc takes it.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(_TRIM_THRESHOLD, MOST_KEPT))
