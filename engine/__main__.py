"""Render from a shell, without Discord: python -m engine giro | morph skunk puppy | zoom "a road by the sea"."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from engine.config import Config, read_config
from engine.core import Core, CoreConfig
from engine.environment import patient_threads
from engine.errors import EngineError, MemberError, OperatorError, RecipeError, describe
from engine.focus import parse_focus
from engine.messages import Done, Failed, Job, Progress
from engine.recipe import MAX_SEED, Giro, Recipe, from_json, from_plain, kind_of
from engine.settings import Overrides
from engine.spool import Spool
from engine.stages import SEED_STAGES, parse_stages, spread_frames

ORDINARY_LIMIT = 10 * 1024 * 1024
"""What Discord takes on a server without boosts, 2026; the bot reads the true limit from each interaction."""

EXIT_BROKEN = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's grammar; an option that was not given is not in the namespace."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    add = common.add_argument
    add("--recipe", type=Path, metavar="FILE", help="replay a saved recipe, or the object that --json printed")
    add("--frames", type=int, help="number of frames; a giro's stages are stretched or shrunk to add up to it")
    add("--seed", type=int, help=f"0 to {MAX_SEED}; without it, one is drawn")
    add("--steps", type=int, help="denoising steps of a frame that starts from noise")
    add("--strength", type=float, help="share of those steps that a feedback frame takes, above 0 and at most 1")
    add("--guidance", type=float, help="classifier-free guidance scale; 1 is none")
    add("--size", type=int, help="side of the frames in pixels, a multiple of 8")
    add("--scheduler", help="ddim, lms, euler, dpm++2m or lcm")
    add("--limit", type=int, metavar="BYTES", help=f"largest GIF (default: {ORDINARY_LIMIT})")
    add("--out", type=Path, metavar="FILE", help="where the GIF goes (default: out/<kind>-<seed>.gif)")
    add("--frames-dir", type=Path, metavar="DIR", help="keep the frames there, as PNG")
    add("--model", metavar="SOURCE", help='"embedded", a directory in diffusers layout, or a hub id')
    add("--config", type=Path, metavar="FILE", help="a config.toml to take settings from")
    add("--json", action="store_true", help="print one JSON object about the result as the last line")

    suppress = {"argument_default": argparse.SUPPRESS}
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__, parents=[common], **suppress)  # type: ignore[arg-type]
    kinds = parser.add_subparsers(dest="kind", metavar="KIND")
    giro = kinds.add_parser("giro", parents=[common], help="through stages along a road", **suppress)  # type: ignore[arg-type]
    giro.add_argument("--stages", type=Path, metavar="FILE", help="a list of stages (default: the seed's seven)")
    giro.add_argument("--loop", action=argparse.BooleanOptionalAction, help="come back to the start (default: yes)")
    giro.add_argument("--focus", help="the point to move towards, as x,y from 0,0 (top left) to 1,1")
    morph = kinds.add_parser("morph", parents=[common], help="one word turns into another", **suppress)  # type: ignore[arg-type]
    morph.add_argument("source", nargs="?")
    morph.add_argument("target", nargs="?")
    morph.add_argument("--prompt", help="the template around the word, with {} in its place")
    zoom = kinds.add_parser("zoom", parents=[common], help="an endless zoom that loops", **suppress)  # type: ignore[arg-type]
    zoom.add_argument("prompt", nargs="?")
    zoom.add_argument("--focus", help="the point to move towards, as x,y from 0,0 (top left) to 1,1")
    return parser


def read_text(path: Path) -> str:
    """Read a file that somebody named.

    Raises:
        RecipeError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error}).") from None


def build_recipe(options: dict[str, Any]) -> Recipe:
    """Make the recipe that a command line asks for.

    Raises:
        RecipeError: it asks for something that is not possible.
    """
    plain = _saved_recipe(options) if "recipe" in options else _fresh_recipe(options)
    if "seed" in options:
        plain["seed"] = options["seed"]
    plain.setdefault("seed", secrets.randbelow(MAX_SEED + 1))
    wished = {name: options[name] for name in Overrides.__struct_fields__ if name in options}
    plain["settings"] = plain.get("settings", {}) | wished
    recipe = from_plain(plain)
    if "frames" not in options:
        return recipe
    if isinstance(recipe, Giro):
        return msgspec.structs.replace(recipe, stages=spread_frames(recipe.stages, options["frames"]))
    return from_plain(msgspec.to_builtins(recipe) | {"frames": options["frames"]})


def _saved_recipe(options: dict[str, Any]) -> dict[str, Any]:
    """Read --recipe; settings and seed on the command line still win, what it shows does not change."""
    text = read_text(options["recipe"])
    try:
        raw = msgspec.json.decode(text)
        text = msgspec.json.encode(raw["recipe"]).decode() if "recipe" in raw else text
    except (msgspec.DecodeError, TypeError):
        pass  # from_json says what is wrong with it
    recipe = from_json(text)
    if options.get("kind") not in (None, kind_of(recipe)):
        raise RecipeError(f"{options['recipe']} holds a {kind_of(recipe)}, not a {options['kind']}.")
    plain: dict[str, Any] = msgspec.to_builtins(recipe)
    return plain


def _fresh_recipe(options: dict[str, Any]) -> dict[str, Any]:
    match options.get("kind"):
        case "giro":
            stages = parse_stages(read_text(options["stages"])) if "stages" in options else SEED_STAGES
            plain = {"stages": msgspec.to_builtins(stages)}
        case "morph":
            plain = {name: options[name] for name in ("source", "target", "prompt") if name in options}
        case "zoom":
            plain = {"prompt": options["prompt"]} if "prompt" in options else {}
        case _:
            raise RecipeError("Say what to render: giro, morph or zoom, or --recipe FILE; --help shows everything.")
    if "loop" in options:
        plain["loop"] = options["loop"]
    if "focus" in options:
        plain["focus"] = msgspec.to_builtins(parse_focus(options["focus"]))
    return {"kind": options["kind"], **plain}


def read_settings(options: dict[str, Any]) -> Config:
    """Read --config, or the defaults, with --model laid over it."""
    config = read_config(options["config"]) if "config" in options else Config()
    if "model" in options:
        config = msgspec.structs.replace(config, model=msgspec.structs.replace(config.model, source=options["model"]))
    return config


def render(core: Core, job: Job) -> Done:
    """Render one job to its end, with a progress bar on standard error.

    Raises:
        MemberError: it cannot be rendered.
    """
    plan = core.plan(job.recipe)
    core.add(job)
    with tqdm(total=plan.unet_calls, unit="step", desc="rendering", disable=None) as bar:
        while True:
            for event in core.step():
                match event:
                    case Progress(calls_done=done, frames_done=frames):
                        bar.set_postfix_str(f"frame {frames} of {plan.frames}", refresh=False)
                        bar.update(done - bar.n)
                    case Failed(message=message):
                        raise MemberError(message)
                    case Done():
                        return event


def summary(done: Done, plan_recipe: Recipe, model: str) -> dict[str, Any]:
    """Return what --json prints."""
    report = msgspec.to_builtins(done.report)
    report.pop("frame_ms")
    return {
        "recipe": msgspec.to_builtins(plan_recipe),
        **report,
        "bytes": len(done.gif),
        "seed": plan_recipe.seed,
        "model": model,
    }


def run(options: dict[str, Any]) -> None:
    """Do what the command line asks for."""
    recipe = build_recipe(options)
    config = read_settings(options)
    out: Path = options.get("out", Path("out") / f"{kind_of(recipe)}-{recipe.seed}.gif")
    job = Job(id="shell", recipe=recipe, owner="shell", limit_bytes=options.get("limit", ORDINARY_LIMIT))
    if job.limit_bytes < 1:
        raise RecipeError(f"--limit is a number of bytes above 0, not {job.limit_bytes}.")

    from engine.diffusion.loading import (
        load_backend,
    )  # torch takes seconds to import: only after the arguments are good

    backend = load_backend(config.model, threads=config.engine.threads)
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        spool = Spool(Path(folder))
        core = Core(backend, spool, CoreConfig(engine=config.engine, render=config.render))
        try:
            plan = core.plan(recipe)
            done = render(core, job)
        finally:
            core.close()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(done.gif)
        if "frames_dir" in options:
            keep_frames(spool.folder(job.id).path, options["frames_dir"])
    facts = summary(done, plan.recipe, plan.model)
    if "json" in options:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        size = f"{facts['width']}×{facts['height']}, {facts['bytes']:,} bytes"
        print(f"{out}: {facts['frames']} frames, {size}, {facts['seconds']:.1f} s, seed {facts['seed']}")


def keep_frames(spooled: Path, target: Path) -> None:
    """Copy the finished frames to where they were asked for."""
    target.mkdir(parents=True, exist_ok=True)
    for frame in sorted(spooled.glob("*.png")):
        shutil.copyfile(frame, target / frame.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 broken, 2 bad input."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.update(patient_threads(os.environ))
    options = vars(build_parser().parse_args(arguments))
    try:
        run(options)
    except (MemberError, OperatorError, EngineError, OSError) as error:
        sentence = str(error) if isinstance(error, OSError) else describe(error)
        print(sentence, file=sys.stderr)
        return EXIT_BROKEN if isinstance(error, EngineError) else EXIT_BAD_INPUT
    except KeyboardInterrupt as error:
        print(describe(error), file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
