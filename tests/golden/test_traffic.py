"""What members send and get stays the same: an afternoon with the main commands, request by request."""

from __future__ import annotations

import itertools
import json
from typing import Any

import discord
import pytest

from engine.recipe.preset import Preset
from engine.recipe.style import Style
from engine.recipe.survey_result import SurveyResult
from playground.client.handle import InteractionHandle
from playground.client.modal import Modal
from playground.member import Member
from playground.posting.cdn import Upload
from playground.world.model import Message
from studio.config.config import Config, LimitsConfig
from tests.cogs.conftest import BRISK, Stage, Theatre, has_gif, is_note, says
from tests.golden import golden
from tests.golden.traffic import Recorder

CONVERSATION = "conversation.json"
COMMANDS = "commands.json"
CUSTOM_IDS = "custom_ids.json"
EVERYWHERE = "/applications/{application_id}/commands"

CONFIG = Config(
    delivery=BRISK,
    limits=LimitsConfig(jobs_per_member=20),
    presets={"seasons": Preset(stages="spring | 3\nautumn | 4", loop=False, description="Through the year")},
    styles={"snow": Style(description="Winter everywhere", suffix="in winter", negative="summer")},
)


@pytest.fixture
def _seeds_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the seeds that are drawn be the same at every run."""
    numbers = itertools.count(1000)
    monkeypatch.setattr("secrets.randbelow", lambda below: next(numbers) % below)


def is_under_way(message: Message) -> bool:
    """Whether a message can be called off, by members of either language."""
    return any(str(control.get("custom_id")).startswith("tappa:cancel:") for control in message.controls)


def has_file(message: Message) -> bool:
    return bool(message.attachments)


class Afternoon:
    """Ada and Bruno, one step after another, each over before the next begins."""

    def __init__(self, theatre: Theatre, recorder: Recorder) -> None:
        self.theatre = theatre
        self.engine = theatre.engine
        self.ada, self.bruno = theatre.ada, theatre.bruno
        self.step = recorder.step
        self.note = recorder.note

    async def says(self, line: str, member: Member | None = None) -> Message:
        """Use a command that is answered by a note, and return that."""
        member = member or self.ada
        async with self.step(f"{member.user.shown}: {line}"):
            return await (await member.slash(line)).message_where(is_note)

    async def orders(self, line: str, member: Member | None = None) -> Message:
        """Use a command that orders something, have it finished, and return the message."""
        member = member or self.ada
        async with self.step(f"{member.user.shown}: {line}"):
            return await self.delivered(await member.slash(line))

    async def presses(self, label: str, message: Message, member: Member | None = None, *, late: float = 0.0) -> None:
        """Press a button that has something said or changed."""
        member = member or self.ada
        async with self.step(f"{member.user.shown} presses {label}", late=late):
            await (await member.click(message, label)).acknowledged()

    async def opens(self, label: str, message: Message, member: Member | None = None) -> Modal:
        """Press a button that opens a form, and return that."""
        member = member or self.ada
        async with self.step(f"{member.user.shown} presses {label}"):
            return await (await member.click(message, label)).modal()

    async def types(self, line: str, member: Member | None = None) -> None:
        """Type the beginning of a command, and write down what is offered."""
        member = member or self.ada
        async with self.step(f"{member.user.shown} types: {line}"):
            await member.autocomplete(line)

    async def delivered(self, handle: InteractionHandle, picture: bytes = b"GIF89a-of-a-test") -> Message:
        """Have the job that was ordered last finished, once the channel has heard of it."""
        job = await self.engine.wait_next()
        await handle.message_where(is_under_way)
        self.engine.finish(job.id, picture)
        message = await handle.message_where(has_file)
        await self.engine.wait_forgotten(job.id)
        return message

    async def seen(self, message: Message, *parts: str) -> Message:
        """Return a message's newest version, once it says so."""
        return await self.ada.message_where(
            lambda one: one.id == message.id and all(part in one.content for part in parts)
        )


async def giros(day: Afternoon) -> Message:
    """A giro from its stages, one from a preset, one from the form."""
    line = "/giro stages:a road by the sea | 3; a hill | 3 seed:7"
    async with day.step(f"Ada: {line}"):
        handle = await day.ada.slash(line)
        job = await day.engine.wait_next()
        await handle.message_where(is_under_way)
    async with day.step("it starts"):
        day.engine.stand(job.id, 0, 20.0)
        day.engine.accept(job.id)
        await handle.message_where(says("Starting"))
    async with day.step("it is rendered"):
        day.engine.progress(job.id, 2)
        await handle.message_where(says("frame 2 of 6"))
    async with day.step("its second frame is shown"):
        day.engine.preview(job.id, 1)
        await handle.message_where(has_file)
    async with day.step("the engine stops, and goes on"):
        day.engine.lose(job.id)
        await handle.message_where(says("starting it again"))
    async with day.step("it is finished"):
        day.engine.finish(job.id)
        giro = await handle.message_where(has_gif)
        await day.engine.wait_forgotten(job.id)
    await day.orders("/giro preset:seasons mode:parallel camera:spiral > back focus:0.4,0.6 seed:8")
    async with day.step("Ada: /giro loop:False negative:people"):
        modal = await (await day.ada.slash("/giro loop:False negative:people")).modal()
    async with day.step("Ada submits the form with a mistake"):
        note = await (await day.ada.submit(modal, stages="a road | many")).message_where(is_note)
    modal = await day.opens("Correct the stages", note)
    async with day.step("Ada submits it corrected"):
        await day.delivered(await day.ada.submit(modal, stages="a road | 4"))
    await day.says("/giro stages:a | 0")
    await day.types("/giro preset:")
    await day.types("/giro stages:a road | 5; aut")
    return giro


async def morphs(day: Afternoon) -> Message:
    """A morph, one with several tries, one that fails and one that is cancelled."""
    morph = await day.orders("/morph source:skunk target:puppy frames:5 seed:1234 style:snow")
    line = "/morph source:skunk target:frog > rabbit frames:5 seed:9 tries:3 loop:round"
    async with day.step(f"Ada: {line}"):
        handle = await day.ada.slash(line)
        job = await day.engine.wait_next()
        await handle.message_where(is_under_way)
        found = SurveyResult(positions=(0.0, 0.2, 0.5, 0.75, 1.0), seeds=(11, 9, 10))
        day.engine.finish(job.id, found=found, tries=b"\x89PNG-of-a-test")
        tried = await handle.message_where(has_gif)
        await day.engine.wait_forgotten(job.id)
    async with day.step("Ada presses 2"):
        await day.delivered(await day.ada.click(tried, "2"))
    async with day.step("Bruno: /morph source:volpe target:rana seed:3"):
        handle = await day.bruno.slash("/morph source:volpe target:rana seed:3")
        job = await day.engine.wait_next()
        await handle.message_where(is_under_way)
        day.engine.fail(job.id, "It broke.")
        await handle.message_where(says("It broke."))
    async with day.step("Ada: /morph source:a road target:a town prompt:{} seed:4, and presses Cancel"):
        handle = await day.ada.slash("/morph source:a road target:a town prompt:{} seed:4")
        await day.engine.wait_next()
        await day.ada.click(await handle.message_where(is_under_way), "Cancel")
        await handle.message_where(says("Cancelled."))
    async with day.step("Ada: /morph source:a target:b prompt:no place"):
        await (await day.ada.invoke("morph", {"source": "a", "target": "b", "prompt": "no place"})).message_where(
            is_note
        )
    await day.types("/morph source:a target:b prompt:a p")
    return morph


async def zooms(day: Afternoon) -> Message:
    """A zoom, one whose pictures were objected to, and one with a focus that does not exist."""
    zoom = await day.orders(
        "/zoom prompt:a road by the sea frames:6 focus:below camera:drift left negative:rain seed:5"
    )
    async with day.step("Bruno: /zoom prompt:una strada frames:6 seed:6, to which the safety checker objects"):
        handle = await day.bruno.slash("/zoom prompt:una strada frames:6 seed:6")
        job = await day.engine.wait_next()
        await handle.message_where(is_under_way)
        day.engine.finish(job.id, flagged=2)
        await handle.message_where(has_file)
        await day.engine.wait_forgotten(job.id)
    await day.says("/zoom prompt:a road focus:nowhere")
    await day.types("/zoom prompt:a focus:bel")
    await day.types("/zoom prompt:a camera:spiral > dr")
    return zoom


async def buttons(day: Afternoon, giro: Message, morph: Message) -> None:
    """Again, Remix, Extend, Variations and the menus."""
    async with day.step("Bruno presses Again"):
        await day.delivered(await day.bruno.click(morph, "Again"))
    modal = await day.opens("Remix", morph)
    async with day.step("Ada submits the form"):
        remixed = await day.delivered(await day.ada.submit(modal, words="frog → prince", seed="77"))
    await day.opens("Remix", giro, day.bruno)
    modal = await day.opens("Extend", giro)
    async with day.step("Ada submits the form"):
        await day.delivered(await day.ada.submit(modal, stage="a town | 5"))
    async with day.step("Ada presses Variations"):
        sheet = await day.delivered(await day.ada.click(giro, "Variations"), b"\x89PNG-of-a-test")
    async with day.step("Ada presses 3"):
        await day.delivered(await day.ada.click(sheet, "3"))
    async with day.step("Bruno: Who made this?"):
        await (await day.bruno.context("Who made this?", remixed)).message_where(is_note)
    async with day.step("Ada: Remix this render"):
        await (await day.ada.context("Remix this render", morph)).modal()


async def gallery(day: Afternoon, giro: Message, zoom: Message) -> None:
    """Two renders are shared, voted for, saved, looked at and deleted."""
    await day.says("/gallery")
    await day.presses("Share", giro)
    await day.presses("Share", zoom)
    await day.presses("Vote", zoom, day.bruno, late=2.5)
    page = await day.says("/gallery")
    await day.presses("Next", page)
    page = await day.seen(page, "Giro")
    await day.presses("Save", page)
    await day.presses("Recipe", page)
    await day.opens("2 / 2", page)
    await day.presses("Delete", page)
    await day.says("/gallery order:saved")
    await day.says("/gallery order:top", day.bruno)
    await day.says("/gallery search:fox")


async def belongings(day: Afternoon) -> None:
    """Presets and settings."""
    await day.says("/preset save name:coast stages:a road by the sea | 5; a town | 6")
    await day.says("/preset list")
    await day.says("/preset show name:coast")
    await day.says("/preset list", day.bruno)
    await day.orders("/preset use name:coast seed:5 style:snow")
    await day.types("/preset delete name:c")
    await day.says("/preset delete name:coast")
    note = await day.says("/settings")
    async with day.step("Ada chooses the style snow"):
        await (await day.ada.select(note, "Style", "snow")).acknowledged()
    await day.opens("Negative prompt, frames, focus", note)
    await day.says("/settings", day.bruno)


async def files(day: Afternoon) -> None:
    """A recipe goes out as a file and comes back."""
    note = await day.says("/recipe export")
    (file,) = note.attachments
    day.note(json.loads(file.data))
    async with day.step("Ada: /recipe import"):
        handle = await day.ada.slash("/recipe import", files={"file": Upload("mine.json", file.data)})
        await day.delivered(handle)
    async with day.step("Ada: /recipe import of something else"):
        handle = await day.ada.slash("/recipe import", files={"file": Upload("mine.json", b'{"kind": "film"}')})
        await handle.message_where(is_note)


async def lines(day: Afternoon) -> None:
    """The queue, with a job of each, and what an administrator sees and does."""
    await day.says("/queue")
    async with day.step("Ada: /zoom prompt:first seed:1"):
        handle = await day.ada.slash("/zoom prompt:first seed:1")
        first = await day.engine.wait_next()
        await handle.message_where(is_under_way)
    async with day.step("Bruno: /zoom prompt:second seed:2"):
        handle = await day.bruno.slash("/zoom prompt:second seed:2")
        second = await day.engine.wait_next()
        await handle.message_where(is_under_way)
    async with day.step("both stand in line", in_any_order=True):
        day.engine.stand(first.id, 0, 20.0)
        day.engine.stand(second.id, 1, 130.0)
        await day.ada.message_where(says("Starting"))
        await day.ada.message_where(says("2 min"))
    await day.says("/queue")
    await day.says("/queue", day.bruno)
    await day.says("/admin status")
    await day.says("/admin pause")
    await day.says("/admin resume")
    await day.says("/admin blocked")
    await day.says("/admin set key:limits.frames value:many")


async def helps(day: Afternoon) -> None:
    """What is said about the commands."""
    page = await day.says("/help")
    await day.presses("More", page)
    await day.says("/help command:giro")
    await day.says("/help", day.bruno)
    await day.types("/help command:pre")


@pytest.mark.usefixtures("_seeds_in_order")
async def test_what_members_send_and_get(stage: Stage) -> None:
    async with stage.playground() as playground:
        recorder = Recorder(playground, CONVERSATION)
        async with stage.bot(playground, config=CONFIG) as theatre:
            async with recorder.step("the bot starts", in_any_order=True):
                pass
            day = Afternoon(theatre, recorder)
            giro, morph, zoom = await giros(day), await morphs(day), await zooms(day)
            await buttons(day, giro, morph)
            await gallery(day, giro, zoom)
            await belongings(day)
            await files(day)
            await lines(day)
            await helps(day)
    golden.require(CONVERSATION, recorder.steps)


async def test_the_commands_that_discord_is_told_of(stage: Stage) -> None:
    async with stage.playground() as playground, stage.bot(playground):
        (sent,) = playground.backend.traffic.requests("PUT", EVERYWHERE)
    golden.require(COMMANDS, sorted(sent.req, key=lambda command: (command.get("type") or 1, command["name"])))


async def test_the_custom_ids_of_buttons_that_outlive_a_restart(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    templates: set[str] = set()
    add = discord.Client.add_dynamic_items

    def noted(client: discord.Client, *items: type[discord.ui.DynamicItem[Any]]) -> None:
        templates.update(item.__discord_ui_compiled_template__.pattern for item in items)
        add(client, *items)

    monkeypatch.setattr(discord.Client, "add_dynamic_items", noted)
    async with stage.playground() as playground, stage.bot(playground):
        pass
    golden.require(CUSTOM_IDS, sorted(templates))
