"""How a CPU computes fastest: the number of threads, and the memory layout.

It differs between machines, models and versions of torch, so it is measured in a few seconds at the engine's first
start, and kept. A model that takes many seconds a picture is not measured, and gets all cores but one. Neither choice
changes more than a picture's last digits.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch

from engine.diffusion.loading.parts import Parts
from engine.environment import lower_thread_priority

FILE = "calibration.json"
REPEATS = 3
BUDGET_SECONDS = 20.0
"""No further candidate is tried after so long."""
CLEARLY_FASTER = 0.95
"""A candidate must take less than this share of the best one's time: a smaller gain is noise."""

Candidate = TypeVar("Candidate")


class CpuLayout(msgspec.Struct, frozen=True):
    """How a model computes on a CPU.

    Attributes:
        unet_channels_last, vae_channels_last: whether the channels of a pixel are adjacent in memory.
    """

    threads: int
    unet_channels_last: bool = False
    vae_channels_last: bool = False

    def apply(self, parts: Parts) -> None:
        torch.set_num_threads(self.threads)
        for part, channels_last in ((parts.unet, self.unet_channels_last), (parts.vae, self.vae_channels_last)):
            part.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)


def calibrate(name: str, parts: Parts, threads: int, folder: Path) -> CpuLayout:
    """Return how a model computes fastest on this CPU, from `folder` or measured now; with 0 `threads` those, too."""
    file = folder / FILE
    key = _key(name, parts, threads)
    kept = _load(file)
    if key in kept:
        return kept[key]
    measured, complete = _measure(parts, threads)
    if complete:
        _save(file, kept | {key: measured})
    return measured


def thread_counts(cores: int) -> list[int]:
    """Return the numbers of threads to try; the first, all cores but one, is kept unless another is faster."""
    powers = [1 << power for power in range(cores.bit_length()) if 1 << power < cores]
    return list(dict.fromkeys([max(1, cores - 1), *powers, cores]))


def pick_fastest(candidates: Sequence[Candidate], seconds: Callable[[Candidate], float], until: float) -> Candidate:
    """Return the first candidate, or one that is clearly faster; none is tried after `until`."""
    best, *others = candidates
    if not others or time.monotonic() > until:
        return best
    least = seconds(best)
    for candidate in others:
        if time.monotonic() > until:
            break
        if (taken := seconds(candidate)) < least * CLEARLY_FASTER:
            best, least = candidate, taken
    return best


def _measure(parts: Parts, threads: int) -> tuple[CpuLayout, bool]:
    """Return the fastest layout, and whether that is final: all were tried, or the model is too slow to measure."""
    until = time.monotonic() + BUDGET_SECONDS
    counts = [threads] if threads else thread_counts(os.cpu_count() or 1)
    unet, vae = _unet_call(parts), _vae_call(parts)
    first = CpuLayout(counts[0])
    first.apply(parts)
    with torch.inference_mode(), _background_load():
        if (len(counts) + 1) * (REPEATS + 1) * (_time_call(unet) + _time_call(vae)) > BUDGET_SECONDS:
            return first, True

        def measure_seconds(layout: CpuLayout, *works: Callable[[], Any]) -> float:
            layout.apply(parts)
            return sum(_best_time(work) for work in works)

        layouts = [CpuLayout(count) for count in counts]
        chosen = pick_fastest(layouts, lambda layout: measure_seconds(layout, unet, vae), until)
        for field, work in (("vae_channels_last", vae), ("unet_channels_last", unet)):
            either = [chosen, msgspec.structs.replace(chosen, **{field: True})]
            chosen = pick_fastest(either, lambda layout, work=work: measure_seconds(layout, work), until)  # type: ignore[misc]
    return chosen, time.monotonic() <= until


def _best_time(work: Callable[[], Any]) -> float:
    work()  # the first call sets things up
    return min(_time_call(work) for _ in range(REPEATS))


def _time_call(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextlib.contextmanager
def _background_load() -> Iterator[None]:
    """Load a core in short bursts, as writing frames and GIFs does while the model computes."""
    stop = threading.Event()
    data = os.urandom(1 << 19)

    def work() -> None:
        lower_thread_priority()
        while not stop.wait(0.05):
            zlib.compress(data)

    thread = threading.Thread(target=work, name="background load")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _unet_call(parts: Parts) -> Callable[[], Any]:
    config = parts.unet.config
    rows = 2 if config.time_cond_proj_dim is None else 1
    latents = torch.zeros(rows, config.in_channels, _latent_side(parts), _latent_side(parts), dtype=parts.unet.dtype)
    states = torch.zeros(rows, 77, config.cross_attention_dim, dtype=parts.unet.dtype)
    others: dict[str, Any] = {}
    if config.addition_embed_type == "text_time":
        pooled = torch.zeros(rows, parts.text_encoder_2.config.projection_dim, dtype=parts.unet.dtype)
        others["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": torch.zeros(rows, 6)}
    return lambda: parts.unet(latents, 500, encoder_hidden_states=states, **others)


def _vae_call(parts: Parts) -> Callable[[], Any]:
    config = parts.vae.config
    latents = torch.zeros(1, config.latent_channels, _latent_side(parts), _latent_side(parts), dtype=parts.vae.dtype)
    return lambda: parts.vae.encode(parts.vae.decode(latents).sample)


def _latent_side(parts: Parts) -> int:
    size = parts.unet.config.sample_size
    return size if isinstance(size, int) else 64


def _key(name: str, parts: Parts, threads: int) -> str:
    software = f"torch {torch.__version__} | lean, packed"  # the latter by `engine.diffusion.loading.lean`
    facts = (_processor(), os.cpu_count(), software, name, parts.dtype, f"threads {threads}")
    return " | ".join(str(fact) for fact in facts)


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _save(file: Path, layouts: dict[str, CpuLayout]) -> None:
    fresh = file.with_suffix(".tmp")
    with contextlib.suppress(OSError):  # if the disk is not writable, writing frames reports it
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(layouts)))
        fresh.replace(file)


def _load(file: Path) -> dict[str, CpuLayout]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, CpuLayout])
    except (OSError, msgspec.MsgspecError):
        return {}
