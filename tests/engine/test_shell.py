"""`python -m engine`: what a command line asks for, and what it gets when it asks for nonsense."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.__main__ import build_parser, build_recipe, main
from engine.diffusion.loading.card_file import read_card
from engine.diffusion.loading.source import EMBEDDED
from engine.errors import RecipeError
from engine.frames.seam import measure_seam
from engine.recipe.camera import parse_camera
from engine.recipe.recipe import Focus, Giro, Morph, Recipe, Variations, Zoom, to_json
from engine.recipe.settings import Overrides
from engine.recipe.stages import SEED_STAGES

TINY = ("--size", "64", "--steps", "2", "--seed", "5")


def ask(*arguments: str) -> Recipe:
    return build_recipe(vars(build_parser().parse_args(arguments)))


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "engine", *arguments], capture_output=True, text=True, check=False)


def render(*arguments: str) -> dict[str, Any]:
    done = shell(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def test_a_bare_giro_is_the_seeds_own() -> None:
    recipe = ask("giro", "--seed", "1")
    assert recipe == Giro(seed=1, stages=SEED_STAGES)


def test_options_become_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "stages.txt").write_text("a road | 3\na mountain | 4\n")
    recipe = ask("giro", "--stages", str(tmp_path / "stages.txt"), "--no-loop", "--steps", "7", "--seed", "2")
    assert ask("giro", "--mode", "parallel").mode == "parallel"
    assert isinstance(recipe, Giro)
    assert [stage.frames for stage in recipe.stages] == [3, 4]
    assert not recipe.loop and recipe.settings == Overrides(steps=7)
    assert ask("morph", "skunk", "puppy", "--frames", "9", "--seed", "3") == Morph(
        seed=3, source="skunk", target="puppy", frames=9
    )
    assert ask("morph", "skunk > puppy > rabbit", "--loop", "round", "--tries", "4", "--seed", "3") == Morph(
        seed=3, source="skunk", through=("puppy",), target="rabbit", loop="round", tries=4
    )
    assert ask("zoom", "a road by the sea", "--focus", "0.4,0.6", "--camera", "spiral > back", "--seed", "3") == Zoom(
        seed=3, prompt="a road by the sea", focus=Focus(0.4, 0.6), camera=parse_camera("spiral > back")
    )


def test_frames_stretch_a_giros_stages() -> None:
    recipe = ask("giro", "--frames", "28")
    assert isinstance(recipe, Giro)
    assert [stage.frames for stage in recipe.stages] == [3, 2, 5, 5, 3, 5, 5]


def test_without_a_seed_one_is_drawn() -> None:
    assert ask("zoom", "a").seed != ask("zoom", "a").seed


def test_a_saved_recipe_is_replayed_and_options_lie_over_it(tmp_path: Path) -> None:
    recipe = Morph(seed=4, source="skunk", target="puppy", settings=Overrides(steps=9))
    bare, printed = tmp_path / "bare.json", tmp_path / "printed.json"
    bare.write_text(to_json(recipe))
    printed.write_text(json.dumps({"recipe": json.loads(to_json(recipe)), "frames": 21}))
    assert ask("--recipe", str(bare)) == ask("morph", "--recipe", str(printed)) == recipe
    assert ask("--recipe", str(bare), "--seed", "8").seed == 8
    with pytest.raises(RecipeError, match="holds a morph, not a giro"):
        ask("giro", "--recipe", str(bare))


def test_a_negative_prompt_is_an_option_of_every_kind(tmp_path: Path) -> None:
    recipe = ask("zoom", "a road", "--seed", "3", "--negative", "people, cars")
    assert recipe == Zoom(seed=3, prompt="a road", negative="people, cars")
    (tmp_path / "saved.json").write_text(to_json(recipe))
    assert ask("--recipe", str(tmp_path / "saved.json"), "--negative", "").negative == ""


def test_variations_are_four_seeds_of_which_one_can_be_picked(tmp_path: Path) -> None:
    morph = Morph(seed=7, source="skunk", target="puppy", frames=9)
    sheet = ask("morph", "skunk", "puppy", "--frames", "9", "--variations", "--seed", "7")
    assert sheet == Variations(of=morph, seeds=(7, 8, 9, 10))
    saved = tmp_path / "saved.json"
    saved.write_text(to_json(sheet))
    assert ask("--recipe", str(saved)) == sheet
    assert ask("--recipe", str(saved), "--pick", "3") == Morph(seed=9, source="skunk", target="puppy", frames=9)
    others = ask("--recipe", str(saved), "--seed", "4294967295", "--steps", "5")
    assert isinstance(others, Variations)
    assert (others.seeds, others.of.settings.steps) == ((4294967295, 0, 1, 2), 5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say what to render: giro, morph or zoom"),
        (["zoom"], "The recipe lacks `prompt`."),
        (["morph"], "The recipe lacks `source`."),
        (["morph", "skunk"], "Say what it becomes: a target, or a chain"),
        (["zoom", "a", "--frames", "0"], "frames must be between 2 and 1000."),
        (["zoom", "a", "--frames", "1000000"], "frames must be between 2 and 1000."),
        (["giro", "--frames", "0"], "frames must be between 1 and 1000, not 0."),
        (["zoom", "a", "--seed", "-1"], "seed must be between 0 and 4294967295."),
        (["zoom", "a", "--size", "100"], "settings.size must be a multiple of 8."),
        (["zoom", "a", "--strength", "0"], "settings.strength must be above 0 and at most 1."),
        (["zoom", "a", "--scheduler", "magic"], "settings.scheduler must be one of"),
        (["zoom", "a", "--focus", "2,2"], "The focus must lie inside the picture"),
        (["giro", "--camera", "nowhere"], "The camera's moves are forward, back"),
        (["zoom", "a", "--pick", "1"], "--pick chooses from variations"),
        (["zoom", "a", "--negative", " "], "The negative prompt must not be empty"),
        (["zoom", "a", "--limit", "0"], "--limit is a number of bytes above 0, not 0."),
        (["morph", "a", "b", "--prompt", "no place"], "The prompt must contain {} exactly once"),
        (["giro", "--stages", "missing.txt"], "missing.txt: cannot be read"),
        (["--recipe", "missing.json"], "missing.json: cannot be read"),
        (["zoom", "a", "--model", "missing/"], '[model] source "missing/" is neither "embedded", nor a directory'),
        (["zoom", "a", "--config", "missing.toml"], "missing.toml: there is no such file"),
    ],
)
def test_nonsense_gets_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(sentence)


def test_a_render_tells_everything_about_itself(tmp_path: Path) -> None:
    gif, frames = tmp_path / "sub" / "m.gif", tmp_path / "frames"
    facts = render("morph", "skunk", "puppy", "--frames", "4", *TINY, "--out", str(gif), "--frames-dir", str(frames))
    assert facts["frames"] == 6 and facts["seed"] == 5 and facts["model"] == read_card(EMBEDDED).name
    assert facts["bytes"] == gif.stat().st_size
    assert facts["unet_calls"] == 4 + 9 + 8, "a survey of nine, eight more where the picture turns; a step each"
    assert set(facts) == {
        *("recipe", "frames", "seconds", "seconds_by_phase", "unet_calls", "bytes", "width", "height", "seed"),
        *("model", "seam", "gif_frames", "flagged", "retried"),
    }
    with Image.open(gif) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (6, (facts["width"], facts["height"]), 0)
    kept = sorted(frames.glob("*.png"))
    assert [path.name for path in kept] == [f"{index:05d}.png" for index in range(4)]
    there_and_back = [*kept, *kept[2:0:-1]]
    assert facts["seam"] == pytest.approx(measure_seam(Image.open(path).convert("RGB") for path in there_and_back))


def test_variations_become_one_png(tmp_path: Path) -> None:
    png = tmp_path / "sheet.png"
    facts = render("morph", "skunk", "puppy", *TINY, "--variations", "--out", str(png))
    assert facts["frames"] == 12
    assert facts["unet_calls"] >= 24, "two steps each, and those that come out flat once or twice more"
    with Image.open(png) as image:
        assert (image.format, image.size) == ("PNG", (facts["width"], facts["height"]))


def test_a_recipe_replays_to_the_same_frames(tmp_path: Path) -> None:
    arguments = ("--out", str(tmp_path / "a.gif"), "--frames-dir")
    facts = render("zoom", "a road by the sea", "--frames", "4", *TINY, *arguments, str(tmp_path / "first"))
    (tmp_path / "recipe.json").write_text(json.dumps(facts["recipe"]))
    render("--recipe", str(tmp_path / "recipe.json"), *arguments, str(tmp_path / "second"))
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_a_word_that_fills_the_whole_prompt_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["morph", "龙" * 60, "puppy", *TINY, "--out", str(tmp_path / "x.gif")]) == 2
    assert "tokens" in capsys.readouterr().err
    assert not (tmp_path / "x.gif").exists()
