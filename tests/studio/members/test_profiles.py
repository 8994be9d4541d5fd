"""What members keep for themselves."""

import pytest

from engine.errors import LimitError, StorageError
from engine.recipe.recipe import Giro, Stage
from studio.members.defaults import Defaults
from studio.members.profiles import LONGEST_NAME, MOST_PRESETS, Belongings
from studio.store import Store

ADA, BOB = "101", "102"
GIRO = Giro(seed=1, stages=(Stage("a road", 6),))


@pytest.fixture
async def belongings(tmp_path):
    store = Store(tmp_path)
    await store.open()
    yield Belongings(store)
    await store.close()


async def test_a_preset_is_its_members_own(belongings):
    assert not await belongings.save_preset(ADA, " Coast ", GIRO)
    found = await belongings.preset(ADA, "coast")
    assert found is not None and (found.name, found.recipe) == ("Coast", GIRO)
    assert await belongings.preset(BOB, "Coast") is None


async def test_saving_again_replaces_whatever_the_capitals(belongings):
    await belongings.save_preset(ADA, "coast", GIRO)
    assert await belongings.save_preset(ADA, "COAST", GIRO)
    assert [preset.name for preset in await belongings.presets(ADA)] == ["COAST"]


async def test_what_is_to_be_replaced_is_there_until_the_new_one_is(belongings, monkeypatch):
    """Whatever stops the bot in between, such as a full disk."""
    await belongings.save_preset(ADA, "coast", GIRO)
    rows = belongings._members._database.rows

    async def full(sql, *values):
        if sql.startswith("INSERT"):
            raise StorageError("The disk is full.")
        return await rows(sql, *values)

    monkeypatch.setattr(belongings._members._database, "rows", full)
    with pytest.raises(StorageError, match="full"):
        await belongings.save_preset(ADA, "COAST", GIRO)
    assert [preset.name for preset in await belongings.presets(ADA)] == ["coast"]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * (LONGEST_NAME + 1), "\u202eevil"])
async def test_what_cannot_be_a_name_is_refused(belongings, name):
    with pytest.raises(LimitError, match="1 to 32 characters"):
        await belongings.save_preset(ADA, name, GIRO)


async def test_there_is_a_most_and_replacing_stays_possible(belongings):
    for number in range(MOST_PRESETS):
        await belongings.save_preset(ADA, f"preset {number}", GIRO)
    with pytest.raises(LimitError, match="/preset delete"):
        await belongings.save_preset(ADA, "one more", GIRO)
    assert await belongings.save_preset(ADA, "preset 3", GIRO)


async def test_deleting_what_is_not_there_says_where_to_look(belongings):
    await belongings.save_preset(ADA, "coast", GIRO)
    with pytest.raises(LimitError, match="/preset list"):
        await belongings.delete_preset(BOB, "coast")
    await belongings.delete_preset(ADA, "coast")
    assert await belongings.presets(ADA) == []


async def test_defaults_are_kept(belongings):
    assert await belongings.defaults(ADA) == Defaults()
    await belongings.set_defaults(ADA, Defaults(style="snow", loop=False))
    assert await belongings.defaults(ADA) == Defaults(style="snow", loop=False)
    assert await belongings.defaults(BOB) == Defaults()
