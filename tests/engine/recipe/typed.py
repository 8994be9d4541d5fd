"""A line as Discord's client reads it when a member pastes it, and as the commands then build a recipe."""

from __future__ import annotations

import msgspec

from cogs.orders.giro import GiroCog
from cogs.orders.morph import MorphCog
from cogs.orders.zoom import ZoomCog
from engine.recipe.camera import parse_camera
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import from_plain
from engine.recipe.stages import parse_stages
from engine.recipe.waypoints import waypoint_options
from playground.client import command_line

COMMANDS = [
    {
        "type": 1,
        "name": command.name,
        "options": [{"type": 3, "name": parameter.name} for parameter in command.parameters],
    }
    for command in (GiroCog.giro, MorphCog.morph, ZoomCog.zoom)
]


def recipe_of(line, presets):
    """Return the recipe that the line orders."""
    read = command_line.read(line, COMMANDS, "en-US")
    given = dict(read.values)
    plain = {"kind": line[1:].split()[0], "seed": int(given["seed"]), "negative": given.get("negative", "")}
    if "preset" in given:
        plain["stages"] = presets[given["preset"]].parse_stages()
    if "stages" in given:
        plain["stages"] = parse_stages(given["stages"])
    if "source" in given:
        plain |= waypoint_options(given["source"], given["target"])
    plain |= {name: int(given[name]) for name in ("frames", "tries") if name in given}
    plain |= {name: given[name] for name in ("prompt", "mode") if name in given}
    if "loop" in given:
        plain["loop"] = {"True": True, "False": False}.get(given["loop"], given["loop"])
    plain |= {"focus": parse_focus(given["focus"])} if "focus" in given else {}
    plain |= {"camera": parse_camera(given["camera"])} if "camera" in given else {}
    return from_plain(msgspec.to_builtins(plain))
