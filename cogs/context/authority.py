"""Who may use which admin command: a server's admins on their server, operators everywhere."""

from __future__ import annotations

import discord
import msgspec

from cogs.client import Interaction
from cogs.context.places import permissions_on_server, server_of
from cogs.context.viewer import member_of
from engine.errors import LimitError
from studio.store import Member


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Who uses a command of /admin, on which server, and whether it is to hold on every server."""

    member: Member
    server: str
    is_operator: bool
    everywhere: bool = False

    @property
    def target(self) -> str | None:
        """Server that the command is about; None for all."""
        return None if self.everywhere else self.server

    @property
    def limited_to(self) -> str | None:
        """The only server where they may change anything; None for an operator, who may everywhere."""
        return None if self.is_operator else self.server


def authority_of(interaction: Interaction, *, everywhere: bool = False) -> Authority:
    """Return the authority of whoever uses a command of /admin.

    A server can change to whom Discord shows a command, so this is asked each time.

    Raises:
        LimitError: they may not use it, or not for every server.
    """
    server = server_of(interaction)
    may_operate = is_operator(interaction)
    if server is None or not (may_operate or permissions_on_server(interaction).manage_guild):
        raise LimitError("Only those who may manage this server can do this.")
    if everywhere and not may_operate:
        raise LimitError("Only the operators of this bot can do this.")
    member = member_of(interaction.user)
    return Authority(member=member, server=server, is_operator=may_operate, everywhere=everywhere)


def is_operator(interaction: Interaction) -> bool:
    """Whether somebody is named in moderation.operators, or owns the application, alone or in a team."""
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
