"""The pages in a real browser: opened from disk, on a desk and on a phone, by day and by night."""

from __future__ import annotations

import functools
import http.server
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.recipe.recipe import Giro, Stage, Zoom
from tests.playground.browser import Page, browser, needs_browser
from tests.studio.web.shares import BOB, GIRO, HOSTILE, MORPH, exported, hang, share

pytestmark = needs_browser

PAGES = (
    "index.html",
    "index-2.html",
    "best.html",
    "makers.html",
    "renders/giro.html",
    "renders/veiled.html",
    "renders/long.html",
)
WIDTHS = (320, 390, 1280, 3840)

# The lowest contrast of any text with what is behind it, as WCAG counts it, and whose it is. Text on the drawn poster
# is held to by the colours alone.
CONTRAST = """
(() => {
  const parse = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return {r, g, b, a}; };
  const light = ({r, g, b}) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return {r: 255, g: 255, b: 255};
  };
  let worst = [21, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.getClientRects().length) continue;
    const [low, high] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < worst[0]) worst = [contrast, node.className + ": " + text.data.trim().slice(0, 40)];
  }
  return worst;
})()
"""

# What is wider than the window, if anything is.
TOO_WIDE = """
[...document.body.querySelectorAll("*")].filter((node) => !node.closest("svg") && !node.closest(".skip"))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1).map((node) => node.className || node.tagName)
"""


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Two pages of renders, with one of everything that is awkward."""
    long = Giro(seed=2**32 - 1, stages=tuple(Stage("Donaudampfschifffahrt" * 14, 999 // 50) for _ in range(50)))
    shares = [
        share("giro", GIRO, at=1000, votes=3),
        share("morph", MORPH, BOB, at=999, parent="giro", parent_maker="Ada"),
        share("veiled", at=998, nsfw=True),
        share("long", long, at=997, parent="morph", parent_maker="Bob"),
        *(
            share(f"odd-{number}", Zoom(seed=number, prompt=text), at=900 + number)
            for number, text in enumerate(HOSTILE)
        ),
        *(share(f"more-{number}", at=number) for number in range(60)),
    ]
    hang(tmp_path / "renders", *shares)
    exported(tmp_path, *shares, title="The roads of " + "our server " * 5)
    return tmp_path / "web"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with browser() as page:
        await page.resize(1280, 900)
        yield page
        assert page.complaints == []


@pytest.fixture
def served(gallery: Path) -> Iterator[str]:
    """The gallery under a path of a web server, which keeps it for nobody's other pages."""
    handler = functools.partial(QuietHandler, directory=str(gallery.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/web/"
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


async def look_at(page: Page, address: str) -> None:
    await page.open(address)
    await page.evaluate(
        "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))"
    )


async def prefer(page: Page, **features: str) -> None:
    wished = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    await page.command("Emulation.setEmulatedMedia", features=wished)


async def test_nothing_is_wider_than_the_window(gallery: Path, page: Page) -> None:
    for name in PAGES:
        for width in WIDTHS:
            await page.resize(width, 900)
            await look_at(page, (gallery / name).as_uri())
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            assert await page.evaluate(TOO_WIDE) == [], (name, width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out(gallery: Path, page: Page, scheme: str) -> None:
    await prefer(page, prefers_color_scheme=scheme)
    for name in PAGES:
        await look_at(page, (gallery / name).as_uri())
        contrast, whose = await page.evaluate(CONTRAST)
        assert contrast >= 4.5, f"{name}: {whose}"


@pytest.mark.parametrize("width", [390, 1280])
async def test_every_picture_loads_and_moves_nothing(gallery: Path, page: Page, width: int) -> None:
    await page.resize(width, 900)
    await look_at(page, (gallery / "index.html").as_uri())
    height = await page.evaluate("document.documentElement.scrollHeight")
    assert await page.evaluate("[...document.querySelectorAll('.still')].filter((one) => !one.complete).length") > 0
    await page.evaluate("document.querySelectorAll('.still').forEach((one) => { one.loading = 'eager'; })")
    await page.until("[...document.querySelectorAll('.still')].every((one) => one.complete && one.naturalWidth)")
    assert await page.evaluate("document.documentElement.scrollHeight") == height


async def test_a_gif_is_fetched_when_somebody_points_at_it(served: str, page: Page) -> None:
    await prefer(page, prefers_reduced_motion="no-preference")
    await look_at(page, served + "index.html")
    fetched = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.gif')).length"
    assert await page.evaluate(fetched) == 0
    place = await page.evaluate(
        "(() => { const node = document.querySelector('.card'); node.scrollIntoView();"
        " const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + 40]; })()"
    )
    await page.command("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await page.until("document.querySelector('.card .moving').naturalWidth === 32")
    await page.evaluate(  # what was fetched is listed a moment after it is shown
        "new Promise((done) => new PerformanceObserver((list) => list.getEntries()"
        ".some((one) => one.name.endsWith('.gif')) && done()).observe({type: 'resource', buffered: true}))"
    )
    assert await page.evaluate(fetched) == 1


async def test_by_key_one_comes_to_each_card_and_its_gif(gallery: Path, page: Page) -> None:
    await prefer(page, prefers_reduced_motion="no-preference")
    await look_at(page, (gallery / "index.html").as_uri())
    await page.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.evaluate("document.querySelector('.card a').focus()")
    await page.until("document.querySelector('.card .moving').naturalWidth === 32")
    await page.press("Enter")
    await page.until("location.pathname.endsWith('renders/giro.html')")


async def test_who_wants_less_motion_gets_stills(gallery: Path, page: Page) -> None:
    await prefer(page, prefers_reduced_motion="reduce")
    await look_at(page, (gallery / "renders/giro.html").as_uri())
    await page.until("document.querySelector('.print img').complete")
    assert (await page.evaluate("document.querySelector('.print img').currentSrc")).endswith("giro.webp")
    assert "Play it" in await page.text(".still-note")
    await prefer(page, prefers_reduced_motion="no-preference")
    await page.until("document.querySelector('.print img').currentSrc.endsWith('giro.gif')")
    assert await page.evaluate("getComputedStyle(document.querySelector('.still-note')).display") == "none"


async def test_what_is_veiled_is_shown_on_request_only(served: str, page: Page) -> None:
    await look_at(page, served + "renders/veiled.html")
    fetched = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.gif')).length"
    assert await page.evaluate(fetched) == 0
    await page.click(".veil summary")
    await page.until("document.querySelector('.veil picture img').naturalWidth === 32")
    await page.click(".veil-words")
    await page.until("!document.querySelector('.veil').open")


async def test_a_click_selects_the_whole_line(gallery: Path, page: Page) -> None:
    await look_at(page, (gallery / "renders/giro.html").as_uri())
    await page.click(".line code")
    line = "/giro stages:a road by the sea | 25; a road going up a mountain | 50 loop:True seed:4"
    assert await page.evaluate("getSelection().toString().trim()") == line


async def test_headings_and_landmarks_are_in_order(gallery: Path, page: Page) -> None:
    for name in PAGES:
        await look_at(page, (gallery / name).as_uri())
        levels = await page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => +one.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name
        counts = await page.evaluate(
            "['header', 'main', 'footer', 'nav'].map((one) => document.querySelectorAll(one).length)"
        )
        assert counts[:3] == [1, 1, 1] and counts[3] >= 1
        unnamed = "[...document.querySelectorAll('a')].filter((one) => !one.innerText.trim() && !one.ariaLabel).length"
        assert await page.evaluate(unnamed) == 0
