"""Buttons and menus that are all in their custom_id, lists in pages, and the one place where forms arrive."""

from __future__ import annotations

from types import SimpleNamespace

import discord
import pytest

from bot import COGS, build_client
from cogs.i18n.language import language_of
from cogs.ui.button_rows import make_view
from cogs.ui.forms import Field, FormRouter, make_form
from cogs.ui.paging import cut_page
from cogs.ui.persistent import JobButton, NumberButton, PersistentButton
from studio.config.config import Config
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio
from tests.fakes.engine import FakeEngine

ENGLISH = language_of("en-US")
JOB = "0123456789abcdef"


class HugButton(JobButton, action="hug", label=lambda say: say("Hug"), emoji="🐻"):
    pass


class CountButton(NumberButton, action="count", most=2):
    pass


class PlainButton(PersistentButton, template=r"tappa:plain:(?P<page>\d)"):
    pass


async def test_what_discord_kept_of_a_button_is_the_button_again():
    kept = discord.ui.Button(label="Kept", custom_id=f"tappa:hug:{JOB}")
    match = HugButton.of(JOB, ENGLISH).template.fullmatch(kept.custom_id)
    again = await HugButton.from_custom_id(None, kept, match)
    assert (again.job, again.item, again.fields) == (JOB, kept, {"job": JOB})


def test_a_button_says_what_it_declares():
    item = HugButton.of(JOB, ENGLISH).item
    assert (item.label, str(item.emoji), item.custom_id) == ("Hug", "🐻", f"tappa:hug:{JOB}")
    assert CountButton.of(2, JOB).number == 2


@pytest.mark.parametrize("custom_id", ["tappa:plain:x", "tappa:plain:12"])
def test_a_button_that_nobody_would_answer_is_not_made(custom_id):
    with pytest.raises((ValueError, AssertionError)):
        PlainButton.make(label="?", custom_id=custom_id)


async def test_a_view_of_them_need_not_be_remembered():
    view = make_view(HugButton.of(JOB, ENGLISH), PlainButton.make(label="1", custom_id="tappa:plain:1"))
    assert view.is_finished() and len(view.children) == 2


@pytest.mark.parametrize(
    ("number", "entries", "labels"),
    [(0, [0, 1], ["More"]), (1, [2, 3], ["Back", "More"]), (2, [4], ["Back"]), (9, [4], ["Back"])],
)
def test_a_list_is_cut_into_pages(number, entries, labels):
    page = cut_page(range(5), number, 2)
    buttons = page.buttons(lambda label, to: PlainButton.make(label=label, custom_id=f"tappa:plain:{to}"), ENGLISH)
    assert (list(page.entries), [button.item.label for button in buttons]) == (entries, labels)
    assert page.footer(ENGLISH) == [f"-# Page {page.number + 1} of 3"]


class TestForms:
    def sent(self, custom_id: str, kind: discord.InteractionType = discord.InteractionType.modal_submit):
        inputs = [
            {"component": {"custom_id": "name", "value": "Ada"}},
            {"component": {"custom_id": "how", "values": ["1"]}},
        ]
        return SimpleNamespace(type=kind, data={"custom_id": custom_id, "components": inputs})

    async def test_each_kind_goes_to_its_handler(self):
        taken, router = [], FormRouter()

        async def take(form, interaction):
            taken.append((dict(form.fields), dict(form.typed)))

        router.add(r"tappa:greet:(?P<job>[0-9a-f]{2})", take)
        await router.route(self.sent("tappa:greet:0f"))
        await router.route(self.sent("tappa:greet:0f0"))
        await router.route(self.sent("tappa:greet:0f", discord.InteractionType.component))
        assert taken == [({"job": "0f"}, {"name": "Ada", "how": "1"})]

    def test_a_field_is_typed_or_chosen(self):
        options = (discord.SelectOption(label="One", value="1"), discord.SelectOption(label="Two", value="2"))
        fields = [
            Field(name="name", label="Name", value="Ada"),
            Field(name="how", label="How", value="2", options=options),
        ]
        text, select = (label.component for label in make_form(title="A", custom_id="a", fields=fields).children)
        assert (text.default, [option.value for option in select.options if option.default]) == ("Ada", ["2"])

    async def test_no_two_kinds_claim_one_form(self, tmp_path):
        configuration = ConfigFile.without_file(Config())
        bot = build_client(configuration, Studio(configuration, FakeEngine(), Store(tmp_path)))
        for cog in COGS:
            await bot.load_extension(cog)
        ids = (
            f"tappa:form:remix:{JOB}",
            f"tappa:form:extend:{JOB}",
            "tappa:stages:0123456789ab",
            "tappa:leaf:new:0:",
            "tappa:settings:form",
        )
        claims = [[t.pattern for t in bot.forms._handlers if t.fullmatch(one)] for one in ids]
        for cog in COGS:
            await bot.unload_extension(cog)
        assert [len(claim) for claim in claims] == [1] * len(ids)
