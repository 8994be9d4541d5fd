"""What a process that computes needs of its surroundings."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Final

TURN_SECONDS: Final = 0.0005
MIB: Final = 1024 * 1024
LARGEST_KEPT: Final = 32 * MIB
MOST_KEPT: Final = 256 * MIB
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them


def patient_threads(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with OpenMP's threads told to sleep while they wait for each other, unless it has its own.

    By default they spin. On a machine that is busy with anything else, the spinning takes the very core that the
    thread they wait for needs: with two threads on two busy cores a UNet call took four times as long.
    """
    return {"OMP_WAIT_POLICY": "PASSIVE", **environment}


def take_short_turns() -> None:
    """Let Python's threads take shorter turns than usual.

    Every operation on a tensor hands the interpreter over, and the thread that feeds a graphics card gets it back only
    when a thread that writes GIFs ends its turn: 5 ms by default, the time of many operations.
    """
    sys.setswitchinterval(TURN_SECONDS)


def keep_memory() -> bool:
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
