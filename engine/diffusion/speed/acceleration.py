"""What makes a model fast on a graphics card: recorded calls, and the fastest attention kernel.

A UNet is some thousand kernels, most of them shorter than Python takes to launch one. So each combination of shapes is
recorded once (a CUDA graph) and replayed as a whole. `torch.compile` also fuses kernels, at the price of a minute at
the start. What does not work on a machine is logged and left out.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from cachetools import LRUCache
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.text import first_line

logger = logging.getLogger(__name__)

RECORDINGS = 24
"""Least number of recordings kept; each holds its inputs and output, and all share the memory in between."""
WARM_UPS = 2
"""Plain calls of a shape before it is recorded: libraries choose their kernels in them, and rare shapes are not worth
it."""

Function = Callable[..., Tensor]


@dataclass(frozen=True)
class _Recording:
    graph: Any
    inputs: tuple[Tensor, ...]
    output: Tensor


class RecordedCall:
    """A function on a graphics card that is replayed from recordings, one for each combination of shapes.

    Args:
        function: of tensors; it must not wait for the card, nor draw random numbers. Its result is valid until the next
            call.
        pool: memory that recordings share, as no two of them run at a time.
        most: number of recordings that are kept, the latest.
    """

    def __init__(self, function: Function, pool: Any = None, most: int = RECORDINGS) -> None:
        self._function = function
        self._pool = pool
        self._seen: Counter[Any] = Counter()
        self._too_large: set[Any] = set()
        self._recordings: LRUCache[Any, _Recording] = LRUCache(most)
        self._can_record = True

    def __call__(self, *inputs: Tensor) -> Tensor:
        key = tuple((tuple(tensor.shape), tensor.dtype, tensor.stride()) for tensor in inputs)
        recording = self._recordings.get(key)
        if recording is None and self._can_record and self._is_due(key):
            recording = self._try_to_record(key, inputs)
        if recording is None:
            return self._function(*inputs)
        for kept, given in zip(recording.inputs, inputs, strict=True):
            kept.copy_(given)
        recording.graph.replay()
        return recording.output

    @property
    def recordings(self) -> int:
        return len(self._recordings)

    def clear(self) -> None:
        self._recordings.clear()
        self._seen.clear()

    def _is_due(self, key: Any) -> bool:
        self._seen[key] += 1
        return self._seen[key] > WARM_UPS and key not in self._too_large

    def _try_to_record(self, key: Any, inputs: tuple[Tensor, ...]) -> _Recording | None:
        try:
            recording = self._record(inputs)
        except torch.OutOfMemoryError:
            self._too_large.add(key)
            logger.warning("too little memory to record calls of %s; they are started one by one", key[0][0])
            return None
        except RuntimeError as error:
            self._can_record = False
            logger.warning("calls cannot be recorded here (%s); they are started one by one", first_line(error)[:200])
            return None
        self._recordings[key] = recording
        return recording

    def _record(self, inputs: tuple[Tensor, ...]) -> _Recording:
        kept = tuple(tensor.clone() for tensor in inputs)
        device = kept[0].device
        aside: Any = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            self._function(*kept)  # libraries set up what belongs to a stream
        torch.cuda.current_stream(device).wait_stream(aside)
        torch.cuda.synchronize(device)
        graph = torch.cuda.CUDAGraph()
        # Other threads may copy pictures meanwhile: only this thread's work has to fit into a recording.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            output = self._function(*kept)
        return _Recording(graph, kept, output)


class CompiledCall:
    """A function through `torch.compile`, as long as that works; batches of any size share one compile.

    Args:
        function: of tensors, all with the batch as their first dimension.
        name: of the function, for the log.

    Attributes:
        is_frozen: whether new shapes run uncompiled, as a compile would stop everybody's animations for a minute.
    """

    def __init__(self, function: Function, name: str) -> None:
        self.is_frozen = False
        self._plain = function
        self._name = name
        self._compiled: Function | None = torch.compile(function, dynamic=False)

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self._compiled is None:
            return self._plain(*inputs)
        for tensor in inputs:
            if tensor.dim() and len(tensor) > 1:
                torch._dynamo.maybe_mark_dynamic(tensor, 0)  # private: pyproject.toml bounds the versions of torch
        try:
            with torch.compiler.set_stance("eager_on_recompile" if self.is_frozen else "default"):
                return self._compiled(*inputs)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a compiler can fail in any way, and the plain function is there
            logger.warning("%s cannot be compiled here (%s); it runs as it is", self._name, first_line(error)[:200])
            self._compiled = None
            return self._plain(*inputs)


class Acceleration:
    """How the calls of one model are made fast.

    Args:
        how: "none", "graphs" to record calls, or "compile" to compile them as well; "none" on all but CUDA devices.
        lanes: at most in one call; there is room for a recording of each number of them, guided or not.
    """

    def __init__(self, device: torch.device, how: str = "none", lanes: int = 0) -> None:
        self._records = device.type == "cuda" and how in ("graphs", "compile")
        self._compiles = device.type == "cuda" and how == "compile"
        self._pool = torch.cuda.graph_pool_handle() if self._records else None
        self._most = max(RECORDINGS, 2 * lanes)
        self._recorded: list[RecordedCall] = []
        self._compiled: list[CompiledCall] = []

    def record(self, function: Function) -> Function:
        """Return the function replayed from recordings, where each call overwrites the result of the one before."""
        if not self._records:
            return function
        self._recorded.append(RecordedCall(function, self._pool, self._most))
        return self._recorded[-1]

    def compile(self, function: Function, name: str) -> Function:
        if not self._compiles:
            return function
        self._compiled.append(CompiledCall(function, name))
        return self._compiled[-1]

    def stop_compiling(self) -> None:
        """Compile nothing more: calls belong to jobs from now on."""
        for compiled in self._compiled:
            compiled.is_frozen = True

    def clear_recordings(self) -> None:
        """Drop all recordings and free the memory that they share."""
        for recorded in self._recorded:
            recorded.clear()


BACKENDS = (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION)
FALLBACKS = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH)
ATTENTION_ROWS = 4


def measure_fastest_attention(heads: int, tokens: int, width: int, like: Tensor) -> SDPBackend | None:
    """Measure in some ms which kernel for self-attention is fastest in a UNet's largest blocks; None if none runs.

    Args:
        width: channels of one head.
        like: a tensor of the device and dtype.
    """
    # As diffusers lays them out: heads beside each other in one row of channels.
    states = torch.randn(ATTENTION_ROWS, tokens, heads, width, device=like.device, dtype=like.dtype).transpose(1, 2)
    taken = {}
    for backend in BACKENDS:
        with contextlib.suppress(RuntimeError), sdpa_kernel([backend]):
            attend = functools.partial(F.scaled_dot_product_attention, states, states, states)
            taken[backend] = _card_seconds(attend)
    for backend, seconds in taken.items():
        logger.info("%s: %.3f ms", backend.name, 1000 * seconds)
    return min(taken, key=taken.__getitem__, default=None)


def use_attention_kernel(backend: SDPBackend | None) -> AbstractContextManager[None]:
    """Prefer `backend` for attention, and fall back to others where it does not run."""
    if backend is None:
        return contextlib.nullcontext()
    return sdpa_kernel([backend, *(other for other in FALLBACKS if other is not backend)], set_priority=True)


def _card_seconds(work: Callable[[], Any], repeats: int = 5) -> float:
    work()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / repeats
