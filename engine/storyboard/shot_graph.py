"""Progress through a storyboard: which shots can start, and which frames are still needed."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from engine.storyboard.shot import Shot
from engine.storyboard.storyboard import Storyboard


class ShotGraph:
    """Dependencies between the frames that exist and the shots that need them.

    Args:
        shots: a storyboard's shots, in order.
        done: indices of frames that exist already.
    """

    def __init__(self, shots: Sequence[Shot], done: Collection[int]) -> None:
        self._left = {shot.index for shot in shots}.difference(done)
        self._missing = {shot.index: set(shot.sources.difference(done)) for shot in shots if shot.index in self._left}
        self._dependents: defaultdict[int, list[int]] = defaultdict(list)
        for index, missing in self._missing.items():
            for source in missing:
                self._dependents[source].append(index)
        self._uses = Counter(source for shot in shots if shot.index in self._left for source in shot.sources)
        self._sources = {shot.index: shot.sources for shot in shots if shot.index in self._left}
        self._ready = sorted(index for index, missing in self._missing.items() if not missing)

    @property
    def ready(self) -> Sequence[int]:
        """Indices of the shots that were not started and whose sources all exist, in order."""
        return self._ready

    @property
    def is_complete(self) -> bool:
        return not self._left

    def start(self, index: int) -> None:
        self._ready.remove(index)

    def retry(self, index: int) -> None:
        """Make a started shot ready again."""
        bisect.insort(self._ready, index)

    def finish(self, index: int) -> None:
        """Mark a frame as existing: it releases its sources, and shots that waited only for it become ready."""
        self._left.remove(index)
        self._uses.subtract(self._sources.pop(index))
        for dependent in self._dependents.pop(index, ()):
            self._missing[dependent].discard(index)
            if not self._missing[dependent]:
                bisect.insort(self._ready, dependent)

    def is_needed(self, index: int) -> bool:
        """Whether this frame is a source of one that does not exist yet."""
        return self._uses[index] > 0


def find_inherited_frames(board: Storyboard, base: Storyboard, kept: Collection[int]) -> frozenset[int]:
    """Return the indices of the frames of `board` that were already rendered for `base`, by the same model.

    A frame is the same if its shot is, and so are all its sources, back to the noise.

    Args:
        kept: indices of the base's frames that still exist.
    """
    if (board.width, board.height, board.scheduler) != (base.width, base.height, base.scheduler):
        return frozenset()
    same: set[int] = set()
    theirs = {shot.index: shot for shot in base.shots}
    for shot in board.shots:  # sources come before the shots that need them
        if shot == theirs.get(shot.index) and shot.sources <= same:
            same.add(shot.index)
    return frozenset(same.intersection(kept))
