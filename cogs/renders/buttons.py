"""The buttons under an animation."""

from __future__ import annotations

import discord

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language
from cogs.orders.submit import acknowledge, submit
from cogs.renders.cancellation import cancel_job
from cogs.renders.remix import ExtendButton, RemixButton
from cogs.renders.sharing import ShareButton
from cogs.renders.variations import PickButton, TryButton, VariationsButton
from cogs.ui.button_rows import make_view
from cogs.ui.drafts import Action, Draft
from cogs.ui.persistent import JobButton, PersistentButton
from engine.protocol.messages import JobId
from engine.recipe.recipe import VARIATIONS


class CancelButton(JobButton, action="cancel", label=lambda say: say("Cancel")):
    """Cancels the job of its message, for its owner or a moderator."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()  # the delivery edits the message
        await cancel_job(interaction, self.job)


class AgainButton(JobButton, action="again", emoji="🎲", label=lambda say: say("Again")):
    """Orders the same animation with another seed, for whoever presses it."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.history.again(self.job, viewer_of(interaction))
        await submit(interaction, message, recipe, parent=self.job)


_BUTTONS: dict[Action, type[JobButton]] = {
    "cancel": CancelButton,
    "again": AgainButton,
    "remix": RemixButton,
    "extend": ExtendButton,
    "variations": VariationsButton,
    "share": ShareButton,
}


def view_of(job: JobId, draft: Draft, say: Language) -> discord.ui.View | None:
    """Return the buttons for a message about `job` in its owner's language; None if it has none."""
    if not draft.actions:
        return None
    return make_view(*(button for action in draft.actions for button in _buttons_for(action, job, draft.tries, say)))


def _buttons_for(action: Action, job: JobId, tries: int, say: Language) -> list[PersistentButton]:
    match action:
        case "others":
            return [VariationsButton.of(job, say, label=say("Four others"))]
        case "pick":
            return [PickButton.of(number, job) for number in range(1, VARIATIONS + 1)]
        case "tries":
            return [TryButton.of(number, job) for number in range(2, tries + 1)]  # the first is rendered already
        case _:
            return [_BUTTONS[action].of(job, say)]


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(CancelButton, AgainButton)
