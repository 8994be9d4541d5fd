"""What a person reads, as a template and its values, so that it can be shown in another language."""

from __future__ import annotations

import msgspec


class Sentence(msgspec.Struct, frozen=True):
    """One sentence, or a part of one that is a value of another.

    Attributes:
        text: the English template with {named} fields, such as "At most {limit} frames are allowed here."; braces that
            are meant as such are doubled.
        values: what stands in the fields; a number by which the wording changes is called `count`.
        plural: the English template for every count but 1, where there is one.
    """

    text: str
    values: dict[str, str | int | float | Sentence] = {}
    plural: str = ""

    @classmethod
    def plain(cls, text: str) -> Sentence:
        """Return somebody's words as they are: braces are no fields, and nothing is translated."""
        return cls("{words}", {"words": text})

    def __str__(self) -> str:
        """Return the English sentence."""
        singular = not self.plural or self.values.get("count") == 1
        return (self.text if singular else self.plural).format_map(
            {name: str(self.values[name]) for name in self.values}
        )
