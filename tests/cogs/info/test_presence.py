"""The presence: which model is loaded, and how many jobs wait."""

from __future__ import annotations

from types import SimpleNamespace

from cogs.i18n.language import language_of
from cogs.info.presence import status_text
from engine.protocol.messages import Ready
from engine.recipe.settings import SettingsLayer
from playground.world.news import PresenceChanged

ENGLISH = language_of(None)
READY = Ready(model="tappa-embedded-1", card=SettingsLayer(), device="cpu", dtype="float32")


def idle(*, ready=READY, waiting=0, paused=False):
    return SimpleNamespace(
        ready=ready, waiting=waiting, administration=SimpleNamespace(is_paused=lambda server: paused)
    )


def test_while_it_loads_it_says_so():
    assert status_text(idle(ready=None, waiting=3), ENGLISH) == "loading the model"


def test_the_model_and_the_queue():
    assert status_text(idle(waiting=0), ENGLISH) == "tappa-embedded-1"
    assert status_text(idle(waiting=1), ENGLISH) == "tappa-embedded-1 · 1 animation waiting"


def test_a_pause_is_no_secret():
    assert status_text(idle(waiting=2, paused=True), ENGLISH) == "tappa-embedded-1 · paused · 2 animations waiting"


async def test_members_see_it(stage):
    seen = []
    async with stage.playground() as playground:
        with playground.world.news.listening(
            lambda news: isinstance(news, PresenceChanged) and seen.append(news.activity)
        ):
            async with stage.bot(playground):
                await playground.world.news.until(lambda: "fake-model-1" in seen or None, 10)
