"""The plain methods, re-made from their descriptions on the same model: what others do.

Each makes a frame from the one before it in 8-bit pictures, then lets the model step from there. Model, steps,
strength, guidance and the number of UNet calls a frame are those that our own method has.
"""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec.structs import replace
from PIL import Image, ImageCms, ImageFilter

from benchmarks.quality.film import Method
from benchmarks.quality.subject import STAGES, ZOOM, Expected, Subject
from engine.backend import Backend, Picture, ShotRequest
from engine.frames.frame_store import JobFrames
from engine.storyboard.morph_path import NoiseStart, PromptMix, TokenMix
from engine.storyboard.shot import Camera, FeedbackStart, Shot, frame_seed
from training.drawing.facts import sample
from training.drawing.picture import Picture as Drawing


class Plain(Method):
    """A plain method; those below say what is done before the model's turn. `version` counts changes of its recipe."""

    version = 1

    def __init__(self, backend: Backend, title: str = "") -> None:
        self._backend = backend
        self.title = title or self.title

    def shot(self, subject: Subject, index: int) -> Shot:
        """Return what the model is to do for a frame: the first from noise, each other from what is prepared for it."""
        settings = subject.settings
        return Shot(
            index=index,
            prompt=subject.prompts[index],
            start=FeedbackStart(index - 1) if index else NoiseStart(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            seed=frame_seed(subject.seed, index),
            negative=subject.recipe.negative,
        )

    def prepare(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        """Return the picture that frame `index`, not the first, starts from."""
        return folder.picture(index - 1)

    def camera(self, subject: Subject) -> Camera:
        """Return how the camera moves before every frame but the first."""
        return Camera()

    def accepts(self, picture: Picture) -> bool:
        """Return whether a frame may stay; one that may not is rendered once more, with another seed."""
        return True

    def essence(self, subject: Subject) -> bytes:
        settings, shots = subject.settings, [self.shot(subject, index) for index in range(subject.frames)]
        # Not the shots as they are: what they can say besides this is of no use to a plain method.
        told = [
            [shot.prompt, isinstance(shot.start, NoiseStart), shot.unet_calls, shot.guidance, shot.seed, shot.negative]
            for shot in shots
        ]
        own = [self.name, self.version, self.camera(subject).zoom]
        return msgspec.json.encode([own, settings.size, settings.scheduler, settings.steps, told])

    def cameras(self, subject: Subject, folder: JobFrames) -> list[Camera | None]:
        return [None, *[self.camera(subject)] * (subject.frames - 1)]

    def make(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        shot, size, scheduler = self.shot(subject, index), subject.settings.size, subject.settings.scheduler
        sources = {index - 1: self.prepare(subject, index, folder)} if isinstance(shot.start, FeedbackStart) else {}
        for tried in (shot, replace(shot, seed=shot.seed ^ 1)):
            request = ShotRequest(shot=tried, width=size, height=size, scheduler=scheduler, sources=sources)
            lanes = self._backend.open([request])
            while lanes[0].steps_left:
                self._backend.denoise(lanes, 1)
            picture = self._backend.decode(lanes)[0].picture()
            if self.accepts(picture):
                break
        return picture


class Seed(Plain):
    """The method of the blog post and the notebook that this program comes from.

    Zoom and giro: trim whole pixels from each side, scale back with Pillow, image to image. To close the loop, the
    first frame is mixed into the current one with an evenly growing weight. Morph: even weights, from the frame before.
    """

    name = "seed"
    title = "the seed's"

    def prepare(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        image, trim = Image.fromarray(folder.picture(index - 1)), _trim(subject)
        into_return = index - (subject.frames - subject.returning) + 1
        if subject.returning and into_return > 0:
            image = Image.blend(image, Image.fromarray(folder.picture(0)), into_return / (subject.returning + 1))
        if trim:
            width, height = image.size
            image = image.crop((trim, trim, width - trim, height - trim)).resize((width, height))
        return np.asarray(image)

    def camera(self, subject: Subject) -> Camera:
        size = subject.settings.size
        return Camera(zoom=size / (size - 2 * _trim(subject)))


def _trim(subject: Subject) -> int:
    """Return how many pixels are trimmed from each side: whole ones, nearest to the zoom that our own method has."""
    return 0 if subject.kind == "morph" else round(subject.settings.size * (1 - 1 / subject.settings.zoom) / 2)


class Deforum(Plain):
    """As Deforum animates in 2D with its usual settings; it closes no loop.

    Zoom about the centre by a bilinear warp of 8-bit pixels, colours matched to frame 0 (histograms in LAB), unsharp
    mask, 6.5 % of Perlin-like noise blended in, then image to image; a black frame is rendered once more. A morph is
    its interpolation mode: prompts mixed after the text encoder, every frame from the same noise.
    """

    name = "deforum"
    title = "Deforum-like"

    def shot(self, subject: Subject, index: int) -> Shot:
        shot = super().shot(subject, index)
        if not isinstance(shot.prompt, TokenMix):
            return shot
        source, target = (shot.prompt.template.replace("{}", word) for word in (shot.prompt.source, shot.prompt.target))
        calls = super().shot(subject, 1).unet_calls  # as many as a frame of the others takes
        mixed = PromptMix.crossfade(source, target, shot.prompt.weight)
        return replace(shot, prompt=mixed, start=NoiseStart(), steps=calls, seed=subject.seed)

    def prepare(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        image = Image.fromarray(folder.picture(index - 1))
        (width, height), shrink = image.size, 1 / subject.settings.zoom
        matrix = (shrink, 0, width / 2 * (1 - shrink), 0, shrink, height / 2 * (1 - shrink))
        warped = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        matched = _match_colours(warped, Image.fromarray(folder.picture(0)))
        sharp = matched.filter(ImageFilter.UnsharpMask(radius=1, percent=10, threshold=0))
        noise = _perlin_like(image.size, np.random.default_rng(frame_seed(subject.seed, index)))
        return np.asarray(Image.blend(sharp, noise, 0.065))

    def camera(self, subject: Subject) -> Camera:
        return Camera(zoom=1.0 if subject.kind == "morph" else subject.settings.zoom)

    def accepts(self, picture: Picture) -> bool:
        return bool(picture.any())  # not black


class Stills(Plain):
    """No animation: four pictures of each stage, from noise, in turn: what the model can do, and how stages differ."""

    name = "stills"
    title = "single pictures"
    each = 4

    def shot(self, subject: Subject, index: int) -> Shot:
        prompt = subject.scenery[index]
        seed = frame_seed(subject.seed, subject.prompts.index(prompt) + index % self.each)
        return replace(super().shot(subject, index), prompt=prompt, start=NoiseStart(), seed=seed)


class Drawings(Method):
    """Eight drawings of what each stage names, as model and judge have learnt from: the judge's own limit."""

    name = title = "drawings"
    each = 8

    def essence(self, subject: Subject) -> bytes:
        return msgspec.json.encode([1, subject.kind, subject.seed, subject.frames, _expected(subject)])

    def make(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        stage = list(dict.fromkeys(subject.prompts)).index(subject.scenery[index])
        rng = np.random.default_rng([9_000_000, subject.seed, stage, index % self.each])
        facts = sample(rng)  # as the training has them, until they are as expected
        while any(getattr(facts, name) != value for name, value in _expected(subject)[stage].items()):
            facts = sample(rng)
        return np.asarray(Drawing.of(facts, rng).image)


def _expected(subject: Subject) -> tuple[Expected, ...]:
    """Return what each stage of a giro names, or a zoom."""
    return STAGES if subject.kind == "giro" else (ZOOM,)


def _match_colours(image: Image.Image, model: Image.Image) -> Image.Image:
    """Match each channel's histogram in LAB."""
    rgb, cie = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    one, other = (ImageCms.profileToProfile(picture, rgb, cie, outputMode="LAB") for picture in (image, model))
    assert one is not None and other is not None  # not in place
    channels = [_match_histogram(*pair) for pair in zip(one.split(), other.split(), strict=True)]
    result = ImageCms.profileToProfile(Image.merge("LAB", channels), cie, rgb, outputMode="RGB")
    assert result is not None
    return result


def _match_histogram(channel: Image.Image, model: Image.Image) -> Image.Image:
    shares, wanted = (np.cumsum(picture.histogram()) / picture.width / picture.height for picture in (channel, model))
    return channel.point(np.interp(shares, wanted, np.arange(256)).round().astype(int).tolist())


def _perlin_like(size: tuple[int, int], rng: np.random.Generator, octaves: int = 4) -> Image.Image:
    """Return smooth random values in several octaves, each at half the weight of the one before: grey, 0…255."""
    total = np.zeros((size[1], size[0]))
    for octave in range(octaves):
        grid = Image.fromarray(rng.uniform(0, 1, (4 << octave, 4 << octave)).astype(np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 2**octave
    levels = np.clip(total / (2 - 2.0 ** (1 - octaves)) * 255, 0, 255).astype(np.uint8)
    return Image.fromarray(levels).convert("RGB")
