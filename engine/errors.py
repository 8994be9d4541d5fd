"""The one tree of errors.

    TappaError
    ├── MemberError          what was asked for is not possible; the message says what is
    │   ├── RecipeError      a recipe that is malformed, out of range or of another version
    │   ├── PromptError      words the loaded model cannot take
    │   ├── LimitError       allowed in general, but not here, not now or not this much
    │   └── LimitTooSmall    no animation fits the number of bytes the server accepts
    ├── OperatorError        the installation is wrong; the message says what to change
    │   ├── ConfigError      config.toml
    │   ├── ModelError       the model's files, the hub, the device
    │   └── StorageError     the data directory
    └── EngineError          the engine broke or went away; nobody who asked is to blame

Every message is one plain sentence, fit to be shown to the person it is about. `describe` is the single place that
decides what a person reads; nothing else turns exceptions into text.
"""

from __future__ import annotations


class TappaError(Exception):
    """Root of everything this program raises on purpose."""


class MemberError(TappaError):
    """A member asked for something that cannot be done as asked."""


class RecipeError(MemberError):
    """A recipe is malformed, out of range, or of another version."""


class PromptError(MemberError):
    """The loaded model's tokenizer cannot take these words."""


class LimitError(MemberError):
    """The request is well formed but beyond a limit that the admin has set."""


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


class EngineError(TappaError):
    """The engine failed while rendering, or its process died."""


def describe(error: BaseException) -> str:
    """Return the sentence a person reads for `error`; never a traceback, never an internal name."""
    if isinstance(error, TappaError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "Stopped."
    return "Something went wrong on this side; it has been written to the log."
