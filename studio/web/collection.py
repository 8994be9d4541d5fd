"""What is exhibited: the shares in order, their makers, and which came from which."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from engine.protocol.messages import JobId
from engine.text import one_line
from studio.store import Share

PAGE_LENGTH = 60
"""Cards on one page."""

_LONGEST_LINE = 20
"""Ancestors named on a page; a longer line begins in the middle."""

Item = TypeVar("Item")


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """A member and what they shared, newest first; `key` stands for them in addresses, Discord's id does not."""

    key: str
    name: str
    shares: tuple[Share, ...]

    @property
    def votes(self) -> int:
        """Votes for everything they shared."""
        return sum(share.votes for share in self.shares)


class ListPage(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a longer list: `number` of `count`, both from 1."""

    items: tuple[Item, ...]
    number: int
    count: int

    @property
    def numbers(self) -> list[int | None]:
        """The page numbers to offer: the ends and the neighbourhood; None where some are left out."""
        near = {1, self.count, *range(max(1, self.number - 2), min(self.count, self.number + 2) + 1)}
        shown: list[int | None] = []
        for number in sorted(near):
            previous = shown[-1] if shown else 0
            if previous is not None and number > previous + 1:
                shown.append(None)
            shown.append(number)
        return shown


class Collection:
    """The shares of one server, newest first, with the ways between them."""

    def __init__(self, shares: Iterable[Share]) -> None:
        self.shares = tuple(sorted(shares, key=lambda share: (-share.shared, share.id)))
        self._by_id = {share.id: share for share in self.shares}
        self._position = {share.id: index for index, share in enumerate(self.shares)}
        remixes = defaultdict(list)
        by_maker = defaultdict(list)
        for share in self.shares:
            by_maker[share.member.id].append(share)
            if share.parent in self._by_id and share.parent != share.id:
                remixes[share.parent].append(share)
        self._remixes = {parent: tuple(children) for parent, children in remixes.items()}
        makers = (
            Maker(key=maker_key(member), name=_name(owned), shares=tuple(owned)) for member, owned in by_maker.items()
        )
        self.makers = tuple(sorted(makers, key=lambda maker: (maker.name.casefold(), maker.key)))
        self._maker = {share.id: maker for maker in self.makers for share in maker.shares}

    @property
    def best(self) -> tuple[Share, ...]:
        """The shares that have votes, the most first."""
        voted = (share for share in self.shares if share.votes > 0)
        return tuple(sorted(voted, key=lambda share: -share.votes))

    def maker(self, share: Share) -> Maker:
        return self._maker[share.id]

    def newer(self, share: Share) -> Share | None:
        position = self._position[share.id]
        return self.shares[position - 1] if position else None

    def older(self, share: Share) -> Share | None:
        position = self._position[share.id] + 1
        return self.shares[position] if position < len(self.shares) else None

    def ancestors(self, share: Share) -> tuple[Share, ...]:
        """Return what it was remixed from, the first ancestor first, as far back as everything is still shared."""
        line: list[Share] = []
        seen = {share.id}
        parent = self._shared(share.parent)
        while parent is not None and parent.id not in seen and len(line) < _LONGEST_LINE:
            line.append(parent)
            seen.add(parent.id)
            parent = self._shared(parent.parent)
        return tuple(reversed(line))

    def remixes(self, share: Share) -> tuple[Share, ...]:
        """Return what was made from it, newest first."""
        return self._remixes.get(share.id, ())

    def _shared(self, id: JobId | None) -> Share | None:
        return self._by_id.get(id) if id is not None else None


def maker_key(member: str) -> str:
    """Return what stands for a member in addresses: always the same, and not their Discord id."""
    return hashlib.sha256(f"tappa web gallery {member}".encode()).hexdigest()[:12]


def list_pages(items: Sequence[Item], length: int = PAGE_LENGTH) -> list[ListPage[Item]]:
    """Cut a list into pages; an empty list is one empty page."""
    count = max(1, -(-len(items) // length))
    return [
        ListPage(items=tuple(items[index * length : (index + 1) * length]), number=index + 1, count=count)
        for index in range(count)
    ]


def _name(shares: Sequence[Share]) -> str:
    """Return the name that a member had last; "?" if none of it can be shown."""
    return one_line(shares[0].member.name) or "?"
