"""The whole training in one command: every stage's arguments are ones that its command knows."""

import argparse
import importlib
import sys
from pathlib import Path

import pytest

from training.run import CPU, GPU, stages

STAGES = [stage for device, scale in (("cpu", CPU), ("cuda", GPU)) for stage in stages(Path("data"), device, 10, scale)]


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
