"""The keys of config.toml by name."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from engine.config import LoraConfig, ModelConfig
from engine.errors import LimitError
from engine.recipe.preset import Preset
from studio.config.config import (
    ChannelRules,
    CommunityConfig,
    Config,
    DiscordConfig,
    LimitsConfig,
    ModerationConfig,
    OwnCommunity,
    OwnLimits,
    OwnModeration,
    RoleRules,
    ServerConfig,
)
from studio.config.keys import ConfigChange, choices_of, find_changes, require_granted, settable_keys


def own(**tables) -> Config:
    return Config(servers={"12": ServerConfig(**tables)})


class TestWhatCanBeSet:
    def test_the_whole_file_with_what_holds_today(self):
        keys = settable_keys(Config())
        assert keys["limits.frames"] == "400"
        assert keys["limits.commands"] == '["all"]'
        assert keys["community.log_channel"] == '""'
        assert keys["model.device"] == '"auto"'

    def test_a_servers_keys_show_what_it_has_itself_and_what_it_has_from_everyone(self):
        config = own(limits=OwnLimits(frames=50), roles={"5": RoleRules(steps=9)})
        keys = settable_keys(config.servers["12"], config)
        assert (keys["limits.frames"], keys["limits.stages"], keys["roles.5.steps"]) == ("50", "20", "9")
        assert "model.device" not in keys
        assert "moderation.operators" not in keys

    def test_a_name_that_toml_wants_in_quotes_has_them(self):
        assert 'presets."a b".stages' in settable_keys(Config(presets={"a b": Preset(stages="a")}))

    @pytest.mark.parametrize(
        ("kind", "key", "choices"),
        [
            (ServerConfig, ("moderation", "nsfw"), ["allow", "blur", "refuse"]),
            (ServerConfig, ("community", "sharing"), ["true", "false"]),
            (ServerConfig, ("roles", "5", "commands"), ["all", "giro", "morph", "variations", "zoom"]),
            (Config, ("servers", "12", "moderation", "nsfw"), ["allow", "blur", "refuse"]),
            (Config, ("render", "giro", "scheduler"), ["ddim", "dpm++2m", "euler", "lcm", "lms"]),
            (Config, ("limits", "frames"), []),
            (Config, ("no", "such", "key"), []),
            (Config, ("limits", "frames", "more"), []),
        ],
    )
    def test_choices(self, kind, key, choices):
        assert sorted(choices_of(key, kind)) == sorted(choices)


class TestChanges:
    def test_each_key_with_old_and_new(self):
        before, after = Config(limits=LimitsConfig(frames=9)), own(limits=OwnLimits(frames=5))
        assert find_changes(before, after) == [
            ConfigChange("limits.frames", "9", "400"),
            ConfigChange("servers.12.limits.frames", "", "5"),
        ]
        assert find_changes(before, before) == []

    def test_a_servers_own_concern_nobody_else(self):
        change = ConfigChange("servers.12.limits.frames", "", "5")
        assert change.concerns("12")
        assert not change.concerns("1")
        assert ConfigChange("limits.frames", "", "5").concerns("1")

    def test_what_needs_a_restart_and_what_is_nobodys_business(self):
        before = Config()
        after = Config(discord=DiscordConfig(proxy="http://user:word@host"), model=ModelConfig(source="/home/me/model"))
        marks = {one.key: (one.needs_restart, one.is_private) for one in find_changes(before, after)}
        assert marks == {"discord.proxy": (True, True), "model.source": (False, True)}


class TestWhatAServerMayGiveItself:
    def check(self, before: Config, **tables) -> None:
        after = msgspec.structs.replace(before, servers={"12": ServerConfig(**tables)})
        require_granted(before, after, "12")

    def test_stricter_rules_are_its_own_business(self):
        self.check(
            Config(),
            limits=OwnLimits(frames=5, cooldown_seconds=60, daily_seconds=60, commands=("giro",), priority=-5),
            moderation=OwnModeration(nsfw="refuse", banned_words=("frog",)),
        )

    @pytest.mark.parametrize(
        "limits",
        [{"frames": 401}, {"priority": 1}, {"jobs_per_member": 4}, {"size": 1032}],
    )
    def test_it_cannot_allow_more_than_everyone_has_nor_can_its_roles(self, limits):
        with pytest.raises(LimitError, match=r"limits\.\w+ may allow at most what everyone has"):
            self.check(Config(), limits=OwnLimits(**limits))
        with pytest.raises(LimitError, match=r"roles\.5\.\w+ may allow at most"):
            self.check(Config(), roles={"5": RoleRules(**limits)})

    def test_a_role_cannot_be_freed_of_the_safety_checker_nor_of_everybodys_banned_words(self):
        with pytest.raises(LimitError, match=r"roles\.5\.nsfw may allow at most"):
            self.check(Config(), roles={"5": RoleRules(nsfw="allow")})
        self.check(Config(), roles={"5": RoleRules(nsfw="refuse", banned_words=())})

    def test_a_quota_cannot_be_lifted_nor_a_cooldown_shortened(self):
        strict = Config(limits=LimitsConfig(daily_seconds=60, cooldown_seconds=60))
        for limits in (OwnLimits(daily_seconds=0), OwnLimits(cooldown_seconds=1)):
            with pytest.raises(LimitError):
                self.check(strict, limits=limits)

    def test_the_safety_checker_cannot_be_loosened(self):
        with pytest.raises(LimitError, match="nsfw"):
            self.check(Config(moderation=ModerationConfig(nsfw="refuse")), moderation=OwnModeration(nsfw="blur"))

    @pytest.mark.parametrize(
        ("everyone", "looser", "stricter"),
        [
            ({"sharing": False}, {"sharing": True}, {"sharing": False}),
            ({"keep_shared_days": 30}, {"keep_shared_days": 0}, {"keep_shared_days": 7}),
            ({"keep_shared_days": 30}, {"keep_shared_days": 31}, {"keep_shared_days": 30}),
            ({"keep_unshared_days": 7}, {"keep_unshared_days": 0}, {"keep_unshared_days": 3}),
            ({"keep_unshared_days": 7}, {"keep_unshared_days": 8}, {"keep_unshared_days": 7}),
        ],
    )
    def test_it_shares_no_more_and_keeps_nothing_for_longer_than_everyone(self, everyone, looser, stricter):
        config = Config(community=CommunityConfig(**everyone))
        with pytest.raises(LimitError, match=r"community\.\w+ may allow at most what everyone has"):
            self.check(config, community=OwnCommunity(**looser))
        self.check(config, community=OwnCommunity(**stricter))

    def test_neither_do_its_channels_nor_its_roles(self):
        config = Config(community=CommunityConfig(sharing=False, keep_shared_days=30))
        for key, value in {"sharing": True, "keep_shared_days": 0}.items():
            with pytest.raises(LimitError, match=rf"channels\.7\.{key} may allow at most"):
                self.check(config, channels={"7": ChannelRules(**{key: value})})
        with pytest.raises(LimitError, match=r"roles\.5\.sharing may allow at most what everyone has: false"):
            self.check(config, roles={"5": RoleRules(sharing=True)})

    def test_where_nothing_says_otherwise_it_shares_and_keeps_as_it_likes(self):
        self.check(
            Config(),
            community=OwnCommunity(sharing=True, keep_shared_days=0, keep_unshared_days=40, showcase_votes=1),
        )

    def test_what_an_operator_has_granted_stays_granted(self):
        granted = own(limits=OwnLimits(frames=900))
        self.check(granted, limits=OwnLimits(frames=900, steps=5))
        self.check(granted, limits=OwnLimits(frames=800))
        with pytest.raises(LimitError, match="frames"):
            self.check(granted, limits=OwnLimits(frames=901))


def test_a_list_of_tables_is_shown_as_toml_has_it_and_to_operators_only():
    loras = (LoraConfig(source="a/b", weight=0.5), LoraConfig(source="c/d"))
    (change,) = find_changes(Config(), Config(model=ModelConfig(loras=loras)))
    assert change.is_private
    assert tomllib.loads(f"loras = {change.new}") == {"loras": list(msgspec.to_builtins(loras))}
    assert change.old == "[]"
