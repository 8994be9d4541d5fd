"""/help: made from the commands, in the reader's language, and only those that the reader may use."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import discord
import pytest
from discord import AppCommandOptionType, app_commands

from cogs.catalog import idle_bot
from cogs.i18n.language import Language, language_of
from cogs.info.help import PAGE, describe_command, format_examples, help_pages, spoken_name, usable_commands
from cogs.ui.choices import EXAMPLES
from studio.config.config import Config, LimitsConfig
from tests.cogs.conftest import is_note

ENGLISH, ITALIAN = language_of(None), language_of("it")


@pytest.fixture
async def known():
    """Every slash command of the bot."""
    async with idle_bot() as bot:
        return [command for command in bot.tree.walk_commands() if isinstance(command, app_commands.Command)]


async def _nothing(interaction: discord.Interaction) -> None:
    """Stand in for a command's callback."""


def command(name: str, description: str = "x" * 100) -> app_commands.Command:
    return app_commands.Command(name=name, description=description, callback=_nothing)


def asking(bot, **changes) -> SimpleNamespace:
    """Return what the list wants to know of an interaction: somebody asks in a channel of a server."""
    ordinary = {"guild_id": 1, "permissions": discord.Permissions(send_messages=True)}
    return SimpleNamespace(client=bot, guild=None, channel=None, channel_id=2, user=None, **(ordinary | changes))


def labels(message) -> list[str]:
    return [control["label"] for control in message.controls]


def is_other(message, note, last: str) -> bool:
    """Whether a message is the note, turned to another page."""
    return message.id == note.id and message.content != last


async def whole_list(member) -> str:
    """Return all pages of what a member reads."""
    note = seen = await (await member.slash("/help")).message_where(is_note)
    text = seen.content
    while onward := [control for control in seen.controls if control["label"] in ("More", "Avanti")]:
        await member.click(seen, onward[0]["custom_id"])
        seen = await member.message_where(lambda message, last=seen.content: is_other(message, note, last))
        text += seen.content
    return text


class TestTheList:
    async def test_every_command_is_in_it_for_the_member_alone(self, theatre):
        text = await whole_list(theatre.ada)
        for name in ("giro", "morph", "zoom", "queue", "help"):
            assert f"**/{name}** · " in text
        assert "**/morph** · Turn one thing into another" in text

    async def test_an_italian_reads_the_names_that_discord_shows_them(self, theatre):
        text = await whole_list(theatre.bruno)
        assert "**/metamorfosi** · Trasforma una cosa in un'altra" in text
        assert "`/aiuto comando:…`" in text

    def test_long_lists_page_and_lose_nothing(self):
        many = [command(f"command-{number}") for number in range(70)]
        pages = help_pages(many, [], ENGLISH)
        assert len(pages) > 1
        assert all(len(page) <= PAGE and page.startswith("**What you can do here**") for page in pages)
        assert all(sum(f"**/{one.name}** " in page for page in pages) == 1 for one in many)

    def test_what_is_for_some_stands_apart(self):
        admin = command("admin", "Run it")
        admin.default_permissions = discord.Permissions(manage_guild=True)
        (page,) = help_pages([admin, command("giro", "Ride")], [], ENGLISH)
        assert page.index("**/giro**") < page.index("**For those who run this server**") < page.index("**/admin**")

    def test_menus_are_named_with_the_way_to_them(self):
        menu = app_commands.ContextMenu(name="Who made this?", callback=_on_message)
        (page,) = help_pages([command("giro", "Ride")], [menu], ENGLISH)
        assert page.index("right-click") < page.index("· Who made this?")

    async def test_buttons_turn_the_pages_there_and_back(self, theatre, monkeypatch):
        monkeypatch.setattr(sys.modules["cogs.info.help"], "PAGE", 250)  # the module that the bot has loaded
        note = await (await theatre.ada.slash("/help")).message_where(is_note)
        assert "**/zoom**" not in note.content
        seen, pages = note, [note.content]
        while "More" in labels(seen):
            await theatre.ada.click(seen, "More")
            seen = await theatre.ada.message_where(lambda message, last=seen.content: is_other(message, note, last))
            pages.append(seen.content)
        assert sum("**/zoom**" in page for page in pages) == 1
        assert labels(seen) == ["Back"]
        await theatre.ada.click(seen, "Back")
        await theatre.ada.message_where(lambda message: is_other(message, note, seen.content))


class TestWhoSeesWhat:
    async def test_admin_is_listed_for_the_owner_of_the_server_only(self, theatre):
        assert "**/admin status**" in await whole_list(theatre.ada)
        assert "/admin" not in await whole_list(theatre.bruno)
        with_admin = await (await theatre.ada.slash("/help command:admin status")).message_where(is_note)
        assert "/admin status" in with_admin.content
        without = await (await theatre.bruno.slash("/help command:admin status")).message_where(is_note)
        assert "nessun comando «admin status»" in without.content

    @pytest.mark.parametrize(
        ("permissions", "sees"),
        [
            (discord.Permissions(), False),
            (discord.Permissions(manage_messages=True), False),
            (discord.Permissions(manage_guild=True), True),
            (discord.Permissions(administrator=True), True),
        ],
    )
    async def test_a_command_for_those_who_run_a_server_is_listed_for_them_only(self, permissions, sees):
        async with idle_bot() as bot:
            group = app_commands.Group(name="house", description="Run it", guild_only=True)
            group.default_permissions = discord.Permissions(manage_guild=True)
            group.add_command(command("paint"))
            bot.tree.add_command(group)
            here = asking(bot, permissions=permissions)
            assert ("house paint" in [one.qualified_name for one in usable_commands(here)]) is sees

    async def test_what_the_configuration_closes_here_is_left_out(self, stage):
        config = Config(limits=LimitsConfig(commands=("morph",)))
        async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
            text = await whole_list(theatre.ada)
            assert [name for name in ("giro", "morph", "zoom", "queue") if f"**/{name}**" in text] == ["morph", "queue"]

    async def test_what_is_for_servers_is_not_listed_in_a_direct_message(self):
        async with idle_bot() as bot:
            bot.tree.add_command(app_commands.Group(name="house", description="Run it", guild_only=True))
            bot.tree.get_command("house").add_command(command("paint"))
            for server, sees in ((None, False), (1, True)):
                here = asking(bot, guild_id=server)
                assert ("house paint" in [one.qualified_name for one in usable_commands(here)]) is sees


class TestOneCommand:
    async def test_its_options_and_examples_to_copy(self, theatre):
        note = await (await theatre.ada.slash("/help command:morph")).message_where(is_note)
        assert "`source` What it begins as, such as skunk (required; at most 2000 characters)" in note.content
        assert "`frames` How many frames are rendered (default: 21) (2 to 1000)" in note.content
        assert "```\n/morph source:skunk target:puppy\n```" in note.content

    async def test_it_may_be_asked_for_in_ones_own_language(self, theatre):
        note = await (await theatre.bruno.slash("/help command:/metamorfosi")).message_where(is_note)
        assert "`da` Che cos'è all'inizio, per esempio skunk (obbligatorio; al massimo 2000 caratteri)" in note.content
        assert "```\n/metamorfosi da:skunk a:puppy\n```" in note.content

    async def test_one_that_is_not_there_is_said_so(self, theatre):
        note = await (await theatre.ada.slash("/help command:**fly**")).message_where(is_note)
        assert note.content.startswith(r"There is no command “\*\*fly\*\*” for you here; /help lists")

    async def test_names_are_suggested_while_typing(self, theatre):
        offered = await theatre.ada.autocomplete("/help command:morp")
        assert [choice["value"] for choice in offered] == ["morph"]
        assert offered[0]["name"].startswith("/morph: Turn one thing")

    @pytest.mark.parametrize("say", [ENGLISH, ITALIAN], ids=lambda say: say.tag)
    async def test_about_every_command_there_is_something_to_say_that_fits(self, known, say: Language):
        for one in known:
            text = describe_command(one, say)
            assert spoken_name(one, say) in text
            assert len(text) <= 2000
            assert text.count("```") == 2 * len(format_examples(one, say)), "nothing had to be left out"

    async def test_the_examples_are_what_the_commands_take(self, known):
        given = [(one, example) for one in known for example in one.extras.get(EXAMPLES, ())]
        assert len(given) >= 6
        for one, example in given:
            options = {option.name: option for option in one.parameters}
            assert example.keys() <= options.keys(), one.qualified_name
            for name, value in example.items():
                assert isinstance(value, int) == (options[name].type is AppCommandOptionType.integer)
                size = value if isinstance(value, int) else len(value)
                assert (options[name].min_value or 0) <= size <= (options[name].max_value or 6000)


async def _on_message(interaction: discord.Interaction, message: discord.Message) -> None:
    """Stand in for a menu entry's callback."""
