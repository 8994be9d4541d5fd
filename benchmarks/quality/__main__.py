"""Measure our animations beside the plain methods: python -m benchmarks.quality

Prints a table for each kind of animation and writes it, all figures as JSON and contact strips to --out. Frames and
figures are kept there: what was rendered with the same storyboard, model and method is not rendered again. So a long
run can be made in pieces (--minutes 5, again and again; --kinds zoom; --seeds 1) and by several processes at a time,
which share the work; --report renders nothing and prints what is there. After a change of the engine that no
storyboard shows, give another --out.

    python -m benchmarks.quality --quick                                     a first look
    python -m benchmarks.quality --quick --kinds giro --set strength=0.6     one setting changed, as a column of its own
    python -m benchmarks.quality --quick --without persistence,noise_warp    what each of these is good for
    python -m benchmarks.quality --minutes 5                                 a piece of the full table
    python -m benchmarks.quality --kinds cost                                seconds a frame
    python -m benchmarks.quality --report --strips docs/pictures             the pictures of docs/pictures.md
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.quality.cost import cost_table
from benchmarks.quality.figures import JUDGE, Figures, load_judge, recall_figures
from benchmarks.quality.film import Film, Method, film, fingerprint, render_all
from benchmarks.quality.ours import Ours
from benchmarks.quality.plain import Deforum, Drawings, Seed, Stills
from benchmarks.quality.strips import write_comparisons, write_strip
from benchmarks.quality.subject import FRAMES, KINDS, QUICK, known_changes, subject
from benchmarks.quality.table import related, table
from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.model import DiffusionModel
from engine.environment import limit_thread_spinning
from engine.recipe.settings import BUILT_IN, Kind

PLAIN: Final[dict[str, type[Seed | Deforum | Stills]]] = {"seed": Seed, "deforum": Deforum, "stills": Stills}
METHODS: Final = ("ours", "parallel", *PLAIN, "drawings")
TABLES: Final = (*KINDS, "cost")
OF_STAGES: Final = ("grade", "steering", "crossfade")
SWITCHES: Final = ("persistence", "noise_warp", "colour_anchor", "layout_anchor", *OF_STAGES)
"""Settings that 0 turns off; a zoom has no stages."""
TRIES: Final = 16

Column = tuple[Method, dict[str, Any], Sequence[int]]
"""A column of a table: a method, what is changed in its recipes, and its seeds."""


def read_command_line() -> argparse.Namespace:
    words = partial(str.split, sep=",")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", type=Path, default=Path("models/embedded"), help="a directory in diffusers' layout")
    add("--judge", type=Path, default=JUDGE, help="a folder of training.classifier")
    add("--seeds", type=words, metavar="1,2,3", help="(default: 1,2,3; 1 if --quick)")
    add("--kinds", type=words, default=TABLES, metavar=",".join(TABLES))
    add("--methods", type=words, default=METHODS, metavar=",".join(METHODS))
    add("--frames", type=int, help="length of giro and zoom (default: 275 and 300)")
    add("--quick", action="store_true", help="short films, and one seed where --seeds is not given")
    add("--set", type=_read_change, action="append", default=[], metavar="KEY=VALUE", help="a setting or recipe field")
    add("--without", type=words, default=(), metavar=",".join(SWITCHES), help="a column without each of these")
    add("--out", type=Path, default=Path("out/quality"), metavar="FOLDER")
    add("--unranked", type=int, metavar="N", help="seeds of a morph that nobody chose (default: 16; 4 if --quick)")
    add("--minutes", type=float, default=math.inf, help="stop rendering then, to go on another time")
    add("--report", action="store_true", help="render nothing; measure what is there")
    add("--strips", type=Path, metavar="FOLDER", help="write the pictures of docs/pictures.md there, of the first seed")
    add("--threads", type=int, default=1)
    options = parser.parse_args()
    words_of = (options.kinds, TABLES), (options.methods, METHODS), (options.without, SWITCHES)
    for given, known in (*words_of, (dict(options.set), sorted(known_changes()))):
        if strange := set(given) - set(known):
            parser.error(f"there is {', '.join(known)}, and no {', '.join(sorted(strange))}")
    options.seeds = [int(seed) for seed in options.seeds or (["1"] if options.quick else ["1", "2", "3"])]
    options.unranked = options.unranked or (4 if options.quick else 16)
    if options.strips:
        options.seeds, options.unranked = options.seeds[:1], 1
    return options


def _read_change(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE; a value that is no JSON is taken as a word."""
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def films(options: argparse.Namespace, backend: DiffusionModel) -> Iterator[Film]:
    """Yield every film that was asked for, whether it was rendered or not."""
    model = fingerprint(options.model)
    for kind in (kind for kind in KINDS if kind in options.kinds):
        frames = (options.frames if kind != "morph" else None) or (QUICK if options.quick else FRAMES)[kind]
        for method, changes, seeds in columns(options, backend, kind):
            for seed in seeds:
                asked = subject(kind, seed, frames, (BUILT_IN, backend.card), changes)
                yield film(asked, method, options.out / "frames", model)


def columns(options: argparse.Namespace, backend: DiffusionModel, kind: Kind) -> Iterator[Column]:
    """Yield a table's columns. Our morph's seed is chosen among several; beside it stand seeds that nobody chose."""
    is_morph = kind == "morph"
    seeds, suffix = (range(1, options.unranked + 1), ", any seed") if is_morph else (options.seeds, "")
    for name in options.methods:
        if name == "ours":
            if is_morph:
                yield Ours(backend, "ours", f"ours, best of {TRIES} tries"), {"tries": TRIES}, options.seeds
                yield Ours(backend, "any", "ours, any seed"), {"tries": 1}, seeds
            else:
                yield Ours(backend), {}, seeds
                for switch in options.without:
                    if kind == "giro" or switch not in OF_STAGES:
                        yield Ours(backend, f"without-{switch}", f"ours, without {switch}"), {switch: 0}, seeds
            if changes := dict(options.set):
                title = "ours, " + ", ".join(f"{key} {value}" for key, value in changes.items())
                yield Ours(backend, "changed", title), changes, seeds
        elif name == "parallel" and kind == "giro":
            yield Ours(backend, name, "ours, stages in parallel"), {"mode": "parallel"}, seeds
        elif name in ("seed", "deforum") or (name == "stills" and not is_morph):
            yield PLAIN[name](backend, title=PLAIN[name].title + suffix), {}, seeds
        elif name == "drawings" and not is_morph:
            yield Drawings(), {}, seeds


def sections(options: argparse.Namespace, backend: DiffusionModel) -> Iterator[str]:
    """Yield the parts of the report: a table for each kind of animation, and the cost."""
    judge = load_judge(options.judge)
    figures: dict[Kind, dict[str, dict[int, Figures]]] = defaultdict(lambda: defaultdict(dict))
    records = []
    for one in (one for one in films(options, backend) if one.is_complete):
        asked, title, found = one.subject, one.method.title, recall_figures(one, judge)
        figures[asked.kind][title][asked.seed] = found
        strip = options.out / "strips" / f"{one.folder.path.name}.webp"
        if not strip.exists():
            write_strip(one, strip)
        of_film = {"kind": asked.kind, "seed": asked.seed, "frames": asked.frames, "method": title}
        records.append({**of_film, "recipe": msgspec.to_builtins(asked.recipe), "figures": found})
    (options.out / "figures.json").write_text(json.dumps(records, indent=1) + "\n")
    for kind, by_method in figures.items():
        yield f"### {kind}\n\n{table(kind, related(by_method, Seed.title, Stills.title))}"
    if "cost" in options.kinds and not options.report:
        zoom = subject("zoom", 1, 16, (BUILT_IN, backend.card), {})
        yield f"### cost\n\n{cost_table(zoom, [Seed(backend), Ours(backend)])}"


def main() -> None:
    os.environ.update(limit_thread_spinning(os.environ))
    options = read_command_line()
    deadline = time.monotonic() + 60 * options.minutes
    backend = load_backend(ModelConfig(source=str(options.model)), threads=options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.strips:
        print(*write_comparisons(films(options, backend), options.strips), sep="\n")
        return
    if not options.report and not render_all(films(options, backend), deadline):
        left = sum(not one.is_complete for one in films(options, backend))
        sys.exit(f"{left} films are not there yet; the same command goes on.")
    report = "\n\n".join(sections(options, backend))
    (options.out / "table.md").write_text(report + "\n")
    print(report)


if __name__ == "__main__":
    main()
