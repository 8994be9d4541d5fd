"""Finds the words that an admin has banned, however they are disguised.

Both the banned words and a member's text are brought to the same plain form: NFKC, case folded, without accents and
invisible characters, look-alikes of other scripts replaced (Unicode's confusables, UTS #39), digits and signs that
stand for letters read as those, letters repeated at will, and single letters or scraps of a word with anything between
them joined. What is compared then are whole words, so that "Scunthorpe", "grass" and "the pen is mine" are nobody's
business.
"""

from __future__ import annotations

import functools
import itertools
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

_LEET = str.maketrans("0134578@$€£|!+", "oieastbaseliit")
"""What stands for a letter; 1, | and ! are i as well as l, which `_merge_i_and_l` makes the same."""

_INNER_SIGN = re.compile(r"[|!+](?![^\W_]|[@$€£])")
"""A sign that stands for a letter only where more of the word follows; at its end it is punctuation."""

_WORD = re.compile(r"[^\W_]+")
_L_AS_I = str.maketrans("l", "i")
_SHORT_WORDS = frozenset("aeioun")
"""Words of one letter, in English, Italian and chat: they may stand before or behind a word that is spelled out."""

_MIN_LETTERS = 3
"""Number of single letters in a row that count as a spelled-out word; two may be initials."""

_SCRAP_LENGTH = 2
"""Letters of a scrap, a piece that is no word of its own: "fr og" is one word, "pen is" are two."""

_MAX_PIECES = 4
"""Number of pieces in which a word is looked for."""

_TWO_LETTER_TEXT = (
    "ah al am an as at be by da di do eh el et ex go ha he hi ho id if il in is it la le li lo ma me mi mr ms my ne"
    " ni no of oh ok on or ox pi re se sa si so su te ti to tu tv uk un up us vi we"
    " ai ci eu io ad ed od po va vs ll re ve"
)
"""Words of two letters, and what an apostrophe cuts off, in English and Italian; they are no scraps."""

_TWO_LETTER_WORDS = frozenset(_TWO_LETTER_TEXT.split())

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that are written without spaces: there a banned word is looked for anywhere in the text."""

_BOXED_LETTERS = {
    first + offset: string.ascii_lowercase[offset]
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)  # squared, negative circled, negative squared, flags
    for offset in range(26)
}


class _Runs(msgspec.Struct, frozen=True):
    """A word as its letters and how often each stands in a row: "grass" is "gras" and 1, 1, 1, 2."""

    letters: str
    counts: tuple[int, ...]

    @classmethod
    def of(cls, word: str) -> _Runs:
        runs = [(letter, sum(1 for _ in group)) for letter, group in itertools.groupby(word)]
        return cls("".join(letter for letter, _ in runs), tuple(count for _, count in runs))

    def covers(self, banned: _Runs) -> bool:
        """Whether this is `banned`, with some letters repeated more often: "asss" is "ass", but "as" is not."""
        return self.letters == banned.letters and all(
            mine >= needed for mine, needed in zip(self.counts, banned.counts, strict=True)
        )


class BannedWords:
    """A list of words and phrases, ready to be looked for; `compile_banned_words` builds it and keeps the last ones."""

    def __init__(self, words: Iterable[str]) -> None:
        self._phrases: dict[bool, dict[tuple[str, ...], list[tuple[str, tuple[_Runs, ...]]]]] = {True: {}, False: {}}
        self._unspaced: list[tuple[str, str]] = []
        for word in words:
            plain = _normalize(word)
            if _UNSPACED.search(plain):
                self._unspaced.append((word, plain))
            elif tokens := _WORD.findall(plain):
                for folded, index in self._phrases.items():
                    runs = tuple(_Runs.of(_merge_i_and_l(token) if folded else token) for token in tokens)
                    index.setdefault(tuple(run.letters for run in runs), []).append((word, runs))
        self._lengths = sorted({len(key) for key in self._phrases[False]})

    def find(self, text: str) -> str | None:
        """Return the first banned word in `text`, as the admin wrote it, or None if there is none.

        The time grows with the length of the text only, not with how it is written or with the number of words.
        """
        plain = _normalize(text)
        for word, wanted in self._unspaced:
            if wanted in plain:
                return word
        for folded, reading in ((False, plain), (True, _read_leet(plain))):
            if found := self._find_in(_WORD.findall(reading), folded=folded):
                return found
        return None

    def _find_in(self, tokens: Sequence[str], *, folded: bool) -> str | None:
        readings = [tokens, [token.strip(string.digits) for token in tokens]]
        joined = itertools.chain(_join_letters(tokens), _join_scraps(tokens))
        for words in (*readings, *([word] for word in joined)):
            runs = [_Runs.of(_merge_i_and_l(word) if folded else word) for word in words]
            if found := self._match(runs, self._phrases[folded]):
                return found
        return None

    def _match(
        self, runs: Sequence[_Runs], phrases: Mapping[tuple[str, ...], list[tuple[str, tuple[_Runs, ...]]]]
    ) -> str | None:
        for length in self._lengths:
            for start in range(len(runs) - length + 1):
                window = runs[start : start + length]
                for word, banned in phrases.get(tuple(run.letters for run in window), ()):
                    if all(mine.covers(theirs) for mine, theirs in zip(window, banned, strict=True)):
                        return word
        return None


@functools.lru_cache(maxsize=64)
def compile_banned_words(words: tuple[str, ...]) -> BannedWords:
    """Return the list ready to be looked for; the same list is prepared once."""
    return BannedWords(words)


def _normalize(text: str) -> str:
    boxed = text.translate(_BOXED_LETTERS)
    # a capital I within a word of small letters is read as an l, which is what it is there for
    ambiguous = re.sub(r"(?<=[a-z])I", "l", unicodedata.normalize("NFKC", boxed))
    folded = unicodedata.normalize("NFKC", ambiguous.casefold())
    letters = (
        character
        for character in unicodedata.normalize("NFD", folded)
        if unicodedata.category(character) not in ("Mn", "Me", "Cf", "Cc") or character in "\t\n\r"
    )
    return unicodedata.normalize("NFC", "".join(letters)).translate(_look_alikes())


def _read_leet(plain: str) -> str:
    """Read digits and signs as letters, except in words that are numbers."""
    signs = _INNER_SIGN.sub(" ", plain)
    return re.sub(r"[^\s]+", lambda match: _unleet_chunk(match[0]), signs)


def _unleet_chunk(chunk: str) -> str:
    if not any(character.isalpha() or character in "@$" for character in chunk):
        return chunk
    return chunk.translate(_LEET)


def _merge_i_and_l(word: str) -> str:
    """Replace l by i: a digit may have stood for either."""
    return word.translate(_L_AS_I)


def _join_letters(tokens: Sequence[str]) -> Iterator[str]:
    """Yield words spelled out letter by letter, with and without the one-letter words around them."""
    for alone, group in itertools.groupby(tokens, key=lambda token: len(set(token)) == 1):
        letters = list(group)
        if not alone or len(letters) < _MIN_LETTERS:
            continue
        starts = (0, 1) if letters[0] in _SHORT_WORDS else (0,)
        ends = (0, 1) if letters[-1] in _SHORT_WORDS else (0,)
        for start, end in itertools.product(starts, ends):
            if len(word := letters[start : len(letters) - end]) >= _MIN_LETTERS:
                yield "".join(word)


def _join_scraps(tokens: Sequence[str]) -> Iterator[str]:
    """Yield words that may have been split: a few pieces in a row, all but one of them scraps."""
    for start in range(len(tokens)):
        whole_words = 0
        for end in range(start, min(start + _MAX_PIECES, len(tokens))):
            whole_words += not _is_scrap(tokens[end])
            if whole_words > 1:
                break
            if end > start:
                yield "".join(tokens[start : end + 1])


def _is_scrap(token: str) -> bool:
    return len(token) == _SCRAP_LENGTH and token not in _TWO_LETTER_WORDS


@functools.cache
def _look_alikes() -> Mapping[int, str]:
    """Return the small letters of other scripts that look like a Latin one, and which.

    They come from `confusable-homoglyphs`, which carries Unicode's own table: a table kept here would grow old. It
    is read when the first word is banned, since it takes a moment and some memory, and most bots never need it.
    """
    from confusable_homoglyphs.confusables import confusables_data

    table: Mapping[str, list[Mapping[str, str]]] = confusables_data
    found: dict[int, str] = {}
    for character in table:
        small = character.casefold()
        if len(character) != 1 or len(small) != 1 or small.isascii():
            continue
        # some small letters, such as the Cyrillic к, are listed as look-alikes of a Latin one as capitals only
        if letter := _latin_letter(table.get(small, [])) or _latin_letter(table[character]):
            found[ord(small)] = letter
    return found


def _latin_letter(look_alikes: Iterable[Mapping[str, str]]) -> str:
    for entry in look_alikes:
        bare = "".join(one for one in unicodedata.normalize("NFD", entry["c"]) if not unicodedata.combining(one))
        if len(bare) == 1 and bare in string.ascii_letters:
            return bare.casefold()
    return ""
