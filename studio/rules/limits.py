"""The limits that an admin has set on what members may order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from engine.errors import ChannelError, LimitError
from engine.recipe.recipe import Morph, Recipe, Variations, kind_of
from engine.sentence import Sentence
from studio.config.config import EVERYTHING, LimitsConfig, ModerationConfig
from studio.config.effective import Place
from studio.rules.banned_words import compile_banned_words

_MINUTE = 60
_HOUR = 60 * _MINUTE

_NOT_WRITTEN = ("kind", "loop", "settings", "version")
"""Keys of a recipe whose values are not free text."""


_COMMAND_NAMES = {
    "giro": Sentence("/giro"),
    "morph": Sentence("/morph"),
    "zoom": Sentence("/zoom"),
    "variations": Sentence("variations"),
}
"""The kinds of animations as members know them: by their commands."""


class MemberAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has ordered so far in one place.

    Attributes:
        open_of_member: their unfinished jobs, wherever.
        open_of_server: the server's unfinished jobs.
        spent: seconds of the engine's time in the last 24 hours.
        since_last: seconds since their last order; None if there was none.
    """

    open_of_member: int
    open_of_server: int
    spent: float
    since_last: float | None


def require_not_blocked(blocked_by: str | None) -> None:
    """Refuse a member who is blocked.

    Args:
        blocked_by: the id of the server where they are; empty where that is everywhere, None if they are not.

    Raises:
        LimitError: they are.
    """
    if blocked_by:
        raise LimitError("The admins of this server have blocked you here; only they can change that.")
    if blocked_by is not None:
        raise LimitError("Those who run this bot have blocked you; only they can change that.")


def require_open(recipe: Recipe, place: Place, limits: LimitsConfig) -> None:
    """Refuse an order by a command or in a channel that is not open.

    Raises:
        LimitError: this one is not.
    """
    for kind in _kinds(recipe):
        if EVERYTHING not in limits.commands and kind not in limits.commands:
            raise _closed_command(kind, limits)
    if EVERYTHING not in limits.channels and place.channel not in limits.channels:
        if not limits.channels:
            raise LimitError("No channel is open to you on this server; its admins can open one.")
        raise ChannelError("This channel is not open to you for animations.", channels=limits.channels)


def require_clean_words(recipe: Recipe, moderation: ModerationConfig) -> None:
    """Refuse a recipe with a banned word.

    Raises:
        LimitError: there is another among them.
    """
    banned = compile_banned_words(moderation.banned_words)
    for text in member_texts(recipe):
        if word := banned.find(text):
            raise LimitError("“{word}” is not wanted here; say it in other words.", word=word)


def require_capacity(account: MemberAccount, limits: LimitsConfig) -> None:
    """Refuse an order where a member or a server has too many unfinished jobs.

    Raises:
        LimitError: there is no room for one more.
    """
    if account.open_of_member >= limits.jobs_per_member:
        raise LimitError(
            Sentence(
                "You have {count} animation in the queue, and at most {limit} are allowed at a time: wait for one to"
                " finish, or cancel one with /queue.",
                {"count": account.open_of_member, "limit": limits.jobs_per_member},
                "You have {count} animations in the queue, and at most {limit} are allowed at a time: wait for one to"
                " finish, or cancel one with /queue.",
            )
        )
    if account.open_of_server >= limits.jobs_per_server:
        raise LimitError(
            Sentence(
                "This server has {count} animation in the queue, and at most {limit} are allowed at a time: try again"
                " when one is finished.",
                {"count": account.open_of_server, "limit": limits.jobs_per_server},
                "This server has {count} animations in the queue, and at most {limit} are allowed at a time: try again"
                " when one is finished.",
            )
        )


def require_cooldown(account: MemberAccount, limits: LimitsConfig) -> None:
    """Refuse an order that comes too soon after the last one.

    Raises:
        LimitError: the last one was too short a while ago.
    """
    if account.since_last is not None and account.since_last < limits.cooldown_seconds:
        raise LimitError(
            "Between two animations {pause} have to pass here: try again in {left}.",
            pause=format_duration(limits.cooldown_seconds),
            left=format_duration(limits.cooldown_seconds - account.since_last),
        )


def require_quota(account: MemberAccount, cost: float, limits: LimitsConfig) -> None:
    """Refuse an order that costs more than is left of a member's quota.

    Args:
        account: what they have spent.
        cost: what one more animation will take, in seconds of the engine's time.
        limits: what is allowed; a quota of 0 is none.

    Raises:
        LimitError: it would be too much.
    """
    quota = limits.daily_seconds
    if not quota or account.spent + cost <= quota:
        return
    if cost > quota:
        raise LimitError(
            "This would take about {cost} of the engine's time, and {quota} in 24 hours are allowed here: ask for"
            " fewer frames, or for less to be tried.",
            cost=format_duration(cost),
            quota=format_duration(quota),
        )
    raise LimitError(
        "This would take about {cost} of the engine's time; {left} of your {quota} in 24 hours are left: ask for fewer"
        " frames, for less to be tried, or again later.",
        cost=format_duration(cost),
        left=format_duration(max(0.0, quota - account.spent)),
        quota=format_duration(quota),
    )


def member_texts(recipe: Recipe) -> Iterator[str]:
    """Yield every text in a recipe that a member wrote, and a morph's prompt with its words in place."""
    yield from _walk_texts(msgspec.to_builtins(recipe))
    animation = recipe.of if isinstance(recipe, Variations) else recipe
    if isinstance(animation, Morph):
        yield from (animation.prompt.replace("{}", word) for word in animation.waypoints)


def format_duration(seconds: float) -> Sentence:
    """Return a time rounded up to what matters: seconds, minutes or hours."""
    whole = -int(-seconds // 1)
    if whole < 2 * _MINUTE:
        return Sentence("{count} second", {"count": whole}, "{count} seconds")
    if whole < 2 * _HOUR:
        return Sentence("{count} minute", {"count": -(-whole // _MINUTE)}, "{count} minutes")
    return Sentence("{count} hour", {"count": -(-whole // _HOUR)}, "{count} hours")


def _closed_command(kind: str, limits: LimitsConfig) -> LimitError:
    closed = Sentence("Not open to you here: {command}.", {"command": _COMMAND_NAMES[kind]})
    if not limits.commands:
        return LimitError(closed)
    first, *others = (_COMMAND_NAMES[name] for name in limits.commands)
    for other in others:
        first = Sentence("{one}, {other}", {"one": first, "other": other})
    return LimitError("{closed} Open are: {commands}.", closed=closed, commands=first)


def _kinds(recipe: Recipe) -> Iterator[str]:
    yield kind_of(recipe)
    if isinstance(recipe, Variations):
        yield kind_of(recipe.of)


def _walk_texts(value: Any) -> Iterator[str]:
    match value:
        case str() if value:
            yield value
        case dict():
            for key, inner in value.items():
                if key not in _NOT_WRITTEN:
                    yield from _walk_texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _walk_texts(inner)
