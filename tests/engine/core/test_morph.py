"""Morphs from their recipe to the GIF, rendered by a toy."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.errors import RecipeError
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Done, Failed, Job
from engine.recipe.edits import pick_try, with_seed, with_survey_result, without_measurements
from engine.recipe.recipe import Morph, from_json, to_json
from engine.recipe.settings import Overrides, Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.morph import FINALISTS
from engine.storyboard.morph_path import NoiseStart, PromptMix, TokenMix
from engine.storyboard.shot import HIDDEN, is_hidden
from tests.fakes.toy_backend import ToyBackend

SETTINGS = Settings(size=64, steps=6, strength=0.5)
MORPH = Morph(seed=7, source="skunk", target="puppy", frames=6)


class Studio:
    """An engine with a spool that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.backend = ToyBackend()
        self._core = self._new_core()

    def restart(self) -> None:
        """Leave the engine as if it had died with all of its frames on disk, and begin a new one."""
        self._core.close()
        self.backend = ToyBackend()
        self._core = self._new_core()

    def render(self, recipe: Morph, name: str = "one", limit: int = 1_000_000) -> Done:
        self._core.add(Job(id=name, recipe=recipe, owner="ada", limit_bytes=limit))
        while True:
            for event in self._core.step():
                assert not isinstance(event, Failed), str(event)
                if isinstance(event, Done):
                    return event

    def render_in_part(self, recipe: Morph, name: str, until: Callable[[ToyBackend], bool]) -> None:
        """Stop after a step, whatever of it has been written: how fast that goes is the disk's affair."""
        self.backend.developed.clear()
        self._core.add(Job(id=name, recipe=recipe, owner="ada", limit_bytes=1_000_000))
        while not until(self.backend):
            self._core.step()

    def judging(self) -> None:
        self.backend.judges = True
        self.backend.objects_to = lambda _: True

    def _new_core(self) -> Core:
        return Core(self.backend, FrameStore(self._folder), CoreConfig(engine=EngineConfig(gif_side=0)))


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def frames_of(gif: bytes) -> list[bytes]:
    with Image.open(BytesIO(gif)) as image:
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(image.convert("RGB").tobytes())
    return frames


class TestStoryboard:
    def test_all_frames_start_from_the_same_noise_with_the_calls_of_a_feedback_frame(self) -> None:
        shots = [shot for shot in build_storyboard(MORPH, SETTINGS).shots if shot.index < MORPH.frames]
        assert {(shot.start, shot.seed, shot.unet_calls) for shot in shots} == {(NoiseStart(), 7, 3)}

    def test_plain_ones_lie_at_equal_distances_and_have_no_survey(self) -> None:
        plain = msgspec.structs.replace(SETTINGS, morphing="plain")
        weights = [
            shot.prompt.weight for shot in build_storyboard(MORPH, plain).shots if isinstance(shot.prompt, TokenMix)
        ]
        assert weights == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])

    def test_measured_places_are_taken_as_they_are(self) -> None:
        placed = msgspec.structs.replace(MORPH, positions=(0, 0.1, 0.2, 0.3, 0.5, 1))
        board = build_storyboard(placed, SETTINGS)
        weights = [shot.prompt.weight for shot in board.shots if isinstance(shot.prompt, TokenMix)]
        assert weights == [0, 0.1, 0.2, 0.3, 0.5, 1]

    def test_whole_prompts_are_mixed_after_the_encoder(self) -> None:
        morph = Morph(seed=1, source="a road", target="a mountain", prompt="{}", frames=3)
        board = build_storyboard(morph, msgspec.structs.replace(SETTINGS, morphing="plain"))
        prompts = [shot.prompt for shot in board.shots]
        mixed = PromptMix((("a road", 0.5), ("a mountain", 0.5)))
        assert prompts == [PromptMix.of("a road"), mixed, PromptMix.of("a mountain")]

    def test_a_round_one_spreads_its_frames_over_the_way_there_and_back(self) -> None:
        morph = Morph(seed=1, source="a", target="b", loop="round", frames=4)
        board = build_storyboard(morph, msgspec.structs.replace(SETTINGS, morphing="plain"))
        assert [shot.prompt for shot in board.shots] == [
            TokenMix("a picture of a {}", *words)
            for words in (("a", "b", 0), ("a", "b", 0.5), ("b", "a", 0), ("b", "a", 0.5))
        ]
        angles = [shot.start.angle for shot in board.shots if isinstance(shot.start, NoiseStart)]
        assert angles == pytest.approx([0, 0, 0, np.pi / 2])

    def test_each_seed_that_is_tried_costs_a_look_and_the_most_promising_a_second_one(self) -> None:
        tried = (1, 2, FINALISTS, 8, 16)
        boards = {tries: build_storyboard(msgspec.structs.replace(MORPH, tries=tries), SETTINGS) for tries in tried}
        calls = {tries: board.unet_calls // board.shots[0].unet_calls for tries, board in boards.items()}
        assert len({board.frame_count for board in boards.values()}) == 1
        assert calls[2] - calls[1] == 9 + 8, "nine places, then eight more"
        assert calls[FINALISTS] - calls[1] == (FINALISTS - 1) * (9 + 8)
        assert calls[16] - calls[8] == 8 * 9, "the others are looked at once"

    def test_only_many_frames_are_worth_a_third_look(self) -> None:
        few, many = (build_storyboard(msgspec.structs.replace(MORPH, frames=frames), SETTINGS) for frames in (16, 17))
        hidden = [sum(is_hidden(shot.index) for shot in board.shots) for board in (few, many)]
        assert hidden == [9 + 8, 9 + 8 + 8]


class TestLoop:
    def test_there_and_back_shows_every_frame_twice_but_the_ends_and_renders_none_twice(self, studio: Studio) -> None:
        done = studio.render(MORPH)
        frames = frames_of(done.picture)
        assert len(frames) == done.report.frames == done.report.gif_frames == 10
        assert frames[6:] == frames[4:0:-1]
        assert sum(index < 1000 for index in studio.backend.developed) == 6
        assert done.report.seam < 1.5

    def test_none_ends_at_the_target(self, studio: Studio) -> None:
        assert len(frames_of(studio.render(msgspec.structs.replace(MORPH, loop="none")).picture)) == 6

    def test_it_fits_its_limit_with_the_frames_that_are_seen_twice(self, studio: Studio) -> None:
        large = msgspec.structs.replace(MORPH, settings=Overrides(size=192))
        limit = len(studio.render(large).picture) // 2
        assert len(studio.render(large, "small", limit=limit).picture) <= limit


class TestSpacing:
    def test_what_was_found_makes_the_same_frames_without_a_survey(self, studio: Studio) -> None:
        measured = studio.render(MORPH)
        assert measured.report.found is not None
        known = with_survey_result(MORPH, measured.report.found)
        again = studio.render(from_json(to_json(known)), "again")  # type: ignore[arg-type]
        assert again.picture == measured.picture
        assert again.report.unet_calls < measured.report.unet_calls and again.report.found is None

    def test_after_a_crash_the_same_is_decided_from_the_frames_on_disk(self, studio: Studio) -> None:
        whole = studio.render(MORPH)
        studio.render_in_part(MORPH, "broken", lambda toy: sum(index < HIDDEN for index in toy.developed) >= 2)
        studio.restart()
        resumed = studio.render(MORPH, "broken")
        assert 0 < len(studio.backend.developed) < 6
        assert all(index < HIDDEN for index in studio.backend.developed), "what was looked at is not made again"
        assert (resumed.picture, resumed.report.found) == (whole.picture, whole.report.found)

    def test_a_crash_amid_the_survey_changes_nothing(self, studio: Studio) -> None:
        whole = studio.render(MORPH)
        studio.render_in_part(MORPH, "broken", lambda toy: len(toy.developed) >= 9)
        studio.restart()
        assert studio.render(MORPH, "broken").picture == whole.picture


class TestTries:
    TRIED = msgspec.structs.replace(MORPH, tries=4)

    def test_the_best_seed_is_rendered_and_the_others_are_on_the_sheet(self, studio: Studio) -> None:
        done = studio.render(self.TRIED)
        assert done.report.found is not None and done.tries is not None
        seeds = done.report.found.seeds
        assert len(set(seeds)) == 4 and 7 in seeds
        with Image.open(BytesIO(done.tries)) as sheet:
            assert sheet.format == "PNG" and sheet.height > sheet.width / 2
        assert len(done.picture) + len(done.tries) <= 1_000_000

    def test_what_is_stored_names_the_seed_and_replays_it(self, studio: Studio) -> None:
        done = studio.render(self.TRIED)
        assert done.report.found is not None
        chosen = with_survey_result(self.TRIED, done.report.found)
        assert isinstance(chosen, Morph)
        assert (chosen.seed, chosen.tries) == (done.report.found.seeds[0], 1)
        for recipe in (chosen, without_measurements(chosen)):
            assert studio.render(recipe, f"again{len(recipe.positions)}").picture == done.picture

    def test_another_one_is_that_seed_measured_anew(self, studio: Studio) -> None:
        found = studio.render(self.TRIED).report.found
        assert found is not None
        other = pick_try(with_survey_result(self.TRIED, found), found, 3)
        assert (other.seed, other.tries, other.positions) == (found.seeds[2], 1, ())
        with pytest.raises(RecipeError, match="shows 1 to 4; there is no 5"):
            pick_try(self.TRIED, found, 5)

    def test_pictures_on_the_sheet_are_judged_and_those_between_are_not(self, studio: Studio) -> None:
        plain = studio.render(self.TRIED)
        studio.restart()
        studio.judging()
        veiled = studio.render(self.TRIED, "judged")
        assert sum(studio.backend.judged) == MORPH.frames + 4 * 5
        assert veiled.report.flagged == MORPH.frames
        assert plain.tries is not None and veiled.tries is not None
        contrasts = []
        for sheet in (plain.tries, veiled.tries):
            with Image.open(BytesIO(sheet)) as image:
                contrasts.append(np.asarray(image.convert("RGB"), dtype=float)[32:64, 64:128].std())
        assert contrasts[1] < contrasts[0] * 0.7


def test_with_another_seed_nothing_measured_is_left() -> None:
    measured = msgspec.structs.replace(MORPH, positions=(0, 0.1, 0.2, 0.3, 0.5, 1))
    assert with_seed(measured, 8) == msgspec.structs.replace(MORPH, seed=8)
