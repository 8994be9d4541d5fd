"""Captions: sentences for a picture's facts, with synonyms, any order, and things left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.drawing.facts import Facts
from training.drawing.wording import loosen

Words = dict[str, tuple[str, ...]]

ROAD: Words = {
    "countryside": (
        "a road in the countryside",
        "a country road",
        "a road through the countryside",
        "a road through the hills",
        "a rural road",
        "the open road between fields",
        "a country lane",
        "a lane in the countryside",
    ),
    "sea": (
        "a road by the sea",
        "a road along the coast",
        "a coastal road",
        "a road beside the ocean",
        "a seaside road",
        "a road along the sea",
        "a coast road",
        "the coast",
    ),
    "climb": (
        "a road going up a mountain",
        "a road up a mountain",
        "a mountain road climbing to a peak",
        "a winding road up the mountain",
        "a climb up a mountain pass",
        "hairpin bends going up a mountain",
        "the way up to a mountain pass",
        "uphill into the mountains",
    ),
    "descent": (
        "a road descending a mountain",
        "a road going down a mountain",
        "a road down into a valley",
        "a winding road down the mountain",
        "a descent into a valley",
        "hairpin bends descending into the valley",
        "the way down to the valley",
        "downhill from the mountains",
    ),
    "medieval": (
        "a narrow street in a medieval town",
        "a narrow road through a medieval town",
        "a medieval street",
        "a narrow medieval street",
        "an old stone street in a medieval village",
        "a cobbled street in an old town",
        "an alley in an old town",
        "a narrow old alley",
    ),
    "town": (
        "a wide street in a rural town",
        "a street in a small town",
        "a wide street with houses and a church",
        "a rural town",
        "a village street",
        "a wide road through a town",
        "the main street of a village",
    ),
    "avenue": (
        "a tree-lined avenue",
        "an avenue of trees",
        "a road lined with trees",
        "a tree lined road",
        "a long straight avenue with trees on both sides",
        "a tree-lined road",
        "an avenue",
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
    "tuscany": ("in Tuscany", "Tuscany", "Tuscan hills", "in rural Tuscany, Italy", "Tuscan landscape"),
    "dolomites": ("in the Dolomites", "Dolomites", "the Dolomites, Italy", "Dolomite mountains"),
    "france": ("in France", "France", "French countryside", "in the south of France", "in Provence"),
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
# Said in front of the subject instead of after it.
ADJECTIVE: dict[str, Words] = {
    "light": {"day": ("sunlit",), "sunset": ("evening", "sunset"), "night": ("moonlit", "starlit", "night")},
    "season": {"spring": ("spring",), "summer": ("summer",), "autumn": ("autumn",), "winter": ("wintry", "snowy")},
    "weather": {
        "clear": ("sunny",),
        "clouds": ("cloudy", "grey"),
        "rain": ("rainy", "wet"),
        "snow": ("snowy",),
        "mist": ("misty", "foggy"),
    },
}
DETERMINERS = ("the", "one", "my", "this", "")
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
RACE = (
    "a bike race",
    "a cycling race",
    "cyclists racing",
    "the Giro d'Italia",
    "a group of cyclists",
    "the peloton",
)
OPENINGS = (
    "a picture of ",
    "a painting of ",
    "an illustration of ",
    "a poster of ",
    "a photo of ",
    "a drawing of ",
)
STYLES = (
    "travel poster",
    "flat poster style",
    "vintage travel poster",
    "illustration",
    "minimalist",
    "highly detailed",
)


@dataclass(frozen=True)
class Caption:
    """A caption, and which concepts of `facts.CONCEPTS` it speaks of."""

    text: str
    says: frozenset[str]


class _Writer:
    """Collects the parts of one caption, and what they say."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.subject = ""
        self.details: list[str] = []
        self.says: set[str] = set()

    def pick(self, options: Sequence[str]) -> str:
        return options[int(self.rng.integers(len(options)))]

    def maybe(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def detail(self, words: str, *concepts: str) -> None:
        self.details.append(words)
        self.says.update(concepts)

    def adjective(self, word: str, concept: str) -> bool:
        """Put a word in front of the subject, if that begins with an article that can take it; say whether it did."""
        article, _, rest = self.subject.partition(" ")
        if article not in ("a", "an", "the") or not rest:
            return False
        self.subject = f"{'the' if article == 'the' else 'a'} {word} {rest}"
        self.says.add(concept)
        return True

    def written(self) -> Caption:
        """The subject and the details in any order, the subject mostly first; now and then an opening and a style."""
        text = self.subject
        order = [int(index) for index in self.rng.permutation(len(self.details))]
        if order and self.maybe(0.2):
            text = f"{self.details[order.pop()]}, {text}"
        for index in order:
            detail = self.details[index]
            text += (" " if detail.split()[0] in _JOINING and self.maybe(0.6) else ", ") + detail
        if self.maybe(0.25):
            text = self.pick(OPENINGS) + text
        if self.maybe(0.25):
            text += ", " + self.pick(STYLES)
        for vowel in ("autumn", "orange", "evening", "old", "open", "avenue", "alley"):
            text = text.replace(f"a {vowel}", f"an {vowel}")
        return Caption(text, frozenset(self.says))


_JOINING = frozenset(("in", "at", "with", "on", "under", "through", "by", "covered"))


LOOSE = 0.3  # the share of captions that are said as members type


def caption(facts: Facts, rng: np.random.Generator) -> str:
    """The text of a caption that says only what is true of the picture, and not always all of it."""
    return said(facts, rng).text


def said(facts: Facts, rng: np.random.Generator) -> Caption:
    """A caption, sometimes as members type; the words that then fall away are not those that say something."""
    proper = describe(facts, rng)
    return replace(proper, text=loosen(proper.text, rng)) if rng.random() < LOOSE else proper


def describe(facts: Facts, rng: np.random.Generator) -> Caption:
    """A caption with what it says."""
    writer = _Writer(rng)
    if facts.scene == "carving":
        writer.subject = writer.pick(CARVING)
        writer.says.add("scene")
    elif facts.scene in ("animal", "stilts"):
        _creature(writer, facts)
    else:
        _road(writer, facts)
    if facts.scene not in ("stilts", "carving") and facts.place not in ("plain", "stage"):
        _air(writer, facts)
    return writer.written()


def _air(writer: _Writer, facts: Facts) -> None:
    """Light, season and weather, each only sometimes, and at most one of them in front of the subject."""
    grey = facts.weather in ("clouds", "rain", "snow", "mist")
    in_front = _in_front(writer, facts) if writer.maybe(0.3) else None
    if in_front != "light" and writer.maybe(0.35 if facts.light == "day" else 0.8):
        writer.detail(writer.pick(DULL_DAY if grey and facts.light == "day" else LIGHT[facts.light]), "light")
    if in_front != "season" and writer.maybe(0.65):
        options = SEASON[facts.season] + (SEASON_DAY if facts.light == "day" else ())
        writer.detail(writer.pick(options).format(facts.season), "season")
    if in_front != "weather" and writer.maybe(0.1 if facts.weather == "clear" else 0.8):
        writer.detail(writer.pick(WEATHER[facts.weather]), "weather")


def _in_front(writer: _Writer, facts: Facts) -> str | None:
    """Put one word about light, season or weather before the subject; return which, or None if none would be true."""
    concept = writer.pick(("light", "season", "weather"))
    if (facts.weather == "clear") != (facts.light == "day") and concept != "season":
        concept = "light" if facts.light != "day" else "weather"  # no sunlit rain, no sunny night
    elif facts.weather != "clear" and concept == "light" and facts.light == "day":
        concept = "weather"
    word = writer.pick(ADJECTIVE[concept][getattr(facts, concept)])
    return concept if writer.adjective(word, concept) else None


def _creature(writer: _Writer, facts: Facts) -> None:
    name = writer.pick(ANIMAL[facts.animal])
    writer.says.add("animal")
    if facts.scene == "stilts":
        several = writer.maybe(0.3) and not name.endswith("x")
        writer.subject = f"{name}s on stilts" if several else f"a {name} on stilts"
        writer.says.add("scene")
        if writer.maybe(0.75):
            writer.detail(writer.pick(PLACE["stage"]), "place")
        return
    determiner = writer.pick(DETERMINERS) if writer.maybe(0.3) else "a"
    writer.subject = f"{determiner} {writer.pick(('', '', '', 'cute ', 'little ', 'happy '))}{name}".strip()
    place = writer.pick(PLACE[facts.place])
    if place:
        writer.detail(place, *(() if facts.place == "plain" else ("place",)))


def _road(writer: _Writer, facts: Facts) -> None:
    road = writer.pick(ROAD[facts.scene])
    writer.subject = road
    writer.says.add("scene")
    if facts.jersey != "none":
        _rider(writer, facts, road)
    if facts.region != "none" and writer.maybe(0.85):
        # Between houses no distance is drawn: there the words are true, and nothing in the picture shows them.
        shown = facts.scene not in ("town", "medieval")
        writer.detail(writer.pick(REGION[facts.region]), *(("region",) if shown else ()))
    if facts.trees != "none" and writer.maybe(0.85):
        _trees(writer, facts)
    if facts.field != "none" and writer.maybe(0.9):
        writer.detail(writer.pick(FIELD[facts.field]), "field")
    if facts.sea_side != "none" and writer.maybe(0.45):
        words = writer.pick(("the sea on the {0}", "sea on the {0}", "water on the {0}"))
        writer.detail(words.format(facts.sea_side), "sea_side")


def _trees(writer: _Writer, facts: Facts) -> None:
    name, chance = writer.pick(TREES[facts.trees]), writer.rng.random()
    if facts.tree_side in ("left", "right") and chance < 0.75:
        writer.detail(f"{name} on the {facts.tree_side}", "trees", "tree_side")
    elif facts.tree_side == "both" and chance < 0.25:
        writer.detail(f"{name} on both sides", "trees", "tree_side")
    else:
        writer.detail(name if writer.maybe(0.5) else f"with {name}", "trees")


def _rider(writer: _Writer, facts: Facts, road: str) -> None:
    if facts.jersey == "many":
        rider = writer.pick(RACE)
    else:
        rider = writer.pick(RIDER + PINK if facts.jersey == "pink" else RIDER).format(facts.jersey)
    writer.says.add("jersey")
    if not writer.maybe(0.7):
        writer.detail("with " + rider, "jersey")
    elif writer.maybe(0.85):
        writer.subject = rider + writer.pick((" on ", ", ")) + road
    else:
        writer.subject = rider
        writer.says.discard("scene")
