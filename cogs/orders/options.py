"""The options that several commands have."""

from __future__ import annotations

from discord import app_commands

from cogs.ui.drafts import MAX_STAGES_TEXT
from engine.recipe.recipe import MAX_FRAMES, MAX_PROMPT, MAX_SEED, MAX_TRIES
from engine.recipe.waypoints import LONGEST

SeedOption = app_commands.Range[int, 0, MAX_SEED]
FramesOption = app_commands.Range[int, 2, MAX_FRAMES]
PromptOption = app_commands.Range[str, 1, MAX_PROMPT]
StagesOption = app_commands.Range[str, 1, MAX_STAGES_TEXT]
WaypointsOption = app_commands.Range[str, 1, LONGEST]
TriesOption = app_commands.Range[int, 1, MAX_TRIES]
NegativeOption = app_commands.Range[str, 1, MAX_PROMPT]
StyleOption = app_commands.Range[str, 1, 32]
FocusOption = app_commands.Range[str, 1, 40]
CameraOption = app_commands.Range[str, 1, 300]


FOCUS_HELP = "The point to move towards: x,y from 0,0 (top left) to 1,1, or a name (default: auto, the road)"
CAMERA_HELP = "How the camera moves, one move > the next, such as spiral > drift left > back (default: forward)"
NEGATIVE_HELP = "What the pictures are to be led away from, such as blurry, people"
SEED_HELP = "The same seed gives the same animation again; left out, one is drawn"
STYLE_HELP = "Words that are added to every prompt; none is none, also where you have one of your own in /settings"
