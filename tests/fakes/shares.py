"""Shares as members make them."""

from __future__ import annotations

import itertools
import time

from engine.recipe.recipe import Giro, Recipe, Stage, Zoom
from studio.store import Member, Share
from tests.fakes.orders import ADA, SERVER

_numbers = itertools.count(1)


def zoom(prompt: str) -> Zoom:
    return Zoom(prompt=prompt, seed=7)


def giro(*prompts: str) -> Giro:
    return Giro(stages=tuple(Stage(prompt, 4) for prompt in prompts), seed=7)


def share(recipe: Recipe | str = "a road by the sea", *, member: Member = ADA, server: str = SERVER, **given) -> Share:
    """Return a share that is a second newer than the last one made."""
    number = next(_numbers)
    return Share(
        id=given.pop("id", f"{number:016x}"),
        server=server,
        member=member,
        recipe=zoom(recipe) if isinstance(recipe, str) else recipe,
        model="toy",
        width=256,
        height=256,
        frames=60,
        created=1000.0,
        shared=given.pop("shared", time.time() - 3600 + number / 1000),
        channel="700",
        message=given.pop("message", "900"),
        **given,
    )
