"""How a process that computes shares the machine: threads, priorities, memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Mapping
from typing import Final

TURN_SECONDS: Final = 0.0005
"""How long a Python thread may hold the interpreter while another one waits for it."""
SPINS: Final = "5000"
"""Rounds that an OpenMP thread spins for more work before it sleeps: some tens of microseconds."""
HIGHEST_NICENESS: Final = 19
"""Lowest priority on Linux, for writer threads: a tensor operation waits for its slowest thread."""
MIB: Final = 1024 * 1024
LARGEST_KEPT: Final = 32 * MIB
"""Largest block that is kept for reuse when it is freed, rather than given back to the system."""
MOST_KEPT: Final = 256 * MIB
"""Freed memory that is kept at the most."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them


def limit_thread_spinning(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with a bound on how long GNU OpenMP's threads spin, unless a wait policy is set.

    By default they spin for a millisecond or more, which takes cores from the writers; without any spinning they wake
    so slowly that a small model is faster on one thread. Tens of microseconds reach from one operation to the next.
    """
    if "OMP_WAIT_POLICY" in environment:
        return dict(environment)
    return {"GOMP_SPINCOUNT": SPINS, **environment}


def shorten_thread_turns() -> None:
    """Have Python switch threads more often than every 5 ms, the time of many tensor operations.

    After each of them the thread that feeds a graphics card has to get the GIL back from the threads that write GIFs.
    """
    sys.setswitchinterval(TURN_SECONDS)


def lower_thread_priority(niceness: int = HIGHEST_NICENESS) -> None:
    """Lower the calling thread's priority; only on Linux, because elsewhere it would be the whole process's."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # where it is forbidden, it competes as before
            os.setpriority(os.PRIO_PROCESS, thread, max(niceness, os.getpriority(os.PRIO_PROCESS, thread)))


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory, up to a bound; return whether it can: only glibc does.

    By default glibc returns activations, blocks of a few MiB, to the system at once; taking them back page by page is a
    tenth of a decode's time and a quarter of an encode's.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(_TRIM_THRESHOLD, MOST_KEPT))
