"""What members may ask for, where the admin has drawn the line."""

from __future__ import annotations

from engine.config import LimitsConfig
from engine.errors import LimitError
from engine.recipe import Giro, Recipe


def require_size(recipe: Recipe, limits: LimitsConfig) -> None:
    """Hold a recipe to the frames and stages that are allowed.

    Raises:
        LimitError: it is larger than that.
    """
    if recipe.frames > limits.frames:
        raise LimitError(f"That would be {recipe.frames} frames; at most {limits.frames} are allowed here.")
    if isinstance(recipe, Giro) and len(recipe.stages) > limits.stages:
        raise LimitError(f"There are {len(recipe.stages)} stages; at most {limits.stages} are allowed here.")


def require_room(of_member: int, of_server: int, limits: LimitsConfig) -> None:
    """Hold a member and a server to the number of unfinished jobs they may have, given how many there are.

    Raises:
        LimitError: there is no room for one more.
    """
    if of_member >= limits.jobs_per_member:
        raise LimitError(
            f"You have {_animations(of_member)} in the queue, and at most {limits.jobs_per_member} are allowed at a"
            " time: wait for one to finish, or cancel one with /queue."
        )
    if of_server >= limits.jobs_per_server:
        raise LimitError(
            f"This server has {_animations(of_server)} in the queue, and at most {limits.jobs_per_server} are allowed"
            " at a time: try again when one is finished."
        )


def _animations(count: int) -> str:
    return "1 animation" if count == 1 else f"{count} animations"
