"""Commands are sent to Discord when they have changed, and only then."""

from __future__ import annotations

import aiohttp
import discord

from playground.world.settings import GuildSettings
from studio.config.config import Config, DiscordConfig
from tests.cogs.conftest import BRISK

EVERYWHERE = "/applications/{application_id}/commands"
ON_A_SERVER = "/applications/{application_id}/guilds/{guild_id}/commands"


def sent(playground, template):
    return [exchange.req for exchange in playground.backend.traffic.requests("PUT", template)]


async def registered(playground, condition):
    await playground.world.news.until(lambda: True if condition() else None, 10)


async def test_the_first_start_sends_them_and_the_second_does_not(stage):
    async with stage.playground() as playground:
        for _ in range(2):
            async with stage.bot(playground):
                pass
        assert len(sent(playground, EVERYWHERE)) == 1


async def test_commands_that_discord_has_lost_are_sent_again(stage):
    async with stage.playground() as playground, stage.bot(playground):
        pass
    async with stage.playground() as playground, stage.bot(playground):
        assert len(sent(playground, EVERYWHERE)) == 1


async def test_named_servers_get_their_own_and_the_common_ones_are_taken_back(stage):
    guilds = (GuildSettings(name="One"), GuildSettings(name="Two"))
    async with stage.playground(guilds=guilds) as playground:
        one = playground.guild("One").id
        async with stage.bot(playground):
            pass
        config = Config(delivery=BRISK, discord=DiscordConfig(servers=(one,)))
        async with stage.bot(playground, config=config) as theatre:
            await registered(playground, lambda: len(sent(playground, ON_A_SERVER)) == 1)
            await theatre.ada.slash("/queue")
        assert sent(playground, EVERYWHERE)[-1] == []
        async with stage.bot(playground):
            await registered(playground, lambda: sent(playground, ON_A_SERVER)[-1] == [])
        first, none, last = sent(playground, EVERYWHERE)
        assert [command["name"] for command in last] == [command["name"] for command in first] != []
        assert none == []


async def test_while_the_network_is_down_the_bot_stays_and_they_are_sent_once_it_is_back(stage, monkeypatch):
    send, failures = discord.app_commands.CommandTree.sync, [aiohttp.ClientConnectionError(), ConnectionResetError()]

    async def flapping(tree, *, guild=None):
        if failures:
            raise failures.pop()
        return await send(tree, guild=guild)

    monkeypatch.setattr("cogs.context.outage.RETRY_SECONDS", (0.01,))
    monkeypatch.setattr("discord.app_commands.CommandTree.sync", flapping)
    async with stage.playground() as playground, stage.bot(playground) as theatre:
        assert failures == []
        await theatre.ada.slash("/queue")


async def test_a_server_that_the_bot_is_not_on_is_named_in_the_log_and_holds_up_no_other(stage, caplog):
    async with stage.playground() as playground:
        here = next(iter(playground.world.guilds))
        config = Config(delivery=BRISK, discord=DiscordConfig(servers=("123", here)))
        async with stage.bot(playground, config=config) as theatre:
            await theatre.ada.slash("/queue")
    assert "The commands were not sent to Discord (123)" in caplog.text
