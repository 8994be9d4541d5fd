"""Who made what from what, and how a long list is cut into pages."""

import msgspec

from studio.web.collection import Collection, list_pages, maker_key
from tests.studio.web.shares import ADA, BOB, share


def test_the_newest_come_first_and_know_their_neighbours() -> None:
    old, new, newest = share("old", at=1), share("new", at=2), share("newest", at=3)
    collection = Collection([new, old, newest])
    assert collection.shares == (newest, new, old)
    assert (collection.newer(new), collection.older(new)) == (newest, old)
    assert (collection.newer(newest), collection.older(old)) == (None, None)


def test_a_lineage_goes_back_as_far_as_everything_is_still_shared() -> None:
    first, second = share("first", at=1, parent="long-gone"), share("second", at=2, parent="first")
    third, sister = share("third", at=3, parent="second"), share("sister", at=4, parent="second")
    collection = Collection([first, second, third, sister])
    assert collection.ancestors(third) == (first, second)
    assert collection.remixes(second) == (sister, third)
    assert collection.ancestors(first) == () and collection.remixes(third) == ()


def test_a_lineage_that_bites_its_tail_still_ends() -> None:
    collection = Collection([share("a", parent="b"), share("b", parent="a"), share("self", parent="self")])
    by_id = {one.id: one for one in collection.shares}
    assert [one.id for one in collection.ancestors(by_id["a"])] == ["b"]
    assert collection.ancestors(by_id["self"]) == () and collection.remixes(by_id["self"]) == ()


def test_makers_have_their_latest_name_and_an_address_that_is_not_their_id() -> None:
    renamed = msgspec.structs.replace(ADA, name="Ada the Great")
    collection = Collection(
        [share("one", at=1, votes=2), share("two", member=renamed, at=2, votes=3), share("b", member=BOB)]
    )
    assert [maker.name for maker in collection.makers] == ["Ada the Great", "Bob"]
    assert collection.makers[0].votes == 5
    assert collection.maker(collection.shares[0]) is collection.makers[0]
    assert ADA.id not in maker_key(ADA.id) and maker_key(ADA.id) != maker_key(BOB.id)


def test_a_list_is_cut_into_pages_of_sixty() -> None:
    cut = list_pages(range(121))
    assert [len(sheet.items) for sheet in cut] == [60, 60, 1]
    assert [(sheet.number, sheet.count) for sheet in cut] == [(1, 3), (2, 3), (3, 3)]
    assert len(list_pages([])) == 1


def test_of_many_pages_the_ends_and_the_neighbourhood_are_offered() -> None:
    cut = list_pages(range(60 * 20))
    assert cut[0].numbers == [1, 2, 3, None, 20]
    assert cut[9].numbers == [1, None, 8, 9, 10, 11, 12, None, 20]
    assert list_pages(range(3))[0].numbers == [1]
