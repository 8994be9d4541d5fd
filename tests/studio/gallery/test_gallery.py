"""The gallery's rules: a render is its maker's until shared, and a server's own after that."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import LimitError, StorageError
from studio.config.config import ChannelRules, CommunityConfig, Config, OwnCommunity, RoleRules, ServerConfig
from studio.config.config_file import ConfigFile
from studio.gallery.gallery import Gallery, Viewer
from studio.store import JobRecord, Render, Store
from studio.store.members import BlockedMember
from tests.fakes.engine import plan_of, report_of
from tests.fakes.orders import ADA, BOB, MIB, MORPH, SERVER, answer

ELSEWHERE = "556"
AS_ADA = Viewer(member=ADA, server=SERVER)
AS_BOB = Viewer(member=BOB, server=SERVER)
AS_MODERATOR = Viewer(member=BOB, server=SERVER, is_moderator=True)


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "data")
    await store.open()
    yield store
    await store.close()


def gallery_of(store: Store, **community) -> Gallery:
    return Gallery(ConfigFile.without_file(Config(community=CommunityConfig(**community))), store)


@pytest.fixture
def gallery(store):
    return gallery_of(store)


async def rendered(store: Store, job: str = "a" * 16, *, member=ADA, server=SERVER, **given) -> JobRecord:
    """Return a job that was rendered and delivered."""
    record = JobRecord(
        id=job, recipe=MORPH, member=member, answer=answer(server=server), limit_bytes=MIB, plan=plan_of(MORPH),
        created=time.time(), **given,
    )  # fmt: skip
    await store.jobs.add(record)
    await store.jobs.mark_done(job, report_of(MORPH))
    await store.renders.save(job, Render(b"GIF89a", ".gif"))
    return await store.jobs.mark_delivered(job)


class TestSharing:
    async def test_a_share_says_all_that_its_job_did(self, store, gallery):
        record = await rendered(store, nsfw=True)
        share = await gallery.share(record.id, AS_ADA)
        assert share == await gallery.get(record.id, AS_BOB)
        assert (share.member, share.recipe, share.model) == (ADA, record.plan.recipe, record.plan.model)
        assert (share.width, share.height, share.frames) == (256, 256, 9)
        assert (share.channel, share.message, share.nsfw) == ("700", "900", True)
        assert await store.renders.load(share.id) == Render(b"GIF89a", ".gif")

    async def test_only_its_maker_shares_it(self, store, gallery):
        record = await rendered(store)
        with pytest.raises(LimitError, match="Only the member who asked"):
            await gallery.share(record.id, AS_MODERATOR)

    @pytest.mark.parametrize(("made", "asked"), [(ELSEWHERE, SERVER), (None, SERVER), (None, ""), (SERVER, "")])
    async def test_it_is_shared_where_it_was_made_and_never_from_a_direct_message(self, store, gallery, made, asked):
        record = await rendered(store, server=made)
        with pytest.raises(LimitError, match="only in the server where it was made"):
            await gallery.share(record.id, Viewer(member=ADA, server=asked))

    async def test_it_is_shared_once(self, store, gallery):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        with pytest.raises(LimitError, match="already"):
            await gallery.share(record.id, AS_ADA)

    async def test_what_is_not_finished_is_not_shared(self, store, gallery):
        record = JobRecord(id="b" * 16, recipe=MORPH, member=ADA, answer=answer(), limit_bytes=MIB, created=1.0)
        await store.jobs.add(record)
        with pytest.raises(LimitError, match="not finished"):
            await gallery.share(record.id, AS_ADA)

    async def test_where_the_admin_does_not_want_it_nothing_is_shared(self, store):
        record = await rendered(store)
        with pytest.raises(LimitError, match="switched off"):
            await gallery_of(store, sharing=False).share(record.id, AS_ADA)

    async def test_what_has_no_file_any_more_is_not_shared(self, store, gallery):
        record = await rendered(store)
        await store.renders.remove([record.id])
        with pytest.raises(LimitError, match="not kept any more"):
            await gallery.share(record.id, AS_ADA)

    async def test_what_nobody_has_judged_is_behind_a_spoiler_and_for_adults(self, store, gallery):
        record = await rendered(store, nsfw_rule="allow")
        await gallery.share(record.id, AS_ADA)
        share = await gallery.get(record.id, AS_BOB)
        assert (share.nsfw, share.adults_only) == (True, True)

    async def test_what_was_never_made_is_not_shared(self, gallery):
        with pytest.raises(LimitError, match="not remembered"):
            await gallery.share("b" * 16, AS_ADA)

    async def test_who_is_blocked_neither_shares_nor_votes(self, store, gallery):
        record, other = await rendered(store), await rendered(store, "b" * 16, member=BOB)
        await gallery.share(other.id, AS_BOB)
        await store.members.block(SERVER, BlockedMember(member=ADA.id, name="Ada", since=1.0))
        with pytest.raises(LimitError, match="blocked"):
            await gallery.share(record.id, AS_ADA)
        with pytest.raises(LimitError, match="blocked"):
            await gallery.vote(other.id, AS_ADA)


class TestLineage:
    async def test_the_makers_name_outlives_what_they_made(self, store, gallery):
        parent = await rendered(store)
        child = await rendered(store, "b" * 16, member=BOB, parent=parent.id)
        await gallery.share(parent.id, AS_ADA)
        await gallery.share(child.id, AS_BOB)
        await gallery.delete(parent.id, AS_ADA)
        share = await gallery.get(child.id, AS_BOB)
        assert (share.parent, share.parent_maker) == (parent.id, ADA.name)

    async def test_a_name_from_another_server_is_not_told(self, store, gallery):
        parent = await rendered(store, server=ELSEWHERE)
        child = await rendered(store, "b" * 16, member=BOB, parent=parent.id)
        assert (await gallery.share(child.id, AS_BOB)).parent_maker is None


class TestVoting:
    async def test_a_vote_is_given_and_taken_back(self, store, gallery):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        share, voted = await gallery.vote(record.id, AS_BOB)
        assert (share.votes, voted) == (1, True)
        share, voted = await gallery.vote(record.id, AS_BOB)
        assert (share.votes, voted) == (0, False)

    async def test_not_on_ones_own(self, store, gallery):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        with pytest.raises(LimitError, match="your own"):
            await gallery.vote(record.id, AS_ADA)


class TestSaving:
    async def test_the_list_is_for_ones_own_eyes(self, store, gallery):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        assert await gallery.save(record.id, AS_BOB)
        assert (await gallery.page(AS_BOB, "saved", "", 0)).share.id == record.id
        assert (await gallery.page(AS_ADA, "saved", BOB.id, 0)).share is None
        assert not await gallery.save(record.id, AS_BOB)
        assert (await gallery.page(AS_BOB, "saved", "", 0)).share is None


class TestDeleting:
    @pytest.mark.parametrize("viewer", [AS_ADA, AS_MODERATOR])
    async def test_maker_and_moderators_do_and_the_file_goes_too(self, store, gallery, viewer):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        await gallery.delete(record.id, viewer)
        with pytest.raises(LimitError, match="not in this server's gallery"):
            await gallery.get(record.id, AS_ADA)
        with pytest.raises(StorageError):
            await store.renders.load(record.id)

    async def test_nobody_else_does(self, store, gallery):
        record = await rendered(store)
        await gallery.share(record.id, AS_ADA)
        with pytest.raises(LimitError, match="Only the member who made"):
            await gallery.delete(record.id, AS_BOB)
        assert await store.renders.load((await gallery.get(record.id, AS_BOB)).id) == Render(b"GIF89a", ".gif")

    async def test_those_who_show_it_elsewhere_are_told(self, store, gallery):
        told = []
        gallery.on_removal.append(told.append)
        record = await rendered(store)
        share = await gallery.share(record.id, AS_ADA)
        await gallery.purge(SERVER, ADA.id)
        assert told == [share]

    async def test_everything_of_a_member_on_one_server(self, store, gallery):
        for number, (member, server) in enumerate([(ADA, SERVER), (ADA, SERVER), (ADA, ELSEWHERE), (BOB, SERVER)]):
            record = await rendered(store, f"{number:016x}", member=member, server=server)
            await gallery.share(record.id, Viewer(member=member, server=server))
        assert await gallery.purge(SERVER, ADA.id) == 2
        assert (await gallery.page(AS_BOB, "new", "", 0)).total == 1
        assert (await gallery.page(Viewer(member=BOB, server=ELSEWHERE), "new", "", 0)).total == 1

    async def test_what_is_too_old_goes(self, store, gallery):
        for number in range(2):
            record = await rendered(store, f"{number:016x}")
            await gallery.share(record.id, AS_ADA)
        (old,) = [f"{0:016x}"]
        share = await store.shares.delete(old)
        await store.shares.add(msgspec.structs.replace(share, shared=time.time() - 5 * 24 * 3600))
        for kept in (6, 0):
            await gallery_of(store, keep_shared_days=kept).expire()
        assert (await gallery.page(AS_ADA, "new", "", 0)).total == 2
        await gallery_of(store, keep_shared_days=4).expire()
        assert (await gallery.page(AS_ADA, "new", "", 0)).share.id == f"{1:016x}"
        with pytest.raises(StorageError):
            await store.renders.load(old)


class TestWhereItIsShared:
    """The channel that it was shared in, of a thread the one that it belongs to, has rules of its own."""

    THREAD = Viewer(member=ADA, server=SERVER, channel="600")

    def gallery_with(self, store, **own) -> Gallery:
        return Gallery(ConfigFile.without_file(Config(servers={SERVER: ServerConfig(**own)})), store)

    async def test_roles_and_channels_decide_who_may_share(self, store):
        record = await rendered(store)
        rules = {"community": OwnCommunity(sharing=False), "roles": {"5": RoleRules(sharing=True)}}
        gallery = self.gallery_with(store, channels={"600": ChannelRules(sharing=False)}, **rules)
        trusted = msgspec.structs.replace(AS_ADA, roles=frozenset({"5"}))
        with pytest.raises(LimitError, match="switched off on this server"):
            await gallery.share(record.id, AS_ADA)
        with pytest.raises(LimitError, match="switched off on this server"):
            await gallery.share(record.id, msgspec.structs.replace(trusted, channel="600"))
        assert (await gallery.share(record.id, trusted)).home == "700"

    async def test_it_is_kept_as_long_as_its_channel_says_and_the_rest_as_long_as_the_server_does(self, store):
        days = {"600": 2, "700": 0, "800": None}
        gallery = self.gallery_with(
            store,
            community=OwnCommunity(keep_shared_days=6),
            channels={channel: ChannelRules(keep_shared_days=own) for channel, own in days.items()},
        )
        for number, channel in enumerate(("600", "700", "800", "900")):
            for age in (1, 4, 9):
                record = await rendered(store, f"{number:08x}{age:08x}")
                share = await gallery.share(record.id, msgspec.structs.replace(self.THREAD, channel=channel))
                await store.shares.delete(share.id)
                await store.shares.add(msgspec.structs.replace(share, shared=time.time() - age * 24 * 3600))
        await gallery.expire()
        kept = [await store.shares.get(share) for share in await store.shares.list_by_member(SERVER, ADA.id)]
        assert sorted((share.home, int(share.id[8:], 16)) for share in kept) == [
            ("600", 1),
            *(("700", age) for age in (1, 4, 9)),
            *((channel, age) for channel in ("800", "900") for age in (1, 4)),
        ]


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["share", "get", "vote", "save", "delete", "browse"]),
        st.sampled_from([ADA, BOB]),
        st.sampled_from([SERVER, ELSEWHERE, ""]),
        st.booleans(),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
async def test_no_order_of_actions_leaks_votes_twice_or_deletes_what_is_not_ones_own(tmp_path_factory, actions):
    """A model of one render, made by Ada in SERVER, against whatever anybody does with its id."""
    store = Store(tmp_path_factory.mktemp("data"))
    await store.open()
    try:
        gallery, job = gallery_of(store), (await rendered(store)).id
        shared, deleted, voters = False, False, set()
        for action, member, server, is_moderator in actions:
            viewer = Viewer(member=member, server=server, is_moderator=is_moderator)
            may_see, own = shared and server == SERVER, member == ADA
            if action == "browse":
                page = await gallery.page(viewer, "new", "", 0)
                assert (page.share is not None) == may_see
                assert page.share is None or page.share.votes == len(voters)
                continue
            allowed = {
                "share": own and not shared and not deleted and server == SERVER, "get": may_see, "save": may_see,
                "vote": may_see and not own, "delete": may_see and (own or is_moderator),
            }[action]  # fmt: skip
            try:
                await getattr(gallery, action)(job, viewer)
            except LimitError:
                assert not allowed
                continue
            assert allowed
            if action in ("share", "delete"):
                shared, deleted, voters = action == "share", action == "delete", set()
            if action == "vote":
                voters ^= {member.id}
    finally:
        await store.close()
