"""Whatever members do in whatever order, with several of them, two servers and a clock that moves: nobody gets past a
limit, sees what is another server's, votes twice, or takes away what is not theirs.

A model keeps account beside the studio, with the real store under it, and says after each step what may be.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from engine.errors import LimitError
from engine.recipe.recipe import Morph
from engine.recipe.settings import Overrides
from studio.config.config import Config, LimitsConfig, OwnLimits, RoleRules, ServerConfig
from studio.config.config_file import ConfigFile
from studio.config.effective import Place
from studio.gallery.gallery import Viewer
from studio.store import JobRecord, Member, Order, Share, Store
from studio.studio import Studio
from tests.fakes.engine import FakeEngine
from tests.fakes.orders import MIB, answer

MEMBERS = tuple(Member(id=str(100 + n), name=name) for n, name in enumerate(("Ada", "Bruno", "Carla")))
SERVERS = ("1001", "1002")
PATRON = "5001"
MODERATOR = MEMBERS[2]
DAY = 24 * 60 * 60.0
QUOTA, PATRONS_QUOTA, STRICT_QUOTA = 80.0, 160.0, 50.0  # a frame is quoted at about five seconds
UNSURVEYED = Overrides(morphing="plain")  # or else hidden frames are most of the cost, however few are shown
CHEAP_FRAMES = 3
JOBS_OF_MEMBER, JOBS_OF_SERVER = 3, 4
COOLDOWN = 20.0
CONFIG = Config(
    limits=LimitsConfig(daily_seconds=QUOTA, jobs_per_member=JOBS_OF_MEMBER, jobs_per_server=JOBS_OF_SERVER),
    servers={
        SERVERS[0]: ServerConfig(roles={PATRON: RoleRules(daily_seconds=PATRONS_QUOTA)}),
        SERVERS[1]: ServerConfig(limits=OwnLimits(daily_seconds=STRICT_QUOTA, cooldown_seconds=COOLDOWN)),
    },
)
SLACK = 1e-6

members = st.sampled_from(MEMBERS)
servers = st.sampled_from(SERVERS)
places = st.sampled_from((*SERVERS, None))
# Often it is the maker who acts, and where the render was made; else hardly anything would ever be allowed.
OWNER, HOME = "owner", "home"
actors = st.one_of(st.just(OWNER), members)
whereabouts = st.one_of(st.just(HOME), st.just(HOME), places)


@dataclass
class Known:
    """What the model knows of a job.

    Attributes:
        spent: seconds of its cost that count against its owner's quota.
        rendered: share of it that the engine has said it rendered.
        is_counted: whether the engine has said so since the last restart; a job that had begun counts whole until then.
    """

    record: JobRecord
    spent: float
    rendered: float = 0.0
    is_counted: bool = True
    is_open: bool = True


@dataclass
class KnownShare:
    """What the model knows of a shared render."""

    server: str
    maker: str
    votes: set[str] = field(default_factory=set)


class Clock:
    """The time of day, in seconds since the epoch; it moves only when it is told to, and when it is looked at."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        self.now += 1e-4
        return self.now


class Community(RuleBasedStateMachine):
    """Three members in two servers and in private, and an engine that finishes, fails and hangs as it likes."""

    jobs = Bundle("jobs")
    renders = Bundle("renders")
    shares = Bundle("shares")

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="community-"))
        self._cleanup = contextlib.ExitStack()
        self._runner = self._cleanup.enter_context(asyncio.Runner())
        self._clock = Clock()
        self._cleanup.enter_context(mock.patch("time.time", self._clock))
        self.known: dict[str, Known] = {}
        self.shared: dict[str, KnownShare] = {}
        self.saved: set[tuple[str, str]] = set()
        self.blocked: set[tuple[str, str]] = set()
        self.quota = QUOTA
        self.file = ConfigFile.without_file(CONFIG)
        self._open()

    def teardown(self) -> None:
        self._do(self.studio.close())
        self._cleanup.close()
        shutil.rmtree(self._folder)

    def _do(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(doing)

    def _open(self) -> None:
        self.engine = FakeEngine()
        self.store = Store(self._folder)
        self.studio = Studio(self.file, self.engine, self.store)
        self._do(self.studio.open())

    def _who(self, job: str, actor: Member | str) -> Member:
        return actor if isinstance(actor, Member) else self.known[job].record.member

    def _where(self, job: str, whereabouts: str | None) -> str | None:
        return self.known[job].record.answer.server if whereabouts == HOME else whereabouts

    def _viewer(self, member: Member, server: str | None) -> Viewer:
        return Viewer(member=member, server=server or "", is_moderator=member is MODERATOR)

    @initialize(target=shares)
    def an_evening_has_begun(self) -> Any:
        """One render is shared in each server already, by different members."""
        return multiple(*map(self._begin, MEMBERS[:2], SERVERS))

    def _begin(self, member: Member, server: str) -> str:
        job = self._submit(self._order(member, server, 2, False, None))
        self._end(job, fails=False)
        self._share(job, member, server)
        assert job in self.shared
        return str(job)

    # ---- orders ----

    def _order(self, member: Member, server: str | None, frames: int, is_patron: bool, parent: str | None) -> Order:
        roles = frozenset({PATRON}) if is_patron else frozenset()
        return Order(
            recipe=Morph(source="skunk", target="puppy", frames=frames, seed=1, settings=UNSURVEYED),
            member=member,
            answer=answer(server),
            place=Place(server=server, channel="700", roles=roles),
            limit_bytes=10 * MIB,
            parent=parent,
        )

    def _quota(self, order: Order) -> float:
        if order.place.server == SERVERS[1]:
            return STRICT_QUOTA
        return PATRONS_QUOTA if order.place.roles and order.place.server == SERVERS[0] else self.quota

    def _spent(self, order: Order) -> float:
        """What counts against a member where they order: cancelled work as far as it was rendered, failed work not."""
        return sum(one.spent for one in self._of_account(order) if one.record.created > self._clock.now - DAY)

    def _of_account(self, order: Order) -> list[Known]:
        mine = (one for one in self.known.values() if one.record.member.id == order.member.id)
        return [one for one in mine if one.record.answer.server == order.place.server]

    def _open_jobs(self, *, member: str | None = None, server: str | None = None) -> int:
        return sum(
            one.is_open
            and (member is None or one.record.member.id == member)
            and (server is None or one.record.answer.server == server)
            for one in self.known.values()
        )

    def _accepted(self, order: Order, record: JobRecord) -> None:
        """Hold an accepted order to every limit as the model sees it, then take it into account."""
        server = order.place.server
        assert self._spent(order) + record.cost <= self._quota(order) + SLACK
        assert self._open_jobs(member=order.member.id) < JOBS_OF_MEMBER
        assert server is None or self._open_jobs(server=server) < JOBS_OF_SERVER
        assert (server, order.member.id) not in self.blocked
        if server == SERVERS[1]:
            times = [one.record.created for one in self._of_account(order)]
            assert all(record.created - time >= COOLDOWN for time in times)
        assert record.cost > 0
        self.known[record.id] = Known(record, record.cost)

    def _refused(self, order: Order) -> None:
        """A refusal has a reason: for who has ordered nothing yet, and orders little, there is none but these."""
        server = order.place.server
        is_full = self._open_jobs(member=order.member.id) >= JOBS_OF_MEMBER or (
            server is not None and self._open_jobs(server=server) >= JOBS_OF_SERVER
        )
        is_new = order.recipe.frames <= CHEAP_FRAMES and not self._of_account(order)
        assert is_full or not is_new or (server, order.member.id) in self.blocked

    @rule(target=jobs, member=members, server=places, frames=st.integers(2, 12), is_patron=st.booleans())
    def order(self, member: Member, server: str | None, frames: int, is_patron: bool) -> Any:
        return self._submit(self._order(member, server, frames, is_patron, None))

    @rule(target=jobs, member=members, server=places, frames=st.integers(2, 12))
    def order_twice_at_once(self, member: Member, server: str | None, frames: int) -> Any:
        order = self._order(member, server, frames, False, None)

        async def both() -> list[Any]:
            return await asyncio.gather(self.studio.submit(order), self.studio.submit(order), return_exceptions=True)

        taken = sorted((one for one in self._do(both()) if isinstance(one, JobRecord)), key=lambda one: one.created)
        for record in taken:
            self._accepted(order, record)
        return multiple(*(record.id for record in taken))

    @rule(target=jobs, job=st.one_of(renders, jobs), actor=actors, place=whereabouts)
    def remix(self, job: str, actor: Member | str, place: str | None) -> Any:
        member, server = self._who(job, actor), self._where(job, place)
        try:
            self._do(self.studio.history.visible(job, self._viewer(member, server)))
        except LimitError:
            return multiple()
        return self._submit(self._order(member, server, 3, False, job))

    def _submit(self, order: Order) -> Any:
        try:
            record = self._do(self.studio.submit(order))
        except LimitError:
            self._refused(order)
            return multiple()
        self._accepted(order, record)
        return record.id

    @rule(job=jobs, actor=actors)
    def cancel(self, job: str, actor: Member | str) -> None:
        self._cancel(job, self._who(job, actor))

    def _cancel(self, job: str, member: Member) -> None:
        known = self.known[job]
        try:
            self._do(self.studio.cancel(job, member.id))
        except LimitError:
            assert known.record.member != member or not known.is_open
            return
        assert known.record.member == member
        assert known.is_open
        self._cancelled(known)

    def _cancelled(self, known: Known) -> None:
        known.is_open = False
        known.spent = known.record.cost * (known.rendered if known.is_counted else 1.0)

    # ---- the engine ----

    def _one_open(self, which: int) -> str | None:
        open_jobs = [job for job, known in self.known.items() if known.is_open]
        return open_jobs[which % len(open_jobs)] if open_jobs else None

    async def _settle(self, job: str) -> None:
        """Wait until the studio has taken in what the engine said last, and tell the owner."""
        async for live in self.studio.watch(job, every=60):
            last = live
        if last.record.state == "done":
            await self.studio.mark_delivered(job)
        else:
            await self.studio.mark_settled(job)

    @rule(which=st.integers(0, 9), frames=st.integers(1, 12))
    def progress(self, which: int, frames: int) -> None:
        if (job := self._one_open(which)) is None:
            return
        self._progress(job, frames)

    def _progress(self, job: str, frames: int) -> None:
        known = self.known[job]
        frames = min(frames, known.record.recipe.frames)
        if frames / known.record.recipe.frames < known.rendered:
            return  # the engine never goes back
        known.rendered = frames / known.record.recipe.frames
        known.is_counted = True

        async def go() -> None:
            self.engine.progress(job, frames)
            async for live in self.studio.watch(job, every=0.001):
                if live.progress is not None and live.progress.frames_done == frames:
                    return

        self._do(go())

    @rule(which=st.integers(0, 9), frames=st.integers(9, 12))
    def take_most_of_it_and_cancel(self, which: int, frames: int) -> None:
        """What a member would do who wants to look for nothing."""
        if (job := self._one_open(which)) is not None:
            self._progress(job, frames)
            self._cancel(job, self.known[job].record.member)

    @rule(target=renders, which=st.integers(0, 9))
    def finish(self, which: int) -> Any:
        if (job := self._one_open(which)) is None:
            return multiple()
        self._end(job, fails=False)
        return job

    @rule(which=st.integers(0, 9))
    def fail(self, which: int) -> None:
        if (job := self._one_open(which)) is not None:
            self._end(job, fails=True)

    def _end(self, job: str, *, fails: bool) -> None:
        async def go() -> None:
            if fails:
                self.engine.fail(job, "It went wrong.")
            else:
                self.engine.finish(job)
            await self._settle(job)

        self._do(go())
        known = self.known[job]
        known.is_open = False
        if fails:  # which is no fault of the member's
            known.spent = 0.0

    @rule()
    def restart(self) -> None:
        self._do(self.studio.close())
        self._open()
        for known in self.known.values():
            known.is_counted = known.rendered == 0

    @rule(which=st.integers(0, 9))
    def count_what_is_there(self, which: int) -> None:
        """After a restart the engine finds the frames of a job that had begun."""
        if (job := self._one_open(which)) is None:
            return
        known = self.known[job]
        frames = round(known.rendered * known.record.recipe.frames)

        async def go() -> None:
            self.engine.accept(job, frames)
            async for live in self.studio.watch(job, every=0.001):
                if live.frames_found is not None and live.frames_found >= frames:
                    return

        self._do(go())
        known.is_counted = True

    @rule(seconds=st.sampled_from((1.0, COOLDOWN / 2, COOLDOWN, DAY / 2, DAY)))
    def wait(self, seconds: float) -> None:
        self._clock.now += seconds

    # ---- the gallery ----

    @rule(target=shares, job=renders, actor=actors, place=whereabouts)
    def share(self, job: str, actor: Member | str, place: str | None) -> Any:
        self._share(job, self._who(job, actor), self._where(job, place))
        return job if job in self.shared else multiple()

    @rule(job=jobs, actor=actors, place=whereabouts)
    def share_something_unfinished(self, job: str, actor: Member | str, place: str | None) -> None:
        self._share(job, self._who(job, actor), self._where(job, place))

    def _share(self, job: str, member: Member, server: str | None) -> None:
        record = self.known[job].record
        try:
            share = self._do(self.studio.gallery.share(job, self._viewer(member, server)))
        except LimitError:
            return
        assert (record.member, record.answer.server) == (member, server)
        assert job not in self.shared
        assert not self.known[job].is_open
        self._only_parents_that_may_be_known(share)
        self.shared[job] = KnownShare(server=share.server, maker=member.id)

    def _only_parents_that_may_be_known(self, share: Share) -> None:
        if share.parent_maker is None:
            return
        assert share.parent is not None
        parent = self.known[share.parent].record
        assert parent.answer.server == share.server or parent.member == share.member

    @rule(job=st.one_of(shares, shares, jobs), actor=actors, place=whereabouts)
    def vote(self, job: str, actor: Member | str, place: str | None) -> None:
        member, server = self._who(job, actor), self._where(job, place)
        known = self.shared.get(job)
        try:
            share, voted = self._do(self.studio.gallery.vote(job, self._viewer(member, server)))
        except LimitError:
            return
        assert known is not None
        assert known.server == server
        assert known.maker != member.id
        assert voted is (member.id not in known.votes)
        known.votes ^= {member.id}
        assert share.votes == len(known.votes)

    @rule(job=st.one_of(shares, shares, jobs), actor=actors, place=whereabouts)
    def save(self, job: str, actor: Member | str, place: str | None) -> None:
        member, server = self._who(job, actor), self._where(job, place)
        try:
            is_saved = self._do(self.studio.gallery.save(job, self._viewer(member, server)))
        except LimitError:
            assert job not in self.shared or self.shared[job].server != server
            return
        assert self.shared[job].server == server
        assert is_saved is ((member.id, job) not in self.saved)
        self.saved ^= {(member.id, job)}

    @rule(job=st.one_of(shares, shares, jobs), actor=actors, place=whereabouts)
    def delete(self, job: str, actor: Member | str, place: str | None) -> None:
        member, server = self._who(job, actor), self._where(job, place)
        known = self.shared.get(job)
        may = known is not None and known.server == server and (member.id == known.maker or member is MODERATOR)
        try:
            self._do(self.studio.gallery.delete(job, self._viewer(member, server)))
        except LimitError:
            assert not may
            return
        assert may
        self._forget_share(job)

    @rule(member=members, server=servers)
    def purge(self, member: Member, server: str) -> None:
        mine = [
            job for job, one in self.known.items() if (one.record.member, one.record.answer.server) == (member, server)
        ]
        waiting = [job for job in mine if self.known[job].is_open]
        shared = [job for job, known in self.shared.items() if (known.maker, known.server) == (member.id, server)]
        purged = self._do(self.studio.administration.purge(server, member.id))
        assert (purged.jobs, purged.shares) == (len(waiting), len(shared))
        for job in waiting:
            self._cancelled(self.known[job])
        for job in shared:
            self._forget_share(job)

    @rule(job=jobs, server=servers)
    def an_admin_calls_off(self, job: str, server: str) -> None:
        """An admin of one server has no say in what is another's."""
        known = self.known[job]
        is_here = known.record.answer.server == server
        try:
            self._do(self.studio.administration.cancel_on(job, server))
        except LimitError:
            assert not is_here or not known.is_open
            return
        assert is_here
        assert known.is_open
        self._cancelled(known)

    @rule(quota=st.sampled_from((QUOTA / 2, QUOTA, QUOTA * 2)))
    def an_operator_changes_the_quota(self, quota: float) -> None:
        """From the next order on it holds, whatever was spent under another one."""
        limits = msgspec.structs.replace(CONFIG.limits, daily_seconds=int(quota))
        self.file.current = msgspec.structs.replace(CONFIG, limits=limits)
        self.quota = quota

    def _forget_share(self, job: str) -> None:
        del self.shared[job]
        self.saved = {(member, saved) for member, saved in self.saved if saved != job}

    @rule(member=members, server=servers, blocks=st.booleans())
    def block_or_welcome(self, member: Member, server: str, blocks: bool) -> None:
        if blocks:
            self._do(self.studio.administration.block(server, member))
            self.blocked.add((server, member.id))
        else:
            self._do(self.studio.administration.unblock(server, member.id))
            self.blocked.discard((server, member.id))

    # ---- looking ----

    @rule(
        member=members,
        server=places,
        order=st.sampled_from(("new", "top", "random", "member", "search", "saved")),
        argument=st.sampled_from((*(member.id for member in MEMBERS), "skunk", "")),
        offset=st.integers(0, 5),
    )
    def browse(self, member: Member, server: str | None, order: Any, argument: str, offset: int) -> None:
        page = self._do(self.studio.gallery.page(self._viewer(member, server), order, argument, offset))
        here = {job for job, known in self.shared.items() if known.server == server}
        if order == "saved":
            here = {job for job in here if (member.id, job) in self.saved}
        assert page.total <= len(here)
        if page.share is None:
            assert page.total == 0
            return
        assert page.share.id in here
        assert page.share.votes == len(self.shared[page.share.id].votes)

    @rule(job=jobs, actor=actors, place=whereabouts)
    def look(self, job: str, actor: Member | str, place: str | None) -> None:
        member, server = self._who(job, actor), self._where(job, place)
        record = self.known[job].record
        is_theirs = record.member == member
        is_here = server is not None and record.answer.server == server
        try:
            self._do(self.studio.history.visible(job, self._viewer(member, server)))
        except LimitError:
            assert not is_theirs
            assert not is_here
            return
        assert is_theirs or is_here

    @rule(member=members, server=servers)
    def be_offered_prompts(self, member: Member, server: str) -> None:
        offered = self._do(self.studio.gallery.suggest(server, "template", ""))
        assert not offered or any(known.server == server for known in self.shared.values())

    @invariant()
    def the_queue_is_the_models(self) -> None:
        for server in SERVERS:
            queued = {entry.record.id for entry in self.studio.queue(server)}
            assert queued == {
                job for job, one in self.known.items() if one.is_open and one.record.answer.server == server
            }


Community.TestCase.settings = settings(
    max_examples=40, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCommunity = Community.TestCase
TestCommunity.pytestmark = pytest.mark.timeout(600)  # what it finds it makes shorter first, and that takes a while
