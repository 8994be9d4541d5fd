"""Discord's markdown as far as a line of text can meet it: what would be read as something else than text.

Written from the rules of Discord's client: block rules at the start of a line, then, at every position, the first
inline rule that fits. `plain` gives the text that a member reads if nothing but escapes was found in it.
"""

from __future__ import annotations

import re
import string

BLOCK = re.compile(r"^(?:#{1,3} |-# |\s*[-*+] |\s*\d+\. |>>> |> |```)", re.MULTILINE)

INLINE = {
    "escape": re.compile(r"\\([^0-9A-Za-z\s])"),
    "code": re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)"),
    "link": re.compile(r"(?:https?|steam)://[^\s<]+[^<.,:;\"'\]\s]"),
    "invite": re.compile(r"discord\.(?:gg|com/invite)/[\w-]+"),
    "masked link": re.compile(r"\[((?:\[[^\]]*\]|[^\]]|\](?=[^\[]*\]))*)\]\(\s*<?([^\s)]*?)>?\s*\)"),
    "angle link": re.compile(r"<[^\s:]+://[^\s>]+>"),
    "mention": re.compile(r"<(?:@[!&]?|#)\d+>|<id:\w+>|@everyone|@here"),
    "command": re.compile(r"</[^:>]+:\d+>"),
    "custom emoji": re.compile(r"<a?:\w+:\d+>"),
    "emoji name": re.compile(r":[\w+-]+(?:::skin-tone-\d)?:"),
    "timestamp": re.compile(r"<t:-?\d+(?::[tTdDfFR])?>"),
    "bold": re.compile(r"\*\*[\s\S]+?\*\*(?!\*)"),
    "underline": re.compile(r"__[\s\S]+?__(?!_)"),
    "italic": re.compile(r"\*(?=\S)[\s\S]+?\*(?!\*)|_[\s\S]+?_(?![A-Za-z0-9_])"),
    "strike": re.compile(r"~~[\s\S]+?~~"),
    "spoiler": re.compile(r"\|\|[\s\S]+?\|\|"),
}


def formatting(line: str) -> list[str]:
    """Return the names of everything in `line` that Discord would not show as it is, escapes aside."""
    found = ["block"] if BLOCK.search(line) else []
    position = 0
    while position < len(line):
        name, match = _rule_at(line, position)
        if match is None:
            position += 1
        else:
            position = match.end()
            if name != "escape":
                found.append(name)
    return found


def plain(line: str) -> str:
    """Return `line` as it is read, its escapes undone."""
    return re.sub(rf"\\([{re.escape(string.punctuation)}])", r"\1", line).replace("@\u200b", "@")


def _rule_at(line: str, position: int) -> tuple[str, re.Match[str] | None]:
    for name, rule in INLINE.items():
        if match := rule.match(line, position):
            return name, match
    return "", None
