"""The one tree of errors.

    TappaError
    ├── MemberError          what was asked for is not possible; the message says what is
    │   ├── RecipeError      a recipe that is malformed, out of range or of another version
    │   ├── PromptError      words the loaded model cannot take
    │   ├── ContentError     a picture that the safety checker objects to, where it may not be shown
    │   ├── LimitError       allowed in general, but not here, not now or not this much
    │   │   └── ChannelError allowed in other channels
    │   └── LimitTooSmall    no animation fits the number of bytes the server accepts
    ├── OperatorError        the installation is wrong; the message says what to change
    │   ├── ConfigError      config.toml
    │   ├── ModelError       the model's files, the hub, the device
    │   └── StorageError     the data directory
    │       └── PictureError one picture in it is damaged
    └── EngineError          the engine broke or went away; nobody who asked is to blame

Every message is one plain sentence, fit to be shown to the person it is about, and kept as a template with its values
so that it can be shown in their language: `raise LimitError("At most {limit} frames are allowed here.", limit=3)`.
`describe` is the single place that decides what a person reads; nothing else turns exceptions into sentences.
"""

from __future__ import annotations

from engine.sentence import Sentence


class TappaError(Exception):
    """Root of everything this program raises on purpose.

    Args:
        text: the English template, or a whole sentence, such as one with a plural.
        values: what stands in its {named} fields; another TappaError stands for its own sentence.
    """

    def __init__(self, text: str | Sentence, /, **values: object) -> None:
        self.sentence = (
            text if isinstance(text, Sentence) else Sentence(text, {name: _plain(values[name]) for name in values})
        )
        super().__init__(str(self.sentence))


class MemberError(TappaError):
    """A member asked for something that cannot be done as asked."""


class RecipeError(MemberError, ValueError):
    """A recipe is malformed, out of range, or of another version.

    A ValueError, too, so that msgspec reports it as a ValidationError when a recipe's `__post_init__` raises it.
    """


class PromptError(MemberError):
    """The loaded model's tokenizer cannot take these words."""


class ContentError(MemberError):
    """The model's safety checker objects to what was rendered, and the admin allows no such picture here."""


class LimitError(MemberError):
    """The request is beyond a limit that the admin has set."""


class ChannelError(LimitError):
    """It is not allowed in this channel, but in `channels`, by Discord's ids."""

    def __init__(self, text: str, /, *, channels: tuple[str, ...]) -> None:
        super().__init__(text)
        self.channels = channels


class LimitTooSmall(MemberError):
    """Not even the smallest form of an animation fits the byte limit."""


class OperatorError(TappaError):
    """Whoever runs the program has to change something."""


class ConfigError(OperatorError):
    """config.toml holds an unknown key or a value that is not allowed."""


class ModelError(OperatorError):
    """The model cannot be loaded from where it was configured."""


class StorageError(OperatorError):
    """The data directory cannot be used."""


class PictureError(StorageError):
    """A stored picture is damaged or gone; everything else goes on without it."""


class EngineError(TappaError):
    """The engine failed while rendering, or its process died."""


def describe(error: BaseException) -> Sentence:
    """Return the sentence a person reads for `error`; never a traceback, never an internal name."""
    if isinstance(error, TappaError):
        return error.sentence
    if isinstance(error, KeyboardInterrupt):
        return Sentence("Stopped.")
    return Sentence(
        "Something went wrong on this side, and the log says what: try again, and tell an admin if it goes on."
    )


def _plain(value: object) -> str | int | float | Sentence:
    if isinstance(value, TappaError):
        return value.sentence
    return value if isinstance(value, str | int | float | Sentence) else str(value)
