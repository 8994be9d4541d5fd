"""Which frames of one animation are those of another: they need not be rendered again."""

from __future__ import annotations

from collections.abc import Collection

from engine.storyboard import Storyboard


def inherited(board: Storyboard, base: Storyboard, kept: Collection[int]) -> frozenset[int]:
    """Return the indices of the frames that `base` has as well.

    A frame is the same when its shot is, and all the frames that it starts from are, back to the noise.

    Args:
        board: of the animation to be rendered.
        base: of one that was rendered, by the same model.
        kept: indices of its frames that still exist.
    """
    if (board.width, board.height, board.scheduler) != (base.width, base.height, base.scheduler):
        return frozenset()
    same: set[int] = set()
    theirs = {shot.index: shot for shot in base.shots}
    for shot in board.shots:  # sources come before the shots that need them
        if shot == theirs.get(shot.index) and shot.sources <= same:
            same.add(shot.index)
    return frozenset(same.intersection(kept))
