"""The command line, and the bot in a process of its own."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import pytest

from engine.recipe.stages import parse_stages
from playground.cli.demo import SEED_STAGES, summary
from playground.cli.outcome import Outcome
from playground.cli.rig import Bot
from playground.cli.send import DELIVERED, REFUSED, SendOptions, send
from playground.cli.terminal import ProgressLine
from playground.errors import BotFailed
from playground.launch import BotProcess, Launch
from playground.member import Member
from playground.server import Playground
from playground.world.model import Attachment, Message
from playground.world.news import BotDisconnected, News
from playground.world.snowflake import now

SCRIPT = Path(__file__).with_name("sample_bot.py")


@pytest.fixture
def data(tmp_path: Path, gif: bytes) -> Path:
    """A data directory with what the sample bot needs."""
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "picture.gif").write_bytes(gif)
    return directory


class TestSend:
    async def run(self, data: Path, *commands: str, traffic: Path | None = None) -> tuple[int, str, Path]:
        """Send commands to the sample bot; return exit status, what was printed, and the first GIF's file."""
        target = data.parent / "saved" / "m.gif"
        bot = Bot(script=SCRIPT, data=data)
        options = SendOptions(commands=commands, out=target, bot=bot, traffic=traffic, patience=60)
        printed = io.StringIO()
        status = await send(options, printed)
        return status, printed.getvalue(), target

    async def test_what_was_posted_is_saved(self, data: Path, gif: bytes) -> None:
        traffic = data.parent / "t.jsonl"
        status, printed, target = await self.run(data, "/draw a cat", "/draw prompt:a dog", traffic=traffic)
        assert status == DELIVERED
        assert target.read_bytes() == target.with_name("m-2.gif").read_bytes() == gif
        assert "a cat in en-US" in printed
        assert "a dog in en-US" in printed
        assert b"/interactions/" in traffic.read_bytes()

    async def test_what_is_answered_in_words_is_refused(self, data: Path) -> None:
        status, printed, target = await self.run(data, "/draw a cat", "/note", "/whisper number:3", "/nothing")
        assert status == REFUSED
        assert "none/" in printed  # the form was submitted as it stood
        assert "3 plain False" in printed
        assert "There is no command /nothing here." in printed
        assert target.exists()
        assert not target.with_name("m-2.gif").exists()

    async def test_a_bot_that_does_not_start(self, data: Path) -> None:
        (data / "picture.gif").unlink()
        with pytest.raises(BotFailed, match=r"ended with status 1\.\n(?s:.*)picture\.gif"):
            await self.run(data, "/draw a cat")


class TestTheBotsProcess:
    async def test_it_is_started_killed_and_started_again(
        self, playground: Playground, ada: Member, data: Path
    ) -> None:
        process = BotProcess(playground, Launch(data=data, log=data / "bot.log", script=SCRIPT))
        gone: list[News] = []
        try:
            await process.start()
            with playground.world.news.listening(gone.append):
                await process.kill()
                await playground.world.news.until(
                    lambda: any(isinstance(one, BotDisconnected) for one in gone) or None, 10
                )
            assert process.returncode == -9
            await process.start()
            assert (await (await ada.slash("/echo again")).response()).content == "again"
        finally:
            await process.stop()
        assert process.returncode is not None

    def test_the_command_line_is_the_bots_own(self, tmp_path: Path) -> None:
        launch = Launch(data=tmp_path / "d", log=tmp_path / "l", config=tmp_path / "c.toml")
        arguments = launch.command("http://127.0.0.1:1")[4:]
        assert arguments[0].endswith("bot.py")
        assert arguments[1:] == ["--config", str(tmp_path / "c.toml"), "--data", str(tmp_path / "d")]


class TestProgressLine:
    def test_where_nobody_looks_a_line_now_and_then(self) -> None:
        out = io.StringIO()
        line = ProgressLine(out)
        for percent in (0, 3, 9, 12, 15, 30, 30):
            line.show(f"**Giro** through 7 stages\n▰▱ {percent} % · frame {percent}")
        line.close()
        assert [text.split(" %")[0] for text in out.getvalue().splitlines()] == ["▰▱ 0", "▰▱ 12", "▰▱ 30"]

    def test_what_has_no_percentage_is_shown_once(self) -> None:
        out = io.StringIO()
        line = ProgressLine(out)
        for text in ("Waiting in line.", "Waiting in line.", "-# Starting", ""):
            line.show(text)
        assert out.getvalue() == "Waiting in line.\nStarting\n"


class TestDemo:
    def test_its_stages_are_the_seeds(self) -> None:
        stages = parse_stages(SEED_STAGES)
        assert len(stages) == 7
        assert sum(stage.frames for stage in stages) == 275
        assert stages[2].prompt == "a road by the sea, trees on the right, sunny day, Italy"

    def test_the_summary_is_measured_on_what_was_posted(self, playground: Playground, gif: bytes) -> None:
        file = Attachment(id="1", filename="giro.gif", url="http://x/", data=gif, content_type="image/gif")
        message = Message(
            id="1",
            channel_id="1",
            guild_id="1",
            author=playground.world.bot,
            created_at=now(),
            content="-# `seed 1234` · 12×8",
            attachments=(file,),
        )
        told = str(summary(Outcome(message, seconds=1.25)))
        assert told == f"3 frames in 1.2 s, {len(gif)} bytes, seam 1.33, seed 1234"


async def test_a_wrong_option_is_refused_before_anything_starts() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "playground", "send", "/x", "--limit", "0", stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert (process.returncode, b"at least 1" in complaint) == (2, True)
