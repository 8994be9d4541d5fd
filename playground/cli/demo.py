"""`demo`: the giro that started it all, 275 frames and its loop, from a member's command to the GIF on the disk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec
from PIL import Image, ImageSequence

from engine.frames.seam import measure_seam
from playground.cli.outcome import Outcome, follow
from playground.cli.rig import Bot, rig
from playground.cli.send import BROKEN, DELIVERED, save
from playground.cli.terminal import ProgressLine
from playground.client.handle import InteractionHandle
from playground.world.model import Message
from playground.world.news import MessageCreated, MessageUpdated, News
from playground.world.settings import PlaygroundSettings

# The list as the blog post prints it: square brackets, curly quotes, commas inside prompts.
SEED_STAGES = (
    "[‘a wide street in a rural town in Tuscany, springtime’, 25], "
    "[‘a road in the countryside, in Tuscany, springtime’,25], "
    "[“a road by the sea, trees on the right, sunny day, Italy”,50], "
    "[‘a road going up a mountain, Dolomites, sunny day’,50], "
    "[‘a road descending a mountain, Dolomites, Italy’,25], "
    "[‘a road in the countryside, cypress trees, Tuscany’,50], "
    "[‘a narrow road through a medieval town in Tuscany, sunny day’,50]"
)
COMMAND = f"/giro stages:{SEED_STAGES} loop:True"
_SEED = re.compile(r"seed[:\s]+(\d+)")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The demo in numbers; frames and seam are measured on the GIF that was posted."""

    frames: int
    seconds: float
    bytes: int
    seam: float
    seed: str

    def __str__(self) -> str:
        return (
            f"{self.frames} frames in {self.seconds:.1f} s, {self.bytes:,} bytes, "
            f"seam {self.seam:.2f}, seed {self.seed}"
        )


async def demo(target: Path, bot: Bot, out: TextIO) -> int:
    """Run the demo, save the GIF to `target`, print one line about it, and return the exit status.

    Raises:
        BotFailed: the bot did not come online, or ended.
        DidNotRespond: it did not acknowledge the command.
    """
    async with rig(PlaygroundSettings(), bot) as running:
        handle = await running.member.slash(COMMAND)
        progress = ProgressLine(out)

        def show(news: News) -> None:
            if isinstance(news, MessageCreated | MessageUpdated) and _is_progress(news.message, handle):
                progress.show(news.message.text)

        with running.playground.world.news.listening(show):
            outcome = await follow(running.member, handle, running.bot)
        progress.close()
    if outcome.gif is None:
        out.write(f"{outcome.message.text}\n")
        return BROKEN
    save(outcome.gif, target)
    out.write(f"{target}: {summary(outcome)}\n")
    return DELIVERED


def summary(outcome: Outcome) -> Summary:
    """Return the numbers of what was delivered."""
    assert outcome.gif is not None
    seed = _SEED.search(outcome.message.text)
    with Image.open(io.BytesIO(outcome.gif.data)) as picture:
        frames = getattr(picture, "n_frames", 1)
        measured = measure_seam(_frames(picture))
    return Summary(
        frames=frames,
        seconds=outcome.seconds,
        bytes=len(outcome.gif.data),
        seam=measured,
        seed=seed[1] if seed else "unknown",
    )


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    return (frame.convert("RGB") for frame in ImageSequence.Iterator(picture))


def _is_progress(message: Message, handle: InteractionHandle) -> bool:
    return message.interaction_id == handle.interaction.id and message.gif is None
