"""Interactions: answered once, in time, in a way that fits; followed up as long as the token lives."""

from __future__ import annotations

import pytest

from playground.client.handle import InteractionHandle
from playground.errors import DidNotRespond
from playground.member import Member
from playground.server import Playground
from playground.world.model import EPHEMERAL
from playground.world.news import InteractionFailed, News
from playground.world.settings import UNLIMITED, PlaygroundSettings
from tests.playground.rest import Rest

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
BUTTON_ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Press", "custom_id": "press"}]}
A_MODAL = {
    "title": "A form",
    "custom_id": "form",
    "components": [
        {"type": 18, "label": "Name", "component": {"type": 4, "style": 1, "custom_id": "name", "value": "Ada"}}
    ],
}
GUESS = {
    "name": "guess",
    "description": "Guess",
    "options": [{"type": 3, "name": "word", "description": "a word", "autocomplete": True}],
}


class TestAcknowledging:
    async def test_the_answer_is_measured(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        assert 0 < await ping.acknowledged() < 1000

    async def test_it_comes_with_the_message_it_made(self, rest: Rest, ping: InteractionHandle) -> None:
        reply = await rest.answer(ping, MESSAGE, {"content": "pong"})
        assert reply.status == 200
        assert reply.body["resource"]["message"]["content"] == "pong"
        assert reply.body["interaction"]["response_message_loading"] is False

    async def test_without_with_response_the_answer_is_empty(self, rest: Rest, ping: InteractionHandle) -> None:
        path = f"/interactions/{ping.interaction.id}/{ping.interaction.token}/callback"
        reply = await rest.call("POST", path, {"type": DEFERRED})
        assert (reply.status, reply.body) == (204, None)

    async def test_a_second_answer_is_refused(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, DEFERRED)
        assert (await rest.answer(ping, MESSAGE, {"content": "x"})).refusal == (400, 40060)

    async def test_an_interaction_that_never_was(self, rest: Rest, ping: InteractionHandle) -> None:
        path = f"/interactions/123/{ping.interaction.token}/callback"
        assert (await rest.call("POST", path, {"type": DEFERRED})).refusal == (404, 10062)

    async def test_somebody_elses_token(self, rest: Rest, ping: InteractionHandle) -> None:
        path = f"/interactions/{ping.interaction.id}/made-up/callback"
        assert (await rest.call("POST", path, {"type": DEFERRED})).refusal == (404, 10062)

    @pytest.mark.parametrize("kind", [1, DEFERRED_UPDATE, UPDATE, CHOICES, 99, None])
    async def test_the_kind_of_answer_must_fit(self, rest: Rest, ping: InteractionHandle, kind: int | None) -> None:
        reply = await rest.answer(ping, kind, {"content": "x"})
        assert reply.refusal == (400, 50035)
        assert reply.problems("type") == ["INTERACTION_CALLBACK_TYPE_INVALID"]


class TestTooLate:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(rate_limits=UNLIMITED, ack_seconds=0.05)

    async def test_nobody_answers(self, ping: InteractionHandle) -> None:
        with pytest.raises(DidNotRespond):
            await ping.acknowledged()

    async def test_an_answer_after_the_time_is_up(self, playground: Playground, rest: Rest, ada: Member) -> None:
        failed: list[News] = []
        with playground.world.news.listening(failed.append):
            handle = await ada.slash("/ping")
            await playground.world.news.until(
                lambda: any(isinstance(one, InteractionFailed) for one in failed) or None, 5
            )
        assert (await rest.answer(handle, DEFERRED)).refusal == (404, 10062)

    async def test_autocomplete_waits_no_longer(self, rest: Rest, ada: Member) -> None:
        await rest.register(GUESS)
        with pytest.raises(DidNotRespond):
            await ada.autocomplete("/guess word:a")


class TestTheWebhook:
    async def test_it_does_not_exist_before_the_answer(self, rest: Rest, ping: InteractionHandle) -> None:
        reply = await rest.call("POST", rest.webhook(ping), {"content": "x"})
        assert reply.refusal == (404, 10015)

    async def test_a_made_up_token(self, rest: Rest, playground: Playground) -> None:
        path = f"/webhooks/{playground.world.application_id}/made-up"
        assert (await rest.call("POST", path, {"content": "x"})).refusal == (401, 50027)

    async def test_another_applications_webhook(self, rest: Rest, ping: InteractionHandle) -> None:
        path = f"/webhooks/1/{ping.interaction.token}"
        assert (await rest.call("POST", path, {"content": "x"})).refusal == (404, 10015)

    async def test_it_needs_no_authorization(self, rest: Rest, ping: InteractionHandle) -> None:
        rest.authorization = None
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        reply = await rest.call("PATCH", rest.webhook(ping, "/messages/@original"), {"content": "edited"})
        assert (reply.status, reply.body["content"]) == (200, "edited")

    async def test_a_deferred_answer_is_filled_by_an_edit(self, rest: Rest, ping: InteractionHandle) -> None:
        reply = await rest.answer(ping, DEFERRED)
        assert reply.body["interaction"]["response_message_loading"] is True
        assert ping.messages[0].loading
        await rest.call("PATCH", rest.webhook(ping, "/messages/@original"), {"content": "ready"})
        (message,) = ping.messages
        assert (message.content, message.loading, message.edited_at) == ("ready", False, None)

    async def test_a_deferred_answer_is_filled_by_the_first_follow_up(
        self, rest: Rest, ping: InteractionHandle
    ) -> None:
        await rest.answer(ping, DEFERRED, {"flags": EPHEMERAL})
        await rest.call("POST", rest.webhook(ping), {"content": "first"})
        await rest.call("POST", rest.webhook(ping), {"content": "second"})
        first, second = ping.messages
        assert (first.content, first.ephemeral) == ("first", True)
        assert (second.content, second.ephemeral) == ("second", False)
        assert second.reference_id == first.id

    async def test_it_reads_edits_and_deletes_what_it_posted(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        posted = await rest.call("POST", rest.webhook(ping), {"content": "more"})
        path = rest.webhook(ping, f"/messages/{posted.body['id']}")
        assert (await rest.call("GET", path)).body["content"] == "more"
        assert (await rest.call("DELETE", path)).status == 204
        assert (await rest.call("GET", path)).refusal == (404, 10008)

    async def test_it_does_not_reach_other_messages(
        self, rest: Rest, ping: InteractionHandle, channel_path: str
    ) -> None:
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        other = await rest.call("POST", channel_path, {"content": "not yours"})
        path = rest.webhook(ping, f"/messages/{other.body['id']}")
        assert (await rest.call("PATCH", path, {"content": "x"})).refusal == (404, 10008)

    async def test_the_original_may_have_been_deleted(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        path = rest.webhook(ping, "/messages/@original")
        assert (await rest.call("DELETE", path)).status == 204
        assert (await rest.call("PATCH", path, {"content": "x"})).refusal == (404, 10008)


class TestAnOldToken:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(rate_limits=UNLIMITED, token_seconds=1e-6)

    async def test_it_is_invalid(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, MESSAGE, {"content": "pong"})
        reply = await rest.call("PATCH", rest.webhook(ping, "/messages/@original"), {"content": "late"})
        assert reply.refusal == (401, 50027)

    async def test_the_bot_can_still_edit_the_message_in_its_own_name(
        self, rest: Rest, ping: InteractionHandle, channel_path: str
    ) -> None:
        answer = await rest.answer(ping, MESSAGE, {"content": "pong"})
        message_id = answer.body["resource"]["message"]["id"]
        reply = await rest.call("PATCH", f"{channel_path}/{message_id}", {"content": "late"})
        assert reply.status == 200
        assert ping.messages[0].content == "late"

    async def test_a_reply_to_the_answer_counts_as_part_of_it(
        self, rest: Rest, ping: InteractionHandle, channel_path: str
    ) -> None:
        answer = await rest.answer(ping, MESSAGE, {"content": "pong"})
        reference = {"message_id": answer.body["resource"]["message"]["id"]}
        await rest.call("POST", channel_path, {"content": "late", "message_reference": reference})
        assert [message.content for message in ping.messages] == ["pong", "late"]


class TestEphemeral:
    async def test_only_the_caller_sees_it(
        self, rest: Rest, ping: InteractionHandle, ada: Member, bruno: Member
    ) -> None:
        await rest.answer(ping, MESSAGE, {"content": "psst", "flags": EPHEMERAL})
        assert [message.content for message in ada.messages] == ["psst"]
        assert bruno.messages == ()

    async def test_the_channel_does_not_know_it(self, rest: Rest, ping: InteractionHandle, channel_path: str) -> None:
        reply = await rest.answer(ping, MESSAGE, {"content": "psst", "flags": EPHEMERAL})
        message_id = reply.body["resource"]["message"]["id"]
        assert (await rest.call("GET", f"{channel_path}/{message_id}")).refusal == (404, 10008)
        assert (await rest.call("GET", channel_path)).body == []


class TestComponents:
    @pytest.fixture
    async def pressed(self, rest: Rest, ping: InteractionHandle, ada: Member) -> InteractionHandle:
        await rest.answer(ping, MESSAGE, {"content": "pong", "components": [BUTTON_ROW]})
        return await ada.click(ping.messages[0], "Press")

    async def test_the_message_can_be_updated(
        self, rest: Rest, pressed: InteractionHandle, ping: InteractionHandle
    ) -> None:
        reply = await rest.answer(pressed, UPDATE, {"content": "pressed"})
        assert reply.body["resource"]["type"] == UPDATE
        assert ping.messages[0].content == "pressed"
        assert ping.messages[0].edited_at is not None

    async def test_a_silent_answer_lets_the_message_be_edited_later(
        self, rest: Rest, pressed: InteractionHandle, ping: InteractionHandle
    ) -> None:
        await rest.answer(pressed, DEFERRED_UPDATE)
        await rest.call("PATCH", rest.webhook(pressed, "/messages/@original"), {"content": "later"})
        assert ping.messages[0].content == "later"

    async def test_a_new_message_replies_to_the_old_one(
        self, rest: Rest, pressed: InteractionHandle, ping: InteractionHandle
    ) -> None:
        await rest.answer(pressed, MESSAGE, {"content": "new"})
        assert pressed.messages[0].reference_id == ping.messages[0].id
        assert len(ping.messages) == 1


class TestModals:
    async def test_it_is_opened_filled_in_and_submitted(self, rest: Rest, ping: InteractionHandle, ada: Member) -> None:
        await rest.answer(ping, MODAL, A_MODAL)
        modal = await ping.modal()
        assert (modal.title, modal.field("Name").value) == ("A form", "Ada")
        submitted = await ada.submit(modal, name="Grace")
        assert submitted.interaction.request.data == {
            "custom_id": "form",
            "components": [
                {"type": 18, "id": 0, "component": {"type": 4, "id": 0, "custom_id": "name", "value": "Grace"}}
            ],
        }
        assert (await rest.answer(submitted, MESSAGE, {"content": "thanks"})).status == 200

    async def test_there_is_no_message_to_update(self, rest: Rest, ping: InteractionHandle, ada: Member) -> None:
        await rest.answer(ping, MODAL, A_MODAL)
        submitted = await ada.submit(await ping.modal())
        assert (await rest.answer(submitted, UPDATE, {"content": "x"})).refusal == (400, 50035)

    async def test_a_modal_does_not_answer_a_modal(self, rest: Rest, ping: InteractionHandle, ada: Member) -> None:
        await rest.answer(ping, MODAL, A_MODAL)
        submitted = await ada.submit(await ping.modal())
        assert (await rest.answer(submitted, MODAL, A_MODAL)).refusal == (400, 50035)

    async def test_an_answer_that_was_no_modal(self, rest: Rest, ping: InteractionHandle) -> None:
        await rest.answer(ping, DEFERRED)
        with pytest.raises(LookupError):
            await ping.modal()

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"title": "x" * 46}, ("data", "title")),
            ({"title": ""}, ("data", "title")),
            ({"custom_id": "x" * 101}, ("data", "custom_id")),
            ({"components": []}, ("data", "components")),
            ({"components": A_MODAL["components"] * 6}, ("data", "components")),
            ({"components": A_MODAL["components"] * 2}, ("data", "components")),
            ({"components": [BUTTON_ROW]}, ("data", "components", "0", "components", "0", "type")),
        ],
    )
    async def test_what_does_not_fit(
        self, rest: Rest, ping: InteractionHandle, change: dict[str, object], place: tuple[str, ...]
    ) -> None:
        reply = await rest.answer(ping, MODAL, A_MODAL | change)
        assert reply.refusal == (400, 50035)
        assert reply.problems(*place)

    @pytest.mark.parametrize(
        "field",
        [
            {"value": "x" * 4001},
            {"value": "long", "max_length": 3},
            {"max_length": 4001},
            {"placeholder": "x" * 101},
            {"style": 3},
            {"custom_id": ""},
        ],
    )
    async def test_what_does_not_fit_an_input(
        self, rest: Rest, ping: InteractionHandle, field: dict[str, object]
    ) -> None:
        text_input = {"type": 4, "style": 1, "custom_id": "name", **field}
        label = {"type": 18, "label": "Name", "component": text_input}
        reply = await rest.answer(ping, MODAL, A_MODAL | {"components": [label]})
        (key,) = set(field) - {"max_length"} or {"max_length"}
        assert reply.refusal == (400, 50035)
        assert reply.problems("data", "components", "0", "component", key)


class TestAutocomplete:
    @pytest.fixture
    async def typing(self, rest: Rest, ada: Member) -> InteractionHandle:
        """An interaction that waits for choices."""
        await rest.register(GUESS)
        return await ada.type_ahead(ada.read("/guess word:a"))

    async def test_choices_are_offered(self, rest: Rest, typing: InteractionHandle) -> None:
        choices = [{"name": "Apple", "value": "apple"}]
        await rest.answer(typing, CHOICES, {"choices": choices})
        assert await typing.choices() == choices

    async def test_at_most_twenty_five(self, rest: Rest, typing: InteractionHandle) -> None:
        choices = [{"name": str(n), "value": str(n)} for n in range(26)]
        reply = await rest.answer(typing, CHOICES, {"choices": choices})
        assert reply.problems("data", "choices") == ["BASE_TYPE_MAX_LENGTH"]

    @pytest.mark.parametrize("choice", [{"name": "x" * 101, "value": "x"}, {"name": "x", "value": "x" * 101}])
    async def test_names_and_values_have_a_length(
        self, rest: Rest, typing: InteractionHandle, choice: dict[str, str]
    ) -> None:
        reply = await rest.answer(typing, CHOICES, {"choices": [choice]})
        assert reply.refusal == (400, 50035)

    async def test_nothing_else_answers_it(self, rest: Rest, typing: InteractionHandle) -> None:
        assert (await rest.answer(typing, MESSAGE, {"content": "x"})).refusal == (400, 50035)
