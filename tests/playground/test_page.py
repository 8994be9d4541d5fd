"""The chat page, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from playground.member import Member
from playground.server import Playground
from playground.world.settings import PlaygroundSettings
from tests.playground.browser import Page, browser, needs_browser
from tests.playground.rest import Rest
from tests.playground.sample_bot import SampleBot
from tests.playground.test_discord_py import bot, pointed

__all__ = ["bot", "pointed"]

MARKDOWN = (
    "**bold** *slanted* `co<b>de` ||hidden|| \\*as it is\\* snake_case_name <img src=x onerror=alert(1)>\n"
    "-# small print\n"
    "```py\nprint('<script>')\n```\n"
    "https://example.org/a. [text](javascript:alert(1)) [more](https://example.org/b) @everyone"
)


@pytest.fixture
async def page(playground: Playground) -> AsyncIterator[Page]:
    """The page as Ada sees it first; nothing may break or be forbidden by its policy."""
    async with browser() as page:
        await page.resize(1000, 700)
        await page.open(playground.url)
        await page.until("document.querySelector('.channel')")
        yield page
        await page.evaluate("true")
        assert page.complaints == []


@needs_browser
class TestInABrowser:
    async def test_a_command_from_slash_to_picture(self, bot: SampleBot, page: Page, ada: Member) -> None:
        await page.click("#text")
        await page.write("/")
        await page.until("document.querySelectorAll('.entry').length === 12")
        assert "/draw" in await page.text("#popup")
        await page.write("pai")
        await page.until("document.querySelectorAll('.entry').length === 1")
        await page.press("Enter")
        await page.write("a")
        await page.until("document.querySelector('.entry')?.innerText === 'Amber'")
        await page.press("ArrowDown")
        await page.press("Tab")
        await page.press("Enter")
        await page.until("document.querySelector('.embed img')?.complete")
        assert await page.text(".embed h4") == "amber"
        assert await page.text(".occasion") == "Ada used /paint"
        assert await page.evaluate("document.querySelector('.embed img').alt") == "three colours"
        assert ada.messages[0].embeds[0]["title"] == "amber"

    async def test_progress_buttons_and_selects(self, bot: SampleBot, page: Page, ada: Member) -> None:
        await page.click("#text")
        await page.write("/draw a cat in a hat")
        await page.press("Enter")
        await page.until("document.querySelector('.picture img')?.complete")
        assert "a cat in a hat in en-US" in await page.text(".message .text")
        await page.until("document.querySelector('.ephemeral')")
        assert "Only you can see this" in await page.text(".ephemeral")
        await page.click("button[data-custom-id='sample:again']")
        await page.until("document.querySelector('#messages').innerText.includes('once more')")
        await page.choose("select[data-custom-id='sample:colour']", "coral")
        await page.until("document.querySelector('#messages').innerText.includes('chosen: coral')")
        await page.click("button[data-custom-id='sample:done']")
        await page.until("!document.querySelector('.row')")

    async def test_a_form(self, bot: SampleBot, page: Page) -> None:
        await page.click("#text")
        await page.write("/note ")
        await page.until("document.querySelector('.command')")
        await page.press("Enter")
        await page.until("document.querySelector('dialog[open] textarea')")
        assert await page.text("dialog h2") == "Write a note"
        await page.click("dialog textarea")
        await page.write("one")
        await page.press("Enter")
        await page.write("two")
        await page.click("dialog .primary")
        assert await page.text(".ephemeral .text") == "none/one\ntwo"

    async def test_options_as_chips(self, bot: SampleBot, page: Page) -> None:
        await page.click("#text")
        await page.write("/whisper ")
        await page.until("document.querySelectorAll('.entry').length === 3")
        await page.write("nu")
        await page.press("Tab")
        assert "1 to 9" in await page.text(".popup-note")
        await page.write("12")
        await page.until("document.querySelector('.chip.wrong')")
        await page.press("Enter")
        assert await page.text("#refusal:not(:empty)") == "number must be at most 9."
        await page.press("Backspace")
        await page.until("!document.querySelector('.chip.wrong')")
        await page.press("Tab")
        await page.press("Enter")
        assert await page.text(".ephemeral .text") == "1 plain False"

    async def test_a_line_that_was_pasted(self, bot: SampleBot, page: Page) -> None:
        await page.click("#text")
        await page.command("Input.insertText", text="/whisper number:3 style:bold")
        await page.press("Enter")
        assert await page.text(".ephemeral .text") == "3 bold False"
        await page.command("Input.insertText", text="/whisper number:many")
        await page.press("Enter")
        assert await page.text("#refusal:not(:empty)") == "number must be a whole number."

    async def test_who_one_is_decides_what_one_sees(
        self, bot: SampleBot, page: Page, bruno: Member, playground: Playground
    ) -> None:
        await (await bruno.slash("/whisper number:7")).response()
        await (await bruno.slash("/echo aloud")).response()
        assert "7 plain" not in await page.text("#messages:not(:empty)")
        await page.choose("#members", bruno.user.id)
        await page.until("document.querySelector('#messages').innerText.includes('7 plain')")
        await page.click("#channels .channel:nth-child(2)")
        await page.until("document.querySelector('#channel-name').innerText === 'animations'")
        await page.until("document.querySelector('#messages').innerText === ''")

    async def test_markdown_is_shown_and_nothing_else_is_believed(self, page: Page, ada: Member) -> None:
        ada.say(MARKDOWN)
        shown = await page.text(".message .text")
        assert "*as it is* snake_case_name <img src=x onerror=alert(1)>" in shown
        counts = await page.evaluate(
            "['strong', 'em', 'code', 'pre', '.spoiler', '.subtext', '.mention', 'a', 'img', 'script']"
            ".map((kind) => document.querySelectorAll(`.text ${kind}`).length)"
        )
        assert counts == [1, 1, 2, 1, 1, 1, 1, 2, 0, 0]
        links = await page.evaluate("[...document.querySelectorAll('.text a')].map((link) => link.href)")
        assert links == ["https://example.org/a", "https://example.org/b"]

    async def test_moments_are_shown_as_their_style_wants(self, page: Page, ada: Member) -> None:
        an_hour_ago = int(time.time()) - 3700
        ada.say(f"<t:0:d> <t:{an_hour_ago}:R> <t:0>")
        await page.text(".message .text time")
        shown = await page.evaluate("[...document.querySelectorAll('.text time')].map((one) => one.innerText)")
        assert re.fullmatch(r"1/1/70|12/31/69", shown[0])
        assert shown[1] == "1 hour ago"
        assert re.fullmatch(r"(January 1, 1970|December 31, 1969) at \S+\s[AP]M", shown[2])

    async def test_the_menus_of_messages_and_people(
        self, bot: SampleBot, page: Page, bruno: Member, ada: Member
    ) -> None:
        message = bruno.say("a road by the sea")
        await page.click(".message .author")
        await page.click(".menu-entry")
        assert await page.text(".ephemeral .text") == "Member Bruno"
        assert await page.text(".ephemeral .occasion") == "Ada used Who is this?"
        await page.click(f".message[data-id='{message.id}'] .more")
        assert await page.text("#menu-list") == "Remix this\nDelete message"
        await page.press("Enter")
        await page.until("document.querySelector('dialog[open]')")
        assert await page.evaluate("document.querySelector('dialog textarea').value") == "a road by the sea"
        labels = "[...document.querySelectorAll('dialog .label')].map((one) => one.innerText)"
        assert await page.evaluate(labels) == ["Prompt *", "Negative prompt", "Seed *", "Style *"]
        await page.choose("dialog select", "Azure")
        await page.click("dialog .primary")
        await page.until("document.querySelector('#messages').innerText.includes('a road by the sea//7/Azure')")
        await page.click(f".message[data-id='{message.id}'] .more")
        await page.press("ArrowUp")
        await page.press("Enter")
        await page.until(f"!document.querySelector('.message[data-id=\"{message.id}\"]')")
        assert message not in ada.messages

    async def test_a_covered_picture_is_shown_when_asked_for(
        self, page: Page, rest: Rest, channel_path: str, gif: bytes
    ) -> None:
        files = {"files[0]": ("SPOILER_a.gif", gif), "files[1]": ("b.gif", gif)}
        await rest.call("POST", channel_path, {"attachments": [{"id": 0}, {"id": 1}]}, files)
        await page.until("document.querySelectorAll('.picture').length === 2")
        blurred = "getComputedStyle(document.querySelector('.covered > .picture')).filter"
        assert "blur" in await page.evaluate(blurred)
        await page.evaluate("document.querySelector('.cover').click()")  # 12 by 8 pixels are hard to hit
        await page.until("document.querySelector('.covered.revealed')")
        assert await page.evaluate(blurred) == "none"

    async def test_people_are_chosen_from_a_list(self, bot: SampleBot, page: Page, ada: Member, bruno: Member) -> None:
        await (await ada.slash("/choose")).response()
        await page.until("document.querySelectorAll('.row option').length === 3")
        await page.choose(".row select", bruno.user.id)
        await page.until("document.querySelector('#messages').innerText.includes('chosen: Member Bruno')")

    async def test_private_messages(self, bot: SampleBot, page: Page, ada: Member) -> None:
        await (await ada.slash("/tell hello")).response()
        await page.click(".guild.direct")
        assert await page.text(".message .text") == "hello"
        assert await page.text("#channel-name") == "Tappa"

    async def test_an_italian_reads_italian(self, page: Page, rest: Rest, bruno: Member) -> None:
        preset = {
            "name": "preset",
            "description": "Presets",
            "name_localizations": {"it": "modello"},
            "options": [
                {
                    "type": 1,
                    "name": "save",
                    "description": "Save one",
                    "name_localizations": {"it": "salva"},
                    "description_localizations": {"it": "Salvane uno"},
                }
            ],
        }
        await rest.register(preset)
        await page.choose("#members", bruno.user.id)
        await page.click("#text")
        await page.write("/")
        await page.until("document.querySelector('.entry')?.innerText.includes('Salvane uno')")
        await page.press("Escape")
        handle = await bruno.slash("/modello salva")
        await rest.answer(handle, 4, {"content": "x"})
        assert await page.text(".occasion") == "Bruno used /modello salva"

    async def test_on_a_phone(self, bot: SampleBot, page: Page) -> None:
        await page.resize(390, 700)
        await page.click("#menu")
        await page.until("document.body.classList.contains('menu-open')")
        await page.press("Escape")
        await page.until("!document.body.classList.contains('menu-open')")
        assert await page.evaluate("document.documentElement.scrollWidth") == 390


@needs_browser
class TestWithoutABot:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(ack_seconds=0.1)

    async def test_nobody_answers(self, rest: Rest, page: Page) -> None:
        assert await page.text("#bot .subtext") == "Offline"
        await page.click("#text")
        await page.write("/ping now")
        await page.press("Enter")
        assert await page.text("#refusal:not(:empty)") == "“now” belongs to no option."
        await page.press("Escape")
        await page.write("/ping ")
        await page.press("Enter")
        assert await page.text(".failed") == "The application did not respond"


async def test_the_page_has_a_strict_policy(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session, session.get(playground.url) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["..%2fchat.py", "%2e%2e", "nothing.js", "socket.py"])
async def test_only_the_pages_own_files_are_served(playground: Playground, path: str) -> None:
    url = URL(f"{playground.url}/page/{path}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 404


@pytest.mark.parametrize("origin", [None, "http://example.org", "null"])
async def test_other_sites_cannot_talk_to_it(playground: Playground, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{playground.url}/page/socket", headers=headers)
        assert refused.value.status == 403
