"""Who may run what: a server's admins their server, operators everything."""

from __future__ import annotations

import discord
import msgspec

from cogs.client import Tappa
from cogs.context.places import permissions_on_server, server_of
from engine.errors import LimitError


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may use /admin: where, and whether everywhere."""

    member: str
    name: str
    server: str
    is_operator: bool

    @property
    def limited_to(self) -> str | None:
        """The server that they are held to; None for an operator."""
        return None if self.is_operator else self.server


def authority_of(interaction: discord.Interaction[Tappa]) -> Authority:
    """Return what somebody may do who uses a command of /admin.

    What Discord shows to whom can be changed by a server, so this is asked each time.

    Raises:
        LimitError: nothing.
    """
    server = server_of(interaction)
    may_operate = is_operator(interaction)
    if server is None or not (may_operate or permissions_on_server(interaction).manage_guild):
        raise LimitError("Only those who may manage this server can do this.")
    user = interaction.user
    return Authority(member=str(user.id), name=user.display_name, server=server, is_operator=may_operate)


def require_operator(interaction: discord.Interaction[Tappa]) -> Authority:
    """Return the authority of an operator.

    Raises:
        LimitError: it is none.
    """
    authority = authority_of(interaction)
    if not authority.is_operator:
        raise LimitError("Only the operators of this bot can do this.")
    return authority


def is_operator(interaction: discord.Interaction[Tappa]) -> bool:
    """Whether somebody operates the bot: named in the configuration, or the application is theirs or their team's."""
    user, application = interaction.user, interaction.client.application
    if str(user.id) in interaction.client.config.moderation.operators:
        return True
    if application is None:
        return False
    if application.team is None:
        return user.id == application.owner.id
    return any(
        member.id == user.id
        and member.membership_state is discord.TeamMembershipState.accepted
        and member.role is not discord.TeamMemberRole.read_only
        for member in application.team.members
    )
