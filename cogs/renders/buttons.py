"""The buttons under an animation. What they are about stands in their id, so they outlive a restart of the bot."""

from __future__ import annotations

from typing import Any

import discord

from cogs.client import Tappa
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language
from cogs.orders.submit import acknowledge, submit
from cogs.renders.cancellation import cancel_job
from cogs.renders.recipe_form import CorrectButton
from cogs.renders.remix import ExtendButton, RemixButton
from cogs.renders.sharing import SaveButton, ShareButton, VoteButton
from cogs.renders.variations import PickButton, TryButton, VariationsButton
from cogs.ui.drafts import Action, Draft
from cogs.ui.persistent import JobButton
from engine.protocol.messages import JobId
from engine.recipe.recipe import VARIATIONS


class CancelButton(JobButton, action="cancel"):
    """Calls off the job of the message it stands under, for its owner or a moderator."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Cancel")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Call the job off; whoever delivers it changes the message."""
        await interaction.response.defer()
        await cancel_job(interaction, self.job)


class AgainButton(JobButton, action="again", emoji="🎲"):
    """Asks for the same animation with another seed, for whoever presses it."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Again")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Place the order as if the command had been typed."""
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.history.again(self.job, viewer_of(interaction))
        await submit(interaction, message, recipe, parent=self.job)


PERSISTENT = (
    *(CancelButton, AgainButton, RemixButton, ExtendButton, VariationsButton, PickButton, TryButton, CorrectButton),
    *(ShareButton, VoteButton, SaveButton),
)


def view_of(job: JobId, draft: Draft, say: Language) -> discord.ui.View | None:
    """Return the buttons for a message about `job` in its owner's language, or None for a message without."""
    if not draft.actions:
        return None
    view = discord.ui.View(timeout=None)
    for action in draft.actions:
        buttons = _try_buttons(job, draft.tries) if action == "tries" else _action_buttons(action, job, say)
        for button in buttons:
            view.add_item(button)
    return view


def _try_buttons(job: JobId, count: int) -> list[discord.ui.Item[Any]]:
    """Return a button for each seed that was tried but the first: that one is rendered already."""
    return [TryButton(number, job) for number in range(2, count + 1)]


def _action_buttons(action: Action, job: JobId, say: Language) -> list[discord.ui.Item[Any]]:
    match action:
        case "cancel":
            return [CancelButton(job, say)]
        case "again":
            return [AgainButton(job, say)]
        case "remix":
            return [RemixButton(job, say)]
        case "extend":
            return [ExtendButton(job, say)]
        case "variations":
            return [VariationsButton(job, say)]
        case "others":
            return [VariationsButton(job, say, label=say("Four others"))]
        case "share":
            return [ShareButton(job, say)]
        case "pick":
            return [PickButton(number, job) for number in range(1, VARIATIONS + 1)]
        case "tries":
            raise AssertionError("how many there are stands in the draft")


async def setup(bot: Tappa) -> None:
    """Let the buttons work, those under old messages too."""
    bot.add_dynamic_items(*PERSISTENT)
