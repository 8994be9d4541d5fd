"""Following an interaction: was it acknowledged, and which messages came of it."""

from __future__ import annotations

from collections.abc import Callable

from playground.backend import Backend
from playground.client.modal import Modal
from playground.errors import DidNotRespond, Json
from playground.world.interaction import Interaction
from playground.world.model import Message

Predicate = Callable[[Message], bool]
PATIENCE_SECONDS = 10.0


class InteractionHandle:
    """One interaction as the member who started it follows it."""

    def __init__(self, backend: Backend, interaction: Interaction) -> None:
        self._backend = backend
        self.interaction = interaction

    async def acknowledged(self, timeout: float = PATIENCE_SECONDS) -> float:  # noqa: ASYNC109
        """Wait for the bot's answer and return the milliseconds it took.

        Raises:
            DidNotRespond: it gave none in time.
        """
        interaction = self.interaction

        def answer() -> float | None:
            if interaction.failed:
                raise DidNotRespond("The application did not respond.")
            return interaction.answered_after

        return 1000 * await self._backend.world.news.until(answer, timeout)

    async def modal(self, timeout: float = PATIENCE_SECONDS) -> Modal:  # noqa: ASYNC109
        """Wait for the modal that the bot opens.

        Raises:
            DidNotRespond: the bot did not answer.
            LookupError: it answered with something else.
        """
        await self.acknowledged(timeout)
        if self.interaction.modal is None:
            raise LookupError("The answer was no modal.")
        return Modal(self.interaction, self.interaction.modal)

    async def choices(self, timeout: float = PATIENCE_SECONDS) -> list[Json]:  # noqa: ASYNC109
        """Wait for the choices that autocomplete offers: each with `name` and `value`."""
        await self.acknowledged(timeout)
        return self.interaction.choices or []

    async def message_where(
        self,
        predicate: Predicate,
        timeout: float = PATIENCE_SECONDS,  # noqa: ASYNC109
    ) -> Message:
        """Return the first message of this interaction that fits, as it was when it fitted.

        Raises:
            TimeoutError: none did in time.
        """

        def look() -> Message | None:
            return next((message for message in self.messages if predicate(message)), None)

        return await self._backend.world.news.until(look, timeout)

    async def response(self, timeout: float = PATIENCE_SECONDS) -> Message:  # noqa: ASYNC109
        """Return the first message that is more than a promise of one."""
        return await self.message_where(lambda message: not message.loading, timeout)

    @property
    def messages(self) -> tuple[Message, ...]:
        """This interaction's messages in their newest version, oldest first.

        They are the answer, what followed through the interaction's token, and what the bot posted in its own name
        as a reply to one of those.
        """
        mine: dict[str, Message] = {}
        for message in self._backend.world.messages.values():
            if self._is_mine(message) or (message.interaction_id is None and message.reference_id in mine):
                mine[message.id] = message
        return tuple(mine.values())

    def _is_mine(self, message: Message) -> bool:
        return message.interaction_id == self.interaction.id or message.id == self.interaction.response_id

    @property
    def versions(self) -> tuple[Message, ...]:
        """Every version of this interaction's messages that there has been, in the order they appeared."""
        mine = {message.id for message in self.messages}
        return tuple(version for version in self._backend.world.history if version.id in mine)
