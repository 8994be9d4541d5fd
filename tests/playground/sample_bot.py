"""A small discord.py bot that uses what a rendering bot uses. It knows nothing of the playground."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import Literal

import discord
from discord import app_commands

COLOURS = ("amber", "azure", "coral", "crimson", "indigo")


class NoteModal(discord.ui.Modal, title="Write a note"):
    subject = discord.ui.TextInput(label="Subject", max_length=20, default="none")
    body = discord.ui.TextInput(label="Body", style=discord.TextStyle.paragraph, required=False)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"{self.subject.value}/{self.body.value}", ephemeral=True)


class Controls(discord.ui.View):
    """Buttons that work after a restart: their state is in their custom ids."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Again", emoji="🎲", custom_id="sample:again")
    async def again(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_message("once more")

    @discord.ui.button(label="Done", style=discord.ButtonStyle.success, custom_id="sample:done")
    async def done(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="done", view=None)

    @discord.ui.button(label="Note", custom_id="sample:note")
    async def note(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(NoteModal())

    @discord.ui.select(
        placeholder="Colour",
        custom_id="sample:colour",
        options=[discord.SelectOption(label=colour.title(), value=colour) for colour in COLOURS],
    )
    async def colour(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"chosen: {select.values[0]}")


class Picker(discord.ui.View):
    """Who and what can be chosen from a list that Discord fills."""

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Who", max_values=2)
    async def who(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        names = ", ".join(f"{type(one).__name__} {one.display_name}" for one in select.values)
        await interaction.response.send_message(f"chosen: {names}")


class RemixModal(discord.ui.Modal, title="Remix"):
    """Several inputs: prefilled, required, optional, and one to choose from."""

    prompt = discord.ui.TextInput(label="Prompt", style=discord.TextStyle.paragraph, max_length=300)
    negative = discord.ui.Label(text="Negative prompt", component=discord.ui.TextInput(required=False))
    seed = discord.ui.TextInput(label="Seed", default="7", min_length=1, max_length=10)
    style = discord.ui.Label(
        text="Style",
        description="How it looks",
        component=discord.ui.Select(
            options=[discord.SelectOption(label=one, default=one == "Amber") for one in ("Amber", "Azure")]
        ),
    )

    def __init__(self, prompt: str) -> None:
        super().__init__()
        self.prompt.default = prompt

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.style.component, discord.ui.Select)
        assert isinstance(self.negative.component, discord.ui.TextInput)
        parts = (self.prompt.value, self.negative.component.value, self.seed.value, self.style.component.values[0])
        await interaction.response.send_message("/".join(parts))


class SampleBot(discord.Client):
    def __init__(self, picture: bytes, intents: discord.Intents | None = None) -> None:
        intents = intents or discord.Intents(guilds=True, messages=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)  # discord.py's own 2 s would cost every test
        self.tree = app_commands.CommandTree(self)
        self.picture = picture
        self.online = asyncio.Event()
        self.resumed = asyncio.Event()
        self.heard: list[str] = []
        _add_commands(self)
        _add_community(self)

    def file(self, name: str = "drawing.gif") -> discord.File:
        return discord.File(io.BytesIO(self.picture), name, description="three colours")

    async def setup_hook(self) -> None:
        self.add_view(Controls())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.online.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.content)


def _add_commands(bot: SampleBot) -> None:
    @bot.tree.command(description="Repeat a text")
    async def echo(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.send_message(text, allowed_mentions=discord.AllowedMentions.none())

    @bot.tree.command(description="Say what was asked, only to who asked")
    async def whisper(
        interaction: discord.Interaction,
        number: app_commands.Range[int, 1, 9] = 1,
        style: Literal["plain", "bold"] = "plain",
        loud: bool = False,
    ) -> None:
        await interaction.response.send_message(f"{number} {style} {loud}", ephemeral=True)

    @bot.tree.command(description="Draw, with progress")
    async def draw(interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.defer(thinking=True)
        for percent in (10, 60):
            await interaction.edit_original_response(content=f"{prompt} {percent} %")
        await interaction.edit_original_response(
            content=f"{prompt} in {interaction.locale} within {interaction.filesize_limit}",
            attachments=[bot.file()],
            view=Controls(),
        )
        await interaction.followup.send("and a word in private", ephemeral=True)

    @bot.tree.command(description="Write a note in a form")
    async def note(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(NoteModal())

    @bot.tree.command(description="Choose a colour")
    async def paint(interaction: discord.Interaction, colour: str) -> None:
        embed = discord.Embed(title=colour, description="painted").set_image(url="attachment://paint.gif")
        await interaction.response.send_message(embed=embed, file=bot.file("paint.gif"))

    @paint.autocomplete("colour")
    async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one.title(), value=one) for one in COLOURS if typed in one]

    @bot.tree.command(description="Look at a picture")
    async def look(interaction: discord.Interaction, picture: discord.Attachment) -> None:
        data = await picture.read()
        await interaction.response.send_message(f"{picture.filename} {picture.width} {len(data)}")

    @bot.tree.command(description="Post in the channel, in the bot's own name")
    async def post(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.defer(ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        message = await interaction.channel.send(text, file=bot.file())
        await message.edit(content=f"{text}, edited")
        await interaction.delete_original_response()

    @bot.tree.command(description="Lay things out")
    async def layout(interaction: discord.Interaction) -> None:
        view = discord.ui.LayoutView()
        gallery = discord.ui.MediaGallery()
        gallery.add_item(media="attachment://drawing.gif", description="a gallery")
        view.add_item(
            discord.ui.Container(
                discord.ui.TextDisplay("# Laid out"),
                discord.ui.Separator(),
                gallery,
                discord.ui.Section("with an accessory", accessory=discord.ui.Thumbnail("attachment://drawing.gif")),
                accent_colour=discord.Colour.blurple(),
            )
        )
        await interaction.response.send_message(view=view, file=bot.file())


def _add_community(bot: SampleBot) -> None:
    """What a bot for a community has besides: menus, groups, what only moderators may, private messages."""

    @bot.tree.context_menu(name="Remix this")
    async def remix(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_modal(RemixModal(message.content))

    @bot.tree.context_menu(name="Who is this?")
    async def who(interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
        await interaction.response.send_message(f"{type(member).__name__} {member.display_name}", ephemeral=True)

    @bot.tree.command(description="Empty the channel")
    @app_commands.default_permissions(manage_messages=True)
    async def purge(interaction: discord.Interaction) -> None:
        may = interaction.permissions.manage_messages
        await interaction.response.send_message(f"emptied: {may}", ephemeral=True)

    @bot.tree.command(description="Only for grown-ups", nsfw=True)
    async def night(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.channel, discord.TextChannel)
        await interaction.response.send_message(f"night: {interaction.channel.is_nsfw()}")

    @bot.tree.command(description="Write to me in private")
    async def tell(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.defer(ephemeral=True)
        try:
            await interaction.user.send(text, view=Controls())
        except discord.Forbidden as refusal:
            await interaction.followup.send(f"refused: {refusal.code}")
        else:
            await interaction.followup.send("told")

    @bot.tree.command(description="Choose somebody")
    async def choose(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=Picker())

    preset = app_commands.Group(name="preset", description="Presets")
    shared = app_commands.Group(name="shared", description="The server's", parent=preset)

    @shared.command(description="Take one away")
    async def remove(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(f"removed {name}")

    @remove.autocomplete("name")
    async def names(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{one} ({interaction.locale})", value=one) for one in COLOURS if typed in one]

    bot.tree.add_command(preset)


def main() -> None:
    """Run the bot as a program of its own, its picture read from a file beside its data."""
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    SampleBot((data / "picture.gif").read_bytes()).run(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    main()
