"""A server's gallery, with its rules: who may see, share, vote for and delete what.

A render is its maker's until they share it; it can be seen in the server where it was made and nowhere else; only its
maker or a moderator takes it back; a member has one vote, and none on what is their own. Ids come from buttons and are
not to be trusted, so every method is told who asks, and checks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import msgspec

from engine.errors import LimitError
from engine.protocol.messages import JobId
from studio.config.config_file import ConfigFile
from studio.config.effective import Place, channels_of, community_at, community_of, may_share, moderation_of
from studio.rules.banned_words import compile_banned_words
from studio.rules.limits import require_not_blocked
from studio.store import JobRecord, Member, PageQuery, Share, SharePage, Store
from studio.store.page_finder import SortOrder
from studio.store.suggestions import PromptKind

_DAY = 24 * 60 * 60
_SHAREABLE = ("done", "delivered")


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, where and as what.

    Attributes:
        server: its id; empty in a direct message.
        channel: its id, of a thread that of the channel it belongs to; empty where that does not matter.
        roles: ids of the member's roles there.
    """

    member: Member
    server: str
    channel: str = ""
    roles: frozenset[str] = frozenset()
    is_moderator: bool = False

    @property
    def place(self) -> Place:
        return Place(server=self.server or None, channel=self.channel, roles=self.roles)


class Gallery:
    """What the members of each server have shared.

    Attributes:
        shares: what is stored of it, for what the bot does on its own; nothing there checks who asks.
        on_removal: is called with every share that is taken back, for whatever reason.
    """

    def __init__(self, configuration: ConfigFile, store: Store) -> None:
        self._configuration = configuration
        self._store = store
        self.shares = store.shares
        self.on_removal: list[Callable[[Share], None]] = []

    # ---- one share ----

    async def share(self, job: JobId, viewer: Viewer) -> Share:
        """Show one's own render to the server where it was made.

        Raises:
            LimitError: it is not one's own, not finished, from elsewhere, shared already, or sharing is off.
        """
        record = await self._store.jobs.get(job)
        if record is None:
            raise LimitError("This animation is not remembered any more, so it cannot be shared.")
        if record.member.id != viewer.member.id:
            raise LimitError(
                "Only the member who asked for this animation can share it; Remix makes one of your own from it."
            )
        if not viewer.server or record.answer.server != viewer.server:
            raise LimitError("An animation can be shared only in the server where it was made.")
        self._require_sharing(viewer)
        if record.state not in _SHAREABLE or record.plan is None or record.report is None:
            raise LimitError("This animation is not finished, so it cannot be shared yet.")
        if not await self._store.renders.has(record.id):
            raise LimitError("The file of this animation is not kept any more, so it cannot be shared.")
        await self._require_not_blocked(viewer)
        share = Share(
            id=record.id,
            server=viewer.server,
            member=record.member,
            recipe=record.final_recipe,
            model=record.plan.model,
            width=record.report.width,
            height=record.report.height,
            frames=record.report.gif_frames,
            created=record.created,
            shared=time.time(),
            parent=record.parent,
            parent_maker=await self._parent_maker(record),
            channel=record.answer.channel,
            message=record.answer.message,
            home=viewer.channel or record.answer.channel,
            nsfw=record.nsfw or record.nsfw_rule == "allow",  # which nobody has judged
            adults_only=record.nsfw_rule == "allow",
        )
        if not await self.shares.add(share):
            raise LimitError("This animation is shared already: /gallery shows it.")
        return share

    async def get(self, share: JobId, viewer: Viewer) -> Share:
        """Return a share of the viewer's server; raises LimitError if it is not there, wherever else it is."""
        found = await self.find(viewer.server, share)
        if found is None:
            raise LimitError("This animation is not in this server's gallery any more.")
        return found

    async def find(self, server: str, share: JobId) -> Share | None:
        found = await self.shares.get(share)
        return found if found is not None and found.server == server else None

    async def vote(self, share: JobId, viewer: Viewer) -> tuple[Share, bool]:
        """Give one's vote, or take it back; return the share afterwards and whether one's vote is on it now.

        Raises LimitError if it is not in this gallery, or one's own.
        """
        if (await self.get(share, viewer)).member.id == viewer.member.id:
            raise LimitError("This animation is your own; the votes are for the others to give.")
        await self._require_not_blocked(viewer)
        voted = await self.shares.vote(share, viewer.member.id)
        if voted is None:
            raise LimitError("This animation is not in this server's gallery any more.")
        return voted

    async def save(self, share: JobId, viewer: Viewer) -> bool:
        """Put a share on one's list, or take it off; return whether it is on it now. Raises as `get` does."""
        await self.get(share, viewer)
        if await self.shares.unsave(share, viewer.member.id):
            return False
        return await self.shares.save(share, viewer.member.id)

    async def delete(self, share: JobId, viewer: Viewer) -> Share:
        """Delete a share with its file and votes, as its maker or a moderator; return it as it was.

        Raises LimitError if it is not in this gallery, or somebody else's.
        """
        found = await self.get(share, viewer)
        if found.member.id != viewer.member.id and not viewer.is_moderator:
            raise LimitError("Only the member who made this animation and the moderators can delete it.")
        await self._remove(share)
        return found

    # ---- many ----

    async def page(self, viewer: Viewer, order: SortOrder, argument: str, offset: int) -> SharePage:
        """Return one share of the viewer's server; see `PageQuery` for the orders and their arguments.

        What a member has saved is for their own eyes: the order "saved" takes no argument but the viewer.
        """
        argument = viewer.member.id if order == "saved" else argument
        return await self.shares.page(PageQuery(viewer.server, order, argument), offset)

    async def search(self, viewer: Viewer, typed: str, count: int = 25) -> list[Share]:
        """Return what was shared in the viewer's server with all the words typed, the last of which may be unfinished.

        The newest comes first; nothing typed finds everything, and in a direct message there is nothing.
        """
        return await self.shares.search(viewer.server, typed, count) if viewer.server else []

    async def suggest(self, server: str, what: PromptKind, typed: str, limit: int = 25) -> list[str]:
        """Return what was shared in a server and fits what was typed so far; see `Suggestions`.

        Banned words are not suggested.
        """
        banned = compile_banned_words(moderation_of(self._configuration.current, server).banned_words)
        found = await self.shares.suggest(server, what, typed, limit)
        return [text for text in found if banned.find(text) is None]

    # ---- upkeep ----

    async def expire(self) -> None:
        """Delete what has been shared for longer than it is to be kept, in every server."""
        config = self._configuration.current
        for server in await self.shares.servers():
            days = {
                channel: community_at(config, server, channel).keep_shared_days
                for channel in channels_of(config, server)
            }
            if elsewhere := community_of(config, server).keep_shared_days:
                old = await self.shares.list_shared_before(server, time.time() - elsewhere * _DAY)
                await self._remove_all(share for share, home in old if home not in days)
            for channel, own in days.items():
                if own:
                    old = await self.shares.list_shared_before(server, time.time() - own * _DAY, home=channel)
                    await self._remove_all(share for share, _ in old)

    async def purge(self, server: str, member: str) -> int:
        """Delete everything that a member has shared in a server; return how many shares that were."""
        shares = await self.shares.list_by_member(server, member)
        await self._remove_all(shares)
        return len(shares)

    # ---- how ----

    async def _remove(self, share: JobId) -> None:
        """Delete the row before the file: a file that is left over is removed with the old ones."""
        removed = await self.shares.delete(share)
        record = await self._store.jobs.get(share)
        if record is None or record.is_settled:  # else it is still being posted
            await self._store.renders.remove([share])
        if removed is not None:
            for listener in self.on_removal:
                listener(removed)

    async def _remove_all(self, shares: Iterable[JobId]) -> None:
        for share in shares:
            await self._remove(share)

    def _require_sharing(self, viewer: Viewer) -> None:
        config = self._configuration.current
        if may_share(config, viewer.place):
            return
        if community_of(config, viewer.server).sharing:
            raise LimitError(
                "Sharing is switched off for you or in this channel; an admin of this server can tell why."
            )
        raise LimitError("Sharing is switched off on this server; its admins can switch it on.")

    async def _require_not_blocked(self, viewer: Viewer) -> None:
        require_not_blocked(await self._store.members.blocked_by(viewer.server, viewer.member.id))

    async def _parent_maker(self, record: JobRecord) -> str | None:
        """Return the name of who made the parent of a job, if this server may know it."""
        if record.parent is None:
            return None
        parent = await self._store.jobs.get(record.parent)
        if parent is not None:
            is_known = parent.answer.server == record.answer.server or parent.member.id == record.member.id
            return parent.member.name if is_known else None
        share = await self.shares.get(record.parent)
        return share.member.name if share is not None and share.server == record.answer.server else None
