"""What the engine asks of its process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.core.writers import Writers
from engine.environment import HIGHEST_NICENESS, SPINS, limit_thread_spinning, lower_thread_priority

FAULTS = """
import resource, sys
import torch
from engine.environment import keep_freed_memory
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    picture = torch.ones(4 * 2**20)
    for _ in range(8):
        picture = picture + 1
for _ in range(8):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    """The page faults of the same work, done again and again by one process."""
    ran = subprocess.run([sys.executable, "-c", FAULTS, how], check=True, capture_output=True, text=True)
    return [int(line) for line in ran.stdout.split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be asked to")
def test_memory_that_is_kept_soon_costs_hardly_any_page_faults():
    # At first a block may still lie where none lay before; and a huge page may save an ordinary process its faults.
    assert min(faults("keep")) < 100 < 1000 < max(faults("as usual"))


def test_threads_spin_a_moment_unless_the_operator_says_how_they_wait():
    assert limit_thread_spinning({"HOME": "/"}) == {"HOME": "/", "GOMP_SPINCOUNT": SPINS}
    assert limit_thread_spinning({"GOMP_SPINCOUNT": "7"}) == {"GOMP_SPINCOUNT": "7"}
    assert limit_thread_spinning({"OMP_WAIT_POLICY": "PASSIVE"}) == {"OMP_WAIT_POLICY": "PASSIVE"}


def niceness():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only a process has a priority")
def test_writers_give_way_and_nobody_else_does():
    before = niceness()
    writers = Writers(1)
    assert writers.of("job").submit(niceness).result(timeout=5) == HIGHEST_NICENESS
    writers.close()
    assert niceness() == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only a process has a priority")
def test_who_gives_way_already_is_left_alone():
    with ThreadPoolExecutor(1) as pool:
        assert (
            pool.submit(lambda: (lower_thread_priority(19), lower_thread_priority(5), niceness())).result(timeout=5)[2]
            == 19
        )
