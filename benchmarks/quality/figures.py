"""The figures of one film, and how those of several become a row of the table."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import Final

import msgspec
from msgspec.structs import replace

from benchmarks.quality.adherence import Judge
from benchmarks.quality.film import Film
from benchmarks.quality.measures import colour_drift, degenerate, kept, look
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
CONTRAST: Final = replace(SATURATION, key="contrast", title="contrast, last quarter over first")
OWN_SATURATION: Final = replace(SATURATION, key="saturation_own", title="the same, over single pictures' of its stages")
OWN_CONTRAST: Final = replace(OWN_SATURATION, key="contrast_own")
SHARPNESS: Final = Row("sharpness", "sharpness, last quarter over first", "{:.0%}", "≥ 90 %", least=0.9)
SHARPNESS_ALL: Final = Row("sharpness_all", "sharpness, frames after the first few over the first", "{:.0%}")
WARP: Final = Row("warp_error", "warp error, levels", "{:.1f}")
WARP_RATIO: Final = Row("warp_ratio", "warp error, of the seed's", "{:.0%}")
SCALE: Final = replace(SEAM, key="scale_seam", title="scale seam: magnification, off an ordinary step's, in steps")
DRIFT: Final = Row("colour_drift", "mean colour off the first frame's, ΔE", "{:.1f}")
MOTION: Final = Row("motion", "motion that shows, of the camera's", "{:.0%}")
STEP: Final = Row("step", "median step, perceptual distance", "{:.2f}")
DIRECTNESS: Final = Row("directness", "directness: first to last over the sum of steps", "{:.2f}")
MAIN: Final = Row("main", "scene recognised, settled frames", "{:.0%}", "≥ 90 %", least=0.9)
WEAKEST: Final = replace(MAIN, key="weakest", title="scene recognised, the weakest stage")
EACH: Final = replace(MAIN, key="each", title="concepts recognised, of all that prompts name")
EVERY: Final = Row("every", "frames in which all of them are", "{:.0%}")
ENDS: Final = Row("main", "both ends recognised", "{:.0%}")

ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "giro": (
        *(SEAM, SCALE, STUCK, SATURATION, OWN_SATURATION, CONTRAST, OWN_CONTRAST, MAIN, WEAKEST, EACH, EVERY),
        *(JUMP, VARIATION, WARP_RATIO, WARP, MOTION, STEP),
    ),
    "zoom": (
        *(SHARPNESS, SHARPNESS_ALL, replace(WARP_RATIO, target="≤ 50 %", most=0.5), WARP, SEAM, SCALE, STUCK),
        *(SATURATION, CONTRAST, DRIFT, MAIN, EACH, EVERY, MOTION, JUMP, STEP),
    ),
    "morph": (
        *(replace(JUMP, target="≤ 1.8", most=1.8), replace(VARIATION, target="≤ 0.35", most=0.35)),
        *(DIRECTNESS, STUCK, ENDS, STEP),
    ),
}
JUDGED: Final = ("main", "weakest", "each", "every")
RELATED: Final = ("warp_ratio", "saturation_own", "contrast_own")
"""What is said of a column beside others; see `table.related`."""
STILL: Final = ("stills", "drawings")
"""Methods whose pictures are no animation."""


def measure(film: Film, judge: Judge | None) -> Figures:
    """Return every figure of a film that its kind has; what needs a judge is left out without one."""
    figures = judge.figures(film.pictures, film.subject.settled) if judge is not None else {}
    looks = [look(picture) for picture in film.pictures]
    has_camera, is_still = film.subject.kind != "morph", film.method.name in STILL
    if has_camera:
        figures["saturation"] = kept([of.saturation for of in looks])
        figures["contrast"] = kept([of.contrast for of in looks])
    if not is_still:
        of_steps = measure_steps(film.descriptions)
        figures["step"] = median(of_steps)
        figures["worst_jump"] = worst_jump(of_steps)
        figures["variation"] = variation(of_steps)
        figures["directness"] = directness(film.descriptions)
        figures["stuck"] = degenerate(film.pictures)
    if has_camera and not is_still:
        details = [of.sharpness for of in looks]
        figures["seam"] = seam(film.descriptions)
        figures["warp_error"] = mean_warp_error(film)
        figures["sharpness"] = kept(details)
        figures["sharpness_all"] = median(details[SETTLING:]) / details[0]
        figures["colour_drift"] = colour_drift(looks)
        figures |= scale(film)
    return figures


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
