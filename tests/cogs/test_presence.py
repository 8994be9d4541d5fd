"""The presence: which model is loaded, and how many jobs wait."""

from __future__ import annotations

from types import SimpleNamespace

from cogs.presence import status_text
from engine.messages import Ready
from engine.settings import Taste
from playground.world.news import PresenceChanged

READY = Ready(model="tappa-embedded-1", card=Taste(), device="cpu", dtype="float32")


def test_while_it_loads_it_says_so():
    assert status_text(SimpleNamespace(ready=None, waiting=3)) == "loading the model"


def test_the_model_and_the_queue():
    assert status_text(SimpleNamespace(ready=READY, waiting=0)) == "tappa-embedded-1"
    assert status_text(SimpleNamespace(ready=READY, waiting=1)) == "tappa-embedded-1 · 1 animation waiting"


async def test_members_see_it(stage):
    seen = []
    async with stage.playground() as playground:
        with playground.world.news.listening(
            lambda news: isinstance(news, PresenceChanged) and seen.append(news.activity)
        ):
            async with stage.bot(playground):
                await playground.world.news.until(lambda: "fake-model-1" in seen or None, 10)
