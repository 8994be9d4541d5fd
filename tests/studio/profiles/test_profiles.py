"""What members keep for themselves."""

import pytest

from engine.errors import LimitError, StorageError
from engine.recipe.recipe import Giro, Stage
from studio.profiles.defaults import Defaults
from studio.profiles.profiles import MAX_NAME_LENGTH, MAX_PRESETS, MemberProfiles
from studio.store import Store

ADA, BOB = "101", "102"
GIRO = Giro(seed=1, stages=(Stage("a road", 6),))


@pytest.fixture
async def profiles(tmp_path):
    store = Store(tmp_path)
    await store.open()
    yield MemberProfiles(store)
    await store.close()


async def test_a_preset_is_its_members_own(profiles):
    assert not await profiles.save_preset(ADA, " Coast ", GIRO)
    found = await profiles.preset(ADA, "coast")
    assert found is not None and (found.name, found.recipe) == ("Coast", GIRO)
    assert await profiles.preset(BOB, "Coast") is None


async def test_saving_again_replaces_whatever_the_capitals(profiles):
    await profiles.save_preset(ADA, "coast", GIRO)
    assert await profiles.save_preset(ADA, "COAST", GIRO)
    assert [preset.name for preset in await profiles.presets(ADA)] == ["COAST"]


async def test_what_is_to_be_replaced_is_there_until_the_new_one_is(profiles, monkeypatch):
    """Whatever stops the bot in between, such as a full disk."""
    await profiles.save_preset(ADA, "coast", GIRO)
    rows = profiles._members._database.rows

    async def full(sql, *values):
        if sql.startswith("INSERT"):
            raise StorageError("The disk is full.")
        return await rows(sql, *values)

    monkeypatch.setattr(profiles._members._database, "rows", full)
    with pytest.raises(StorageError, match="full"):
        await profiles.save_preset(ADA, "COAST", GIRO)
    assert [preset.name for preset in await profiles.presets(ADA)] == ["coast"]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * (MAX_NAME_LENGTH + 1), "\u202eevil"])
async def test_what_cannot_be_a_name_is_refused(profiles, name):
    with pytest.raises(LimitError, match="1 to 32 characters"):
        await profiles.save_preset(ADA, name, GIRO)


async def test_there_is_a_most_and_replacing_stays_possible(profiles):
    for number in range(MAX_PRESETS):
        await profiles.save_preset(ADA, f"preset {number}", GIRO)
    with pytest.raises(LimitError, match="/preset delete"):
        await profiles.save_preset(ADA, "one more", GIRO)
    assert await profiles.save_preset(ADA, "preset 3", GIRO)


async def test_deleting_what_is_not_there_says_where_to_look(profiles):
    await profiles.save_preset(ADA, "coast", GIRO)
    with pytest.raises(LimitError, match="/preset list"):
        await profiles.delete_preset(BOB, "coast")
    await profiles.delete_preset(ADA, "coast")
    assert await profiles.presets(ADA) == []


async def test_defaults_are_kept(profiles):
    assert await profiles.defaults(ADA) == Defaults()
    await profiles.set_defaults(ADA, Defaults(style="snow", loop=False))
    assert await profiles.defaults(ADA) == Defaults(style="snow", loop=False)
    assert await profiles.defaults(BOB) == Defaults()
