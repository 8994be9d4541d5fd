"""The evaluation: what is asked of a picture, and what the judge makes of it."""

import numpy as np
import pytest
import torch

from training.classifier import Classifier
from training.drawing.facts import VALUES, Facts
from training.evaluate import Prompt, drawn, frechet, judged, sampled, template_prompts


class Grey:
    """A generator whose pictures are all one grey, and which counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def images(self, texts, seed):
        self.asked += 1
        for start in range(0, len(texts), 2):
            yield torch.zeros(len(texts[start : start + 2]), 3, 256, 256)


def prompts(count=3):
    return [
        Prompt(f"prompt {place}", {"scene": "sea"}, "template", Facts("sea", sea_side="left")) for place in range(count)
    ]


def test_pictures_are_kept_for_another_judge(tmp_path):
    generator = Grey()
    first = sampled(generator, prompts(), 0, tmp_path / "new" / "kept.npy")
    again = sampled(generator, prompts(), 0, tmp_path / "new" / "kept.npy")
    assert first.shape == (3, 256, 256, 3)
    assert np.array_equal(first, again)
    assert generator.asked == 1


def test_every_picture_is_held_against_its_own_prompt():
    pictures = np.stack([np.full((128, 128, 3), level, np.uint8) for level in (0, 255)])
    asked = [Prompt("", {"scene": "sea"}, "free"), Prompt("", {"scene": "town", "light": "night"}, "free")]

    class ByBrightness(Classifier):
        def judge(self, images):
            return [{"scene": "sea" if float(image.mean()) < 0 else "town", "light": "day"} for image in images]

    tally = judged(ByBrightness().eval(), asked, pictures).tally
    assert tally.by_concept() == {"scene": 1.0, "light": 0.0}
    assert tally.share() == pytest.approx(2 / 3)
    assert tally.confusion["scene"]["town", "town"] == 1


def test_template_prompts_expect_what_their_captions_say():
    for prompt in template_prompts(40, first_world=False):
        assert prompt.facts is not None
        assert prompt.expected == {name: getattr(prompt.facts, name) for name in prompt.expected}
        assert all(value in VALUES[name] and value != "none" for name, value in prompt.expected.items())


def test_drawings_of_the_prompts_are_as_small_as_the_samples():
    assert drawn(prompts(2)).shape == (2, 256, 256, 3)


def test_the_distance_of_a_set_to_itself_is_nothing():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 4)).astype(np.float32)
    assert frechet(features, features) == pytest.approx(0, abs=1e-3)
    assert frechet(features, features + 3) == pytest.approx(4 * 9, rel=1e-3)
