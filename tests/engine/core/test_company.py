"""A job alone and among others: the invariant that makes batching across members acceptable."""

from pathlib import Path

import numpy as np
import pytest

from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Job
from engine.recipe.edits import extend_giro
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom
from engine.recipe.settings import Overrides
from tests.embedded import embedded_model

SMALL = Overrides(size=64, steps=4)
GIRO = Giro(seed=3, stages=(Stage("a road by the sea", 6), Stage("a road going up a mountain", 6)), settings=SMALL)
OTHERS = (
    Zoom(seed=1, prompt="a street", frames=7, settings=SMALL),
    Morph(seed=2, source="skunk", target="puppy", frames=3, settings=Overrides(size=64, steps=3, scheduler="lms")),
)


def frames_of_first(spool: Path, config: EngineConfig, *recipes: Recipe) -> np.ndarray:
    core = Core(embedded_model(), FrameStore(spool), CoreConfig(engine=config))
    for number, recipe in enumerate(recipes):
        core.add(Job(id=f"job{number}", recipe=recipe, owner=f"member{number}", limit_bytes=1_000_000))
    while not core.idle:
        core.step()
    core.close()
    folder = FrameStore(spool).frames_of("job0")
    return np.stack([folder.picture(index) for index in range(GIRO.frames)]).astype(int)


def test_at_a_fixed_width_company_changes_not_one_bit(tmp_path: Path) -> None:
    config = EngineConfig(lanes=3, fixed_width=True)
    alone = frames_of_first(tmp_path / "alone", config, GIRO)
    assert np.array_equal(alone, frames_of_first(tmp_path / "company", config, GIRO, *OTHERS))


def test_at_a_free_width_company_changes_what_nobody_can_see(tmp_path: Path) -> None:
    config = EngineConfig(lanes=3, fixed_width=False)
    alone = frames_of_first(tmp_path / "alone", config, GIRO)
    difference = np.abs(alone - frames_of_first(tmp_path / "company", config, GIRO, *OTHERS))
    assert difference.max() <= 16
    assert difference.mean() == pytest.approx(0, abs=0.5)


def test_an_extended_giro_has_the_frames_of_one_rendered_from_nothing(tmp_path: Path) -> None:
    longer = extend_giro(GIRO, Stage("a narrow road through a town", 4))
    core = Core(embedded_model(), FrameStore(tmp_path, keep_bytes=10_000_000), CoreConfig(engine=EngineConfig(lanes=1)))
    for job in (
        Job(id="before", recipe=GIRO, owner="ada", limit_bytes=1_000_000),
        Job(id="extended", recipe=longer, owner="ada", limit_bytes=1_000_000, base="before"),
        Job(id="whole", recipe=longer, owner="ada", limit_bytes=1_000_000),
    ):
        core.add(job)
        while not core.idle:
            core.step()
        core.forget(job.id)
    core.close()
    one, other = (FrameStore(tmp_path).frames_of(name) for name in ("extended", "whole"))
    assert one.plan is not None and one.plan.inherited == 9
    for index in range(longer.frames):
        assert np.array_equal(one.picture(index), other.picture(index))
