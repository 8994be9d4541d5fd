"""What the engine asks of its process."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from engine.environment import keep_memory
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_memory()
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
