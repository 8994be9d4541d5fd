"""The words: a CLIP tokenizer with a small vocabulary of its own, and a CLIP text encoder small enough to train."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.drawing.captions import said
from training.drawing.facts import Facts

LENGTH = 77
WIDTH = 128
MERGES = 1000
START, END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
# Words that members type and no caption has: one token each, so that they cost little of the 77.
COMMON = "beautiful detailed quality masterpiece blurry ugly low high text watermark art colorful bright dark big small"


def build_tokenizer(captions: Iterable[str]) -> CLIPTokenizer:
    """A byte-level BPE learned from `captions` in CLIP's format. Any text has tokens: the 256 bytes are all in."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learner = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END))
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=2 * len(alphabet) + MERGES,
        min_frequency=5,
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator([*captions, *[COMMON] * 20], trainer)
    merges = [(str(a), str(b)) for a, b in json.loads(learner.to_str())["model"]["merges"]]
    symbols = sorted(alphabet)
    vocabulary = dict.fromkeys([*symbols, *(symbol + "</w>" for symbol in symbols)])
    vocabulary.update(dict.fromkeys(a + b for a, b in merges))
    vocabulary.update(dict.fromkeys([START, END]))
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(vocabulary)},
        merges=merges,
        model_max_length=LENGTH,
    )


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder)


def build_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A fresh text encoder: three layers, 128 wide."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            projection_dim=WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """N×77 token ids, padded as Stable Diffusion's pipelines pad."""
    encoded = tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt")
    ids: Tensor = encoded.input_ids.to(torch.long)
    return ids


@dataclass(frozen=True)
class Captions:
    """Ready-made captions of pictures.

    Attributes:
        ids: as tokens, N×each×77, int16.
        says: for each of the concepts asked for, which captions speak of it, N×each, bool.
    """

    ids: Tensor
    says: dict[str, NDArray[np.bool_]]


def captions_of(tokenizer: CLIPTokenizer, facts: list[Facts], each: int, concepts: tuple[str, ...] = ()) -> Captions:
    """`each` captions for every picture. Always the same ones; made on all cores."""
    size = 1024
    chunks = [(number, facts[start : start + size]) for number, start in enumerate(range(0, len(facts), size))]
    work = partial(_chunk, tokenizer, each, concepts)
    if len(chunks) < 4:
        parts = [work(chunk) for chunk in chunks]
    else:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there is a process for each core already
        with multiprocessing.get_context("fork").Pool() as pool:
            parts = pool.map(work, chunks)
    said = np.concatenate([said for _, said in parts])
    return Captions(
        torch.from_numpy(np.concatenate([ids for ids, _ in parts])),
        {concept: said[..., place] for place, concept in enumerate(concepts)},
    )


def _chunk(
    tokenizer: CLIPTokenizer, each: int, concepts: tuple[str, ...], chunk: tuple[int, list[Facts]]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    number, facts = chunk
    rng = np.random.default_rng((number, each))
    captions = [said(one, rng) for one in facts for _ in range(each)]
    ids = token_ids(tokenizer, [caption.text for caption in captions]).numpy().astype(np.int16)
    says = np.array([[concept in caption.says for concept in concepts] for caption in captions], bool)
    return ids.reshape(len(facts), each, LENGTH), says.reshape(len(facts), each, len(concepts))
