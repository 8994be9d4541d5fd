"""The limits themselves: what is refused, and what the member is told to do next."""

from __future__ import annotations

import msgspec
import pytest

from engine.errors import LimitError
from engine.recipe.recipe import Giro, Morph, Stage
from studio.config.config import LimitsConfig, ModerationConfig
from studio.config.effective import Place
from studio.rules.limits import (
    MemberAccount,
    format_duration,
    member_texts,
    require_capacity,
    require_clean_words,
    require_cooldown,
    require_open,
    require_quota,
)

MORPH = Morph(source="skunk", target="puppy", seed=1)
HERE = Place(server="12", channel="7")
NOTHING = MemberAccount(open_of_member=0, open_of_server=0, spent=0.0, since_last=None)


def account(**changes):
    return msgspec.structs.replace(NOTHING, **changes)


class TestWhatIsOpen:
    def test_by_default_everything_is(self):
        require_open(MORPH, HERE, LimitsConfig())

    def test_commands_that_are_not_named_are_closed(self):
        require_open(MORPH, HERE, LimitsConfig(commands=("zoom", "morph")))
        with pytest.raises(LimitError) as refusal:
            require_open(MORPH, HERE, LimitsConfig(commands=("zoom", "giro")))
        assert str(refusal.value) == "Not open to you here: /morph. Open are: /zoom, /giro."
        with pytest.raises(LimitError, match=r"Not open to you here: /morph\.$"):
            require_open(MORPH, HERE, LimitsConfig(commands=()))

    def test_channels_that_are_not_named_are_closed(self):
        require_open(MORPH, HERE, LimitsConfig(channels=("7",)))
        with pytest.raises(LimitError, match="This channel is not open"):
            require_open(MORPH, HERE, LimitsConfig(channels=("8",)))
        with pytest.raises(LimitError, match="No channel is open"):
            require_open(MORPH, HERE, LimitsConfig(channels=()))


class TestWords:
    @pytest.mark.parametrize(
        "recipe",
        [
            Giro(stages=(Stage("a road", 3), Stage("a fr0g", 3)), seed=1),
            Morph(source="frog", target="puppy", seed=1),
            Morph(source="skunk", target="f r o g", seed=1),
            Morph(source="skunk", target="puppy", prompt="a {} and a frog", seed=1),
        ],
    )
    def test_they_are_looked_for_in_every_text_of_a_member(self, recipe):
        with pytest.raises(LimitError, match="“frog” is not wanted here"):
            require_clean_words(recipe, ModerationConfig(banned_words=("frog",)))

    def test_a_phrase_cannot_be_put_together_by_a_morph(self):
        morph = Morph(source="bad", target="good", prompt="a {} frog", seed=1)
        with pytest.raises(LimitError, match="bad frog"):
            require_clean_words(morph, ModerationConfig(banned_words=("bad frog",)))

    def test_names_of_settings_are_no_texts(self):
        assert set(member_texts(MORPH)) == {
            "skunk",
            "puppy",
            "a picture of a {}",
            "a picture of a skunk",
            "a picture of a puppy",
        }


class TestRoom:
    def test_there_is_room_below_the_limit(self):
        require_capacity(account(open_of_member=2, open_of_server=49), LimitsConfig())

    def test_a_member_with_enough_in_the_queue_has_to_wait(self):
        with pytest.raises(LimitError, match="You have 3 animations in the queue, and at most 3"):
            require_capacity(account(open_of_member=3), LimitsConfig())

    def test_a_full_server_refuses(self):
        with pytest.raises(LimitError, match="This server has 1 animation in the queue, and at most 1"):
            require_capacity(account(open_of_server=1), LimitsConfig(jobs_per_server=1))


class TestPatience:
    def test_the_first_order_is_never_too_early(self):
        require_cooldown(NOTHING, LimitsConfig(cooldown_seconds=60))

    def test_too_early_is_told_with_what_is_left(self):
        with pytest.raises(LimitError, match="60 seconds have to pass here: try again in 21 seconds"):
            require_cooldown(account(since_last=39.5), LimitsConfig(cooldown_seconds=60))
        require_cooldown(account(since_last=60.0), LimitsConfig(cooldown_seconds=60))


class TestQuota:
    def test_nought_is_no_quota(self):
        require_quota(account(spent=1e9), 1e9, LimitsConfig(daily_seconds=0))

    def test_what_still_fits_is_allowed_to_the_last_second(self):
        require_quota(account(spent=50.0), 10.0, LimitsConfig(daily_seconds=60))

    def test_what_does_not_fit_any_more_is_told_with_what_is_left(self):
        with pytest.raises(LimitError, match="about 11 seconds of the engine's time; 10 seconds of your 60 seconds"):
            require_quota(account(spent=50.0), 10.5, LimitsConfig(daily_seconds=60))

    def test_what_never_fits_is_told_to_be_shorter(self):
        with pytest.raises(LimitError, match="about 2 minutes of the engine's time, and 60 seconds in 24 hours"):
            require_quota(NOTHING, 120.0, LimitsConfig(daily_seconds=60))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (3601, "61 minutes"), (7200, "2 hours")],
)
def test_times_are_rounded_up(seconds, words):
    assert str(format_duration(seconds)) == words
