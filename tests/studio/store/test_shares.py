"""The gallery's tables: orders and pages, votes, saves, suggestions, and that no statement reads them all."""

from __future__ import annotations

import os
import time

import msgspec
import pytest

from engine.recipe.recipe import Morph
from studio.store import PageQuery, Render, Store
from tests.fakes.orders import ADA, BOB, SERVER
from tests.fakes.shares import giro, share

ELSEWHERE = "556"
DAY = 24 * 60 * 60


async def fill(store: Store, *recipes, **given):
    """Share these, oldest first."""
    shares = [share(recipe, **given) for recipe in recipes]
    for one in shares:
        assert await store.shares.add(one)
    return shares


async def browse(store: Store, order="new", argument="", server=SERVER) -> list[str]:
    """Turn every page of a query and return the prompts on them."""
    found = []
    query = PageQuery(server, order, argument)
    total = (await store.shares.page(query, 0)).total
    for offset in range(total):
        page = await store.shares.page(query, offset)
        assert (page.offset, page.total) == (offset, total)
        found.append(page.share.recipe.prompt)
    return found


class TestOneShare:
    async def test_it_comes_back_as_it_was_added(self, store):
        given = share(giro("a", "b"), parent="f" * 16, parent_maker="Bob", nsfw=True)
        await store.shares.add(given)
        assert await store.shares.get(given.id) == given

    async def test_it_is_added_once(self, store):
        (first,) = await fill(store, "a")
        assert not await store.shares.add(msgspec.structs.replace(first, server=ELSEWHERE))
        assert await store.shares.get(first.id) == first

    async def test_what_is_deleted_is_gone_from_every_list(self, store):
        _kept, gone = await fill(store, "a red fox", "a blue fox")
        await store.shares.vote(gone.id, BOB.id)
        await store.shares.save(gone.id, BOB.id)
        assert (await store.shares.delete(gone.id)).id == gone.id
        assert await store.shares.delete(gone.id) is None
        assert await store.shares.get(gone.id) is None
        for order, argument in [("new", ""), ("top", ""), ("random", "4"), ("member", ADA.id), ("search", "fox")]:
            assert await browse(store, order, argument) == ["a red fox"]
        assert await browse(store, "saved", BOB.id) == []
        assert await store.shares.suggest(SERVER, "prompt", "a", 9) == ["a red fox"]
        await store.shares.add(gone)
        assert (await store.shares.get(gone.id)).votes == 0


class TestPages:
    async def test_an_empty_gallery_has_no_page(self, store):
        page = await store.shares.page(PageQuery(SERVER), 0)
        assert (page.share, page.total) == (None, 0)

    @pytest.mark.parametrize(("offset", "shown"), [(-4, 0), (0, 0), (2, 2), (3, 2), (10**15, 2)])
    async def test_an_offset_past_an_end_gives_the_page_at_that_end(self, store, offset, shown):
        await fill(store, "a", "b", "c")
        assert (await store.shares.page(PageQuery(SERVER), offset)).offset == shown

    async def test_newest_first(self, store):
        await fill(store, "a", "b", "c")
        assert await browse(store) == ["c", "b", "a"]

    async def test_top_is_by_votes_among_those_of_the_last_week(self, store):
        _few, many, _none = await fill(store, "few", "many", "none")
        (old,) = await fill(store, "old", shared=time.time() - 8 * DAY)
        for one, voters in {many: "67", _few: "6", old: "678"}.items():
            for voter in voters:
                await store.shares.vote(one.id, voter)
        assert await browse(store, "top") == ["many", "few", "none"]

    async def test_a_long_week_is_in_the_same_order_as_a_short_one(self, store, monkeypatch):
        shares = await fill(store, *"abcdef")
        await fill(store, "old", shared=time.time() - 8 * DAY)
        for voter in "678":
            await store.shares.vote(shares[int(voter) - 5].id, voter)
        sorted_few = await browse(store, "top")
        monkeypatch.setattr("studio.store.page_finder._SORTABLE_SHARES", 0)
        assert await browse(store, "top") == sorted_few

    async def test_random_shows_everything_once_and_the_same_seed_the_same_order(self, store):
        await fill(store, *"abcdefghij")
        orders = {tuple(await browse(store, "random", str(seed))) for seed in range(8)}
        assert all(sorted(order) == sorted("abcdefghij") for order in orders)
        assert len(orders) > 1
        assert await browse(store, "random", "x") == await browse(store, "random", "x")

    async def test_by_member(self, store):
        await fill(store, "a", "b")
        await fill(store, "c", member=BOB)
        assert await browse(store, "member", ADA.id) == ["b", "a"]
        assert await browse(store, "member", "nobody") == []

    async def test_saved_is_by_member_and_latest_first(self, store):
        first, second, _ = await fill(store, "a", "b", "c")
        assert await store.shares.save(second.id, BOB.id)
        assert not await store.shares.save(second.id, BOB.id)
        await store.shares.save(first.id, BOB.id)
        assert await browse(store, "saved", BOB.id) == ["a", "b"]
        assert await browse(store, "saved", ADA.id) == []
        assert await store.shares.unsave(first.id, BOB.id)
        assert not await store.shares.unsave(first.id, BOB.id)
        assert await browse(store, "saved", BOB.id) == ["b"]

    @pytest.mark.parametrize("order", ["new", "top", "random", "member", "search", "saved"])
    async def test_nothing_of_another_server_is_on_any_page(self, store, order):
        await fill(store, "mine fox")
        (other,) = await fill(store, "theirs fox", server=ELSEWHERE)
        await store.shares.save(other.id, ADA.id)
        argument = {"member": ADA.id, "search": "fox", "saved": ADA.id}.get(order, "")
        assert "theirs fox" not in await browse(store, order, argument)
        assert "theirs fox" in await browse(store, order, argument, server=ELSEWHERE)


class TestSearch:
    async def test_every_word_counts_and_the_last_may_be_unfinished(self, store):
        await fill(store, "a red fox", "a red house", "a blue fox")
        assert await browse(store, "search", "RED fo") == ["a red fox"]
        assert await browse(store, "search", "fo") == ["a blue fox", "a red fox"]
        assert await browse(store, "search", "re fox") == []

    async def test_stages_words_and_templates_are_searched(self, store):
        journey, morph = giro("a road", "a tower"), Morph(source="skunk", target="puppy", prompt="a {} on mars", seed=1)
        for recipe in (journey, morph):
            await store.shares.add(share(recipe))
        for text, found in {"tower": journey, "puppy": morph, "mars skunk": morph}.items():
            assert (await store.shares.page(PageQuery(SERVER, "search", text), 0)).share.recipe == found

    async def test_the_number_of_finds_follows_what_is_added_and_deleted(self, store):
        shares = await fill(store, "a fox", "a red fox")
        query = PageQuery(SERVER, "search", "fox")
        for offset in (0, 1, 1):
            assert (await store.shares.page(query, offset)).total == 2
        await fill(store, "a blue fox")
        assert (await store.shares.page(query, 1)).total == 3
        await store.shares.delete(shares[0].id)
        assert (await store.shares.page(query, 1)).total == 2
        assert (await store.shares.page(query, 0)).total == 2

    @pytest.mark.parametrize("typed", ['"', "fox OR house", "words:fox", "fox*", "NEAR(fox)", "-fox", "''; DROP", "\0"])
    async def test_what_is_typed_is_never_an_operator(self, store, typed):
        await fill(store, "a house")
        assert await browse(store, "search", typed) == []


class TestVotes:
    async def test_a_member_has_one_vote_and_can_take_it_back(self, store):
        (one,) = await fill(store, "a")
        for votes, given in ((1, True), (0, False), (1, True)):
            voted = await store.shares.vote(one.id, BOB.id)
            assert (voted[0].votes, voted[1]) == (votes, given)
        assert (await store.shares.vote(one.id, "103"))[0].votes == 2

    async def test_ones_own_share_takes_no_vote(self, store):
        (one,) = await fill(store, "a")
        share_now, given = await store.shares.vote(one.id, ADA.id)
        assert (share_now.votes, given) == (0, False)

    async def test_what_is_not_there_takes_no_vote(self, store):
        assert await store.shares.vote("0" * 16, BOB.id) is None

    async def test_those_with_a_late_vote_are_found_for_the_showcase(self, store):
        liked, quiet = await fill(store, "liked", "quiet")
        await store.shares.vote(liked.id, BOB.id)
        found = await store.shares.list_recently_voted(SERVER, 1, time.time() - 60)
        assert [one.id for one in found] == [liked.id]
        assert await store.shares.list_recently_voted(SERVER, 1, time.time() + 60) == []
        assert await store.shares.list_recently_voted(ELSEWHERE, 1, 0.0) == []
        assert await store.shares.list_recently_voted(SERVER, 2, 0.0) == []
        assert quiet.id not in [one.id for one in found]


class TestSuggestions:
    async def test_those_that_begin_so_come_first_and_the_most_used_of_them_before_the_others(self, store):
        await fill(store, "a sea road", "Road to mars", "road by night", "road by night", "a tower")
        assert await store.shares.suggest(SERVER, "prompt", "road", 9) == [
            "road by night",
            "Road to mars",
            "a sea road",
        ]
        assert await store.shares.suggest(SERVER, "prompt", "road", 1) == ["road by night"]

    async def test_several_words_and_an_unfinished_one(self, store):
        await fill(store, "an old road by the sea", "the sea", "a lake by the se")
        assert await store.shares.suggest(SERVER, "prompt", "the se", 9) == [
            "the sea",
            "an old road by the sea",
            "a lake by the se",
        ]

    async def test_nothing_typed_gives_the_most_used(self, store):
        await fill(store, "b", "a", "b")
        assert await store.shares.suggest(SERVER, "prompt", "", 9) == ["b", "a"]

    async def test_many_matches_give_the_same_as_few(self, store, monkeypatch):
        await fill(store, "road", "a road", "the road", "the road", "a tower", "broad")
        few = [await store.shares.suggest(SERVER, "prompt", typed, 9) for typed in ("road", "the ro", "a", "")]
        monkeypatch.setattr("studio.store.suggestions._MAX_MATCHES", 0)
        assert [await store.shares.suggest(SERVER, "prompt", typed, 9) for typed in ("road", "the ro", "a", "")] == few

    async def test_a_text_is_suggested_as_what_it_was_typed_as(self, store):
        await store.shares.add(share(Morph(source="ant", target="b", prompt="a photo of a {}", seed=1, negative="ash")))
        await fill(store, "a photo")
        assert await store.shares.suggest(SERVER, "prompt", "a", 9) == ["a photo"]
        assert await store.shares.suggest(SERVER, "template", "a", 9) == ["a photo of a {}"]
        assert await store.shares.suggest(SERVER, "waypoint", "a", 9) == ["ant"]
        assert await store.shares.suggest(SERVER, "negative", "a", 9) == ["ash"]

    async def test_nothing_is_suggested_from_another_server_or_behind_a_spoiler(self, store):
        await fill(store, "theirs", server=ELSEWHERE)
        await fill(store, "hidden", nsfw=True)
        assert await store.shares.suggest(SERVER, "prompt", "", 9) == []


async def test_the_best_of_a_time_come_with_the_most_votes_first(store):
    now = time.time()
    first, second = await fill(store, "a", "b", shared=now - 100)
    await fill(store, "late", shared=now)
    await store.shares.vote(first.id, BOB.id)
    assert [one.id for one in await store.shares.best(SERVER, now - 200, now, 5)] == [first.id, second.id]
    assert [one.id for one in await store.shares.best(SERVER, now - 200, now, 1)] == [first.id]


async def test_what_is_shared_outlives_the_pruning_of_jobs_and_files(store, tmp_path):
    (kept,) = await fill(store, "a")
    await store.renders.save(kept.id, Render(b"GIF89a", ".gif"))
    await store.renders.save("other", Render(b"GIF89a", ".gif"))
    for name in (kept.id, "other"):
        os.utime(tmp_path / "data" / "renders" / f"{name}.gif", (1000, 1000))
    await store.sweep(await store.prune(days=-1))
    assert (await store.renders.load(kept.id)).data == b"GIF89a"
    assert [path.stem for path in (tmp_path / "data" / "renders").iterdir()] == [kept.id]


async def test_no_statement_reads_every_share(store, plans, monkeypatch):
    (one,) = await fill(store, "a red fox")
    for few in (0, 2000):
        monkeypatch.setattr("studio.store.page_finder._SORTABLE_SHARES", few)
        monkeypatch.setattr("studio.store.suggestions._MAX_MATCHES", few)
        for order in ("new", "top", "random", "member", "search", "saved"):
            await store.shares.page(PageQuery(SERVER, order, "fox"), 0)
        await store.shares.suggest(SERVER, "prompt", "re fo", 9)
    await store.shares.best(SERVER, 0.0, time.time(), 5)
    await store.shares.list_recently_voted(SERVER, 1, 0.0)
    await store.shares.list_shared_before(SERVER, 1.0)
    await store.shares.list_by_member(SERVER, ADA.id)
    await store.shares.filter_unshared([one.id])
    await store.shares.vote(one.id, BOB.id)
    await store.shares.vote(one.id, BOB.id)
    await store.shares.save(one.id, BOB.id)
    await store.shares.unsave(one.id, BOB.id)
    await store.shares.delete(one.id)
    assert len(plans.of) > 20
    assert plans.whole_tables == []
