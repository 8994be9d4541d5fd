"""A GIF written frame by frame, as frames arrive, that never exceeds its limit and uses most of it where it binds.

    writer = GifWriter(GifPlan(limit_bytes=limit, frames=275, frame_ms=80, size=(512, 512)), recall=read_frame_back)
    for frame in frames:
        writer.add(frame)
    gif = writer.finish()  # ready at once

Where the limit does not bind, the file has its full size and 256 colours a frame. Where it does, the size is chosen
from the first frame and the colour count (64 to 256) steers every later one onto what is left. When content turns out
so much heavier or lighter than it began that colours cannot make up for it, the frames so far are recalled and encoded
again at another size. Before the longer side falls below 160 pixels (or half the planned size), every other frame is
dropped instead and its neighbour shown twice as long: at worst every fourth frame is left, no fewer than 8 frames, 48
pixels. What does not fit even then is refused.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Final

import msgspec
from PIL import Image

from engine.errors import LimitTooSmall
from engine.frames import gif_blocks
from engine.frames.gif_budget import FEWEST_COLOURS, GifBudget, GifForm
from engine.frames.palette import quantize

MOST_FRAME_MS: Final = 60_000
MOST_PIXEL_BYTES: Final = 2
"""What a pixel takes at most: a code of twelve bits."""
MOST_BLOCK_BYTES: Final = 2048
"""What a frame takes at most beside its pixels: a palette, a few headers."""
_LAST_GROWTHS: Final = 2  # passes that finish() may spend on using more of the limit


class GifPlan(msgspec.Struct, frozen=True):
    """What the file must be; raises ValueError for values out of range.

    Attributes:
        frames: how many will be added, 1 or more.
        frame_ms: how long each is shown, 1..60,000; rounded to centiseconds, at least 2.
        size: width and height in pixels that frames are scaled to, or below it where the limit binds.
    """

    limit_bytes: int
    frames: int
    frame_ms: int
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.limit_bytes < 1 or self.frames < 1 or min(self.size) < 1 or max(self.size) > 0xFFFF:
            raise ValueError(f"a plan for a GIF that cannot be: {self}")
        if not 1 <= self.frame_ms <= MOST_FRAME_MS:
            raise ValueError(f"frame_ms must be 1 to {MOST_FRAME_MS}, not {self.frame_ms}")


class Gif(msgspec.Struct, frozen=True):
    """A finished file and what is in it: `frames` are those kept, shown `frame_ms` each (the last perhaps shorter)."""

    data: bytes
    width: int
    height: int
    frames: int
    frame_ms: int


class GifWriter:
    """Writes one GIF. Not thread-safe: one thread at a time, any thread.

    `recall(i)` returns the pixels of frame i, which was added before, to be encoded again: the writer keeps encoded
    blocks (at most the limit) and no frames.
    """

    def __init__(self, plan: GifPlan, recall: Callable[[int], Image.Image]) -> None:
        self.encodes = 0  # frames encoded so far, those that were thrown away included
        self._plan = plan
        self._recall = recall
        self._delay = max(gif_blocks.LEAST_CENTISECONDS, round(plan.frame_ms / 10))
        overhead = gif_blocks.HEADER_BYTES + len(gif_blocks.TRAILER)
        self._budget = GifBudget(plan.limit_bytes - overhead, plan.frames, max(plan.size))
        # An mmap takes memory as it is written to; a growing buffer would fragment the heap.
        largest = plan.frames * (MOST_PIXEL_BYTES * plan.size[0] * plan.size[1] + MOST_BLOCK_BYTES)
        self._file_so_far = mmap.mmap(-1, min(plan.limit_bytes, largest) + overhead)
        self._added = 0
        self._checked = 0  # frames there were when the form was last changed for the better
        self._fits = True
        self._begin(self._budget.form)

    def add(self, frame: Image.Image) -> None:
        """Take the next frame, in order: RGB, any size. Raises ValueError for more frames than planned."""
        if self._added == self._plan.frames:
            raise ValueError(f"{self._plan.frames} frames were planned, and one more was added")
        self._added += 1
        self._catch_up(frame)
        if self._fits and self._may_change():
            self._reencode_if_better(frame)

    def finish(self) -> Gif:
        """Return the file; call it once, after the last frame.

        Raises LimitTooSmall when even the smallest form does not fit, ValueError when frames are missing.
        """
        if self._added < self._plan.frames:
            raise ValueError(f"{self._plan.frames} frames were planned, but {self._added} added")
        for _ in range(_LAST_GROWTHS):
            if not self._fits or self._budget.is_enough():
                break
            self._reencode_if_better(None)
        if not self._fits:
            raise LimitTooSmall(
                "{frames} frames do not fit into {limit} bytes, however small: ask for fewer frames.",
                frames=self._plan.frames,
                limit=f"{self._plan.limit_bytes:,}",
            )
        self._file_so_far.write(gif_blocks.TRAILER)
        data = self._file_so_far[: self._file_so_far.tell()]
        self._file_so_far.close()
        step = self._budget.form.step
        return Gif(data, *self._size, frames=-(-self._plan.frames // step), frame_ms=10 * self._delay * step)

    def _catch_up(self, latest: Image.Image | None) -> None:
        """Encode all kept frames up to the latest one added, whose pixels may be at hand."""
        while self._fits and self._budget.next < self._added:
            index = self._budget.next
            self._encode(latest if latest is not None and index == self._added - 1 else self._recall(index))

    def _encode(self, frame: Image.Image) -> None:
        """Encode the next frame and keep it, or start again in a smaller form if it does not fit."""
        scaled = _scale(frame, self._size)
        colours, room = self._budget.colours(), self._budget.room()
        block = self._block(scaled, colours)
        while len(block) > room and colours > FEWEST_COLOURS:
            colours = self._budget.fewer_colours(colours, len(block), room)
            block = self._block(scaled, colours)
        if len(block) > room:
            self._shrink(colours, len(block))
            return
        self._file_so_far.write(block)
        self._budget.record(colours, len(block))

    def _block(self, scaled: Image.Image, colours: int) -> bytes:
        self.encodes += 1
        frames_shown = min(self._budget.form.step, self._plan.frames - self._budget.next)
        return gif_blocks.pack_frame(quantize(scaled, colours), self._delay * frames_shown)

    def _shrink(self, colours: int, size: int) -> None:
        """Start again in a smaller form, after the next frame took `size` bytes, which is too many."""
        self._budget.record(colours, size)
        form = self._budget.smaller_form()
        if form is None:
            self._fits = False
        else:
            self._begin(form)

    def _may_change(self) -> bool:
        """Whether the form may change now, which means encoding all frames so far again.

        Frames must have doubled since the last change, so that all changes cost a few passes; near the end it gains
        little, and finish() decides.
        """
        return self._added >= 2 * self._checked and self._added <= 3 / 4 * self._plan.frames

    def _reencode_if_better(self, latest: Image.Image | None) -> None:
        """Encode everything again in the form that fits best by now, if that is clearly another one."""
        present, better = self._budget.form, self._budget.fitting_form()
        too_small = better.is_larger_than(present) and not self._budget.is_enough()
        if too_small or present.is_larger_than(better):
            self._checked = self._added
            self._begin(better)
            self._catch_up(latest)

    def _begin(self, form: GifForm) -> None:
        width, height = self._plan.size
        scale = form.side / max(width, height)
        self._size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._budget.restart(form)
        self._file_so_far.seek(0)
        self._file_so_far.write(gif_blocks.pack_header(self._size))


def _scale(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    frame = frame if frame.mode == "RGB" else frame.convert("RGB")
    return frame if frame.size == size else frame.resize(size, Image.Resampling.LANCZOS)
