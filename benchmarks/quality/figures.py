"""The figures of one film, kept beside its frames until what measures them changes."""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
from pathlib import Path
from statistics import fmean, median
from typing import Final

import msgspec

from benchmarks.quality.adherence import Judge
from benchmarks.quality.film import Film
from benchmarks.quality.measures import colour_drift, degenerate, kept, look
from benchmarks.quality.motion import magnification, warp_error
from benchmarks.quality.subject import subject
from engine.diffusion.sampling.warp import warp
from engine.storyboard.shot import Camera
from engine.vision.degenerate import check_frame
from engine.vision.perception import describe_picture, directness, measure_steps, seam, variation, worst_jump
from engine.vision.vanishing import aim_camera

Figures = dict[str, float]

SAMPLES: Final = 9
"""Ordinary steps whose magnification is measured; their median is what the last step is held against."""
SETTLING: Final = 8
"""Frames after which a chain has left its first frame, which comes from noise, behind."""


class _Kept(msgspec.Struct, frozen=True):
    ruler: str
    figures: Figures


def recall_figures(film: Film, judge: Judge | None) -> Figures:
    """Return a complete film's figures, from its folder if they were measured the same way."""
    path, ruler = film.folder.path / "figures.json", _ruler() + (judge.digest if judge else "")
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        kept = None
    if kept is None or kept.ruler != ruler:
        kept = _Kept(ruler, measure(film, judge))
        path.write_bytes(msgspec.json.encode(kept))
    return kept.figures


@functools.cache
def _ruler() -> str:
    """Return a digest of the source of all that measures, by one of each file."""
    measures = measure, Judge, look, warp_error, subject, aim_camera, warp, describe_picture, check_frame
    sources = [Path(inspect.getfile(one)).read_bytes() for one in measures]
    return hashlib.blake2b(b"".join(sources), digest_size=8).hexdigest()


def measure(film: Film, judge: Judge | None) -> Figures:
    """Return every figure of a film that its kind has; what needs a judge is left out without one."""
    figures = judge.figures(film.pictures, film.subject.settled) if judge else {}
    looks = [look(picture) for picture in film.pictures]
    has_camera, is_animation = film.subject.kind != "morph", not film.method.each
    if has_camera:
        figures["saturation"] = kept([of.saturation for of in looks])
        figures["contrast"] = kept([of.contrast for of in looks])
    if is_animation:
        of_steps = measure_steps(film.descriptions)
        figures["step"] = median(of_steps)
        figures["worst_jump"] = worst_jump(of_steps)
        figures["variation"] = variation(of_steps)
        figures["directness"] = directness(film.descriptions)
        figures["stuck"] = degenerate(film.pictures)
    if has_camera and is_animation:
        details = [of.sharpness for of in looks]
        figures["seam"] = seam(film.descriptions)
        figures["warp_error"] = _mean_warp_error(film)
        figures["sharpness"] = kept(details)
        figures["sharpness_all"] = median(details[SETTLING:]) / details[0]
        figures["colour_drift"] = colour_drift(looks)
        figures |= _scale(film)
    return figures


def _mean_warp_error(film: Film) -> float:
    """Return the mean over all frames that continue the one before; in levels."""
    pairs = zip(film.pictures, film.pictures[1:], film.cameras[1:], strict=False)
    return fmean(warp_error(before, after, camera) for before, after, camera in pairs if camera is not None)


def _scale(film: Film) -> Figures:
    """Return how much of the camera's zoom shows, and how far the loop's last step is from it; all as logarithms.

    `motion`: the magnification of an ordinary step, over the camera's: 1 where the road really comes closer.
    `scale_seam`: how far the magnification from the last frame to the first is from an ordinary step's, in the
    camera's: 0 for a loop that goes on as it went, 1 for one that halts for a frame.
    """
    moving = [(index, camera) for index, camera in enumerate(film.cameras) if camera is not None and camera.zoom != 1]
    if not moving:
        return {}

    def closer(before: int, after: int, camera: Camera) -> float:
        focus = camera.focus_x, camera.focus_y
        return math.log(magnification(film.pictures[before], film.pictures[after], focus))

    chosen = moving[:: max(1, len(moving) // SAMPLES)]
    ordinary = median(closer(index - 1, index, camera) for index, camera in chosen)
    of_camera = median(math.log(camera.zoom) for _, camera in moving)
    last = closer(-1, 0, moving[-1][1])
    return {"motion": ordinary / of_camera, "scale_seam": abs((last - ordinary) / of_camera)}
