"""Prompts of the evaluation in wordings that no caption template contains, with what they should show."""

from __future__ import annotations

Expected = dict[str, str]

FREE: tuple[tuple[str, Expected], ...] = (
    ("a bike race through vineyards at dusk", {"jersey": "many", "field": "vineyard", "light": "sunset"}),
    ("pedalling past lavender in Provence", {"field": "lavender"}),
    ("moonlit alley between old stone houses", {"scene": "medieval", "light": "night"}),
    ("Tuscan morning, a lane edged by cypresses", {"region": "tuscany", "trees": "cypress"}),
    ("ocean drive with palms", {"scene": "sea", "trees": "palm"}),
    ("the long climb to a Dolomite pass", {"scene": "climb", "region": "dolomites"}),
    ("rolling downhill into the valley, autumn", {"scene": "descent", "season": "autumn"}),
    ("snowy night in the mountains, winding road", {"light": "night", "season": "winter"}),
    ("skunk", {"animal": "skunk"}),
    ("my puppy looks at you", {"animal": "puppy"}),
    ("one very cute bunny", {"animal": "rabbit"}),
    ("fox at night under stars", {"animal": "fox", "light": "night"}),
    ("giraffe, winter, snow", {"animal": "giraffe", "season": "winter"}),
    ("sitting cat, evening light", {"animal": "cat", "light": "sunset"}),
    ("snake in the grass", {"animal": "snake", "place": "meadow"}),
    ("theatre show: frogs walk on stilts", {"scene": "stilts", "animal": "frog"}),
    ("frog singing on a stage", {"animal": "frog", "place": "stage"}),
    ("sculpture, rabbit, wood", {"scene": "carving"}),
    ("leader of the race in pink going up the mountain", {"jersey": "pink", "scene": "climb"}),
    ("yellow jersey, poplars, summer in France", {"jersey": "yellow", "trees": "poplar"}),
    ("a rider in red by the sea", {"jersey": "red", "scene": "sea"}),
    ("blue jersey crossing a medieval village", {"jersey": "blue", "scene": "medieval"}),
    ("pink blossom along the town street in spring", {"trees": "blossom", "scene": "town"}),
    ("endless sunflowers beside a country road", {"field": "sunflowers"}),
    ("golden wheat and a rural road", {"field": "wheat"}),
    ("rainy village street", {"weather": "rain", "scene": "town"}),
    ("foggy avenue of old trees", {"weather": "mist", "scene": "avenue"}),
    ("avenue, autumn, red and yellow trees", {"scene": "avenue", "season": "autumn"}),
    ("seaside road, sunset, ocean", {"scene": "sea", "light": "sunset"}),
    ("coast with pines on the left", {"scene": "sea", "tree_side": "left"}),
    ("pine forest road in winter", {"trees": "pine", "season": "winter"}),
    ("narrow cobbled street, sunny", {"scene": "medieval", "light": "day"}),
)

# The stages of the seed's giro, in order.
GIRO: tuple[str, ...] = (
    "a wide street in a rural town in Tuscany, springtime",
    "a road in the countryside, in Tuscany, springtime",
    "a road by the sea, trees on the right, sunny day, Italy",
    "a road going up a mountain, Dolomites, sunny day",
    "a road descending a mountain, Dolomites, Italy",
    "a road in the countryside, cypress trees, Tuscany",
    "a narrow road through a medieval town in Tuscany, sunny day",
)
