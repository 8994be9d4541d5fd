"""What the engine's process sees to before it says that it is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.core import Core, CoreConfig
from engine.errors import ConfigError
from engine.frames.frame_store import FrameStore
from engine.process import require_defaults
from engine.recipe.settings import Overrides, SettingsLayer
from tests.embedded import embedded_model, numpy_deprecation
from tests.fakes.toy_backend import ToyBackend

pytestmark = numpy_deprecation


@pytest.fixture
def with_settings(tmp_path: Path):
    cores: list[Core] = []

    def make(render: SettingsLayer, backend=None) -> Core:
        backend = backend or embedded_model()
        cores.append(Core(backend, FrameStore(tmp_path), CoreConfig(render=render)))
        return cores[-1]

    yield make
    for core in cores:
        core.close()


def test_settings_that_go_together_are_taken(with_settings):
    require_defaults(
        with_settings(SettingsLayer(common=Overrides(scheduler="lcm", steps=4, strength=0.5, guidance=1.0)))
    )


@pytest.mark.parametrize(
    ("render", "reason"),
    [
        (
            SettingsLayer(morph=Overrides(scheduler="lcm", steps=200)),
            "as a morph shows: The sampler lcm takes at most 50",
        ),
        (SettingsLayer(zoom=Overrides(scheduler="lcm", steps=51)), "as a zoom shows"),
    ],
)
def test_settings_that_no_member_could_render_are_refused_at_once(with_settings, render, reason):
    with pytest.raises(ConfigError, match=reason):
        require_defaults(with_settings(render))


def test_a_model_that_does_not_know_the_words_is_no_reason(with_settings):
    require_defaults(with_settings(SettingsLayer(), ToyBackend(forbidden="road")))
