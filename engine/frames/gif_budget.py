"""What frames cost in bytes, learnt while they are encoded, and what the rest may therefore cost. Pure arithmetic.

A frame costs about `weight * colours**COLOUR_EXPONENT` bytes, and its weight grows as a power of the picture's side.
The weight is measured when a frame is encoded; the next frames are expected to weigh what the latest did, and later
ones what all did so far. From that follow the file's form (its size, and whether frames are dropped) and the colours of
the next frame. The exponents may be rough: the next measurement corrects them.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

SIDE_EXPONENT: Final = 1.5  # to begin with; measured: 1.2 for smooth pictures, 1.7 for grainy ones, 2 for noise
SIDE_EXPONENTS: Final = (1.0, 2.0)  # what it may be learnt to be
COLOUR_EXPONENT: Final = 0.4  # measured: 0.3 to 0.5; 0.1 to 0.3 for noise

MOST_COLOURS: Final = 256
GOOD_COLOURS: Final = 160  # a size is chosen so that frames can have these: room to go either way
FEWEST_COLOURS: Final = 64  # below, saturated hues die

STEPS: Final = (1, 2, 4)  # every frame is kept, or every other, or at worst every fourth
FEWEST_FRAMES: Final = 8  # and no fewer than these are kept, or all
# Pixels of the longer side; half the full side where that is less, so that dropping half the frames always leaves room
# to grow again.
COMFORTABLE_SIDE: Final = 160  # frames are dropped before a file gets smaller than this
LEAST_SIDE: Final = 48  # when no more frames may be dropped

TARGET: Final = 0.995  # share of the limit steered for; the rest absorbs what the last frame costs more than expected
FIT: Final = 0.98  # share of the limit a size is chosen for
ENOUGH: Final = 0.9  # share of the limit below which a larger form is worth another pass
_RECENT: Final = 8  # frames whose mean is what the very next frames are expected to weigh
_MEMORY: Final = 32  # frames over which that expectation fades to the mean of all frames: the next stage may be lighter
_TELLING: Final = 0.03  # log of the least change of side from which the exponent is learnt
_SHRINK: Final = 0.95  # a form that proved too large is followed by one at most this large


class GifForm(msgspec.Struct, frozen=True):
    """What is fixed for a whole file: the longer side in pixels, and that every `step`-th frame is kept."""

    side: int
    step: int = 1

    def is_larger_than(self, other: GifForm) -> bool:
        """Whether this form has more frames, or is clearly larger: by 10 %, which is worth 50 colours a frame."""
        return self.step < other.step or (self.step == other.step and self.side >= 1.1 * other.side)


class GifBudget:
    """Keeps account of one file: `frames` frames, at most `total` bytes, at most `side` pixels on the longer side."""

    def __init__(self, total: int, frames: int, side: int) -> None:
        self.form = GifForm(side)
        self.used = 0
        self.next = 0  # the frame to be encoded next
        self._total = max(0, total)
        self._side = side
        self._steps = [step for step in STEPS if step == 1 or frames >= FEWEST_FRAMES * step]  # the best first
        self._weights: NDArray[np.float64] = np.full(frames, np.nan)  # at the present side
        self._exponent = SIDE_EXPONENT
        self._scale = 1.0  # the present side over that of the pass before
        self._predicted = self._measured = 0.0  # weights of the frames encoded again in this pass

    def restart(self, form: GifForm) -> None:
        self._learn_exponent()
        self._weights[self.next :] *= self._drift
        self._scale = form.side / self.form.side
        self._weights *= self._scale**self._exponent
        self.form = form
        self.used = 0
        self.next = 0
        self._predicted = self._measured = 0.0

    def record(self, colours: int, size: int) -> None:
        """Take note that the next frame was encoded with `colours` colours in `size` bytes."""
        weight = size / colours**COLOUR_EXPONENT
        known = self._weights[self.next]
        if not np.isnan(known):
            self._predicted += known
            self._measured += weight
        self._weights[self.next] = weight
        self.used += size
        self.next += self.form.step

    def colours(self) -> int:
        """Return how many colours the next frame should have (64..256)."""
        rest = self._rest(self._expected())
        room = max(0.0, TARGET * self._total - self.used)
        ideal = float((room / rest) ** (1 / COLOUR_EXPONENT)) if rest else MOST_COLOURS
        return int(min(MOST_COLOURS, max(FEWEST_COLOURS, ideal)))

    def fewer_colours(self, colours: int, size: int, room: int) -> int:
        """Return how many colours bring a frame from `size` bytes down to `room`; fewer than `colours`, at least 64."""
        wanted = colours * (max(room, 0) / size) ** (1 / COLOUR_EXPONENT)
        return max(FEWEST_COLOURS, int(min(wanted, 0.9 * colours)))

    def room(self) -> int:
        """Return how many bytes the next frame may take so that the frames after it fit, if at their poorest."""
        room = self._total - self.used
        if self.form == self._smallest_form:
            return room  # there is nothing to fall back to
        expected = self._expected()
        later = self._rest(expected) - (0.0 if np.isnan(expected[self.next]) else expected[self.next])
        return int(room - later * FEWEST_COLOURS**COLOUR_EXPONENT)

    def is_enough(self) -> bool:
        """Whether the file will use most of the limit, or is as good as it can be."""
        most = self.used + self._rest(self._expected()) * MOST_COLOURS**COLOUR_EXPONENT
        return self.form == GifForm(self._side) or most >= ENOUGH * self._total

    def fitting_form(self) -> GifForm:
        """Return the best form in which all frames are expected to fit with GOOD_COLOURS colours."""
        form = GifForm(self._side)
        for step in self._steps:
            form = GifForm(self._fitting_side(step), step)
            if form.side >= self._least_side(step):
                return form
        return GifForm(max(form.side, self._least_side(form.step)), form.step)

    def smaller_form(self) -> GifForm | None:
        """Return the best fitting form below the present one, which proved too large; None if it is the smallest."""
        for step in self._steps:
            if step < self.form.step:
                continue
            side = self._fitting_side(step)
            if step == self.form.step:
                side = min(side, int(_SHRINK * self.form.side))
            if side >= self._least_side(step):
                return GifForm(side, step)
        return None if self.form == self._smallest_form else self._smallest_form

    @property
    def _drift(self) -> float:
        """How much heavier frames prove in this pass than was foretold from earlier ones."""
        return self._measured / self._predicted if self._predicted else 1.0

    @property
    def _smallest_form(self) -> GifForm:
        return GifForm(self._least_side(self._steps[-1]), self._steps[-1])

    def _least_side(self, step: int) -> int:
        bound = COMFORTABLE_SIDE if step < self._steps[-1] else LEAST_SIDE
        return max(1, min(bound, self._side // 2))

    def _fitting_side(self, step: int) -> int:
        """Return the side at which every `step`-th frame fits with GOOD_COLOURS colours; at most the full side."""
        size = self._expected()[::step].sum() * GOOD_COLOURS**COLOUR_EXPONENT
        return min(self._side, int(self.form.side * (FIT * self._total / size) ** (1 / self._exponent)))

    def _learn_exponent(self) -> None:
        """Take in what the pass that ends showed about how weight grows with the side."""
        if abs(math.log(self._scale)) > _TELLING:
            learnt = self._exponent + math.log(self._drift) / math.log(self._scale)
            self._exponent = min(max(learnt, SIDE_EXPONENTS[0]), SIDE_EXPONENTS[1])

    def _expected(self) -> NDArray[np.float64]:
        """Return the weight each frame is expected to have; NaN everywhere before the first is known."""
        expected = self._weights.copy()
        expected[self.next :] *= self._drift
        known = np.flatnonzero(~np.isnan(expected))
        if known.size:
            usual, recent = expected[known].mean(), expected[known[-_RECENT:]].mean()
            expected[np.isnan(expected)] = usual  # frames that were skipped while every other one was kept
            unseen = np.arange(known[-1] + 1, expected.size)
            fading = np.exp((known[-1] - unseen) / _MEMORY)
            expected[unseen] = usual + (recent - usual) * fading
        return expected

    def _rest(self, expected: NDArray[np.float64]) -> float:
        """Return the summed weight of the frames still to be encoded in this pass; 0 before any frame is known."""
        return float(np.nansum(expected[self.next :: self.form.step]))
