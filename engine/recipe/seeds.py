"""Seeds, drawn at random or derived from another."""

from __future__ import annotations

import secrets

from engine.recipe.recipe import MAX_SEED, VARIATIONS

_STRIDE = 2_654_435_761
"""Odd, so that every seed comes once before any repeats; large, to stay away from seeds that people type."""


def new_seed(not_this: int | None = None) -> int:
    """Return a random seed, other than the one given."""
    while (seed := secrets.randbelow(MAX_SEED + 1)) == not_this:
        pass
    return seed


def new_seeds() -> tuple[int, ...]:
    """Return different random seeds, as many as a contact sheet shows."""
    seeds: set[int] = set()
    while len(seeds) < VARIATIONS:
        seeds.add(new_seed())
    return tuple(seeds)


def derive_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return `count` more seeds, all different, always the same ones for this seed."""
    return tuple((seed + number * _STRIDE) % (MAX_SEED + 1) for number in range(1, count + 1))
