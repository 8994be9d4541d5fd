"""The whole training in one command: every stage's arguments are ones that its command knows."""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from training.run import CPU, GPU, Stage, perform, stages

STAGES = [
    stage
    for device, scale, start in (("cpu", CPU, None), ("cuda", GPU, Path("models/embedded")))
    for stage in stages(Path("data"), device, 10, scale, start)
]


class ParsedError(Exception):
    """Raised in place of the work, once the arguments have been understood."""


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_stage_is_a_command_with_those_options(stage, monkeypatch):
    parse = argparse.ArgumentParser.parse_args

    def parse_only(parser, args=None, namespace=None):
        parse(parser, args, namespace)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    monkeypatch.setattr(sys, "argv", [stage.module, *stage.arguments])
    with pytest.raises(ParsedError):
        importlib.import_module(f"training.{stage.module}").main()


def test_a_stage_is_named_once():
    names = [stage.name for stage in STAGES[: len(STAGES) // 2]]
    assert len(names) == len(set(names))


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """Stages append their first argument to a file, a little later if they run beside others; returns the marks."""
    monkeypatch.chdir(tmp_path)
    popen = subprocess.Popen

    def stood_in(command):
        name, delay = command[-1], "0.5" if "nice" in command else "0"
        return ["sh", "-c", f"sleep {delay}; test {name} != broken && echo {name} >> order"]

    monkeypatch.setattr(subprocess, "Popen", lambda command: popen(stood_in(command)))
    monkeypatch.setattr(
        subprocess, "run", lambda command, check: subprocess.CompletedProcess((), popen(stood_in(command)).wait())
    )
    (tmp_path / "done").mkdir()
    return tmp_path / "done"


def stage(name, **changes):
    return Stage(name, "draw", (name,), **changes)


def test_a_stage_beside_the_others_is_waited_for_by_the_one_that_needs_it(marks):
    perform([stage("slow", beside=True), stage("quick"), stage("last", needs="slow")], marks)
    assert Path("order").read_text().split() == ["quick", "slow", "last"]
    assert {mark.name for mark in marks.iterdir()} == {"slow", "quick", "last"}


def test_what_is_done_is_not_done_again(marks):
    (marks / "first").touch()
    perform([stage("first"), stage("second")], marks)
    assert Path("order").read_text().split() == ["second"]


def test_a_stage_beside_that_fails_is_said_and_leaves_no_mark(marks):
    with pytest.raises(subprocess.CalledProcessError):
        perform([stage("broken", beside=True), stage("last", needs="broken")], marks)
    assert not list(marks.iterdir())
