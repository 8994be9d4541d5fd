"""What members keep for themselves: presets, and what they want wherever they say nothing else."""

from __future__ import annotations

import time

from engine.errors import LimitError
from engine.recipe.recipe import Recipe
from studio.profiles.defaults import Defaults, defaults_of
from studio.store import Store
from studio.store.members import MemberPreset

MAX_PRESETS = 50
MAX_NAME_LENGTH = 32


class MemberProfiles:
    """The rules on top of what the store keeps. All methods raise StorageError if it cannot be used."""

    def __init__(self, store: Store) -> None:
        self._members = store.members

    async def defaults(self, member: str) -> Defaults:
        """Return what a member wants where they say nothing else."""
        return defaults_of(await self._members.defaults(member))

    async def set_defaults(self, member: str, defaults: Defaults) -> None:
        """Keep a member's defaults in the place of the earlier ones."""
        await self._members.set_defaults(member, defaults.plain())

    async def presets(self, member: str) -> list[MemberPreset]:
        """Return a member's presets by name."""
        return await self._members.presets(member)

    async def preset(self, member: str, name: str) -> MemberPreset | None:
        """Return one of a member's presets; capitals do not matter."""
        return await self._members.preset(member, name.strip())

    async def save_preset(self, member: str, name: str, recipe: Recipe) -> bool:
        """Keep a recipe under a name; return whether it took the place of another one.

        Raises:
            LimitError: the name cannot be one, or there are too many already.
        """
        name = name.strip()
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise LimitError("A preset's name has 1 to {limit} characters, on one line.", limit=MAX_NAME_LENGTH)
        replaced = await self._members.preset(member, name)
        if replaced is None and len(await self._members.presets(member)) >= MAX_PRESETS:
            raise LimitError(
                "You keep {count} presets, which is the most there can be: delete one with /preset delete first.",
                count=MAX_PRESETS,
            )
        await self._members.save_preset(member, MemberPreset(name=name, recipe=recipe, saved=time.time()))
        return replaced is not None

    async def delete_preset(self, member: str, name: str) -> None:
        """Throw a preset away.

        Raises:
            LimitError: the member has none of that name.
        """
        if not await self._members.delete_preset(member, name.strip()):
            raise no_preset(name)

    async def was_told(self, member: str, what: str) -> bool:
        """Return whether a member has been told something that is said only once."""
        return await self._members.was_told(member, what)

    async def mark_told(self, member: str, what: str) -> None:
        """Note that a member has been told something that is said only once."""
        await self._members.mark_told(member, what)


def no_preset(name: str) -> LimitError:
    """Return the error for a preset that a member does not have."""
    return LimitError("You have no preset “{name}”; /preset list shows those you have.", name=name[:MAX_NAME_LENGTH])
