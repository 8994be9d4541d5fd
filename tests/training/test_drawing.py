"""The drawing program: the same picture from the same seed, and captions that are true of what was drawn."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from training.draw import contact_sheet
from training.drawing.canvas import SIZE
from training.drawing.captions import TREES, caption, describe
from training.drawing.facts import ANIMALS, CONCEPTS, JERSEYS, SCENES, VALUES, Facts, sample
from training.drawing.picture import Picture
from training.drawing.scenes import paint

SEEDS = range(300)


def pixels(facts: Facts, seed: int = 0) -> np.ndarray:
    return np.asarray(Picture.of(facts, np.random.default_rng(seed)).image).astype(float)


def test_a_seed_always_draws_the_same_picture_and_caption():
    first, again = Picture.draw(7), Picture.draw(7)
    assert first.facts == again.facts
    assert first.caption == again.caption
    assert np.array_equal(np.asarray(first.image), np.asarray(again.image))


def test_seeds_differ():
    assert not np.array_equal(np.asarray(Picture.draw(1).image), np.asarray(Picture.draw(2).image))


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_is_drawn_in_every_light_and_season(scene):
    rng = np.random.default_rng(3)
    base = next(facts for facts in iter(lambda: sample(rng), None) if facts.scene == scene)
    for light, season, weather in (
        ("day", "spring", "rain"),
        ("sunset", "autumn", "mist"),
        ("night", "winter", "snow"),
    ):
        image = paint(replace(base, light=light, season=season, weather=weather), rng)
        assert image.size == (SIZE, SIZE)
        assert np.asarray(image).std() > 10


@pytest.mark.parametrize("animal", ANIMALS[1:])
def test_every_animal_can_be_drawn(animal):
    assert pixels(Facts("animal", animal=animal, place="plain")).std() > 10


@pytest.mark.parametrize("jersey", JERSEYS[1:])
def test_every_jersey_can_be_drawn(jersey):
    with_rider = pixels(Facts("countryside", jersey=jersey))
    assert with_rider.shape == (SIZE, SIZE, 3)


def test_sampled_facts_keep_to_the_vocabulary():
    rng = np.random.default_rng(0)
    for _ in SEEDS:
        for name, value in asdict(sample(rng)).items():
            assert value in VALUES[name]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_sea_lies_on_its_side_mirrored_or_not(side, seed):
    picture = pixels(Facts("sea", sea_side=side), seed)
    ground = picture[SIZE * 5 // 8 :]
    blue = ground[..., 2] - ground[..., 0]
    left, right = blue[:, : SIZE // 3].mean(), blue[:, -SIZE // 3 :].mean()
    assert (left > right) == (side == "left")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("side", ["left", "right"])
def test_trees_stand_on_their_side_mirrored_or_not(side, seed):
    picture = pixels(Facts("countryside", trees="cypress", tree_side=side), seed)
    dark = picture.sum(2) < 200
    left, right = dark[:, : SIZE // 2].sum(), dark[:, SIZE // 2 :].sum()
    assert (left > right) == (side == "left")


def test_a_mirror_swaps_the_sides_and_nothing_else():
    facts = Facts("sea", sea_side="left", trees="pine", tree_side="right")
    assert facts.mirrored() == replace(facts, sea_side="right", tree_side="left")
    assert facts.mirrored().mirrored() == facts


def test_captions_name_only_the_side_where_the_trees_stand():
    rng = np.random.default_rng(1)
    named = 0
    for _ in range(2000):
        facts = sample(rng)
        text = caption(facts, rng)
        for side in ("left", "right"):
            if any(f"{tree} on the {side}" in text for tree in TREES.get(facts.trees, ())):
                named += 1
                assert facts.tree_side == side
    assert named > 50


def test_captions_name_only_what_is_there():
    rng = np.random.default_rng(2)
    for _ in SEEDS:
        facts = sample(rng)
        text = caption(facts, rng)
        assert ("night" in text) <= (facts.light == "night")
        assert ("skunk" in text) <= (facts.animal == "skunk")
        assert ("vineyard" in text) <= (facts.field == "vineyard")
        assert ("pink jersey" in text) <= (facts.jersey == "pink")
        assert ("autumn" in text) <= (facts.season == "autumn")


def test_a_caption_knows_what_it_says():
    rng = np.random.default_rng(4)
    for _ in SEEDS:
        facts = sample(rng)
        said = describe(facts, rng).says
        assert said
        assert said <= set(CONCEPTS)
        assert all(getattr(facts, name) != "none" for name in said)


def test_a_caption_says_nothing_of_a_region_that_the_picture_cannot_show():
    rng = np.random.default_rng(4)
    for scene, shown in (("town", False), ("medieval", False), ("countryside", True)):
        said = [describe(Facts(scene, region="tuscany"), rng) for _ in range(40)]
        assert any("Tusc" in one.text for one in said)
        assert any("region" in one.says for one in said) == shown


def test_captions_vary_and_leave_things_out():
    facts = Facts("sea", light="sunset", sea_side="left", trees="pine", tree_side="right")
    rng = np.random.default_rng(5)
    texts = {caption(facts, rng) for _ in range(50)}
    assert len(texts) > 40
    assert any("sunset" not in text and "dusk" not in text for text in texts)


def test_a_contact_sheet_is_one_picture():
    assert contact_sheet(columns=3, rows=2, first_seed=0).size == (3 * 128, 2 * 128)
