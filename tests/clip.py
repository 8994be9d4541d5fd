"""The real CLIP tokenizer, built from OpenAI's vocabulary, also in the layout that Stable Diffusion 1 ships."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer

VOCABULARY_FILE = Path(__file__).parent / "data" / "clip" / "bpe_simple_vocab_16e6.txt.gz"
VOCABULARY_SIZE = 49408
START, END = "<|startoftext|>", "<|endoftext|>"


@functools.cache
def _vocabulary() -> tuple[dict[str, int], list[str]]:
    """Return the ids of all tokens and the merges, derived from the file as CLIP's own tokenizer does."""
    lines = gzip.decompress(VOCABULARY_FILE.read_bytes()).decode().split("\n")
    merges = lines[1 : VOCABULARY_SIZE - 2 * 256 - 2 + 1]
    symbols = _byte_symbols()
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *("".join(merge.split()) for merge in merges)]
    return {token: number for number, token in enumerate([*tokens, START, END])}, merges


def _byte_symbols() -> list[str]:
    """Return the printable stand-ins for the 256 bytes, in CLIP's order: printable bytes first, then the others."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [256 + number for number in range(256 - len(printable))]
    return [chr(code) for code in printable + others]


def write_clip_tokenizer(directory: Path) -> None:
    """Write vocab.json and merges.txt, the files that Stable Diffusion 1 comes with."""
    vocabulary, merges = _vocabulary()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (directory / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}
    (directory / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


@functools.cache
def clip_tokenizer() -> Any:
    vocabulary, merges = _vocabulary()
    return CLIPTokenizer(vocab=vocabulary, merges=[tuple(merge.split()) for merge in merges], model_max_length=77)
