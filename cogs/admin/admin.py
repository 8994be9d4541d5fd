"""/admin: the rules while the bot runs, the queue, and members who went too far."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import msgspec
from discord import app_commands
from discord.ext import commands

from cogs.admin.admin_reply import begin_action, finish_action, finish_changes, send_admin_reply
from cogs.admin.blocked import BlockedPage, blocked_action, show_blocked, unblocked_action
from cogs.admin.chat_option import ChatOption
from cogs.admin.purge import ask_to_purge
from cogs.admin.scope import KeyScope
from cogs.admin.status import engine_lines, version_line
from cogs.client import Interaction, Tappa
from cogs.context.audit import log_actions
from cogs.context.authority import authority_of
from cogs.context.viewer import member_of
from cogs.i18n.language import language_of
from cogs.renders.cancellation import cancelled_action
from cogs.ui.choices import EXAMPLES, label_choices
from cogs.ui.headline import short_title
from cogs.ui.wording import format_measured
from engine.errors import ConfigError, LimitError, OperatorError, describe
from engine.sentence import Sentence
from studio.config.config_file import DEFAULT, split_key
from studio.config.keys import choices_of, find_changes, require_granted

_EVERYWHERE = "On every server; for operators only"

KeyOption = app_commands.Range[str, 1, 100]
ValueOption = app_commands.Range[str, 1, 1000]


async def suggest_key(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    scope = _typed_scope(interaction)
    try:
        authority = authority_of(interaction, everywhere=scope.everywhere)
    except LimitError:
        return []
    keys = scope.keys(authority.server, interaction.client.config)
    return label_choices(typed, {key: f"{key} = {value}" if value else key for key, value in keys.items()})


async def suggest_value(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the values of a key that has only a few, and always the default."""
    key = str(interaction.namespace.key or "")
    labels = {typed: typed} if typed else {}
    try:
        parts = split_key(key)
    except ConfigError:
        return []
    labels |= {choice: choice for choice in choices_of(parts, _typed_scope(interaction).table)}
    if key.endswith("_channel") and interaction.guild is not None:
        labels |= {str(channel.id): f"#{channel.name}" for channel in interaction.guild.text_channels}
    return label_choices(typed, {**labels, DEFAULT: DEFAULT})


async def suggest_job(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the jobs of this server, or for an operator all."""
    try:
        authority = authority_of(interaction)
    except LimitError:
        return []
    studio, say = interaction.client.studio, language_of(interaction.locale)
    here = [entry.record for entry in studio.queue(authority.server)]
    if authority.is_operator:
        here += [record for record in studio.list_unsettled() if record.is_open and record not in here]
    labels = {record.id: f"{record.member.name}: {short_title(record.recipe, say)}" for record in here}
    return label_choices(typed, labels)


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class AdminCog(commands.GroupCog, group_name="admin", group_description="Run this bot: its rules, its queue, its log"):
    def __init__(self) -> None:
        super().__init__()
        self._started = time.monotonic()

    # ---- the configuration ----

    @app_commands.command(description="Read config.toml again; a file with a mistake in it changes nothing")
    async def reload(self, interaction: Interaction) -> None:
        authority = await begin_action(interaction, everywhere=True)
        configuration = interaction.client.configuration
        before = configuration.current
        async with _show_operator_errors(authority.server):
            after = await configuration.reload()
        await finish_changes(interaction, authority, find_changes(before, after), _reload_heading)

    @app_commands.command(
        name="set",
        description="Change one key of config.toml, for this server, a channel or a role; it holds at once",
        extras={
            EXAMPLES: (
                {"key": "limits.frames", "value": "120"},
                {"key": "frames", "value": "60", "channel": "#sketches"},
                {"key": "daily_seconds", "value": "3600", "role": "@Supporters"},
                {"key": "moderation.banned_words", "value": "+frog, toad"},
            )
        },
    )
    @app_commands.describe(
        key="Which one, such as limits.frames; they are offered with what holds today",
        value="The new value; +word and -word change a list, “default” takes the key out of the file",
        channel="Only in this channel and its threads",
        role="Only for members with this role",
        everywhere=_EVERYWHERE,
    )
    @app_commands.autocomplete(key=suggest_key, value=suggest_value)
    async def set_key(
        self,
        interaction: Interaction,
        key: KeyOption,
        value: ValueOption,
        channel: ChatOption | None = None,
        role: discord.Role | None = None,
        everywhere: bool = False,
    ) -> None:
        authority = await begin_action(interaction, everywhere=everywhere)
        scope = _scope_of(channel, role, everywhere=everywhere)
        configuration = interaction.client.configuration
        before = configuration.current
        async with _show_operator_errors(authority.server):
            full_key = ".".join(_quote(part) for part in scope.full_key(authority, key))
            check = None if authority.is_operator else functools.partial(require_granted, server=authority.server)
            after = await configuration.set(full_key, value, check)
        changed = find_changes(before, after)
        if not changed:
            await send_admin_reply(interaction, [Sentence("{key} has that value already.", {"key": key})])
            return
        await finish_changes(interaction, authority, changed)

    # ---- the engine ----

    @app_commands.command(description="How the engine is doing: model, memory, queue, throughput")
    async def status(self, interaction: Interaction) -> None:
        await begin_action(interaction)
        say = language_of(interaction.locale)
        lines = await engine_lines(interaction, say)
        lines.append(f"**{say('Up for')}** · {format_measured(time.monotonic() - self._started, say)}")
        await interaction.followup.send("\n".join([*lines, version_line()]))

    @app_commands.command(description="Let no new animation begin here; what is being rendered is finished")
    @app_commands.describe(everywhere=_EVERYWHERE)
    async def pause(self, interaction: Interaction, everywhere: bool = False) -> None:
        await self._set_paused(interaction, everywhere=everywhere, paused=True)

    @app_commands.command(description="Let animations begin again after a pause")
    @app_commands.describe(everywhere=_EVERYWHERE)
    async def resume(self, interaction: Interaction, everywhere: bool = False) -> None:
        await self._set_paused(interaction, everywhere=everywhere, paused=False)

    async def _set_paused(self, interaction: Interaction, *, everywhere: bool, paused: bool) -> None:
        authority = await begin_action(interaction, everywhere=everywhere)
        await interaction.client.studio.administration.pause(authority.target, paused=paused)
        if everywhere:
            action = Sentence("Paused every server.") if paused else Sentence("Resumed on every server.")
        else:
            action = Sentence("Paused this server.") if paused else Sentence("Resumed on this server.")
        for guild in interaction.client.guilds if everywhere else ():
            if str(guild.id) != authority.server:
                await log_actions(interaction.client, authority.member, [action], str(guild.id))
        await finish_action(interaction, authority, [action])

    # ---- jobs and members ----

    @app_commands.command(description="Cancel somebody's animation, running or waiting")
    @app_commands.describe(job="Which one; they are offered while you type")
    @app_commands.autocomplete(job=suggest_job)
    async def cancel(self, interaction: Interaction, job: app_commands.Range[str, 1, 64]) -> None:
        authority = await begin_action(interaction)
        record = await interaction.client.studio.administration.cancel_on(job, authority.limited_to)
        action, server = cancelled_action(record, language_of(interaction.guild_locale)), record.answer.server
        if server == authority.server:
            await finish_action(interaction, authority, [action])
            return
        if server is not None:  # a private order is no server's business
            await log_actions(interaction.client, authority.member, [action], server)
        await send_admin_reply(interaction, [action])

    @app_commands.command(description="Cancel all animations of a member and take back all that they shared here")
    @app_commands.describe(member="Who it is about")
    async def purge(self, interaction: Interaction, member: discord.User) -> None:
        authority_of(interaction)
        await ask_to_purge(interaction, member)

    @app_commands.command(description="Stop a member from ordering, sharing and voting on this server")
    @app_commands.describe(member="Who it is about", everywhere=_EVERYWHERE)
    async def block(self, interaction: Interaction, member: discord.User, everywhere: bool = False) -> None:
        authority, who = await begin_action(interaction, everywhere=everywhere), member_of(member)
        await interaction.client.studio.administration.block(authority.target, who)
        await finish_action(interaction, authority, [blocked_action(who, everywhere=everywhere)])

    @app_commands.command(description="Let a member who was blocked order, share and vote again")
    @app_commands.describe(member="Who it is about", everywhere=_EVERYWHERE)
    async def unblock(self, interaction: Interaction, member: discord.User, everywhere: bool = False) -> None:
        authority, who = await begin_action(interaction, everywhere=everywhere), member_of(member)
        await interaction.client.studio.administration.unblock(authority.target, who.id)
        await finish_action(interaction, authority, [unblocked_action(who, everywhere=everywhere)])

    @app_commands.command(name="blocked", description="Who is blocked on this server, and since when")
    @app_commands.describe(everywhere=_EVERYWHERE)
    async def list_blocked(self, interaction: Interaction, everywhere: bool = False) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_blocked(interaction, BlockedPage(everywhere=everywhere))


def _reload_heading(count: int) -> Sentence:
    return Sentence(
        "Read config.toml again: {count} key changed.",
        {"count": count},
        "Read config.toml again: {count} keys changed.",
    )


@asynccontextmanager
async def _show_operator_errors(server: str) -> AsyncIterator[None]:
    """Show an admin what is wrong with config.toml, which otherwise only operators read."""
    try:
        yield
    except OperatorError as error:
        raise LimitError(_strip_prefix(describe(error), f"servers.{server}.")) from error


def _strip_prefix(sentence: Sentence, prefix: str) -> Sentence:
    """Return a sentence that names the keys of a server as its admins do."""

    def strip(value: str | int | float | Sentence) -> str | int | float | Sentence:
        if isinstance(value, Sentence):
            return _strip_prefix(value, prefix)
        return value.replace(prefix, "") if isinstance(value, str) else value

    return msgspec.structs.replace(sentence, values={name: strip(value) for name, value in sentence.values.items()})


def _quote(part: str) -> str:
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _scope_of(channel: Any, role: Any, *, everywhere: bool) -> KeyScope:
    return KeyScope(
        channel=str(channel.id) if channel else None, role=str(role.id) if role else None, everywhere=everywhere
    )


def _typed_scope(interaction: Interaction) -> KeyScope:
    """Return the scope of a command that is still being typed."""
    typed = interaction.namespace
    return _scope_of(typed.channel, typed.role, everywhere=bool(typed.everywhere))


async def setup(bot: Tappa) -> None:
    await bot.add_cog(AdminCog())
