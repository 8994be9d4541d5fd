"""What members keep, who is blocked, and what they have spent."""

from __future__ import annotations

import pytest

from studio.store.announcements import Announcement
from studio.store.members import EVERYWHERE, BlockedMember, MemberPreset
from tests.fakes.engine import report_of
from tests.fakes.orders import ADA, BOB, MORPH, SERVER
from tests.fakes.shares import zoom


class TestPresets:
    async def test_they_are_listed_by_name_and_replaced_under_the_same_one(self, store):
        for name, recipe in (("zoo", MORPH), ("Alps", zoom("a")), ("zoo", zoom("b"))):
            await store.members.save_preset(ADA.id, MemberPreset(name=name, recipe=recipe, saved=5.0))
        alps, zoo = await store.members.presets(ADA.id)
        assert (alps.name, zoo) == ("Alps", MemberPreset(name="zoo", recipe=zoom("b"), saved=5.0))
        assert await store.members.presets(BOB.id) == []

    async def test_capitals_do_not_matter(self, store):
        preset = MemberPreset(name="Zoo", recipe=MORPH, saved=5.0)
        await store.members.save_preset(ADA.id, preset)
        assert await store.members.preset(ADA.id, "zOO") == preset
        assert await store.members.preset(BOB.id, "Zoo") is None
        assert await store.members.delete_preset(ADA.id, "ZOO")
        assert not await store.members.delete_preset(ADA.id, "ZOO")


async def test_defaults_are_kept_as_they_were_last_set(store):
    assert await store.members.defaults(ADA.id) == {}
    await store.members.set_defaults(ADA.id, {"frames": 9})
    await store.members.set_defaults(ADA.id, {"style": "ink", "loop": False, "strength": 0.5})
    assert await store.members.defaults(ADA.id) == {"style": "ink", "loop": False, "strength": 0.5}


async def test_a_member_is_told_something_once(store):
    assert not await store.members.was_told(ADA.id, "words of a model")
    for _ in range(2):
        await store.members.mark_told(ADA.id, "words of a model")
    assert await store.members.was_told(ADA.id, "words of a model")
    assert not await store.members.was_told(ADA.id, "words of another")
    assert not await store.members.was_told(BOB.id, "words of a model")


async def test_a_member_is_blocked_on_one_server_until_unblocked(store):
    for _ in range(2):
        await store.members.block(SERVER, BlockedMember(member=ADA.id, name="Ada", since=5.0))
    assert await store.members.blocked_by(SERVER, ADA.id) == SERVER
    assert await store.members.blocked_by("556", ADA.id) is None
    await store.members.unblock(SERVER, ADA.id)
    assert await store.members.blocked_by(SERVER, ADA.id) is None
    await store.members.block(EVERYWHERE, BlockedMember(member=ADA.id, name="Ada", since=5.0))
    for server in (SERVER, "556", None):
        assert await store.members.blocked_by(server, ADA.id) == EVERYWHERE
        assert await store.members.blocked_by(server, BOB.id) is None


async def test_flags_are_up_for_servers(store):
    for server in (SERVER, "556", SERVER):
        await store.members.raise_flag("paused", server)
    await store.members.lower_flag("paused", "556")
    assert await store.members.flags("paused") == {SERVER}
    assert await store.members.flags("other") == set()


class TestCharges:
    @pytest.mark.parametrize("server", [SERVER, None])
    async def test_an_account_is_a_members_in_one_place(self, store, server):
        await store.charges.add("a", ADA.id, server, 10.0, at=100.0)
        await store.charges.add("b", ADA.id, server, 5.0, at=200.0)
        await store.charges.add("c", ADA.id, "556", 99.0, at=300.0)
        await store.charges.add("d", BOB.id, server, 99.0, at=300.0)
        assert await store.charges.sum_charges(ADA.id, server, since=0.0) == 15.0
        assert await store.charges.sum_charges(ADA.id, server, since=100.0) == 5.0
        assert await store.charges.last_order(ADA.id, server) == 200.0

    async def test_who_never_ordered_has_spent_nothing(self, store):
        assert await store.charges.sum_charges(ADA.id, SERVER, since=0.0) == 0.0
        assert await store.charges.last_order(ADA.id, SERVER) is None

    async def test_no_more_is_given_back_than_was_taken_and_the_order_still_counts(self, store):
        await store.charges.add("a", ADA.id, SERVER, 10.0, at=100.0)
        await store.charges.refund("a", 4.0)
        assert await store.charges.sum_charges(ADA.id, SERVER, since=0.0) == 6.0
        await store.charges.refund("a", 40.0)
        assert await store.charges.sum_charges(ADA.id, SERVER, since=0.0) == 0.0
        assert await store.charges.last_order(ADA.id, SERVER) == 100.0

    async def test_no_statement_reads_every_charge(self, store, plans):
        await store.charges.add("a", ADA.id, SERVER, 10.0, at=100.0)
        await store.charges.refund("a", 4.0)
        for server in (SERVER, None):
            await store.charges.sum_charges(ADA.id, server, since=0.0)
            await store.charges.last_order(ADA.id, server)
        await store.charges.add_measurement("fake-model-1", report_of(MORPH), 2.0)
        await store.charges.pace("fake-model-1")
        await store.charges.prune(200.0)
        assert len(plans.of) == 7
        assert plans.whole_tables == []

    async def test_old_ones_are_pruned(self, store):
        await store.charges.add("a", ADA.id, SERVER, 10.0, at=100.0)
        await store.prune(30)
        assert await store.charges.last_order(ADA.id, SERVER) is None


async def test_an_announcement_begins_once_and_is_known_to_be_posted_afterwards(store):
    planned = Announcement(purpose="digest", server=SERVER, subject="2026-W31", since=100.0)
    assert await store.announcements.find("digest", SERVER, "2026-W31") is None
    assert await store.announcements.begin(planned) == planned
    again = Announcement(purpose="digest", server=SERVER, subject="2026-W31", since=200.0)
    assert await store.announcements.begin(again) == planned
    await store.announcements.mark_sending(planned, ["a"], 300.0)
    await store.announcements.mark_posted(planned, "700", "900")
    stands = await store.announcements.begin(again)
    assert (stands.since, stands.about, stands.channel, stands.message) == (300.0, ("a",), "700", "900")


async def test_what_stands_behind_a_form_is_for_its_member_and_goes_after_two_days(store):
    await store.forms.keep("a", ADA.id, "first")
    await store.forms.keep("a", ADA.id, "second")
    assert await store.forms.find("a", ADA.id) == "second"
    assert await store.forms.find("a", BOB.id) is None
    await store.prune(30)
    assert await store.forms.find("a", ADA.id) == "second"
    await store._database.rows("UPDATE forms SET kept = kept - 3 * 24 * 3600")
    await store.prune(30)
    assert await store.forms.find("a", ADA.id) is None


async def test_of_many_forms_a_members_latest_are_kept(store):
    await store.forms.keep("other", BOB.id, "text")
    for number in range(25):
        await store.forms.keep(str(number), ADA.id, "text")
    kept = [number for number in range(25) if await store.forms.find(str(number), ADA.id)]
    assert kept == list(range(5, 25))
    assert await store.forms.find("other", BOB.id) == "text"
