"""The benchmark's films: what is asked for, how it is kept, and what becomes of the figures."""

from __future__ import annotations

import fcntl
import itertools
import math
import re
import time

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.quality import film as films_on_disk
from benchmarks.quality.cost import cost_table
from benchmarks.quality.figures import JUDGE, load_judge, measure, recall_figures
from benchmarks.quality.film import film, render_all
from benchmarks.quality.ours import Ours
from benchmarks.quality.plain import Deforum, Drawings, Seed, Stills
from benchmarks.quality.strips import LARGEST, choose, write_comparisons, write_strip
from benchmarks.quality.subject import KINDS, STAGES, known_changes, subject
from benchmarks.quality.table import JUDGED, ROWS, related, table
from engine.recipe.settings import BUILT_IN, Overrides, SettingsLayer
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import FeedbackStart
from tests.fakes.toy_backend import ToyBackend
from training.drawing.facts import VALUES

RELATED = {"warp_ratio", "saturation_own", "contrast_own"}  # a matter of two columns
SMALL = (BUILT_IN, SettingsLayer(common=Overrides(size=64, steps=4, zoom=1.1)))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads of tiny operations wait for each other for most of the time, as in the benchmark itself."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def some(kind, frames=16, **changes):
    return subject(kind, 1, frames, SMALL, changes)


def methods(backend):
    return [
        Ours(backend),
        Seed(backend),
        Deforum(backend),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_renders_every_kind_and_every_figure_is_a_number(tmp_path, kind):
    for method in methods(ToyBackend()):
        one = film(some(kind), method, tmp_path, "toy")
        assert not one.is_complete
        list(method.render(one.subject, one.folder))
        assert one.is_complete
        figures = measure(one, None)
        assert {row.key for row in ROWS[kind]} - figures.keys() <= {*RELATED, *JUDGED}
        assert np.isfinite(list(figures.values())).all()


def test_our_cameras_are_known_also_where_they_looked_where_to_go(tmp_path):
    one = film(some("zoom"), Ours(ToyBackend()), tmp_path, "toy")
    list(one.method.render(one.subject, one.folder))
    first, *others = one.cameras
    assert first is None
    assert all(camera is not None and camera.zoom > 1 and not camera.focus_sources for camera in others)


def test_what_was_rendered_is_not_rendered_again(tmp_path):
    for method in methods(ToyBackend()):
        first = film(some("zoom"), method, tmp_path, "toy")
        list(method.render(first.subject, first.folder))
        assert film(some("zoom"), method, tmp_path, "toy").is_complete
        assert not film(some("zoom"), method, tmp_path, "another model").is_complete
        assert not film(some("zoom", strength=0.9), method, tmp_path, "toy").is_complete


def test_a_plain_film_goes_on_where_it_stopped(tmp_path):
    method = Seed(ToyBackend())
    whole, broken = (film(some("zoom"), method, tmp_path / name, "toy") for name in ("whole", "broken"))
    list(method.render(whole.subject, whole.folder))
    steps = method.render(broken.subject, broken.folder)
    for _ in range(5):
        next(steps)
    steps.close()
    list(method.render(broken.subject, broken.folder))
    assert all((one == other).all() for one, other in zip(whole.pictures, broken.pictures, strict=True))


def test_plain_methods_make_as_many_unet_calls_a_frame():
    zoom = some("zoom")
    seed, deforum = Seed(ToyBackend()), Deforum(ToyBackend())
    for method in (seed, deforum):
        assert {method.shot(zoom, index).unet_calls for index in range(1, 16)} == {seed.shot(zoom, 1).unet_calls}
    morph = some("morph")
    interpolated = deforum.shot(morph, 5)
    assert isinstance(interpolated.start, NoiseStart)
    assert isinstance(interpolated.prompt, PromptMix)
    assert interpolated.unet_calls == seed.shot(morph, 5).unet_calls


def test_single_pictures_are_made_once_and_measured_as_such(tmp_path):
    backend = ToyBackend()
    stills = film(some("giro", 28), Stills(backend), tmp_path, "toy")
    list(stills.method.render(stills.subject, stills.folder))
    assert len({picture.tobytes() for picture in stills.pictures}) <= 7 * 4
    assert measure(stills, None).keys() == {"saturation", "contrast"}


def test_scenery_is_home_again_where_a_loop_is(tmp_path):
    giro = some("giro", 28)
    assert giro.returning == 7
    assert giro.scenery[:25] == giro.prompts[:25]
    assert set(giro.scenery[25:]) == {giro.prompts[0]}


def test_drawings_show_what_each_stage_names(tmp_path):
    drawn = film(subject("giro", 1, 28, SMALL, {}), Drawings(), tmp_path, "none")
    list(drawn.method.render(drawn.subject, drawn.folder))
    assert drawn.is_complete
    assert len({picture.tobytes() for picture in drawn.pictures}) <= 7 * Drawings.each
    judge = load_judge(JUDGE)
    assert judge is not None
    assert judge.figures(drawn.pictures, drawn.subject.settled)["stage_3"] == 1, "the sea is the sea"
    assert measure(drawn, judge)["each"] > 0.7


def test_the_seeds_camera_moves_by_whole_pixels_and_its_morph_stands_still():
    seed = Seed(ToyBackend())
    zoom = seed.camera(some("zoom")).zoom
    trimmed = 64 - 64 / zoom
    assert trimmed == pytest.approx(round(trimmed))
    assert trimmed > 0
    assert seed.camera(some("morph")).is_still
    assert isinstance(seed.shot(some("morph"), 3).start, FeedbackStart)


def test_settled_frames_lie_in_their_stage_and_before_the_return():
    giro = subject("giro", 1, 275, SMALL, {})
    assert [stage.stop for stage in giro.settled] == [25, 50, 100, 150, 175, 225, 251]
    assert all(stage.start < stage.stop for stage in giro.settled)
    assert giro.settled[2].start == 75


def test_the_judge_can_name_everything_that_is_expected():
    for expected in STAGES:
        assert all(value in VALUES[concept] for concept, value in expected.items())


def test_a_change_reaches_the_recipes_that_have_it():
    assert some("zoom", strength=0.25).settings.strength == 0.25
    assert some("giro", loop=False).is_loop is False
    assert some("zoom", loop=False).is_loop is True
    assert {"strength", "loop", "focus"} <= known_changes()


def test_the_table_crosses_what_misses_and_leaves_out_what_was_not_measured(tmp_path):
    assert load_judge(tmp_path) is None
    text = table("zoom", {"ours": {1: {"seam": 0.5}, 2: {"seam": 1.5}, 3: {"seam": 1.25}}})
    assert "| ≤ 1.0 | 1.25 (0.50 to 1.50) ✗ |" in text
    assert "| ≤ 50 % | – |" in text
    assert "scene recognised, settled frames | ≥ 90 % | no judge |" in text


def test_a_column_is_held_against_the_seeds_and_against_single_pictures():
    columns = {
        "ours": {1: {"warp_error": 4.0, "saturation": 0.6}, 2: {"warp_error": 4.0, "saturation": 0.6}},
        "seed": {1: {"warp_error": 8.0, "saturation": 0.5}},
        "single": {1: {"saturation": 0.7}, 2: {"saturation": 0.5}},
    }
    found = related(columns, "seed", "single")
    assert found["ours"][1]["warp_ratio"] == 0.5
    assert "warp_ratio" not in found["ours"][2], "no film of the seed's with that seed"
    assert found["ours"][2]["saturation_own"] == pytest.approx(1.0)
    assert related({"ours": columns["ours"]}, "seed", "single") == {"ours": columns["ours"]}


def test_a_crew_renders_all_but_what_another_is_at(tmp_path):
    one, other = (film(some("zoom"), method, tmp_path, "toy") for method in methods(ToyBackend())[:2])
    one.folder.path.parent.mkdir(exist_ok=True)
    with one.folder.path.with_suffix(".lock").open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert not render_all([one, other], time.monotonic() + 0.01)
    assert not one.is_complete
    assert render_all([one, other], math.inf)
    assert one.is_complete
    assert other.is_complete


def test_a_crew_stops_in_time_and_goes_on_later(tmp_path, monkeypatch):
    films = [film(some("zoom"), methods(ToyBackend())[1], tmp_path, "toy")]
    assert not render_all(films, time.monotonic() - 1)
    assert not films[0].folder.indices()
    with monkeypatch.context() as patched:
        ticks = itertools.count()  # a second passes whenever somebody looks
        patched.setattr(films_on_disk.time, "monotonic", lambda: float(next(ticks)))
        assert not render_all(films, deadline=5.5)
    assert 0 < len(films[0].folder.indices()) < 16
    assert render_all(films, math.inf)


def test_figures_are_kept_until_another_judge_comes(tmp_path, monkeypatch):
    one = film(some("zoom"), methods(ToyBackend())[1], tmp_path, "toy")
    list(one.method.render(one.subject, one.folder))
    found = recall_figures(one, None)
    monkeypatch.setattr("benchmarks.quality.figures.measure", lambda film, judge: {"seam": 9.0})
    assert recall_figures(one, None) == found
    assert recall_figures(one, load_judge(JUDGE)) == {"seam": 9.0}


def test_the_cost_is_taken_in_turns_and_compared_with_the_seeds():
    ours, seed, _ = methods(ToyBackend())
    _, _, first, second = cost_table(some("zoom"), [seed, ours]).splitlines()
    assert re.fullmatch(r"\| the seed's \| \d+\.\d\d \| ×1\.00 \| \d+\.\d\d \| ×1\.00 \|", first)
    assert re.fullmatch(r"\| ours \| \d+\.\d\d \| ×\d+\.\d\d( ✗)? \| \d+\.\d\d \| ×\d+\.\d\d \|", second)


def test_the_cost_of_frames_that_come_in_leaps_is_that_of_each(monkeypatch):
    """The engine says how many frames are on the disk, which may be several more, or none, since it last said so."""

    class Sleeping(Seed):
        def render(self, subject, folder):
            for before, there in itertools.pairwise((0, 1, 2, 3, 3, 9, 10, 16)):
                clock.append(clock[-1] + 2 * (there - before))
                yield there

    clock = [0.0]
    monkeypatch.setattr("benchmarks.quality.cost.time.perf_counter", lambda: clock[-1])
    line = cost_table(some("zoom"), [Sleeping(ToyBackend())]).splitlines()[-1]
    assert line.startswith("| the seed's | 2.00 | ×1.00 |")


def test_the_strips_show_every_method_and_are_small(tmp_path):
    films = [film(some(kind), method, tmp_path, "toy") for kind in KINDS for method in methods(ToyBackend())]
    assert write_comparisons(films, tmp_path / "docs") == []
    for one in films:
        list(one.method.render(one.subject, one.folder))
    written = write_comparisons(films, tmp_path / "docs")
    assert [path.name for path in written] == ["zoom.webp", "steady.webp", "giro.webp", "loop.webp", "morph.webp"]
    assert all(path.stat().st_size <= LARGEST for path in written)
    write_strip(films[0], tmp_path / "strip.webp")
    with Image.open(tmp_path / "strip.webp") as sheet:
        assert sheet.width > sheet.height


def test_the_strips_frames_are_those_that_tell(tmp_path):
    zoom, giro = (
        film(subject(kind, 1, frames, SMALL, {}), methods(ToyBackend())[0], tmp_path, "toy")
        for kind, frames in (("zoom", 300), ("giro", 275))
    )
    assert choose(zoom, "zoom") == [0, 50, 100, 150, 200, 250, 299]
    assert choose(zoom, "steady") == [150, 151, 152, 153, 154, 155, 156]
    assert choose(giro, "giro") == [18, 43, 87, 137, 168, 212, 244]
    assert choose(giro, "loop")[-4:] == [273, 274, 0, 1]
