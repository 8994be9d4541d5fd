"""Captions: sentences for a picture's facts, with synonyms, any order, and things left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.drawing.facts import Facts

Words = dict[str, tuple[str, ...]]

ROAD: Words = {
    "countryside": (
        "a road in the countryside",
        "a country road",
        "a road through the countryside",
        "a road through the hills",
        "a rural road",
        "the open road between fields",
    ),
    "sea": (
        "a road by the sea",
        "a road along the coast",
        "a coastal road",
        "a road beside the ocean",
        "a seaside road",
        "a road along the sea",
    ),
    "climb": (
        "a road going up a mountain",
        "a road up a mountain",
        "a mountain road climbing to a peak",
        "a winding road up the mountain",
        "a climb up a mountain pass",
        "hairpin bends going up a mountain",
    ),
    "descent": (
        "a road descending a mountain",
        "a road going down a mountain",
        "a road down into a valley",
        "a winding road down the mountain",
        "a descent into a valley",
        "hairpin bends descending into the valley",
    ),
    "medieval": (
        "a narrow street in a medieval town",
        "a narrow road through a medieval town",
        "a medieval street",
        "a narrow medieval street",
        "an old stone street in a medieval village",
        "a cobbled street in an old town",
    ),
    "town": (
        "a wide street in a rural town",
        "a street in a small town",
        "a wide street with houses and a church",
        "a rural town",
        "a village street",
        "a wide road through a town",
    ),
    "avenue": (
        "a tree-lined avenue",
        "an avenue of trees",
        "a road lined with trees",
        "a tree lined road",
        "a long straight avenue with trees on both sides",
        "a tree-lined road",
    ),
}
LIGHT: Words = {
    "day": ("by day", "in daylight", "sunny day", "in the sunshine", "blue sky"),
    "sunset": ("at sunset", "sunset", "at dusk", "in the evening", "golden hour"),
    "night": ("at night", "night", "under the stars", "in the moonlight", "by night"),
}
SEASON_DAY = ("on a {0} day",)
DULL_DAY = ("by day", "in daylight", "day")
SEASON: Words = {
    "spring": ("in spring", "spring", "springtime", "spring season"),
    "summer": ("in summer", "summer", "summertime", "in high summer"),
    "autumn": ("in autumn", "autumn", "in the fall", "autumn leaves"),
    "winter": ("in winter", "winter", "covered in snow", "winter landscape"),
}
WEATHER: Words = {
    "clear": ("clear sky", "good weather"),
    "clouds": ("cloudy", "under grey clouds", "cloudy sky", "overcast"),
    "rain": ("in the rain", "rain", "rainy", "on a rainy day"),
    "snow": ("snow falling", "in falling snow", "snowing", "snowfall"),
    "mist": ("in the mist", "misty", "fog", "in morning mist"),
}
REGION: Words = {
    "tuscany": ("in Tuscany", "Tuscany", "Tuscan hills", "in rural Tuscany, Italy"),
    "dolomites": ("in the Dolomites", "Dolomites", "the Dolomites, Italy", "Dolomite mountains"),
    "france": ("in France", "France", "French countryside", "in the south of France"),
}
TREES: Words = {
    "cypress": ("cypress trees", "cypresses"),
    "poplar": ("poplars", "poplar trees"),
    "leafy": ("trees", "green trees", "leafy trees", "plane trees"),
    "blossom": ("blossoming trees", "cherry blossom", "trees in blossom", "pink blossom"),
    "pine": ("pine trees", "pines", "fir trees"),
    "palm": ("palm trees", "palms"),
}
FIELD: Words = {
    "vineyard": ("vineyards", "through vineyards", "with vineyards", "rows of vines"),
    "lavender": ("lavender fields", "through lavender", "with fields of lavender"),
    "sunflowers": ("sunflowers", "through sunflower fields", "with fields of sunflowers"),
    "wheat": ("wheat fields", "through golden wheat", "with fields of wheat"),
}
ANIMAL: Words = {
    "skunk": ("skunk",),
    "puppy": ("puppy", "puppy", "dog", "little dog"),
    "rabbit": ("rabbit", "rabbit", "bunny"),
    "frog": ("frog", "green frog"),
    "snake": ("snake",),
    "giraffe": ("giraffe",),
    "cat": ("cat", "cat", "kitten"),
    "fox": ("fox", "red fox"),
}
PLACE: Words = {
    "plain": ("", "", "", "portrait", "sitting", "on a plain background"),
    "meadow": ("in a meadow", "on the grass", "in the countryside", "in a field", ""),
    "road": ("on a road", "sitting on the road", "on a country road"),
    "stage": ("on a stage", "on stage", "in a theatre", "in the spotlight"),
}
CARVING = (
    "a wooden carving of a rabbit",
    "a rabbit carved in wood",
    "a wood carving of a rabbit",
    "a wooden rabbit sculpture",
    "a carved wooden rabbit",
)
RIDER = (
    "a cyclist in a {0} jersey",
    "a cyclist in {0}",
    "a {0} cyclist",
    "a rider in a {0} jersey seen from behind",
    "a bike rider in {0}",
    "the {0} jersey",
)
PINK = ("the race leader in the pink jersey", "the leader of the Giro in the pink jersey", "the maglia rosa")
RACE = ("a bike race", "a cycling race", "cyclists racing", "the Giro d'Italia", "a group of cyclists", "the peloton")
OPENINGS = ("a picture of ", "a painting of ", "an illustration of ", "a poster of ", "a photo of ", "a drawing of ")
STYLES = ("travel poster", "flat poster style", "vintage travel poster", "illustration", "minimalist", "highly detailed")


def caption(facts: Facts, rng: np.random.Generator) -> str:
    """A caption that says only what is true of the picture, and not always all of it."""

    def pick(options: Sequence[str]) -> str:
        return options[int(rng.integers(len(options)))]

    def maybe(probability: float) -> bool:
        return bool(rng.random() < probability)

    if facts.scene in ("animal", "stilts", "carving"):
        subject, details = _creature(facts, rng)
    else:
        subject, details = _road(facts, rng)
    if facts.scene not in ("stilts", "carving") and facts.place not in ("plain", "stage"):
        dull = facts.weather in ("clouds", "rain", "snow") and facts.light == "day"
        kept: list[tuple[str, float]] = [
            (pick(DULL_DAY if dull else LIGHT[facts.light]), 0.35 if facts.light == "day" else 0.8),
            (pick((*SEASON[facts.season], *SEASON_DAY[: facts.light == "day"])).format(facts.season), 0.65),
            (pick(WEATHER[facts.weather]), 0.1 if facts.weather == "clear" else 0.8),
        ]
        details += [words for words, probability in kept if maybe(probability)]
    order = rng.permutation(len(details))
    text = subject
    for index in order:
        detail = details[int(index)]
        joined = detail.split()[0] in ("in", "at", "with", "on", "under", "through", "by", "covered")
        text += (" " if joined and maybe(0.6) else ", ") + detail
    if maybe(0.25):
        text = pick(OPENINGS) + text
    if maybe(0.25):
        text += ", " + pick(STYLES)
    return text


def _creature(facts: Facts, rng: np.random.Generator) -> tuple[str, list[str]]:
    def pick(options: Sequence[str]) -> str:
        return options[int(rng.integers(len(options)))]

    if facts.scene == "carving":
        return pick(CARVING), []
    name = pick(ANIMAL[facts.animal])
    if facts.scene == "stilts":
        several = rng.random() < 0.3
        subject = f"{name}s on stilts" if several and not name.endswith("x") else f"a {name} on stilts"
        return subject, [pick(PLACE["stage"])] if rng.random() < 0.75 else []
    adjective = pick(("", "", "", "cute ", "little ", "happy "))
    place = pick(PLACE[facts.place])
    return f"a {adjective}{name}", [place] if place else []


def _road(facts: Facts, rng: np.random.Generator) -> tuple[str, list[str]]:
    def pick(options: Sequence[str]) -> str:
        return options[int(rng.integers(len(options)))]

    subject, details = pick(ROAD[facts.scene]), []
    if facts.region != "none" and rng.random() < 0.85:
        details.append(pick(REGION[facts.region]))
    if facts.trees != "none" and rng.random() < 0.85:
        details.append(_trees(facts, rng))
    if facts.field != "none" and rng.random() < 0.9:
        details.append(pick(FIELD[facts.field]))
    if facts.sea_side != "none" and rng.random() < 0.35:
        details.append(pick(("the sea on the {0}", "sea on the {0}", "water on the {0}")).format(facts.sea_side))
    if facts.jersey == "none":
        return subject, details
    rider = _rider(facts, rng)
    if rng.random() < 0.7:
        on = pick((" on ", ", ")) + subject
        return (rider + on, details) if rng.random() < 0.85 else (rider, details)
    return subject, [*details, "with " + rider]


def _trees(facts: Facts, rng: np.random.Generator) -> str:
    name = TREES[facts.trees][int(rng.integers(len(TREES[facts.trees])))]
    chance = rng.random()
    if facts.tree_side in ("left", "right") and chance < 0.65:
        return f"{name} on the {facts.tree_side}"
    if facts.tree_side == "both" and chance < 0.25:
        return f"{name} on both sides"
    return name if rng.random() < 0.5 else f"with {name}"


def _rider(facts: Facts, rng: np.random.Generator) -> str:
    if facts.jersey == "many":
        return RACE[int(rng.integers(len(RACE)))]
    options = RIDER + PINK if facts.jersey == "pink" else RIDER
    return options[int(rng.integers(len(options)))].format(facts.jersey)
