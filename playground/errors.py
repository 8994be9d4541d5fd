"""What goes wrong: answers that the REST API refuses with, and what a member's client will not do.

ApiError           a REST answer of 4xx or 5xx, with Discord's error code
ClientRefused      a person's Discord client would not let them do this
DidNotRespond      the bot did not acknowledge an interaction in time
BotFailed          the bot's process ended, or did not come online
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer that refuses a request.

    Args:
        status: HTTP status.
        code: Discord's JSON error code; 0 where it has none.
        message: Discord's wording.
        errors: the tree of form errors of a 50035, by place in the body.
    """

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> Json:
        """The answer's JSON body."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class RateLimited(ApiError):
    """429: come back after `retry_after` seconds."""

    def __init__(self, retry_after: float, scope: str) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        self.retry_after = retry_after
        self.scope = scope

    @property
    def body(self) -> Json:
        return {
            **super().body,
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
        }


class ClientRefused(Exception):
    """A person's Discord client would not send this; the message says why."""


class DidNotRespond(Exception):
    """The bot did not acknowledge an interaction in time."""


class BotFailed(Exception):
    """The bot's process ended or did not come online; the message carries the end of its log."""


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    return ApiError(404, 0, "404: Not Found")


def method_not_allowed() -> ApiError:
    return ApiError(405, 0, "405: Method Not Allowed")


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    return ApiError(404, 10063, "Unknown application command")


def too_many_commands(most: int) -> ApiError:
    return ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")


def entity_too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def not_your_message() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def not_in_direct_messages() -> ApiError:
    return ApiError(403, 50003, "Cannot execute action on a DM channel")


def empty_message() -> ApiError:
    return ApiError(400, 50006, "Cannot send an empty message")


def no_direct_messages() -> ApiError:
    return ApiError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def invalid_webhook_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def invalid_form(errors: Json) -> ApiError:
    return ApiError(400, 50035, "Invalid Form Body", errors)


def invalid_api_version() -> ApiError:
    return ApiError(400, 50041, "Invalid API version provided.")


def archived_thread() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def invalid_json() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")
