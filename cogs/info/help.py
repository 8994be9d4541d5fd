"""/help: what the bot can do, generated from the commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, TypeAlias, get_args

import discord
from discord import AppCommandOptionType, AppCommandType, app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.places import place_of
from cogs.i18n.language import TERMS, Language, language_of
from cogs.ui.choices import EXAMPLES, label_choices
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.markdown import code, code_block, inert
from cogs.ui.paging import cut_page
from cogs.ui.persistent import PersistentButton
from engine.errors import LimitError
from studio.config.config import EVERYTHING, CommandName
from studio.config.effective import limits_at

PAGE = 1100
"""Characters of a page of the list: what a phone shows without much scrolling."""

Command: TypeAlias = app_commands.Command[Any, ..., Any]
_Where = app_commands.TranslationContextLocation


async def suggest_command(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the commands that the member may use."""
    say = language_of(interaction.locale)
    labels = {
        command.qualified_name: f"/{spoken_name(command, say)}: {spoken_description(command, say)}"
        for command in usable_commands(interaction)
    }
    return label_choices(typed.removeprefix("/"), labels)


class HelpCog(commands.Cog):
    @app_commands.command(name="help", description="What this bot can do, and how; only you see the answer")
    @app_commands.describe(command="Everything about one command: its options and some examples")
    @app_commands.autocomplete(command=suggest_command)
    async def show(self, interaction: Interaction, command: app_commands.Range[str, 1, 100] | None = None) -> None:
        say = language_of(interaction.locale)
        if command is None:
            content, view = help_page(interaction, 0)
            await interaction.response.send_message(content, view=view or discord.utils.MISSING, ephemeral=True)
            return
        name = command.strip().removeprefix("/").casefold()
        for known in usable_commands(interaction):
            if name in (known.qualified_name, spoken_name(known, say)):
                await interaction.response.send_message(describe_command(known, say), ephemeral=True)
                return
        raise LimitError("There is no command “{name}” for you here; /help lists those there are.", name=command[:40])


class HelpPageButton(PersistentButton, template=r"tappa:help:(?P<page>\d{1,3})"):
    @classmethod
    def of(cls, label: str, page: int) -> Self:
        return cls.make(label=label, custom_id=f"tappa:help:{page}")

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        content, view = help_page(interaction, int(self.fields["page"]))
        await interaction.response.edit_message(content=content, view=view)


def usable_commands(interaction: Interaction) -> list[Command]:
    """Return the slash commands that a member may use where they are, by name; [limits] commands may leave some out."""
    tree, limits = interaction.client.tree, limits_at(interaction.client.config, place_of(interaction))
    closed = set() if EVERYTHING in limits.commands else set(get_args(CommandName)) - set(limits.commands)
    # If the bot is set up for single servers only, the commands are registered there and not globally.
    everything = [*tree.walk_commands(), *(tree.walk_commands(guild=interaction.guild) if interaction.guild else ())]
    usable = {
        command.qualified_name: command
        for command in everything
        if isinstance(command, app_commands.Command)
        and command.qualified_name not in closed
        and may_use(interaction, command.root_parent or command)
    }
    return sorted(usable.values(), key=lambda command: command.qualified_name)


def usable_menus(interaction: Interaction) -> list[app_commands.ContextMenu]:
    """Return the entries in the menus of messages and members that a member may use where they are."""
    tree, kinds = interaction.client.tree, (AppCommandType.message, AppCommandType.user)
    groups = [tree.get_commands(type=kind, guild=guild) for kind in kinds for guild in (None, interaction.guild)]
    menus = {menu.name: menu for group in groups for menu in group if isinstance(menu, app_commands.ContextMenu)}
    return [menu for _, menu in sorted(menus.items()) if may_use(interaction, menu)]


def may_use(interaction: Interaction, command: Command | app_commands.Group | app_commands.ContextMenu) -> bool:
    """Whether Discord shows a command to a member where they are, unless their server has changed that."""
    contexts = command.allowed_contexts
    if interaction.guild_id is None and (command.guild_only or (contexts is not None and not contexts.dm_channel)):
        return False
    needed = command.default_permissions
    return needed is None or interaction.permissions.administrator or needed <= interaction.permissions


def help_page(interaction: Interaction, number: int) -> tuple[str, discord.ui.View | None]:
    """Return a page of the list, counted from 0, or the last one, and the buttons to turn it."""
    say = language_of(interaction.locale)
    page = cut_page(help_pages(usable_commands(interaction), usable_menus(interaction), say), number, 1)
    return page.entries[0], page.view(HelpPageButton.of, say)


def help_pages(known: Sequence[Command], entries: Sequence[app_commands.ContextMenu], say: Language) -> list[str]:
    """Return the list in pages that fit a phone; a heading is repeated on each page of its list."""
    for_all = [command for command in known if not _is_restricted(command)]
    for_some = [command for command in known if _is_restricted(command)]
    sections = (
        (say("**What you can do here**"), [_command_line(command, say) for command in for_all]),
        (
            say("**On a message or a member**: hold it or right-click it, then *Apps*"),
            [f"· {inert(say.term(TERMS[_Where.command_name], menu.name))}" for menu in entries],
        ),
        (say("**For those who run this server**"), [_command_line(command, say) for command in for_some]),
    )
    closing = say("-# {command} tells everything about one of them.", command=code(_help_with_option(say)))
    return list(_split_pages(((heading, lines) for heading, lines in sections if lines), closing))


def describe_command(command: Command, say: Language) -> str:
    """Return everything about one command: what it does, its options, and examples to copy."""
    lines = [f"**/{spoken_name(command, say)}** · {inert(spoken_description(command, say))}"]
    lines += [_option_line(option, say) for option in command.parameters]
    lines += [code_block(example) for example in format_examples(command, say)]
    while len("\n".join(lines)) > MAX_CONTENT:
        lines.pop()
    return "\n".join(lines)


def format_examples(command: Command, say: Language) -> list[str]:
    """Return what to type, with the names that a member sees; a command without examples in its bare form."""
    names = {option.name: _option_name(option, say) for option in command.parameters}
    given = command.extras.get(EXAMPLES) or [{option.name: "…" for option in command.parameters if option.required}]
    start = f"/{spoken_name(command, say)}"
    return [" ".join([start, *(f"{names[name]}:{value}" for name, value in options.items())]) for options in given]


def spoken_name(command: Command, say: Language) -> str:
    """Return a command's name as it is shown in a language: "preset save", without the slash."""
    return " ".join(say.term(TERMS[_Where.command_name], name) for name in command.qualified_name.split())


def spoken_description(command: Command, say: Language) -> str:
    return say.term(TERMS[_Where.command_description], command.description)


def _is_restricted(command: Command) -> bool:
    return (command.root_parent or command).default_permissions is not None


def _command_line(command: Command, say: Language) -> str:
    return f"**/{spoken_name(command, say)}** · {inert(spoken_description(command, say))}"


def _help_with_option(say: Language) -> str:
    """Return how to ask about one command."""
    return f"/{say.term(TERMS[_Where.command_name], 'help')} {say.term(TERMS[_Where.parameter_name], 'command')}:…"


def _option_line(option: app_commands.Parameter, say: Language) -> str:
    facts = [say("required")] if option.required else []
    if option.type in (AppCommandOptionType.integer, AppCommandOptionType.number):
        if option.min_value is not None and option.max_value is not None:
            facts.append(say("{least} to {most}", least=option.min_value, most=option.max_value))
    elif option.max_value is not None:
        facts.append(say.plural("at most {count} character", "at most {count} characters", int(option.max_value)))
    if option.choices:
        facts.append(", ".join(say.term(TERMS[_Where.choice_name], choice.name) for choice in option.choices))
    described = inert(say.term(TERMS[_Where.parameter_description], str(option.description)))
    return f"{code(_option_name(option, say))} {described}" + (f" ({'; '.join(map(inert, facts))})" if facts else "")


def _option_name(option: app_commands.Parameter, say: Language) -> str:
    return say.term(TERMS[_Where.parameter_name], option.display_name)


def _split_pages(sections: Iterable[tuple[str, Sequence[str]]], closing: str) -> Iterator[str]:
    page: list[str] = []
    for heading, lines in sections:
        block = [heading]
        for line in lines:
            if len("\n".join([*page, *block, line, closing])) > PAGE:
                yield "\n".join([*page, *block, closing] if len(block) > 1 else [*page, closing])
                page, block = [], [heading]
            block.append(line)
        page += block
    yield "\n".join([*page, closing])


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(HelpPageButton)
    await bot.add_cog(HelpCog())
