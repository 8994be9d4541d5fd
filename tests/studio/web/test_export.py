"""What is exported, and that what members wrote stays text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from PIL import Image

from engine.recipe.camera import parse_camera
from engine.recipe.command_line import command_line
from engine.recipe.recipe import Focus, Giro, Morph, MorphLoop, Recipe, Stage, Variations, Zoom, from_json, resolve
from engine.recipe.settings import BUILT_IN
from studio.store import Member
from studio.web.export_directory import MARK
from studio.web.page_renderer import PageRenderer
from tests.studio.web.shares import ADA, BOB, GIRO, HOSTILE, MORPH, ZOOM, exported, hang, share


class Look(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def links(self) -> list[str]:
        return [value for _, attributes in self.tags for name, value in attributes.items() if name in LINKS]


LINKS = {"href", "src", "srcset", "action", "data", "poster"}


def pages(folder: Path) -> list[Path]:
    return sorted((folder / "web").rglob("*.html"))


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder / "web")) for path in (folder / "web").rglob("*") if path.is_file()}


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Seventy renders of two makers: one of each kind, remixed from each other, and many more."""
    shares = [
        share("giro", GIRO, at=1000, votes=3),
        share("morph", MORPH, BOB, at=1001, parent="giro", parent_maker="Ada"),
        share("zoom", ZOOM, at=1002, parent="gone", parent_maker="Carla", nsfw=True),
        *(share(f"more-{number}", at=number) for number in range(67)),
    ]
    hang(tmp_path / "renders", *shares)
    exported(tmp_path, *shares)
    return tmp_path


def test_every_link_leads_somewhere_within(gallery: Path) -> None:
    ids = {page: {attributes.get("id") for _, attributes in Look(page).tags} for page in pages(gallery)}
    checked = 0
    for page in pages(gallery):
        for link in Look(page).links:
            parts = urlsplit(link)
            assert not parts.scheme and not parts.netloc and not parts.path.startswith("/"), link
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file() and target.is_relative_to(gallery / "web"), f"{page}: {link}"
            assert not parts.fragment or parts.fragment in ids[page]
            checked += 1
    assert checked > 1000


def test_no_page_has_a_script_or_may_run_one(gallery: Path) -> None:
    for page in pages(gallery):
        look = Look(page)
        assert not look.of("script") + look.of("style") + look.of("iframe") + look.of("form")
        assert not [
            name for _, attributes in look.tags for name in attributes if name.startswith("on") or name == "style"
        ]
        policy = look.of("meta")[1]
        assert policy["http-equiv"] == "Content-Security-Policy"
        assert policy["content"].startswith("default-src 'none'; ") and "unsafe" not in policy["content"]


def test_every_picture_keeps_its_place_and_waits_until_it_is_wanted(gallery: Path) -> None:
    for page in pages(gallery):
        for picture in Look(page).of("img"):
            assert picture["width"] == picture["height"] == "32" and "alt" in picture
    cards = Look(gallery / "web" / "index.html").of("img")
    stills = [picture for picture in cards if picture["class"] == "still"]
    assert len(stills) == 60 and all(picture["alt"] for picture in stills)
    assert [picture["loading"] for picture in stills] == ["eager"] * 4 + ["lazy"] * 56
    assert {picture["loading"] for picture in cards if picture["class"] == "moving"} == {"lazy"}


def test_the_index_has_pages_of_sixty_newest_first(gallery: Path) -> None:
    first, second = Look(gallery / "web" / "index.html"), Look(gallery / "web" / "index-2.html")
    links = [link for link in first.links if link.startswith("renders/")]
    assert links[:4] == ["renders/zoom.html", "renders/morph.html", "renders/giro.html", "renders/more-66.html"]
    assert len(links) == 60 and len([link for link in second.links if link.startswith("renders/")]) == 10
    assert "70 renders · 2 makers" in first.text
    assert "index-2.html" in first.links and "index.html" in second.links


def test_a_render_has_its_recipe_its_command_and_its_facts(gallery: Path) -> None:
    look = Look(gallery / "web" / "renders" / "giro.html")
    for words in ("Giro in 2 stages", "a road by the sea 25 frames", "Seed 4", "Model tappa-embedded-1", "Ada 3 votes"):
        assert words in look.text
    assert "/giro stages:a road by the sea | 25; a road going up a mountain | 50 loop:True seed:4" in look.text
    assert look.of("img")[0]["src"] == "../pictures/giro.gif"
    assert from_json((gallery / "web" / "renders" / "giro.json").read_bytes()) == GIRO
    download = next(link for link in look.of("a") if "download" in link)
    assert download == {"class": "button", "href": "giro.json", "download": "tappa-giro-4.json"}


def test_a_lineage_is_told_in_both_directions(gallery: Path) -> None:
    child, parent = Look(gallery / "web/renders/morph.html"), Look(gallery / "web/renders/giro.html")
    assert "giro.html" in child.links and "by Ada" in child.text
    assert "../renders/morph.html" in parent.links and "What others made of it" in parent.text
    orphan = Look(gallery / "web/renders/zoom.html")
    assert "Remixed from a render by Carla that is not in this gallery." in orphan.text


def test_each_maker_has_a_page(gallery: Path) -> None:
    makers = Look(gallery / "web" / "makers.html")
    assert "Ada 69 renders 3 votes Bob 1 render" in makers.text
    assert len({link for link in makers.links if link.startswith("makers/")}) == 2
    assert ADA.id not in "".join(path.read_text() for path in pages(gallery))


def test_what_may_be_sensitive_is_veiled_in_the_very_pixels(gallery: Path) -> None:
    look = Look(gallery / "web" / "index.html")
    assert "pictures/zoom.gif" not in look.links and "pictures/zoom.webp" in look.links
    page = Look(gallery / "web" / "renders" / "zoom.html")
    assert page.of("details") and page.of("summary") and "This may be sensitive" in page.text
    assert [item["loading"] for item in page.of("img") if item["src"].endswith(".gif")] == ["lazy"]


def test_what_nobody_judged_for_adults_is_not_published_at_all(tmp_path: Path) -> None:
    """Not even what an earlier export has published, or with a recipe that tells what it shows."""
    plain, adult = share("plain", at=1), share("adult", MORPH, BOB, at=2, nsfw=True)
    hang(tmp_path / "renders", plain, adult)
    exported(tmp_path, plain, adult)
    assert "pictures/adult.gif" in names(tmp_path)
    result = exported(tmp_path, plain, msgspec.structs.replace(adult, adults_only=True))
    assert (result.shares, result.for_adults, result.missing) == (1, 1, ())
    assert not [name for name in names(tmp_path) if "adult" in name]
    assert "skunk" not in "".join(path.read_text() for path in pages(tmp_path))
    assert "Bob" not in (tmp_path / "web" / "makers.html").read_text()


def test_a_veil_hides_what_is_drawn(tmp_path: Path) -> None:
    one = share("one", nsfw=True)
    hang(tmp_path / "renders", one)
    stripes = Image.new("L", (256, 256))
    stripes.putdata([255 * (x % 8 < 4) for _ in range(256) for x in range(256)])
    stripes.save(tmp_path / "renders" / "one.gif")
    exported(tmp_path, one)
    low, high = Image.open(tmp_path / "web/pictures/one.webp").convert("L").getextrema()
    assert high - low < 16
    exported(tmp_path, msgspec.structs.replace(one, nsfw=False))
    low, high = Image.open(tmp_path / "web/pictures/one.webp").convert("L").getextrema()
    assert high - low > 200


def test_a_still_is_the_first_frame(gallery: Path) -> None:
    still = Image.open(gallery / "web/pictures/giro.webp")
    assert still.format == "WEBP" and still.size == (32, 32)
    red, green, blue = still.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert (red, green, blue) == pytest.approx((230, 32, 111), abs=8)


# ---- again ----


def written(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return which file lies where, and when it was written."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_an_export_of_the_same_changes_nothing(tmp_path: Path) -> None:
    shares = [share("a", at=1), share("b", at=2)]
    hang(tmp_path / "renders", *shares)
    first = exported(tmp_path, *shares)
    before = written(tmp_path / "web")
    second = exported(tmp_path, *shares)
    assert first.changes.unchanged == 0 and second.changes.written == second.changes.removed == 0
    assert written(tmp_path / "web") == before


def test_a_page_is_on_disk_before_the_next_one_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, they are not in memory together; and each was announced before it is there."""
    shares = [share(f"one-{number}", at=number) for number in range(9)]
    hang(tmp_path / "renders", *shares)
    written: list[str] = []
    most = 0
    fill = PageRenderer._fill

    def watched(self: PageRenderer, template: str, **values: object) -> str:
        nonlocal most
        there = {str(path.relative_to(tmp_path / "web")) for path in pages(tmp_path)}
        most = max(most, len(written) - len(there))
        assert "renders/one-0.html" in (tmp_path / "web" / MARK).read_text()
        written.append(template)
        return fill(self, template, **values)

    monkeypatch.setattr(PageRenderer, "_fill", watched)
    exported(tmp_path, *shares)
    assert (len(written), most) == (len(pages(tmp_path)), 0)


def test_what_was_taken_back_disappears(tmp_path: Path) -> None:
    kept, gone = share("kept", at=1), share("gone", at=2)
    hang(tmp_path / "renders", kept, gone)
    exported(tmp_path, kept, gone)
    assert exported(tmp_path, kept).changes.removed == 4
    assert not [name for name in names(tmp_path) if "gone" in name]
    assert "gone" not in (tmp_path / "web/index.html").read_text() + (tmp_path / "web" / MARK).read_text()


def test_a_render_that_is_not_on_disk_is_left_out_and_named(tmp_path: Path) -> None:
    there, gone, broken = share("there", at=1), share("gone", at=2), share("broken", at=3)
    hang(tmp_path / "renders", there, broken)
    (tmp_path / "renders" / "broken.gif").write_bytes(b"GIF89a, but no more")
    result = exported(tmp_path, there, gone, broken)
    assert (result.shares, result.missing) == (1, ("gone", "broken"))
    assert not [name for name in names(tmp_path) if "gone" in name or "broken" in name]


def test_a_damaged_picture_is_left_out_and_named_and_the_others_are_shown(tmp_path: Path) -> None:
    sound, damaged, huge = share("sound", at=1), share("damaged", at=2), share("huge", at=3)
    hang(tmp_path / "renders", sound, damaged, huge)
    path = tmp_path / "renders" / "damaged.png"
    (tmp_path / "renders" / "damaged.gif").unlink()
    Image.effect_noise((400, 400), 90).save(path)
    data = path.read_bytes()
    last = data.rindex(b"IDAT")
    path.write_bytes(data[:last] + b"IDA\x00" + data[last + 4 :])  # a SyntaxError, says Pillow
    gif = tmp_path / "renders" / "huge.gif"
    gif.write_bytes(gif.read_bytes()[:6] + b"\xff" * 4 + gif.read_bytes()[10:])  # a DecompressionBombError
    result = exported(tmp_path, sound, damaged, huge)
    assert (result.shares, result.missing) == (1, ("damaged", "huge"))


def test_a_single_picture_is_shown_as_one(tmp_path: Path) -> None:
    one = share("sheet")
    (tmp_path / "renders").mkdir()
    Image.new("RGB", (32, 32), "red").save(tmp_path / "renders" / "sheet.png")
    exported(tmp_path, one)
    assert "pictures/sheet.png" in names(tmp_path)
    assert "moving" not in (tmp_path / "web/index.html").read_text()


def test_a_contact_sheet_names_its_seeds(tmp_path: Path) -> None:
    one = share("one", Variations(of=GIRO, seeds=(7, 8, 9, 10)))
    hang(tmp_path / "renders", one)
    exported(tmp_path, one)
    look = Look(tmp_path / "web/renders/one.html")
    assert "Seeds 7, 8, 9, 10" in look.text and "a road by the sea 25 frames" in look.text
    assert look.of("img")[0]["alt"].startswith("Contact sheet: 4 seeds of a road by the sea")


def test_an_empty_gallery_says_so(tmp_path: Path) -> None:
    assert exported(tmp_path).shares == 0
    assert "Nothing has been shared yet." in Look(tmp_path / "web/index.html").text
    assert "Nobody has shared anything yet." in Look(tmp_path / "web/makers.html").text


def test_pages_speak_italian(tmp_path: Path) -> None:
    one = share("one", GIRO, votes=1)
    hang(tmp_path / "renders", one)
    exported(tmp_path, one, language="it")
    look = Look(tmp_path / "web/renders/one.html")
    assert look.of("html") == [{"lang": "it"}]
    assert "Giro in 2 tappe" in look.text and "1 voto" in look.text and "21 settembre 2026" in look.text


# ---- hostile text ----


def recipes(text: str) -> list[Recipe]:
    plain = " ".join(text.split())[:60]
    return [
        Zoom(seed=1, prompt=text, negative=text),
        Giro(seed=2, stages=(Stage(text, 3), Stage(text, 4))),
        Morph(seed=3, source=plain, target=plain, prompt="a {} here"),
        Variations(of=Zoom(seed=1, prompt=text), seeds=(1, 2, 3, 4)),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_members_write_is_text_and_nothing_else(tmp_path: Path, text: str) -> None:
    has_line = all(command_line(recipe, {}) for recipe in recipes(text)[:3])
    calm = "calm" if has_line else "calm > still"  # as a waypoint it can be said by no command line either
    plain = [share(f"p{number}", recipe, parent="x", parent_maker="Eve") for number, recipe in enumerate(recipes(calm))]
    eve = Member(id="666", name=text)
    hostile = [
        msgspec.structs.replace(share(f"p{number}", recipe, eve, parent="x", parent_maker=text), model=text)
        for number, recipe in enumerate(recipes(text))
    ]
    shapes = []
    for folder, shares, title in ((tmp_path / "calm", plain, "Calm"), (tmp_path / "hostile", hostile, text)):
        hang(folder / "renders", *shares)
        exported(folder, *shares, title=title)
        shapes.append(
            {
                page.name: [(tag, sorted(found)) for tag, found in Look(page).tags]
                for page in pages(folder)
                if page.parent.name != "makers"
            }
        )
    assert shapes[0] == shapes[1], "the text made elements or attributes"
    shown = "".join(text for page in pages(tmp_path / "hostile") for text in Look(page).words)
    assert not set(shown) & set("\u202e\u2066")
    kept = (tmp_path / "hostile/web/renders").glob("*.json")
    assert {from_json(path.read_bytes()) for path in kept} == set(recipes(text))


def test_hostile_text_is_still_legible(tmp_path: Path) -> None:
    one = share("one", Zoom(seed=1, prompt=HOSTILE[0]))
    hang(tmp_path / "renders", one)
    exported(tmp_path, one)
    assert f"/zoom prompt:{HOSTILE[0]} frames:60 seed:1" in Look(tmp_path / "web/renders/one.html").text


def test_what_was_voted_for_has_a_page_with_the_most_votes_first(gallery: Path, tmp_path: Path) -> None:
    best = Look(gallery / "web" / "best.html")
    assert [link for link in best.links if link.startswith("renders/")] == ["renders/giro.html"]
    assert "best.html" in Look(gallery / "web" / "index.html").links
    unloved = tmp_path / "unloved"
    hang(unloved / "renders", share("zoom"))
    exported(unloved, share("zoom"))
    assert "best.html" not in Look(unloved / "web" / "index.html").links
    assert not (unloved / "web" / "best.html").exists()


@pytest.mark.parametrize("loop", ["there and back", "round", "none"])
def test_a_page_tells_all_of_a_recipe(tmp_path: Path, loop: MorphLoop) -> None:
    morph = Morph(seed=1, source="cat", through=("frog", "bear"), target="dog", loop=loop, negative="people")
    giro = Giro(
        seed=2, stages=GIRO.stages, mode="parallel", camera=parse_camera("spiral > back"), focus=Focus(0.5, 0.25)
    )
    shares = share("morph", morph), share("giro", giro)
    hang(tmp_path / "renders", *shares)
    exported(tmp_path, *shares)
    told = Look(tmp_path / "web" / "renders" / "morph.html").text
    for part in ("cat frog bear dog", "a picture of a {}", "Without people"):
        assert part in told
    assert ("the same way back" in told, "on to the start" in told) == (loop == "there and back", loop == "round")
    (picture,) = Look(tmp_path / "web" / "renders" / "morph.html").of("img")
    assert picture["alt"].startswith(
        "Animation: a picture of a cat turns into a picture of a frog → a picture of a bear"
    )
    told = Look(tmp_path / "web" / "renders" / "giro.html").text
    for part in ("Camera spiral > back", "Towards 0.5,0.25", "each from a picture of its own"):
        assert part in told


@pytest.mark.parametrize("kind", [GIRO, MORPH, ZOOM], ids=lambda recipe: type(recipe).__name__)
def test_every_setting_of_a_kind_has_a_name_of_its_own(tmp_path: Path, kind: Recipe) -> None:
    recipe, settings = resolve(kind, (BUILT_IN,))
    hang(tmp_path / "renders", share("one"))
    exported(tmp_path, share("one", recipe))
    told = Look(tmp_path / "web" / "renders" / "one.html")
    assert "All settings" in told.text
    terms = {word.strip() for word in told.words}
    assert terms.isdisjoint(msgspec.structs.asdict(settings))


def test_a_link_has_a_preview_where_the_address_is_known(gallery: Path, tmp_path: Path) -> None:
    def card(name: str) -> dict[str, str]:
        found = Look(folder / "web" / name).of("meta")
        return {meta["property"]: meta["content"] for meta in found if "property" in meta}

    folder = gallery
    assert card("index.html") == card("renders/giro.html") == {}
    folder = tmp_path / "public"
    hang(folder / "renders", share("giro"), share("veiled"))
    address = "https://example.org/roads/"
    exported(folder, share("giro", GIRO), share("veiled", nsfw=True), address=address)
    assert card("index.html")["og:url"] == f"{address}index.html"
    shown = card("renders/giro.html")
    assert shown["og:image"] == f"{address}pictures/giro.gif"
    assert shown["og:title"] == "a road by the sea → a road going up a mountain"
    assert "og:image" not in card("renders/veiled.html")


def test_what_no_command_says_is_offered_as_a_file_alone(tmp_path: Path) -> None:
    settled = resolve(ZOOM, (BUILT_IN,))[0]
    hang(tmp_path / "renders", made := share("made", settled))
    exported(tmp_path, made)
    page = Look(tmp_path / "web/renders/made.html")
    assert "/recipe import" in page.text
    assert "/zoom" not in page.text
    assert any(link["href"] == "made.json" for link in page.of("a"))
