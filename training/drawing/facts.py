"""What a picture shows, said in words before it is drawn. Captions and the evaluation's labels come from here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

ROADS = ("countryside", "sea", "climb", "descent", "medieval", "town", "avenue")
SCENES = (*ROADS, "animal", "stilts", "carving")
LIGHTS = ("day", "sunset", "night")
SEASONS = ("spring", "summer", "autumn", "winter")
WEATHERS = ("clear", "clouds", "rain", "snow", "mist")
REGIONS = ("none", "tuscany", "dolomites", "france")
TREES = ("none", "cypress", "poplar", "leafy", "blossom", "pine", "palm")
SIDES = ("none", "left", "right", "both")
FIELDS = ("none", "vineyard", "lavender", "sunflowers", "wheat")
ANIMALS = ("none", "skunk", "puppy", "rabbit", "frog", "snake", "giraffe", "cat", "fox")
PLACES = ("none", "plain", "meadow", "road", "stage")
JERSEYS = ("none", "pink", "yellow", "green", "blue", "red", "white", "black", "orange", "many")

_MIRROR = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Facts:
    """Every field is one concept with the values listed above; 'none' where it does not apply."""

    scene: str
    light: str = "day"
    season: str = "summer"
    weather: str = "clear"
    region: str = "none"
    trees: str = "none"
    tree_side: str = "none"
    sea_side: str = "none"
    field: str = "none"
    animal: str = "none"
    place: str = "none"
    jersey: str = "none"  # of the cyclist; 'many' is a race of several

    def mirrored(self) -> Facts:
        """The facts of the same picture seen in a mirror."""
        return replace(
            self,
            tree_side=_MIRROR.get(self.tree_side, self.tree_side),
            sea_side=_MIRROR.get(self.sea_side, self.sea_side),
        )


VALUES: dict[str, tuple[str, ...]] = {
    "scene": SCENES,
    "light": LIGHTS,
    "season": SEASONS,
    "weather": WEATHERS,
    "region": REGIONS,
    "trees": TREES,
    "tree_side": SIDES,
    "sea_side": ("none", "left", "right"),
    "field": FIELDS,
    "animal": ANIMALS,
    "place": PLACES,
    "jersey": JERSEYS,
}
CONCEPTS = tuple(field.name for field in fields(Facts))


def facts_of(path: Path) -> list[Facts]:
    """The facts of a shard of pictures, in order, from the JSON lines beside it (which may say more)."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [Facts(**{name: line[name] for name in CONCEPTS}) for line in lines]


def sample(rng: np.random.Generator) -> Facts:
    """A random picture's facts, in the proportions the model is trained on."""

    def choose(options: Sequence[str], weights: Sequence[float] | None = None) -> str:
        chances = None if weights is None else np.asarray(weights) / sum(weights)
        return str(rng.choice(np.asarray(options), p=chances))

    scene = choose(SCENES, (10, 10, 9, 8, 8, 8, 7, 34, 5, 3))
    if scene in ("stilts", "carving"):
        animal = choose(("frog", "rabbit", "cat", "fox"), (10, 1, 1, 1)) if scene == "stilts" else "rabbit"
        return Facts(scene, animal=animal, place="stage" if scene == "stilts" else "plain")
    light = choose(LIGHTS, (6, 2.5, 2.5))
    season = choose(SEASONS, (3, 4, 2.5, 2.5))
    weather = _weather(rng, season)
    if scene == "animal":
        place = choose(("plain", "meadow", "road", "stage"), (4, 4, 1.5, 1.5))
        if place in ("plain", "stage"):
            light, season, weather = "day", "summer", "clear"
        return Facts(scene, light, season, weather, animal=choose(ANIMALS[1:]), place=place)
    return _road(rng, scene, light, season, weather)


def _weather(rng: np.random.Generator, season: str) -> str:
    falling = "snow" if season == "winter" else "rain"
    return str(rng.choice(np.array(["clear", "clouds", falling, "mist"]), p=[0.6, 0.22, 0.1, 0.08]))


def _road(rng: np.random.Generator, scene: str, light: str, season: str, weather: str) -> Facts:
    def choose(options: Sequence[str]) -> str:
        return options[int(rng.integers(len(options)))]

    region, trees, tree_side, sea_side, field = "none", "none", "none", "none", "none"
    if scene in ("climb", "descent"):
        region = choose(("none", "dolomites", "dolomites"))
        trees = choose(("none", "pine", "pine", "leafy"))
    elif scene == "sea":
        sea_side = choose(("left", "right"))
        trees = choose(("none", "none", "pine", "palm", "cypress", "leafy"))
        tree_side = "none" if trees == "none" else _MIRROR[sea_side]
    elif scene == "countryside":
        region = choose(("none", "tuscany", "tuscany", "dolomites", "france"))
        field = choose(("none", "none", "none", "vineyard", "lavender", "sunflowers", "wheat"))
        trees = choose(("none", "cypress", "poplar", "leafy", "blossom", "pine"))
        tree_side = "none" if trees == "none" else choose(("left", "right", "both"))
        if region == "tuscany" and rng.random() < 0.5:
            trees = "cypress"
            tree_side = choose(("left", "right", "both"))
    elif scene == "avenue":
        trees, tree_side = choose(("poplar", "leafy", "leafy", "cypress", "blossom", "pine")), "both"
        region = choose(("none", "france", "france")) if trees in ("poplar", "leafy") else "none"
        region = choose(("none", "tuscany")) if trees == "cypress" else region
    elif scene in ("medieval", "town"):
        region = choose(("none", "tuscany", "tuscany"))
        if scene == "town" and rng.random() < 0.4:
            trees, tree_side = choose(("blossom", "leafy")), "both"
    if trees == "blossom":
        season = "spring"
        weather = "rain" if weather == "snow" else weather
    if field in ("lavender", "sunflowers", "wheat"):
        season = "summer"
        weather = "clear" if weather == "snow" else weather
    jersey = "none"
    if rng.random() < 0.28:
        jersey = choose((*JERSEYS[1:], "pink", "pink", "pink", "many"))
    return Facts(scene, light, season, weather, region, trees, tree_side, sea_side, field, "none", "none", jersey)
