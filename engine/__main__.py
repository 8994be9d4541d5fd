"""Render from a shell, without Discord: python -m engine giro | morph skunk puppy | zoom "a road by the sea"."""

from __future__ import annotations

import argparse
import functools
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from tqdm import tqdm

from engine.core.core import Core, CoreConfig
from engine.environment import limit_thread_spinning
from engine.errors import EngineError, MemberError, OperatorError, RecipeError, describe
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Done, Failed, Job, Plan, Progress
from engine.recipe.camera import EXAMPLE, parse_camera
from engine.recipe.edits import make_variations, pick_variation, with_survey_result, without_measurements
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import (
    MAX_SEED,
    MAX_TRIES,
    VARIATIONS,
    Giro,
    MorphLoop,
    Recipe,
    Variations,
    from_json,
    from_plain,
    kind_of,
)
from engine.recipe.settings import Overrides
from engine.recipe.stages import SEED_STAGES, parse_stages, spread_frames
from engine.recipe.waypoints import waypoint_options
from engine.storyboard.shot import is_hidden
from studio.config.config import Config, read_config
from studio.web.export_command import add_gallery, run_gallery

ORDINARY_LIMIT = 10 * 1024 * 1024
"""Bytes that Discord takes on a server without boosts, 2026; the bot reads the limit from each interaction."""

EXIT_BROKEN = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; its namespace holds only the options that were given."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    add = common.add_argument
    add("--recipe", type=Path, metavar="FILE", help="replay a saved recipe, or the object that --json printed")
    add("--frames", type=int, help="number of frames; a giro's stages are stretched or shrunk to add up to it")
    add("--seed", type=int, help=f"0 to {MAX_SEED}; without it, one is drawn")
    add("--negative", metavar="TEXT", help="what the pictures are led away from")
    add("--variations", action="store_true", help="stills from four seeds as one PNG, rather than the animation")
    add("--pick", type=int, metavar="1-4", help="render one of the variations that --recipe holds in full")
    add("--steps", type=int, help="denoising steps of a frame that starts from noise")
    add("--strength", type=float, help="share of those steps that a feedback frame takes, above 0 and at most 1")
    add("--guidance", type=float, help="classifier-free guidance scale; 1 is none")
    add("--noise-warp", type=float, help="share of the noise that moves along with the camera, 0 to 1")
    add("--size", type=int, help="side of the frames in pixels, a multiple of 8")
    add("--scheduler", help="ddim, lms, euler, dpm++2m or lcm")
    add("--limit", type=int, metavar="BYTES", help=f"largest file (default: {ORDINARY_LIMIT})")
    add("--out", type=Path, metavar="FILE", help="where the file goes (default: out/<kind>-<seed>.gif, or .png)")
    add("--frames-dir", type=Path, metavar="DIR", help="keep the frames there, as PNG")
    add("--model", metavar="SOURCE", help='"embedded", a directory in diffusers layout, or a hub id')
    add("--config", type=Path, metavar="FILE", help="a config.toml to take settings from")
    add("--json", action="store_true", help="print one JSON object about the result as the last line")

    parser = argparse.ArgumentParser(
        prog="python -m engine", description=__doc__, parents=[common], argument_default=argparse.SUPPRESS
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND")
    add_kind = functools.partial(kinds.add_parser, parents=[common], argument_default=argparse.SUPPRESS)
    giro = add_kind("giro", help="through stages along a road")
    giro.add_argument("--stages", type=Path, metavar="FILE", help="a list of stages (default: the seed's seven)")
    giro.add_argument("--loop", action=argparse.BooleanOptionalAction, help="come back to the start (default: yes)")
    modes = "how stages begin: from the one before, or by themselves"
    giro.add_argument("--mode", choices=("chain", "parallel"), help=modes)
    morph = add_kind("morph", help="one word turns into another")
    morph.add_argument("source", nargs="?", help='a word, or a chain of them: "skunk > puppy > rabbit"')
    morph.add_argument("target", nargs="?")
    morph.add_argument("--prompt", help="the template around the word, with {} in its place; {} for whole prompts")
    morph.add_argument("--loop", choices=get_args(MorphLoop), help="how it comes back (default: there and back)")
    morph.add_argument("--tries", type=int, help=f"1 to {MAX_TRIES} seeds are tried, and the best is rendered")
    zoom = add_kind("zoom", help="an endless zoom that loops")
    zoom.add_argument("prompt", nargs="?")
    where = "the point to move towards: auto (the default), a name, or x,y from 0,0 (top left) to 1,1"
    for kind in (giro, zoom):
        kind.add_argument("--focus", help=where)
        kind.add_argument("--camera", metavar="MOVES", help=f"how the camera moves, such as: {EXAMPLE}")
    add_gallery(kinds)
    return parser


def read_text(path: Path) -> str:
    """Read a file named on the command line; raises RecipeError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError("{path}: cannot be read ({error}).", path=path, error=error) from None


def build_recipe(options: dict[str, Any]) -> Recipe:
    """Return the recipe that a command line asks for; raises RecipeError if there is none."""
    plain = _read_saved_recipe(options) if "recipe" in options else _build_fresh_recipe(options)
    if plain.get("kind") == "variations":
        return _rebuild_variations(plain, options)
    if "pick" in options:
        raise RecipeError("--pick chooses from variations: give it a --recipe that holds some.")
    recipe = _apply_options(plain, options)
    return make_variations(recipe, _choose_seeds(options)) if "variations" in options else recipe


def _rebuild_variations(plain: dict[str, Any], options: dict[str, Any]) -> Recipe:
    """Return a saved contact sheet, or the animation picked from it, with the options applied."""
    of = _apply_options(plain["of"], {name: value for name, value in options.items() if name != "seed"})
    sheet = make_variations(of, _choose_seeds(options) if "seed" in options else plain["seeds"])
    return pick_variation(sheet, options["pick"]) if "pick" in options else sheet


def _choose_seeds(options: dict[str, Any]) -> list[int]:
    """Return four seeds in a row, from --seed or a random one."""
    first = options.get("seed", secrets.randbelow(MAX_SEED + 1))
    return [(first + number) % (MAX_SEED + 1) for number in range(VARIATIONS)]


def _apply_options(plain: dict[str, Any], options: dict[str, Any]) -> Recipe:
    if "seed" in options:
        plain["seed"] = options["seed"]
        plain.pop("positions", None)  # they were measured for another seed
    plain.setdefault("seed", secrets.randbelow(MAX_SEED + 1))
    if "negative" in options:
        plain["negative"] = options["negative"]
    wished = {name: options[name] for name in Overrides.__struct_fields__ if name in options}
    plain["settings"] = plain.get("settings", {}) | wished
    recipe = from_plain(plain)
    if "frames" not in options:
        return recipe
    if isinstance(recipe, Giro):
        return msgspec.structs.replace(recipe, stages=spread_frames(recipe.stages, options["frames"]))
    return from_plain(msgspec.to_builtins(without_measurements(recipe)) | {"frames": options["frames"]})


def _read_saved_recipe(options: dict[str, Any]) -> dict[str, Any]:
    text = read_text(options["recipe"])
    try:
        raw = msgspec.json.decode(text)
        text = msgspec.json.encode(raw["recipe"]).decode() if "recipe" in raw else text
    except (msgspec.DecodeError, TypeError):
        pass  # from_json says what is wrong with it
    recipe = from_json(text)
    if options.get("kind") not in (None, kind_of(recipe)):
        values = {"path": options["recipe"], "kind": kind_of(recipe), "wanted": options["kind"]}
        raise RecipeError("{path} holds a {kind}, not a {wanted}.", **values)
    plain: dict[str, Any] = msgspec.to_builtins(recipe)
    return plain


def _build_fresh_recipe(options: dict[str, Any]) -> dict[str, Any]:
    match options.get("kind"):
        case "giro":
            stages = parse_stages(read_text(options["stages"])) if "stages" in options else SEED_STAGES
            plain = {"stages": msgspec.to_builtins(stages)}
        case "morph":
            plain = {name: options[name] for name in ("prompt", "tries") if name in options}
            plain |= waypoint_options(options["source"], options.get("target")) if "source" in options else {}
        case "zoom":
            plain = {"prompt": options["prompt"]} if "prompt" in options else {}
        case _:
            raise RecipeError("Say what to render: giro, morph or zoom, or --recipe FILE; --help shows everything.")
    plain |= {name: options[name] for name in ("loop", "mode") if name in options}
    if "focus" in options:
        plain["focus"] = msgspec.to_builtins(parse_focus(options["focus"]))
    if "camera" in options:
        plain["camera"] = msgspec.to_builtins(parse_camera(options["camera"]))
    return {"kind": options["kind"], **plain}


def read_settings(options: dict[str, Any]) -> Config:
    """Read --config, or the defaults, with --model laid over it."""
    config = read_config(options["config"]) if "config" in options else Config()
    if "model" in options:
        config = msgspec.structs.replace(config, model=msgspec.structs.replace(config.model, source=options["model"]))
    return config


def render(core: Core, job: Job, plan: Plan) -> Done:
    """Render one job, with a progress bar on standard error; raises MemberError if it fails."""
    core.add(job)
    with tqdm(total=plan.unet_calls, unit="step", desc="rendering", disable=None) as bar:
        while True:
            for event in core.step():
                match event:
                    case Progress(calls_done=done, calls=calls, frames_done=frames):
                        bar.total = calls  # more than was planned, where a frame has to be made again
                        bar.set_postfix_str(f"frame {frames} of {plan.frames}", refresh=False)
                        bar.update(done - bar.n)
                    case Failed(message=message):
                        raise MemberError(message)
                    case Done():
                        return event


def summarize(done: Done, recipe: Recipe, model: str) -> dict[str, Any]:
    """Return what --json prints."""
    report = msgspec.to_builtins(done.report)
    del report["frame_ms"], report["found"]  # what was found stands in the recipe
    facts = {"bytes": len(done.picture), "seed": recipe.seed, "model": model}
    return {"recipe": msgspec.to_builtins(recipe), **report, **facts}


def run(options: dict[str, Any]) -> None:
    if options.get("kind") == "gallery":
        print(run_gallery(options))
        return
    recipe = build_recipe(options)
    config = read_settings(options)
    suffix = ".png" if isinstance(recipe, Variations) else ".gif"
    out: Path = options.get("out", Path("out") / f"{kind_of(recipe)}-{recipe.seed}{suffix}")
    job = Job(id="shell", recipe=recipe, owner="shell", limit_bytes=options.get("limit", ORDINARY_LIMIT))
    if job.limit_bytes < 1:
        raise RecipeError("--limit is a number of bytes above 0, not {limit}.", limit=job.limit_bytes)

    from engine.diffusion.loader import load_backend  # torch takes seconds to import: only after the arguments are good

    backend = load_backend(config.model, threads=config.engine.threads)
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        frame_store = FrameStore(Path(folder))
        core = Core(backend, frame_store, CoreConfig(engine=config.engine, render=config.render))
        try:
            plan = core.plan(recipe)
            done = render(core, job, plan)
        finally:
            core.close()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(done.picture)
        if done.tries is not None:
            out.with_suffix(".tries.png").write_bytes(done.tries)
        if "frames_dir" in options:
            copy_visible_frames(frame_store.frames_of(job.id).path, options["frames_dir"])
    facts = summarize(done, with_survey_result(plan.recipe, done.report.found), plan.model)
    if "json" in options:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        size = f"{facts['width']}×{facts['height']}, {facts['bytes']:,} bytes"
        things = "pictures" if isinstance(recipe, Variations) else "frames"
        print(f"{out}: {facts['frames']} {things}, {size}, {facts['seconds']:.1f} s, seed {facts['seed']}")


def copy_visible_frames(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for frame in source.glob("*.png"):
        if not is_hidden(int(frame.stem)):
            shutil.copyfile(frame, target / frame.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 broken, 2 bad input, 130 interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.update(limit_thread_spinning(os.environ))
    options = vars(build_parser().parse_args(arguments))
    try:
        run(options)
    except (MemberError, OperatorError, EngineError, OSError) as error:
        sentence = str(error) if isinstance(error, OSError) else str(describe(error))
        print(sentence, file=sys.stderr)
        return EXIT_BROKEN if isinstance(error, EngineError) else EXIT_BAD_INPUT
    except KeyboardInterrupt as error:
        print(describe(error), file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
