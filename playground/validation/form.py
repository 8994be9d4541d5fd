"""Form errors: what is wrong with a body, place by place.

form = Form()
form.at / "embeds" / 0 / "title"        # a place in the body
place.text(value, 1, 256)               # notes a problem there if the value does not fit
form.refuse_problems()                  # raises 50035 with Discord's tree of errors
"""

from __future__ import annotations

from typing import Any

from playground import errors
from playground.errors import Json


class Form:
    """Collects problems and turns them into one answer."""

    def __init__(self) -> None:
        self._problems: list[tuple[tuple[str, ...], Json]] = []

    @property
    def at(self) -> Place:
        """The body itself."""
        return Place(self, ())

    def note(self, path: tuple[str, ...], code: str, message: str) -> None:
        """Write down one problem."""
        self._problems.append((path, {"code": code, "message": message}))

    def refuse_problems(self) -> None:
        """Raise everything written down so far.

        Raises:
            ApiError: 50035 with the tree of errors, if there is at least one problem.
        """
        if not self._problems:
            return
        tree: Json = {}
        for path, problem in self._problems:
            node = tree
            for step in path:
                node = node.setdefault(step, {})
            node.setdefault("_errors", []).append(problem)
        raise errors.invalid_form(tree)


class Place:
    """A place in the body. Every check returns whether the value there can be worked with."""

    def __init__(self, form: Form, path: tuple[str, ...]) -> None:
        self._form = form
        self._path = path

    def __truediv__(self, step: str | int) -> Place:
        return Place(self._form, (*self._path, str(step)))

    def problem(self, code: str, message: str) -> bool:
        """Note a problem here; always False."""
        self._form.note(self._path, code, message)
        return False

    def required(self) -> bool:
        """Note that a value is missing here."""
        return self.problem("BASE_TYPE_REQUIRED", "This field is required")

    def text(self, value: Any, low: int, high: int) -> bool:
        """Expect a string of `low` to `high` characters; None counts as missing when `low` is positive."""
        if value is None:
            return self.required() if low else True
        if not isinstance(value, str):
            return self.problem("STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
        if low <= len(value) <= high:
            return True
        if low:
            return self.problem("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        return self.problem("BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")

    def integer(self, value: Any, low: int, high: int) -> bool:
        """Expect an integer within `low` and `high`; None is allowed."""
        if value is None:
            return True
        if isinstance(value, bool) or not isinstance(value, int):
            return self.problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        if value < low:
            return self.problem("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
        if value > high:
            return self.problem("NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")
        return True

    def boolean(self, value: Any) -> bool:
        """Expect true or false; None is allowed."""
        if value is None or isinstance(value, bool):
            return True
        return self.problem("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")

    def choice(self, value: Any, allowed: tuple[Any, ...]) -> bool:
        """Expect one of `allowed`."""
        if value in allowed:
            return True
        return self.problem("BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")

    def table(self, value: Any) -> bool:
        """Expect a JSON object."""
        if isinstance(value, dict):
            return True
        return self.problem("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")

    def listing(self, value: Any, low: int, high: int) -> bool:
        """Expect a list of `low` to `high` entries."""
        if not isinstance(value, list | tuple):
            return self.problem("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        if low <= len(value) <= high:
            return True
        if low:
            return self.problem("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        return self.problem("BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")

    def link(self, value: Any, schemes: tuple[str, ...]) -> bool:
        """Expect a URL of one of `schemes` with at most 2,048 characters; None is allowed."""
        if not self.text(value, 0, 2048):
            return False
        if value is None or value.split("://")[0] in schemes:
            return True
        return self.problem(
            "URL_TYPE_INVALID_SCHEME", f'Scheme "{value.split(":")[0]}" is not supported. Use one of {schemes}.'
        )
