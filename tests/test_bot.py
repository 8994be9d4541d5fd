"""The program: it starts in order, says in one line what is wrong, and ends when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bot as bot_module
from playground.faults import Fault
from playground.launch import BotProcess, Launch
from playground.server import Playground
from playground.world.settings import PlaygroundSettings
from tests.fakes.engine import FakeEngine

ROOT = Path(__file__).resolve().parents[1]


@contextlib.asynccontextmanager
async def launched(playground, launch):
    """A bot that is not left behind, whatever a test finds."""
    bot = BotProcess(playground, launch)
    try:
        yield bot
    finally:
        await bot.stop()


def crowd() -> float:
    """How many processes there are for each core, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def run(*arguments, cwd=ROOT, **environment):
    """Run bot.py as a shell would; return exit code, output and errors."""
    clean = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), *arguments],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


async def start_in(url, data, token):
    """Start bot.py where its Discord is, or shall be, a playground."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "playground.bootstrap", url, str(ROOT / "bot.py"), "--data", str(data)),
        cwd=ROOT,
        env=os.environ | {"DISCORD_TOKEN": token},
        stderr=asyncio.subprocess.PIPE,
    )


async def run_in(playground, data, token):
    """Run bot.py in a playground to its end; return exit code and errors."""
    process = await start_in(playground.url, data, token)
    _, errors = await process.communicate()
    return process.returncode, errors.decode()


class TestTheCheck:
    def test_a_good_configuration_is_said_to_be_good(self):
        code, output, errors = run("--check")
        assert (code, errors) == (0, "")
        assert output == "config.toml: everything in it is allowed.\n"

    def test_it_needs_no_token_and_makes_no_files(self, tmp_path):
        (tmp_path / "config.toml").write_text("")
        code, _, _ = run("--check", cwd=tmp_path)
        assert code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]

    def test_a_bad_value_is_one_line_and_exit_code_2(self, tmp_path):
        (tmp_path / "config.toml").write_text("[engine]\nlanes = 0\n")
        code, output, errors = run("--check", cwd=tmp_path)
        assert (code, output) == (2, "")
        assert errors == "config.toml, line 2: engine.lanes must be between 1 and 64.\n"


class TestStartingUp:
    @pytest.mark.parametrize(
        ("config", "sentence"),
        [
            ("", "There is no bot token; set DISCORD_TOKEN, or discord.token_file in config.toml."),
            ("[discord]\ntoken_file = 'none'", "discord.token_file: none cannot be read"),
            (
                "[discord]\ntoken_file = 'empty'",
                "discord.token_file: empty is empty; its first line is the bot's token.",
            ),
            ("[engine]\nlans = 3", "config.toml, line 2: engine has an unknown key `lans`; it knows lanes, "),
        ],
    )
    def test_what_is_missing_is_one_line_and_exit_code_2(self, tmp_path, config, sentence):
        (tmp_path / "config.toml").write_text(config)
        (tmp_path / "empty").write_text("\n")
        code, output, errors = run(cwd=tmp_path)
        assert (code, output) == (2, "")
        assert errors.startswith(sentence)
        assert errors.count("\n") == 1

    async def test_an_unreachable_discord_is_waited_for(self, tmp_path, unused_tcp_port):
        """Nobody has to change anything for it to come back, so the bot neither ends nor needs to be started again."""
        settings = PlaygroundSettings(port=unused_tcp_port, token="a token")
        process = await start_in(f"http://127.0.0.1:{unused_tcp_port}", tmp_path / "data", settings.token)
        said = ""
        while "trying again" not in said:
            said = (await process.stderr.readline()).decode()
            assert said, "it has ended"
        assert "check the network and discord.proxy" in said
        async with Playground(settings) as playground:
            await playground.world.news.until(lambda: True if any(playground.world.commands.values()) else None, 30)
            process.terminate()
            _, errors = await process.communicate()
        assert process.returncode == 0
        assert "Traceback" not in errors.decode() and "Unclosed" not in errors.decode()

    async def test_it_ends_when_it_is_told_to_while_it_waits(self, tmp_path, unused_tcp_port):
        process = await start_in(f"http://127.0.0.1:{unused_tcp_port}", tmp_path / "data", "a token")
        await process.stderr.readline()
        process.terminate()
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")

    async def test_a_discord_that_refuses_more_than_the_token_is_one_line_and_exit_code_2(self, tmp_path):
        async with Playground(PlaygroundSettings()) as playground:
            playground.backend.faults.order(Fault(path="/users/@me", status=403))
            code, errors = await run_in(playground, tmp_path / "data", playground.token)
        assert code == 2
        assert errors.startswith("Discord refuses this bot (403 Forbidden")
        assert errors.count("\n") == 1

    async def test_a_refused_token_is_one_line_and_exit_code_2(self, tmp_path):
        async with Playground(PlaygroundSettings()) as playground:
            code, errors = await run_in(playground, tmp_path / "data", "a wrong token")
        assert code == 2
        assert errors.startswith("Discord refuses the bot's token;")
        assert errors.count("\n") == 1
        assert not (tmp_path / "data").exists()

    async def test_a_data_directory_that_cannot_be_used_is_one_line_and_exit_code_2(self, tmp_path):
        (tmp_path / "data").write_text("a file")
        async with Playground(PlaygroundSettings()) as playground:
            code, errors = await run_in(playground, tmp_path / "data", playground.token)
        assert code == 2
        assert errors.splitlines()[-1].endswith("cannot be used (Not a directory).")
        assert "Traceback" not in errors

    async def test_a_model_that_cannot_be_loaded_ends_the_bot_with_one_line(self, tmp_path):
        config = tmp_path / "config.toml"
        config.write_text(f"[model]\nsource = '{tmp_path / 'no-model'}'\n")
        async with Playground(PlaygroundSettings()) as playground:
            launch = Launch(data=tmp_path / "data", log=tmp_path / "log", config=config)
            async with launched(playground, launch) as bot:
                await bot.start()
                assert await bot.wait() == 2
        assert "no-model" in bot.log_tail().splitlines()[-1]
        assert "Traceback" not in bot.log_tail()


class TestWatchingTheEngine:
    async def test_a_model_without_a_safety_checker_is_mentioned_once(self, caplog, monkeypatch):
        engine = FakeEngine()
        assert await warnings_of(engine, caplog, monkeypatch) == [
            "This model ships no safety checker that can be loaded: [moderation] nsfw cannot be enforced."
        ]

    async def test_a_model_with_one_is_not(self, caplog, monkeypatch):
        engine = FakeEngine()
        engine.judges = True
        assert await warnings_of(engine, caplog, monkeypatch) == []


async def warnings_of(engine: FakeEngine, caplog, monkeypatch) -> list[str]:
    """Return what the bot warns of while it looks at its engine many times."""
    monkeypatch.setattr("bot.ENGINE_CHECK_SECONDS", 0.001)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await bot_module._watch_engine(engine)  # it asks nothing of the studio but what the engine has as well
    return [record.message for record in caplog.records if record.name == "tappa"]


class TestRunning:
    async def test_it_is_online_in_under_three_seconds_and_ends_in_order(self, tmp_path):
        launch = Launch(data=tmp_path / "data", log=tmp_path / "log")
        async with Playground(PlaygroundSettings()) as playground, launched(playground, launch) as bot:
            began = time.monotonic()
            await bot.start()
            assert time.monotonic() - began < 3 * crowd(), "on a machine at rest within three seconds"
            os.kill(bot.pid, signal.SIGTERM)
            assert await bot.wait() == 0
        assert "Traceback" not in bot.log_tail()
