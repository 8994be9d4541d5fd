"""Orders as members place them."""

from __future__ import annotations

import time

from engine.recipe.recipe import Morph, Recipe
from studio.config.effective import Place
from studio.store import Answer, Member, Order

MIB = 1024 * 1024
ADA = Member(id="101", name="Ada")
BOB = Member(id="102", name="Bob")
SERVER = "555"
MORPH = Morph(source="skunk", target="puppy", frames=9, seed=1234)


def answer(server: str | None = SERVER, message: str | None = "900") -> Answer:
    return Answer(
        server=server, channel="700", message=message, application="300", token="t" * 20, expires=time.time() + 900
    )


def order(recipe: Recipe = MORPH, member: Member = ADA, server: str | None = SERVER) -> Order:
    return Order(
        recipe=recipe,
        member=member,
        answer=answer(server),
        place=Place(server=server, channel="700"),
        limit_bytes=10 * MIB,
    )
