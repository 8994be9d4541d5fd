"""A server whose members share and vote, for the tests of what the bot posts there on its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import asynccontextmanager

import msgspec

from playground.world.model import Message
from playground.world.settings import MemberSettings
from studio.config.config import CommunityConfig, Config, ServerConfig
from studio.store import Member, Render, Share
from tests.cogs.conftest import BRISK, Stage, Theatre
from tests.fakes.engine import GIF
from tests.fakes.shares import share

EVERYBODY = (MemberSettings(name="Ada"), MemberSettings(name="Bruno"), MemberSettings(name="Chiara"))


@asynccontextmanager
async def server(stage: Stage, **settings):
    """Open a playground, and give a function that puts the bot into it with a community and servers set up so."""
    async with stage.playground(members=EVERYBODY, **settings) as playground:

        @asynccontextmanager
        async def bot(servers: Mapping[str, object] | None = None, **community):
            own = msgspec.convert(servers or {}, dict[str, ServerConfig])
            config = Config(delivery=BRISK, community=CommunityConfig(**community), servers=own)
            async with stage.bot(playground, config=config) as theatre:
                yield theatre

        yield playground, bot


def channel_of(playground, name: str = "animations") -> str:
    """Return the id of a channel of the first server."""
    return playground.channel(name).id


def in_channel(theatre: Theatre, name: str = "animations") -> list[Message]:
    """Return what the bot has said in a channel of the first server."""
    channel = theatre.playground.channel(name)
    return [message for message in theatre.ada.at(channel).messages if message.author.id == theatre.app_id]


async def hung(theatre: Theatre, prompt: str = "a road", *, picture: bytes = GIF, **given) -> Share:
    """Share a picture of Ada's, without its having been rendered."""
    ada = theatre.ada
    member = Member(id=ada.user.id, name="Ada")
    one = share(prompt, member=member, server=ada.channel.guild_id, **given)
    await theatre.store.shares.add(one)
    await theatre.store.renders.save(one.id, Render(picture, ".gif"))
    return one


async def vote(theatre: Theatre, one: Share, *voters: str) -> None:
    """Let members vote, as if they had pressed the button under it in /gallery."""
    for name in voters:
        page = await (await theatre.playground.member(name).slash("/gallery")).message_where(lambda m: m.ephemeral)
        page = await theatre.playground.member(name).message_where(
            lambda m, page=page: m.id == page.id and m.control(f"tappa:vote:{one.id}")
        )
        handle = await theatre.playground.member(name).click(page, f"tappa:vote:{one.id}")
        await handle.message_where(lambda m: "vote" in m.content)
