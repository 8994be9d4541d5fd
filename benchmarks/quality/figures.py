"""The figures of one film, and how those of several become a row of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

import msgspec

from benchmarks.quality.adherence import Judge
from benchmarks.quality.film import Film
from benchmarks.quality.measures import Look, colour_drift, degenerate, kept, look
from benchmarks.quality.motion import magnification, warp_error
from engine.storyboard.shot import Camera
from engine.vision.perception import directness, measure_steps, seam, variation, worst_jump

Figures = dict[str, float]

SAMPLES: Final = 9
"""Ordinary steps whose magnification is measured; their median is what the last step is held against."""
SETTLING: Final = 8
"""Frames after which a chain has left its first frame, which comes from noise, behind."""


class Row(msgspec.Struct, frozen=True):
    """A line of the table: a figure, how it is written, and what is wanted of it."""

    key: str
    title: str
    form: str
    target: str = ""
    least: float = -math.inf
    most: float = math.inf


SEAM: Final = Row("seam", "seam: last to first, in median steps", "{:.2f}", "≤ 1.0", most=1.0)
JUMP: Final = Row("worst_jump", "worst jump, in median steps", "{:.2f}")
VARIATION: Final = Row("variation", "variation of the steps", "{:.2f}")
STUCK: Final = Row("stuck", "stuck or degenerate frames", "{:.1%}", "0", most=0.0)
SATURATION: Final = Row("saturation", "saturation, last quarter over first", "{:.2f}", "0.9 to 1.1", 0.9, 1.1)
CONTRAST: Final = Row("contrast", "contrast, last quarter over first", "{:.2f}", "0.9 to 1.1", 0.9, 1.1)
SHARPNESS: Final = Row("sharpness", "sharpness, last quarter over first", "{:.0%}", "≥ 90 %", least=0.9)
SHARPNESS_ALL: Final = Row("sharpness_all", "sharpness, frames after the first few over the first", "{:.0%}")
OWN_SATURATION: Final = Row(
    "saturation_own", "the same, over single pictures' of its stages", "{:.2f}", "0.9 to 1.1", 0.9, 1.1
)
OWN_CONTRAST: Final = msgspec.structs.replace(OWN_SATURATION, key="contrast_own")
WARP: Final = Row("warp_error", "warp error, levels", "{:.1f}")
WARP_RATIO: Final = Row("warp_ratio", "warp error, of the seed's", "{:.0%}", "≤ 50 %", most=0.5)
SCALE: Final = Row(
    "scale_seam", "scale seam: magnification, off an ordinary step's, in steps", "{:.2f}", "≤ 1.0", most=1.0
)
DRIFT: Final = Row("colour_drift", "mean colour off the first frame's, ΔE", "{:.1f}")
MOTION: Final = Row("motion", "motion that shows, of the camera's", "{:.0%}")
STEP: Final = Row("step", "median step, perceptual distance", "{:.2f}")
MAIN: Final = Row("main", "scene recognised, settled frames", "{:.0%}", "≥ 90 %", least=0.9)
WEAKEST: Final = Row("weakest", "scene recognised, the weakest stage", "{:.0%}", "≥ 90 %", least=0.9)
EACH: Final = Row("each", "concepts recognised, of all that prompts name", "{:.0%}", "≥ 90 %", least=0.9)
EVERY: Final = Row("every", "frames in which all of them are", "{:.0%}")

JUDGED: Final = (MAIN, WEAKEST, EACH, EVERY)
ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "giro": (
        SEAM,
        SCALE,
        STUCK,
        SATURATION,
        OWN_SATURATION,
        CONTRAST,
        OWN_CONTRAST,
        MAIN,
        WEAKEST,
        EACH,
        EVERY,
        JUMP,
        VARIATION,
        msgspec.structs.replace(WARP_RATIO, target="", most=math.inf),
        WARP,
        MOTION,
        STEP,
    ),
    "zoom": (
        SHARPNESS,
        SHARPNESS_ALL,
        WARP_RATIO,
        WARP,
        SEAM,
        SCALE,
        STUCK,
        SATURATION,
        CONTRAST,
        DRIFT,
        MAIN,
        EACH,
        EVERY,
        MOTION,
        JUMP,
        STEP,
    ),
    "morph": (
        msgspec.structs.replace(JUMP, target="≤ 1.8", most=1.8),
        msgspec.structs.replace(VARIATION, target="≤ 0.35", most=0.35),
        Row("directness", "directness: first to last over the sum of steps", "{:.2f}"),
        STUCK,
        msgspec.structs.replace(MAIN, title="both ends recognised", target="", least=-math.inf),
        STEP,
    ),
}


RELATED: Final = (WARP_RATIO.key, OWN_SATURATION.key, OWN_CONTRAST.key)
"""What is said of a column beside others; see `relation`."""
STILL: Final = ("stills", "drawings")
"""Methods whose pictures are no animation."""


def measure(film: Film, judge: Judge | None) -> Figures:
    """Return every figure of a film that its kind has; what needs a judge is left out without one."""
    figures = adherence(film, judge) if judge is not None else {}
    looks = [look(picture) for picture in film.pictures]
    if film.subject.kind != "morph":
        figures |= colours(looks)
    if film.method.name in STILL:
        return figures
    return figures | motion(film) | (detail(film, looks) if film.subject.kind != "morph" else {})


def adherence(film: Film, judge: Judge) -> Figures:
    """Return what is recognised in the settled frames."""
    stages = judge.stages(film.pictures, film.subject.settled)
    return {
        "main": fmean(stage.main for stage in stages),
        "every": fmean(stage.every for stage in stages),
        "each": fmean(stage.each for stage in stages),
        "weakest": min(stage.main for stage in stages),
    } | {f"stage_{number}": stage.main for number, stage in enumerate(stages, 1)}


def colours(looks: Sequence[Look]) -> Figures:
    """Return how colours change from the first quarter to the last."""
    return {
        "saturation": kept([of.saturation for of in looks]),
        "contrast": kept([of.contrast for of in looks]),
    }


def motion(film: Film) -> Figures:
    """Return what the distances of neighbours say."""
    of_steps = measure_steps(film.descriptions)
    return {
        "step": median(of_steps),
        "worst_jump": worst_jump(of_steps),
        "variation": variation(of_steps),
        "directness": directness(film.descriptions),
        "stuck": degenerate(film.pictures),
    }


def detail(film: Film, looks: Sequence[Look]) -> Figures:
    """Return what is measured where a camera moves on and a loop closes."""
    details = [of.sharpness for of in looks]
    return {
        "seam": seam(film.descriptions),
        "warp_error": mean_warp_error(film),
        "sharpness": kept(details),
        "sharpness_all": median(details[SETTLING:]) / details[0],
        "colour_drift": colour_drift(looks),
    } | scale(film)


def mean_warp_error(film: Film) -> float:
    """Return the mean over all frames that continue the one before; in levels."""
    pairs = zip(film.pictures, film.pictures[1:], film.cameras[1:], strict=False)
    return fmean(warp_error(before, after, camera) for before, after, camera in pairs if camera is not None)


def scale(film: Film) -> Figures:
    """Return what is measured of the camera's zoom: how much of it shows, and how far the loop's last step is from it.

    `motion`: the magnification of an ordinary step, over the camera's: 1 where the road really comes closer.
    `scale_seam`: how far the magnification from the last frame to the first is from an ordinary step's, in the
    camera's: 0 for a loop that goes on as it went, 1 for one that halts for a frame. All of it is as logarithms.
    """
    moving = [(index, camera) for index, camera in enumerate(film.cameras) if camera is not None and camera.zoom != 1]
    if not moving:
        return {}
    chosen = moving[:: max(1, len(moving) // SAMPLES)]
    ordinary = median(_closer(film, index - 1, index, camera) for index, camera in chosen)
    last = _closer(film, -1, 0, moving[-1][1])
    of_camera = median(math.log(camera.zoom) for _, camera in moving)
    return {"motion": ordinary / of_camera, "scale_seam": abs((last - ordinary) / of_camera)}


def _closer(film: Film, before: int, after: int, camera: Camera) -> float:
    """Return the logarithm of the magnification from one frame to another, about the camera's focus."""
    focus = camera.focus_x, camera.focus_y
    return math.log(magnification(film.pictures[before], film.pictures[after], focus))
