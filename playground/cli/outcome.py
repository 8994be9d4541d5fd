"""What a command comes to: the message that the bot leaves standing.

Nothing marks a message as the last one, so this looks at what a member can see. While the bot is at work its message
says that it is thinking, or has a button to cancel the work. A message with neither, left alone for a moment, is
what the command came to: with a GIF it was delivered, without one it was answered in words.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from playground.client.handle import InteractionHandle
from playground.errors import BotFailed
from playground.launch import BotProcess
from playground.member import Member
from playground.world.model import Attachment, Message

_SETTLED_SECONDS = 1.0


class Outcome(msgspec.Struct, frozen=True):
    """The message a command came to, and how many seconds after the command it stood there."""

    message: Message
    seconds: float

    @property
    def gif(self) -> Attachment | None:
        """What was delivered; None if the bot answered in words only."""
        return self.message.gif


async def follow(member: Member, handle: InteractionHandle, bot: BotProcess) -> Outcome:
    """Wait for what a command comes to, however long that takes. A form that it opens is submitted as it stands.

    Raises:
        DidNotRespond: the bot did not acknowledge in time.
        BotFailed: the bot's process ended.
    """
    following = asyncio.create_task(_settled(member, handle))
    ending = asyncio.create_task(bot.wait())
    try:
        await asyncio.wait({following, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            raise BotFailed(f"The bot ended with status {bot.returncode}.\n{bot.log_tail()}")
        return await following
    finally:
        following.cancel()
        ending.cancel()


async def _settled(member: Member, handle: InteractionHandle) -> Outcome:
    await handle.acknowledged()
    if handle.interaction.modal is not None:
        return await _settled(member, await member.submit(await handle.modal()))
    while True:
        resting = await member.backend.world.news.until(lambda: _resting(handle), seconds=None)
        outcome = Outcome(resting, seconds=time.monotonic() - handle.interaction.created)
        if await _stays(member, handle, outcome.message):
            return outcome


async def _stays(member: Member, handle: InteractionHandle, message: Message) -> bool:
    """Wait a moment; return whether `message` is still what the command seems to have come to."""
    try:
        await member.backend.world.news.until(lambda: None if _resting(handle) == message else True, _SETTLED_SECONDS)
    except TimeoutError:
        return True
    return False


def _resting(handle: InteractionHandle) -> Message | None:
    """Return the message that a command seems to have come to: a GIF if there is one, else the newest."""
    messages = handle.messages
    if not messages or any(_is_at_work(message) for message in messages):
        return None
    return next((message for message in messages if message.gif), messages[-1])


def _is_at_work(message: Message) -> bool:
    cancels = any("cancel" in control.get("custom_id", "").lower() for control in message.controls)
    return message.loading or cancels
