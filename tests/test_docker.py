"""The container, as far as it can be tried without one: its command, with another directory in the place of /data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config.toml"


def start(data: Path) -> str:
    """Run the container's command as far as it gets without a token; return what it says last."""
    (command,) = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    without = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
    ended = subprocess.run(
        [part.replace("/data", str(data)) for part in json.loads(command)],
        cwd=ROOT,
        env=without | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def test_the_first_start_copies_the_configuration_into_the_volume(volume):
    assert start(volume).startswith("There is no bot token")
    assert (volume / "config.toml").read_text() == CONFIG.read_text()


def test_what_was_changed_there_is_what_holds_at_the_next_start(volume):
    own = volume / "config.toml"
    own.write_text("# ours\n[engine]\nlanes = 0\n")
    assert start(volume) == f"{own}, line 3: engine.lanes must be between 1 and 64."
    assert own.read_text().startswith("# ours")
