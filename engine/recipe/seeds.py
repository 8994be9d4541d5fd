"""Seeds: drawn for animations whose members gave none, and those that follow from another."""

from __future__ import annotations

import secrets

from engine.recipe.recipe import MAX_SEED, VARIATIONS

_STRIDE = 2_654_435_761
"""Odd, so that every seed comes once before any comes again; large, so that the next are not those one would type."""


def new_seed(not_this: int | None = None) -> int:
    """Return a random seed, other than the one given."""
    while (seed := secrets.randbelow(MAX_SEED + 1)) == not_this:
        pass
    return seed


def new_seeds() -> tuple[int, ...]:
    """Return as many different random seeds as a contact sheet shows."""
    seeds: set[int] = set()
    while len(seeds) < VARIATIONS:
        seeds.add(new_seed())
    return tuple(seeds)


def derive_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return so many more seeds, all different, that always follow from this one."""
    return tuple((seed + number * _STRIDE) % (MAX_SEED + 1) for number in range(1, count + 1))
