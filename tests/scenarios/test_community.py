"""A community: two servers, and what their members make of each other's pictures; the rules change on the way.

Ada makes, Bruno is Italian, Mara moderates and Olga runs the bot, all in the Atelier. Dino is in the Bottega, and
nothing of the Atelier is any of his business.
"""

from __future__ import annotations

import asyncio
import re
import sys
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from PIL import Image, ImageSequence

from playground.errors import ClientRefused
from playground.world.interaction import Kind
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings, MemberSettings, RoleSettings
from tests.scenarios.conftest import PATIENCE, frames_in, gif_of, gifs_posted, house

pytestmark = pytest.mark.asyncio(loop_scope="module")

ATELIER, BOTTEGA = "Atelier", "Bottega"
SETTINGS = {
    "guilds": (
        GuildSettings(
            name=ATELIER,
            channels=("studio", "showcase", "log"),
            roles=(RoleSettings("moderator", Permission.MANAGE_MESSAGES),),
        ),
        GuildSettings(name=BOTTEGA, channels=("sala",)),
    ),
    "members": (
        MemberSettings(name="Olga", guilds=(ATELIER,)),
        MemberSettings(name="Ada", guilds=(ATELIER,)),
        MemberSettings(name="Bruno", guilds=(ATELIER,), locale="it"),
        MemberSettings(name="Mara", guilds=(ATELIER,), roles=("moderator",)),
        MemberSettings(name="Dino", guilds=(BOTTEGA,)),
    ),
}
STAGES = "a road by the sea | 3; a town | 3"
BUTTON = 2
QUOTA = """
[servers.{server}.limits]
daily_seconds = 1
"""


def rules(playground) -> str:
    """Return the Atelier's own configuration."""
    server = playground.guild(ATELIER).id
    showcase, log = (playground.channel(name, playground.guild(ATELIER)).id for name in ("showcase", "log"))
    return f"""
# Olga's own remark
[servers.{server}.community]
showcase_channel = "{showcase}"
showcase_votes = 2
log_channel = "{log}"
"""


class Evening:
    """The house and those in it, and the render that it is all about."""

    def __init__(self, house) -> None:
        self.house = house
        self.playground = house.playground
        self.olga, self.ada, self.bruno, self.mara, self.dino = house.playground.members
        self.render = None

    @property
    def job(self) -> str:
        """The id of the render, as its buttons carry it."""
        ids = {re.search(r"[0-9a-f]{16}", one.get("custom_id", "")) for one in self.render.controls}
        (job,) = {found[0] for found in ids if found}
        return job

    def at(self, member, channel: str):
        return member.at(self.playground.channel(channel, self.playground.guild(ATELIER)))

    @property
    def showcase(self):
        return self.at(self.ada, "showcase").messages

    def log(self) -> str:
        return "\n".join(message.text for message in self.at(self.olga, "log").messages)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def evening(tmp_path_factory):
    async with house(tmp_path_factory.mktemp("community"), rules, **SETTINGS) as server:
        evening = Evening(server)
        handle = await evening.ada.slash(f"/giro stages:{STAGES} seed:1")
        await gif_of(handle)
        evening.render = handle.messages[0]
        yield evening


async def note(handle) -> str:
    """Wait for what only the member reads, and return it."""
    message = await handle.message_where(lambda one: one.ephemeral and not one.loading and one.content, PATIENCE)
    return message.content


async def forged(member, message, custom_id: str):
    """Press a button that the message never had, as if Discord had let that through."""
    button = {"type": BUTTON, "id": 2, "style": 2, "label": "x", "custom_id": custom_id}
    altered = msgspec.structs.replace(message, components=({"type": 1, "id": 1, "components": [button]},))
    data = {"custom_id": custom_id, "component_type": BUTTON, "id": 2}
    return await member.forge(Kind.COMPONENT, data, altered)


def pictures_in(gif: bytes) -> list[bytes]:
    with Image.open(BytesIO(gif)) as image:
        return [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]


async def web_gallery(evening, server: str, folder: Path) -> str:
    """Export a server's gallery beside the running bot, and return all that its pages say."""
    data = evening.house.config.parent / "data"
    command = ("gallery", "export", str(folder), "--data", str(data), "--server", evening.playground.guild(server).id)
    export = await asyncio.create_subprocess_exec(sys.executable, "-m", "engine", *command)
    assert await export.wait() == 0
    return said_in(folder)


def said_in(folder: Path) -> str:
    return "\n".join(page.read_text() for page in sorted(folder.rglob("*.html")))


async def gallery_of(member, line: str = "/gallery"):
    return await (await member.slash(line)).response(timeout=PATIENCE)


async def test_a_render_is_its_makers_until_they_share_it(evening):
    assert "empty" in (await gallery_of(evening.mara)).content
    assert "Only the member who asked" in await note(await evening.mara.click(evening.render, "Share"))
    assert "empty" in (await gallery_of(evening.mara)).content
    await note(await evening.ada.click(evening.render, "Share"))
    page = await gallery_of(evening.mara)
    assert page.gif.data == evening.render.gif.data
    assert page.gif.description
    assert "Ada" in page.content
    assert page.ephemeral


async def test_enough_votes_bring_it_into_the_showcase_once(evening):
    async def vote(member) -> str:
        return await note(await member.click(evening.render, f"tappa:vote:{evening.job}"))

    assert "your own" in await vote(evening.ada)
    await vote(evening.bruno)
    assert "ritirato" in await vote(evening.bruno)
    await vote(evening.bruno)
    assert evening.showcase == ()
    await vote(evening.mara)
    shown = await evening.at(evening.ada, "showcase").message_where(lambda one: one.gif is not None, PATIENCE)
    assert shown.gif.data == evening.render.gif.data
    assert "Ada" in shown.content
    await vote(evening.mara)
    await vote(evening.mara)
    assert len(evening.showcase) == 1


async def test_an_italian_remixes_it_and_reads_italian(evening):
    menu = [one["name_localizations"]["it"] for one in evening.bruno.commands if one["type"] == 3]
    remix = next(one for one in evening.bruno.commands if one["name"] == "Remix this render")
    assert remix["name_localizations"]["it"] in menu
    modal = await (await evening.bruno.context(remix["name_localizations"]["it"], evening.render)).modal()
    prompts = modal.fields[0]
    assert "a road by the sea | 3" in prompts.value
    handle = await evening.bruno.submit_values(modal, {prompts.custom_id: "a road by the sea | 3\na forest | 2"})
    assert frames_in(await gif_of(handle)) == 5
    content = handle.messages[-1].content
    assert "Ada" in content  # from whom it was remixed
    assert "remixed" not in content
    empty = await gallery_of(evening.bruno, "/galleria cerca:zebra")
    assert "Nothing" not in empty.content
    queue = await (await evening.bruno.slash("/coda")).response()
    assert queue.content == "Qui non c'è nulla in lavorazione né in attesa."


async def test_a_giro_goes_on_from_its_last_frame(evening):
    modal = await (await evening.ada.click(evening.render, "Extend")).modal()
    values = {field.custom_id: field.value for field in modal.fields}
    values[modal.fields[0].custom_id] = "a forest | 3"
    handle = await evening.ada.submit_values(modal, values)
    longer = pictures_in(await gif_of(handle))
    assert len(longer) == 9
    assert longer[:5] == pictures_in(evening.render.gif.data)[:5]  # the sixth closed the loop
    assert "remixed from" in handle.messages[-1].content


async def test_who_made_this(evening):
    told = await note(await evening.mara.context("Who made this?", evening.render))
    assert "Ada" in told


async def test_a_recipe_leaves_as_a_file(evening):
    answer = await (await evening.mara.slash(f"/recipe export render:{evening.job}")).response(timeout=PATIENCE)
    (file,) = answer.attachments
    assert b"a road by the sea" in file.data


class TestInTheOtherServer:
    async def test_the_gallery_is_another(self, evening):
        assert "empty" in (await gallery_of(evening.dino)).content
        assert evening.dino.messages != ()

    async def test_nothing_is_suggested(self, evening):
        for line in ("/zoom prompt:a r", "/recipe export render:", "/gallery search:a r"):
            try:
                offered = await evening.dino.autocomplete(line)
            except ClientRefused:
                continue  # nothing is ever offered there
            assert [one for one in offered if "road by the sea" in one["name"]] == []

    async def test_a_recipe_is_not_exported_by_its_id(self, evening):
        handle = await evening.dino.slash(f"/recipe export render:{evening.job}")
        assert "not remembered" in await note(handle)
        assert all(message.attachments == () for message in handle.messages)

    async def test_its_message_is_out_of_reach(self, evening):
        for command in ("Remix this render", "Who made this?"):
            with pytest.raises(ClientRefused):
                await evening.dino.context(command, evening.render)

    @pytest.mark.parametrize(
        "verb", ["again", "remix", "extend", "variations", "share", "vote", "save", "cancel", "pick:1", "correct:remix"]
    )
    async def test_a_guessed_button_does_nothing(self, evening, verb):
        mine = await gallery_of(evening.dino)
        before = gifs_posted(evening.playground)
        handle = await forged(evening.dino, mine, f"tappa:{verb}:{evening.job}")
        assert await note(handle)
        assert handle.interaction.modal is None
        assert gifs_posted(evening.playground) == before
        assert [message.text for message in handle.messages if "road by the sea" in message.text] == []

    @pytest.mark.parametrize("verb", ["remix", "extend"])
    async def test_a_guessed_form_orders_nothing(self, evening, verb):
        typed = {"type": 4, "id": 2, "custom_id": "stages", "value": "a fish | 2"}
        row = {"type": 1, "id": 1, "components": [typed]}
        data = {"custom_id": f"tappa:form:{verb}:{evening.job}", "components": [row]}
        opened = await (await evening.dino.slash("/giro")).modal()
        handle = await evening.dino.forge(Kind.MODAL_SUBMIT, data, cause=opened.cause)
        assert "not remembered" in await note(handle)

    async def test_a_render_of_ones_own_server_has_no_foreign_lineage(self, evening):
        handle = await evening.dino.slash("/morph source:sea target:town frames:3 seed:4")
        await gif_of(handle)
        await note(await evening.dino.click(handle.messages[-1], "Share"))
        page = await gallery_of(evening.dino)
        assert "Dino" in page.content
        assert "Ada" not in page.text
        atelier = await gallery_of(evening.mara)
        assert "Dino" not in atelier.text


async def test_the_web_gallery_of_one_server_has_nothing_of_the_other(evening, tmp_path):
    atelier, bottega = [await web_gallery(evening, server, tmp_path / server) for server in (ATELIER, BOTTEGA)]
    assert "Ada" in atelier and "a road by the sea" in atelier and "Dino" not in atelier
    assert "Dino" in bottega and "Ada" not in bottega and "a road by the sea" not in bottega
    assert (tmp_path / ATELIER / "pictures" / f"{evening.job}.gif").read_bytes() == evening.render.gif.data


async def test_only_moderators_delete_what_others_share(evening, tmp_path):
    page = await gallery_of(evening.bruno, "/galleria")
    assert page.control("Elimina") is None
    offered = (await gallery_of(evening.mara)).control("Delete")
    handle = await forged(evening.bruno, page, offered["custom_id"].replace("delete", "erase"))
    assert await note(handle)
    assert (await gallery_of(evening.mara)).gif is not None
    page = await gallery_of(evening.mara)
    handle = await evening.mara.click(page, "Delete")
    await handle.acknowledged()
    handle = await evening.mara.click(page, "Delete it for good")
    await handle.message_where(lambda one: "out of the gallery" in one.content, PATIENCE)
    assert "empty" in (await gallery_of(evening.mara)).content
    await evening.playground.world.news.until(lambda: True if evening.showcase == () else None, PATIENCE)
    assert "of Ada" in evening.log()
    web = tmp_path / "web"
    assert "a road by the sea" not in await web_gallery(evening, ATELIER, web)
    assert [file.name for file in evening.house.config.parent.rglob(f"renders/{evening.job}*")] == []
    assert list(web.rglob("*.gif")) == []


class TestAdministration:
    async def test_it_is_not_for_members(self, evening):
        for member in (evening.ada, evening.bruno, evening.mara, evening.dino):
            if member is not evening.dino:  # the Bottega is his own
                with pytest.raises(ClientRefused):
                    await member.slash("/admin status")
        handle = await evening.dino.slash("/admin reload")
        assert await note(handle)
        assert "Read config.toml again" not in handle.messages[-1].content

    async def test_a_file_with_a_mistake_is_refused_and_changes_nothing(self, evening):
        good = evening.house.config.read_text()
        evening.house.config.write_text(good + "[limits]\nframes = -1\n")
        assert "frames" in await note(await evening.olga.slash("/admin reload"))
        evening.house.config.write_text(good)
        handle = await evening.ada.slash("/morph source:sea target:town frames:2 seed:5")
        assert frames_in(await gif_of(handle)) == 2

    async def test_a_quota_holds_from_the_next_order_on(self, evening):
        config, server = evening.house.config, evening.playground.guild(ATELIER).id
        config.write_text(config.read_text() + QUOTA.format(server=server))
        assert "1 key changed" in await note(await evening.olga.slash("/admin reload"))
        assert r"daily\_seconds" in evening.log()
        refused = await note(await evening.ada.slash("/morph source:sea target:town frames:400 seed:6"))
        assert "24 hours" in refused
        rifiutato = await note(await evening.bruno.slash("/morph source:sea target:town frames:400 seed:6"))
        assert "24 ore" in rifiutato
        elsewhere = await evening.dino.slash("/morph source:sea target:town frames:2 seed:7")
        assert frames_in(await gif_of(elsewhere)) == 2

    async def test_a_key_that_is_set_by_command_leaves_the_comments(self, evening):
        server = evening.playground.guild(ATELIER).id
        handle = await evening.olga.slash(f"/admin set key:servers.{server}.limits.daily_seconds value:0")
        assert r"daily\_seconds" in await note(handle)
        assert "# Olga's own remark" in evening.house.config.read_text()
        handle = await evening.ada.slash("/morph source:sea target:town frames:2 seed:8")
        assert frames_in(await gif_of(handle)) == 2
