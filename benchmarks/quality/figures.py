"""The figures of one film, kept beside its frames until what measures them changes."""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Final

import msgspec
import numpy as np

from benchmarks.quality.film import Film
from benchmarks.quality.measures import colour_drift, degenerate, kept, look, magnification, warp_error
from benchmarks.quality.subject import Stage, subject
from engine.diffusion.sampling.warp import warp
from engine.storyboard.shot import Camera
from engine.vision.degenerate import check_frame
from engine.vision.perception import Pixels, describe_picture, directness, measure_steps, seam, variation, worst_jump
from engine.vision.vanishing import aim_camera
from training import classifier
from training.pictures import to_tensor

Figures = dict[str, float]

JUDGE: Final = Path("models/judge")
SAMPLES: Final = 9  # ordinary steps whose magnification is measured; the last step is held against their median
SETTLING: Final = 8  # frames after which a chain has left its first frame, which comes from noise, behind


class Judge:
    """Whether frames show what their prompts say, as a classifier sees it that has learnt from drawings only."""

    def __init__(self, network: classifier.Classifier) -> None:
        self._network = network
        weights = b"".join(weight.numpy().tobytes() for weight in network.state_dict().values())
        self.digest = hashlib.blake2b(weights, digest_size=8).hexdigest()

    def figures(self, pictures: Sequence[Pixels], stages: Sequence[Stage]) -> dict[str, float]:
        """Return what is recognised in the settled frames of each stage that has any, as shares.

        `main`: frames whose main concept was, the first expected; `weakest` in the weakest stage, `stage_1` … in each.
        `every`: frames in which all concepts were that the prompt names. `each`: of these concepts."""
        right = []  # frames × concepts
        for stage in (stage for stage in stages if stage.stop > stage.start):
            found = self._network.judge(to_tensor(np.stack(pictures[stage.start : stage.stop])))
            right.append(np.array([[one[name] == value for name, value in stage.expected.items()] for one in found]))
        main = [float(stage[:, 0].mean()) for stage in right]
        return {
            "main": fmean(main),
            "every": fmean(float(stage.all(axis=1).mean()) for stage in right),
            "each": fmean(float(stage.mean()) for stage in right),
            "weakest": min(main),
        } | {f"stage_{number}": share for number, share in enumerate(main, 1)}


def load_judge(folder: Path) -> Judge | None:
    """Return the judge in a folder; None if there is none."""
    try:
        return Judge(classifier.load(folder))
    except FileNotFoundError:
        return None


def recall_figures(film: Film, judge: Judge | None) -> Figures:
    """Return a complete film's figures, from its folder if they were measured the same way."""
    path = film.folder.path / f"figures-{_ruler()}{judge.digest if judge else ''}.json"
    if not path.exists():
        written = path.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(measure(film, judge)))
        written.replace(path)
    return msgspec.json.decode(path.read_bytes(), type=Figures)


@functools.cache
def _ruler() -> str:
    """Return a digest of the source of all that measures, by one of each file."""
    measures = measure, look, subject, aim_camera, warp, describe_picture, check_frame
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
        pairs = zip(film.pictures, film.pictures[1:], film.cameras[1:], strict=False)
        figures["warp_error"] = fmean(warp_error(one, other, camera) for one, other, camera in pairs if camera)
        figures["sharpness"] = kept(details)
        figures["sharpness_all"] = median(details[SETTLING:]) / details[0]
        figures["colour_drift"] = colour_drift(looks)
        figures |= _scale(film)
    return figures


def _scale(film: Film) -> Figures:
    """Return how much of the camera's zoom shows in a step (1 where the road really comes closer), and how far the
    loop's last step is from an ordinary one (0 where it goes on as it went, 1 where it halts for a frame)."""
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
