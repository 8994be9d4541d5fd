"""A sentence about a value says on which line it stands."""

from __future__ import annotations

import pytest

from studio.config.toml_lines import line_of

TEXT = """\
# frames = 1
[limits]
frames = 100
stages = 7  # frames
[servers.12]
limits.size = 512
roles = { "5" = { steps = 9 } }

[presets."a b"]
stages = '''
loop = false
a road | 5
'''
loop = true
[moderation]
banned_words = [
    "frog",
]
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("limits", 2),
        ("limits.frames", 3),
        ("limits.stages", 4),
        ("servers.12.limits.size", 6),
        ("servers.12.roles.5.steps", 7),
        ("presets.a b.stages", 10),
        ("presets.a b.loop", 14),
        ("moderation.banned_words", 16),
        ("limits.size", None),
        ("frames", None),
        ("", None),
    ],
)
def test_what_toml_makes_of_the_lines_decides(key, line):
    assert line_of(TEXT, key.split(".") if key else ()) == line
