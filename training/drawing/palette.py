"""Colours: flat, few and warm, as on a travel poster. A colour is three floats, 0 … 255."""

from __future__ import annotations

Colour = tuple[float, float, float]


def colour(code: str) -> Colour:
    """'f7b6cf' as a colour."""
    return (float(int(code[0:2], 16)), float(int(code[2:4], 16)), float(int(code[4:6], 16)))


def mix(a: Colour | str, b: Colour | str, share: float) -> Colour:
    """`share` of b in a, 0 … 1."""
    first = colour(a) if isinstance(a, str) else a
    second = colour(b) if isinstance(b, str) else b
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


WHITE: Colour = (255.0, 255.0, 255.0)
BLACK: Colour = (0.0, 0.0, 0.0)

# What the light does to every colour that does not shine itself.
TINTS: dict[str, Colour] = {
    "day": (1.0, 1.0, 1.0),
    "sunset": (1.0, 0.76, 0.64),
    "night": (0.36, 0.44, 0.70),
}

SKIES: dict[str, list[tuple[str, str]]] = {
    "day": [("3f9be0", "cfeaf7"), ("5ab4ea", "f3f1df"), ("2f86d6", "a9d8f2"), ("76c4e8", "fdf3d0")],
    "sunset": [("5b3a7e", "ff9a4a"), ("8a4a8a", "ffc06a"), ("d9534f", "ffd27a"), ("37437c", "f98a5a")],
    "night": [("070b24", "1f2f63"), ("0b1030", "2c3f78"), ("050818", "182650")],
}
GREY_SKIES: dict[str, tuple[str, str]] = {
    "day": ("8a9cab", "cdd6da"),
    "sunset": ("7a6478", "e0a890"),
    "night": ("10141f", "2a3244"),
}

GROUNDS: dict[str, list[str]] = {
    "spring": ["8ccf4d", "a3d65c", "7cc253"],
    "summer": ["6fae3a", "d9c04f", "5f9e36", "c9b54a"],
    "autumn": ["c98f3c", "b5772f", "cfa24a"],
    "winter": ["eef3f8", "dfe9f2", "f6f8fb"],
}
LEAVES: dict[str, list[str]] = {
    "spring": ["7fc34a", "96d15a"],
    "summer": ["2f7d3a", "3f8f3c", "4c9a3f"],
    "autumn": ["e07a1f", "d9a321", "c2461f", "e89a2d"],
    "winter": ["8a7a6a"],
}
ASPHALT = ["6b6b72", "7b7a7c", "5a5c66"]
GRAVEL = ["d8c39a", "c9b088", "e0cfa6"]
PLASTER = ["f4e3bd", "f0c8a0", "f6efe0", "e8b89a", "f2d79a"]
STONE = ["b9a07a", "c8b088", "a58d6c", "d2bb94", "b39a82"]
TILES = ["b5533a", "c26a42", "a8503a", "b5613f"]
WATER = ["1f7fb8", "2a93c4", "1c6ea8", "2fa5c0"]
SNOW = "f6f9fc"
LAMP = "ffd86a"
JERSEYS: dict[str, str] = {
    "pink": "f77fb2",
    "yellow": "ffd21f",
    "green": "2fa84a",
    "blue": "2b6fd6",
    "red": "d92f2f",
    "white": "f4f4f0",
    "black": "2a2a30",
    "orange": "f2832a",
}
