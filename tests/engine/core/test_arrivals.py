"""Core on a device that is never waited for: pictures that come while the next shots are under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from engine.backend import Lane, Picture
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Cancelled, Done, Event, Job
from engine.recipe.recipe import Giro, Recipe, Stage
from engine.recipe.settings import Overrides
from tests.fakes.toy_backend import Developed, ToyBackend

SHORT = Giro(seed=2, stages=(Stage("a sea", 3),))
LONG = Giro(seed=1, stages=(Stage("a road", 6),))


@dataclass
class Coming:
    """A picture that is not there the first times that somebody looks; who asks for it waits."""

    pixels: Picture
    looks_left: int
    waited_for: list[int]
    number: int

    @property
    def ready(self) -> bool:
        self.looks_left -= 1
        return self.looks_left < 0

    def picture(self) -> Picture:
        if self.looks_left >= 0:
            self.waited_for.append(self.number)
            self.looks_left = -1
        return self.pixels


@dataclass
class LateBackend(ToyBackend):
    """The toy, with pictures that take `looks` looks to arrive; it notes which of them were waited for."""

    looks: int = 3
    waited_for: list[int] = field(default_factory=list)
    begun: int = 0
    calls_meanwhile: int = 0
    under_way: list[Coming] = field(default_factory=list)

    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        self.calls_meanwhile += any(coming.looks_left >= 0 for coming in self.under_way)
        super().denoise(lanes, width)

    def decode(self, lanes: Sequence[Lane]) -> list[Developed]:
        coming = []
        for developed in super().decode(lanes):
            coming.append(Coming(developed.pixels, self.looks, self.waited_for, self.begun))
            self.begun += 1
        self.under_way += coming
        return coming  # type: ignore[return-value]  # a stand-in for a stand-in


@pytest.fixture
def make_core(tmp_path: Path):
    cores: list[Core] = []

    def make(backend: ToyBackend, lanes: int = 2) -> Core:
        config = CoreConfig(engine=EngineConfig(gif_side=0, lanes=lanes))
        cores.append(Core(backend, FrameStore(tmp_path / str(len(cores))), config))
        return cores[-1]

    yield make
    for core in cores:
        core.close()


def run(core: Core, recipes: dict[str, Recipe]) -> list[Event]:
    for name, recipe in recipes.items():
        core.add(Job(id=name, recipe=recipe, owner="ada", limit_bytes=1_000_000))
    events: list[Event] = []
    while not core.idle:
        events += core.step()
    return events


def gifs(events: list[Event]) -> dict[str, bytes]:
    return {event.job: event.picture for event in events if isinstance(event, Done)}


@pytest.mark.parametrize("looks", [1, 2, 7])
def test_frames_are_the_same_however_late_they_come(make_core, looks):
    both = {"long": LONG, "short": SHORT}
    assert gifs(run(make_core(LateBackend(looks=looks)), both)) == gifs(run(make_core(ToyBackend()), both))


def test_while_a_picture_is_on_its_way_other_jobs_go_on(make_core):
    backend = LateBackend(looks=2)
    run(make_core(backend), {"long": LONG, "short": msgspec.structs.replace(SHORT, settings=Overrides(steps=7))})

    alone = LateBackend(looks=2)
    run(make_core(alone), {"long": LONG})
    assert backend.calls_meanwhile > 0
    assert alone.calls_meanwhile == 0, "the next frame of a chain cannot"


def test_somebody_waits_only_where_nothing_else_can_be_done(make_core):
    alone = LateBackend(looks=50)
    run(make_core(alone), {"long": LONG})
    assert alone.waited_for == list(range(6)), "each frame of a chain needs the one before"

    two = LateBackend(looks=1)
    run(make_core(two), {"long": LONG, "short": SHORT})
    assert len(two.waited_for) < two.begun, "meanwhile the other's steps were taken"


def test_a_job_that_is_cancelled_leaves_no_picture_behind(make_core):
    backend = LateBackend(looks=50)
    core = make_core(backend)
    for name, recipe in {"long": LONG, "short": SHORT}.items():
        core.add(Job(id=name, recipe=recipe, owner="ada", limit_bytes=1_000_000))
    events: list[Event] = []
    while not backend.begun:
        events += core.step()
    core.cancel("long")
    while not core.idle:
        events += core.step()

    assert [event.job for event in events if isinstance(event, Cancelled)] == ["long"]
    assert gifs(events) == gifs(run(make_core(ToyBackend()), {"short": SHORT}))
