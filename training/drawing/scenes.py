"""From facts to a picture: each scene is composed back to front."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from training.drawing import buildings, land, props, road, sky
from training.drawing.animals import paint_animal
from training.drawing.canvas import SIZE, Canvas, Point
from training.drawing.facts import Facts
from training.drawing.figure import Figure
from training.drawing.palette import WHITE, Colour, colour, mix
from training.drawing.plants import paint_flowers, paint_tree
from training.drawing.riders import paint_rider, paint_riders
from training.drawing.view import View


def paint(facts: Facts, rng: np.random.Generator) -> Image.Image:
    """The picture of these facts, 256×256 RGB, its free choices taken from `rng`."""
    painters: dict[str, Callable[[Canvas, Facts], None]] = {
        "countryside": _countryside,
        "sea": _sea,
        "climb": _climb,
        "descent": _descent,
        "medieval": _medieval,
        "town": _town,
        "avenue": _countryside,
        "animal": _animal,
        "stilts": _stilts,
        "carving": lambda canvas, _: props.paint_carving(canvas),
    }
    canvas = Canvas(rng, facts.light)
    painters[facts.scene](canvas, facts)
    return canvas.finished()


def _countryside(canvas: Canvas, facts: Facts) -> None:
    planted = facts.field != "none"  # seen from higher up, or the first row of vines hides the others
    view = View.over_road(canvas, (0.36, 0.46) if planted else (0.4, 0.54), (3.0, 3.8) if planted else (1.8, 2.8))
    haze = sky.paint_sky(canvas, facts, view.horizon)
    ground = land.ground_of(canvas, facts)
    land.paint_distance(canvas, facts, view, ground, haze)
    half = canvas.between(2.2, 3.0)
    if planted:
        land.paint_field(canvas, facts, view, half)
    else:
        land.paint_patches(canvas, facts, view, ground)
        paint_flowers(canvas, facts, view.horizon)
    if facts.scene == "countryside" and canvas.chance(0.35):
        x = canvas.choice([0.14, 0.86]) * SIZE + canvas.between(-14, 14)
        buildings.paint_house(canvas, facts, x, view.horizon + canvas.between(6, 14), canvas.between(30, 48))
    road.paint_road(canvas, facts, view, half, ground)
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, view.horizon, haze)
    if facts.scene == "avenue":
        road.paint_avenue(canvas, facts, view, half)
    else:
        road.paint_roadside(canvas, facts, view, half)
    paint_riders(canvas, facts, view, half)
    _falling(canvas, facts, view.horizon, haze)


def _falling(canvas: Canvas, facts: Facts, horizon: float, haze: Colour) -> None:
    """Rain and snow fall in front of all; mist has been laid over the distance already."""
    if facts.weather != "mist":
        sky.paint_weather(canvas, facts, horizon, haze)


def _sea(canvas: Canvas, facts: Facts) -> None:
    side = 1 if facts.sea_side == "right" else -1
    horizon = canvas.between(0.36, 0.48) * SIZE
    half = canvas.between(2.0, 2.6)
    view = View(
        (0.5 - side * canvas.between(0.04, 0.18)) * SIZE,
        horizon,
        canvas.between(2.6, 3.8),
        0.0,
        side * canvas.between(-0.3, 0.8),
    )
    haze = sky.paint_sky(canvas, facts, horizon)
    ground = land.ground_of(canvas, facts)
    land.paint_sea(canvas, facts, view)
    depths = np.geomspace(view.nearest * 0.95, 90, 18)
    shore = [view.project(side * (half + 1.1 + 0.15 * np.sin(z)), 0, float(z)) for z in depths]
    inland = 0.0 if side > 0 else float(SIZE)
    beach = [(x + side * (y - horizon) * 0.22, y + (y - horizon) * 0.02) for x, y in shore]
    corner: list[Point] = [(inland, shore[-1][1]), (inland, SIZE + 8.0)]
    canvas.polygon([*beach, *corner, (beach[0][0], SIZE + 40.0)], "ecd9a4")
    canvas.polygon([*shore, *corner, (shore[0][0], SIZE + 40.0)], ground)
    _headland(canvas, facts, view, inland, mix(ground, mix(haze, "6a8a80", 0.5), 0.4), side)
    road.paint_road(canvas, facts, view, half, ground)
    _parapet(canvas, view, side * (half + 0.45), depths)
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, horizon, haze)
    road.paint_roadside(canvas, facts, view, half)
    paint_riders(canvas, facts, view, half * 0.8)
    _falling(canvas, facts, horizon, haze)


def _headland(canvas: Canvas, facts: Facts, view: View, inland: float, paint: Colour, side: int) -> None:
    """A hill falling to the water on the land's side, with a few houses on it."""
    rise, share = canvas.between(0.25, 0.6) * view.horizon, np.linspace(0, 1, 24)
    xs = inland + (view.vanishing_x + side * 6 - inland) * share
    crest = view.horizon - rise * (1 - share) ** canvas.between(0.8, 1.6)
    points = [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
    canvas.polygon([*points, (points[-1][0], view.horizon + 2), (inland, view.horizon + 30)], paint)
    for _ in range(canvas.count(0, 4)):
        x, y = points[canvas.count(1, 13)]
        buildings.paint_house(canvas, facts, x, y + canvas.between(8, 18), canvas.between(11, 18))


def _parapet(canvas: Canvas, view: View, x: float, depths: np.ndarray) -> None:
    if canvas.chance(0.7):
        low = [view.project(x, 0.35, float(z)) for z in depths]
        high = [view.project(x, 0.8, float(z)) for z in depths]
        canvas.polygon(low + high[::-1], "f6f4ee")


def _climb(canvas: Canvas, facts: Facts) -> None:
    horizon = canvas.between(0.6, 0.7) * SIZE
    haze = sky.paint_sky(canvas, facts, horizon * 0.9)
    ground = land.ground_of(canvas, facts)
    land.paint_range(canvas, facts, horizon, horizon * 0.5, 4)
    top = canvas.between(0.38, 0.62) * SIZE
    if facts.region == "dolomites":
        for offset, share in ((-46, 0.72), (50, 0.78), (0, 0.9)):
            land.paint_peak(canvas, facts, top + offset, horizon + 4, horizon * share * canvas.between(0.9, 1.04))
    else:
        land.paint_peak(canvas, facts, top, horizon + 16, horizon * canvas.between(0.84, 0.96))
    t = np.linspace(-1, 1, 41)
    rise = horizon * canvas.between(0.36, 0.48)
    shoulder = horizon + 24 - rise * (np.cos(t * np.pi) * 0.5 + 0.5)
    slope = mix(ground, "c8d6e4" if facts.season == "winter" else "5f7d5a", 0.3)
    crest = [(float(x), float(y)) for x, y in zip(top + t * SIZE * 0.78, shoulder, strict=True)]
    canvas.polygon([*crest, (SIZE + 60, SIZE), (-60, SIZE)], slope)
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, horizon - rise * 0.6, haze)
    for _ in range(canvas.count(8, 14) if facts.trees != "none" else 0):
        x, y = crest[canvas.count(4, 36)]
        paint_tree(canvas, facts.trees, facts.season, x, y + canvas.between(5, 30), canvas.between(12, 22))
    _road_and_rider(canvas, facts, (top, horizon + 24 - rise * canvas.between(0.9, 1.0)), haze, horizon)


def _road_and_rider(canvas: Canvas, facts: Facts, far: Point, haze: Colour, horizon: float) -> None:
    """The hairpins of a mountain road, trees at both edges of the picture, and a rider near."""
    near = (canvas.between(0.36, 0.64) * SIZE, SIZE + 10.0)
    road.paint_winding(canvas, facts, near, far, (canvas.between(70, 104), 3.0))
    if facts.trees != "none":
        for depth in sorted(canvas.between(0.15, 1.0) for _ in range(canvas.count(3, 6))):
            x = canvas.choice([canvas.between(0.02, 0.2), canvas.between(0.8, 0.98)]) * SIZE
            foot = horizon + 24 + depth * (SIZE - horizon - 16)
            paint_tree(canvas, facts.trees, facts.season, x, foot, 24 + depth * 64)
    canvas.soften_tint()
    if facts.jersey == "many":
        for number, name in enumerate(("yellow", "blue", "red", "pink")):
            figure = Figure(canvas, near[0] + (-26, 22, -8, 34)[number], 214.0 + number * 10, 54.0 + number * 8)
            paint_rider(figure, name)
    elif facts.jersey != "none":
        paint_rider(Figure(canvas, near[0], canvas.between(236, 248), canvas.between(96, 122)), facts.jersey)
    _falling(canvas, facts, horizon, haze)


def _descent(canvas: Canvas, facts: Facts) -> None:
    horizon = canvas.between(0.3, 0.4) * SIZE
    haze = sky.paint_sky(canvas, facts, horizon)
    ground = land.ground_of(canvas, facts)
    view = View(canvas.between(0.4, 0.6) * SIZE, horizon, 3.0)
    land.paint_range(canvas, facts, horizon + 4, horizon * canvas.between(0.5, 0.75), canvas.count(3, 4))
    floor = mix(ground, "d8e4f0" if facts.season == "winter" else "a8c8b0", 0.5)
    canvas.rectangle(0, horizon, SIZE, SIZE, floor)
    valley = view.vanishing_x
    canvas.ellipse(
        valley + canvas.between(-20, 20),
        horizon + canvas.between(14, 28),
        canvas.between(36, 60),
        canvas.between(7, 11),
        "5ab0d8",
    )
    for _ in range(canvas.count(2, 6)):
        buildings.paint_house(
            canvas,
            facts,
            valley + canvas.between(-44, 44),
            horizon + canvas.between(26, 46),
            canvas.between(8, 12),
        )
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, horizon, haze)
    for layer, (start, end, inset) in enumerate(((-26.0, 66.0, 10.0), (22.0, 128.0, 20.0))):
        paint_ = mix(ground, "b4c6d8" if facts.season == "winter" else "4f7a55", 0.5 - 0.3 * layer)
        for side in (-1, 1):
            _valley_side(canvas, facts, valley, horizon, side, (start, end, inset), paint_)
    brow = horizon + canvas.between(98, 110)
    canvas.polygon([(0, brow + 16), (valley, brow), (SIZE, brow + 16), (SIZE, SIZE), (0, SIZE)], ground)
    _road_and_rider(canvas, facts, (valley, horizon + canvas.between(44, 56)), haze, horizon + 60)


def _valley_side(
    canvas: Canvas,
    facts: Facts,
    valley: float,
    horizon: float,
    side: int,
    shape: tuple[float, float, float],
    paint_: Colour,
) -> None:
    start, end, inset = shape
    outer, share = (0.0 if side < 0 else float(SIZE)), np.linspace(0, 1, 20)
    xs = outer + (valley + side * inset - outer) * share
    ys = horizon + start + canvas.between(-10, 10) + (end - start) * share ** canvas.between(0.85, 1.2)
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    canvas.polygon([*points, (valley + side * 4, SIZE), (outer, SIZE)], paint_)
    if facts.trees == "none":
        return
    for _ in range(canvas.count(4, 7)):
        x, y = points[canvas.count(0, 15)]
        paint_tree(
            canvas,
            facts.trees,
            facts.season,
            x,
            y + canvas.between(2, 12),
            canvas.between(12, 20) + inset * 0.5,
        )


def _medieval(canvas: Canvas, facts: Facts) -> None:
    view = View(canvas.between(0.42, 0.58) * SIZE, canvas.between(0.5, 0.6) * SIZE, canvas.between(1.7, 2.3))
    haze = sky.paint_sky(canvas, facts, view.horizon)
    ground = land.ground_of(canvas, facts)
    land.paint_distance(canvas, facts, view, ground, haze)
    half = canvas.between(1.9, 2.6)
    stone = canvas.choice(["b5a58e", "a89c8c", "c2b090"])
    buildings.paint_tower(
        canvas,
        facts,
        view.vanishing_x + canvas.between(-10, 10),
        view.horizon + 3,
        canvas.between(18, 28),
        canvas.between(64, 104),
    )
    depths = np.geomspace(view.nearest, 120, 12)
    edge = half + 1.0
    canvas.polygon(
        [view.project(-edge, 0, float(z)) for z in depths] + [view.project(edge, 0, float(z)) for z in depths[::-1]],
        stone,
    )
    buildings.paint_cobbles(canvas, view, half, stone)
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, view.horizon, haze)
    buildings.paint_houses(canvas, facts, view, half + 0.9, stone=True)
    if canvas.chance(0.35):
        buildings.paint_arch(canvas, view, half + 0.9)
    paint_riders(canvas, facts, view, half * 0.7)
    _falling(canvas, facts, view.horizon, haze)


def _town(canvas: Canvas, facts: Facts) -> None:
    view = View(canvas.between(0.42, 0.58) * SIZE, canvas.between(0.46, 0.56) * SIZE, canvas.between(2.2, 3.2))
    haze = sky.paint_sky(canvas, facts, view.horizon)
    ground = land.ground_of(canvas, facts)
    land.paint_distance(canvas, facts, view, ground, haze)
    half = canvas.between(4.6, 6.0)
    if canvas.chance(0.7):
        buildings.paint_church(
            canvas,
            facts,
            view.vanishing_x + canvas.between(-30, 10),
            view.horizon + 3,
            canvas.between(44, 66),
        )
    pavement = View(view.vanishing_x, view.horizon, view.height)
    depths = np.geomspace(pavement.nearest, 120, 12)
    edge = half + 2.6
    canvas.polygon(
        [pavement.project(-edge, 0, float(z)) for z in depths]
        + [pavement.project(edge, 0, float(z)) for z in depths[::-1]],
        "d2c6ae",
    )
    road.paint_road(canvas, facts, view, half, None)
    if facts.weather == "mist":
        sky.paint_weather(canvas, facts, view.horizon, haze)
    buildings.paint_houses(canvas, facts, view, half + 2.4, stone=False)
    if facts.trees != "none":
        road.paint_avenue(canvas, facts, view, half - 0.4)
    paint_riders(canvas, facts, view, half * 0.45)
    _falling(canvas, facts, view.horizon, haze)


def _animal(canvas: Canvas, facts: Facts) -> None:
    size = canvas.between(0.66, 0.82) * SIZE
    if facts.animal in ("frog", "snake"):
        size *= 0.84
    x, foot = canvas.between(0.44, 0.56) * SIZE, canvas.between(0.9, 0.96) * SIZE
    shadow: Colour
    if facts.place == "stage":
        foot = props.paint_stage(canvas) + 24
        shadow, size = colour("8a5a30"), size * 0.9
    elif facts.place == "plain":
        wall = colour(canvas.choice(["f6d27a", "8fd0d8", "f2a48a", "b8d890", "e8dcc8", "c0b0e0", "7ab8e0", "f2b8c6"]))
        canvas.rectangle(0, 0, SIZE, SIZE, wall)
        canvas.ellipse(x, SIZE * 0.5, SIZE * 0.42, SIZE * 0.42, mix(wall, WHITE, 0.28))
        canvas.rectangle(0, foot - size * 0.1, SIZE, SIZE, mix(wall, "604030", 0.2))
        shadow = mix(wall, "402818", 0.45)
    else:
        shadow = _open_air(canvas, facts)
    canvas.ellipse(x, foot, size * 0.36, size * 0.035, shadow)
    canvas.soften_tint()
    paint_animal(Figure(canvas, x, foot, size, canvas.choice([-1, 1])), facts.animal)


def _open_air(canvas: Canvas, facts: Facts) -> Colour:
    """A meadow or a road to sit on. Returns the colour of a shadow there."""
    view = View.over_road(canvas, (0.42, 0.56), (1.8, 2.6))
    haze = sky.paint_sky(canvas, facts, view.horizon)
    ground = land.ground_of(canvas, facts)
    land.paint_distance(canvas, facts, view, ground, haze)
    land.paint_patches(canvas, facts, view, ground)
    paint_flowers(canvas, facts, view.horizon)
    if facts.place == "road":
        road.paint_road(canvas, facts, view, canvas.between(2.4, 3.2), ground)
    sky.paint_weather(canvas, facts, view.horizon, haze)
    return mix(ground, "202020", 0.4)


def _stilts(canvas: Canvas, facts: Facts) -> None:
    floor = props.paint_stage(canvas) + 22
    size = canvas.between(0.38, 0.46) * SIZE
    x, top = SIZE / 2 + canvas.between(-8, 8), floor - canvas.between(0.32, 0.4) * SIZE
    props.paint_stilts(canvas, x, top, floor, size * 0.24)
    paint_animal(Figure(canvas, x, top, size, canvas.choice([-1, 1])), facts.animal)
