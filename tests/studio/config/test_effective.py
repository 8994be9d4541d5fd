"""What holds where: everyone < server < roles, and the channel is only stricter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipe.preset import Preset
from engine.recipe.style import Style
from studio.config.config import (
    ChannelRules,
    CommunityConfig,
    Config,
    LimitsConfig,
    ModerationConfig,
    OwnCommunity,
    OwnLimits,
    OwnModeration,
    RoleRules,
    ServerConfig,
    StorageConfig,
)
from studio.config.effective import (
    Place,
    community_at,
    community_of,
    is_looser,
    keep_days_of,
    limits_at,
    may_share,
    moderation_at,
    moderation_of,
    nsfw_at,
    presets_of,
    styles_of,
)


def at(channel="1", roles=(), server="12", **more):
    return Place(server=server, channel=channel, roles=frozenset(roles), **more)


def server(**tables):
    return Config(servers={"12": ServerConfig(**tables)})


class TestLimits:
    def test_a_server_has_its_own_where_it_says_so_and_the_common_ones_elsewhere(self):
        config = Config(limits=LimitsConfig(frames=200), servers={"12": ServerConfig(limits=OwnLimits(stages=3))})
        assert (limits_at(config, at()).frames, limits_at(config, at()).stages) == (200, 3)
        assert limits_at(config, at(server="13")).stages == LimitsConfig().stages

    def test_direct_messages_have_the_common_ones(self):
        assert limits_at(server(limits=OwnLimits(frames=7)), at(server=None)) == LimitsConfig()

    def test_of_several_roles_the_most_generous_value_of_each_key_holds_in_place_of_the_servers(self):
        config = server(
            limits=OwnLimits(frames=100, cooldown_seconds=60, daily_seconds=600),
            roles={
                "1": RoleRules(frames=20, cooldown_seconds=30, daily_seconds=0, commands=("giro",)),
                "2": RoleRules(frames=50, cooldown_seconds=90, daily_seconds=900, commands=("zoom",), priority=5),
                "3": RoleRules(frames=900),
            },
        )
        limits = limits_at(config, at(roles=("1", "2", "9")))
        assert (limits.frames, limits.cooldown_seconds, limits.priority) == (50, 30, 5)
        assert limits.daily_seconds == 0  # no quota at all
        assert set(limits.commands) == {"giro", "zoom"}
        assert limits_at(config, at()).frames == 100

    def test_a_channel_can_only_be_stricter(self):
        config = server(
            limits=OwnLimits(frames=100, commands=("giro", "morph")),
            channels={"1": ChannelRules(frames=500, steps=10, daily_seconds=60, commands=("morph", "zoom"))},
        )
        limits = limits_at(config, at())
        assert (limits.frames, limits.steps, limits.daily_seconds, limits.commands) == (100, 10, 60, ("morph",))
        assert limits_at(config, at(channel="2")).steps == LimitsConfig().steps

    @given(
        st.integers(1, 1000),
        st.dictionaries(st.sampled_from("3456"), st.integers(1, 1000)),
        st.integers(1, 1000),
        st.frozensets(st.sampled_from("34567")),
    )
    def test_no_choice_of_roles_gets_around_a_channel(self, common, roles, channel, held):
        config = server(
            limits=OwnLimits(frames=common),
            roles={role: RoleRules(frames=frames) for role, frames in roles.items()},
            channels={"1": ChannelRules(frames=channel)},
        )
        best = max((roles[role] for role in held if role in roles), default=common)
        assert limits_at(config, at(roles=held)).frames == min(channel, best)

    @pytest.mark.parametrize(
        ("key", "value", "than", "looser"),
        [
            ("frames", 101, 100, True),
            ("frames", 100, 100, False),
            ("cooldown_seconds", 5, 10, True),
            ("cooldown_seconds", 10, 5, False),
            ("daily_seconds", 0, 10, True),
            ("daily_seconds", 10, 0, False),
            ("commands", ("all",), ("giro",), True),
            ("commands", ("giro",), ("all",), False),
            ("commands", ("giro", "zoom"), ("giro", "morph"), True),
            ("nsfw", "allow", "blur", True),
            ("nsfw", "refuse", "blur", False),
            ("log_channel", "1", "2", False),
        ],
    )
    def test_looser_is_what_allows_more(self, key, value, than, looser):
        assert is_looser(key, value, than) is looser


class TestCommunity:
    def test_a_server_says_where_its_showcase_is(self):
        config = Config(
            community=CommunityConfig(showcase_votes=5),
            servers={"12": ServerConfig(community=OwnCommunity(showcase_channel="77"))},
        )
        assert community_of(config, "12") == CommunityConfig(showcase_votes=5, showcase_channel="77")
        assert community_of(config, None) == config.community

    def test_what_was_shared_in_a_channel_goes_by_that_channels_own_rules(self):
        config = server(
            community=OwnCommunity(showcase_channel="77", showcase_votes=3, keep_shared_days=30),
            channels={"1": ChannelRules(showcase_votes=9, keep_shared_days=0), "2": ChannelRules(showcase_channel="")},
        )
        one, two, three = (community_at(config, "12", channel) for channel in "123")
        assert (one.showcase_channel, one.showcase_votes, one.keep_shared_days) == ("77", 9, 0)
        assert (two.showcase_channel, two.showcase_votes, two.keep_shared_days) == ("", 3, 30)
        assert three == community_of(config, "12")

    @pytest.mark.parametrize(
        ("of_server", "of_roles", "of_channel", "may"),
        [
            (True, {}, None, True),
            (False, {}, None, False),
            (True, {"3": False}, None, False),
            (False, {"3": True}, None, True),
            (True, {"3": False, "4": True}, None, True),
            (True, {"3": True}, False, False),
            (False, {}, True, False),
        ],
    )
    def test_who_may_share_follows_server_roles_and_channel(self, of_server, of_roles, of_channel, may):
        config = server(
            community=OwnCommunity(sharing=of_server),
            roles={role: RoleRules(sharing=sharing) for role, sharing in of_roles.items()},
            channels={"1": ChannelRules(sharing=of_channel)},
        )
        assert may_share(config, at(roles=("3", "4"))) is may

    @pytest.mark.parametrize(
        ("everywhere", "of_server", "days"),
        [
            (0, None, 30),
            (7, None, 7),
            (40, None, 30),
            (0, 7, 7),
            (7, 3, 3),
            (7, 20, 20),
            (7, 40, 30),
            (7, 0, 30),
        ],
    )
    def test_what_nobody_shared_is_kept_as_everywhere_unless_a_server_says_otherwise(self, everywhere, of_server, days):
        config = Config(
            storage=StorageConfig(keep_days=30),
            community=CommunityConfig(keep_unshared_days=everywhere),
            servers={"12": ServerConfig(community=OwnCommunity(keep_unshared_days=of_server))},
        )
        assert keep_days_of(config, "12") == days
        assert keep_days_of(config, "13") == keep_days_of(config, None) == (min(everywhere, 30) or 30)


class TestModeration:
    CONFIG = Config(
        moderation=ModerationConfig(banned_words=("frog",), operators=("1",), nsfw="allow"),
        servers={"12": ServerConfig(moderation=OwnModeration(banned_words=("toad", "frog"), nsfw="refuse"))},
    )

    def test_a_servers_banned_words_come_on_top(self):
        assert moderation_of(self.CONFIG, "12").banned_words == ("frog", "toad")
        assert moderation_of(self.CONFIG, "13").banned_words == ("frog",)

    def test_a_role_has_its_own_words_instead_of_the_servers_but_never_instead_of_everybodys(self):
        own = ServerConfig(
            moderation=OwnModeration(banned_words=("toad", "newt")),
            roles={"3": RoleRules(banned_words=("newt",)), "4": RoleRules(banned_words=()), "5": RoleRules(frames=9)},
        )
        config = Config(moderation=ModerationConfig(banned_words=("frog",)), servers={"12": own})
        words = {roles: moderation_at(config, at(roles=roles)).banned_words for roles in ("", "3", "4", "34", "5")}
        assert words["3"] == ("frog", "newt")
        assert words["4"] == words["34"] == ("frog",)
        assert words[""] == words["5"] == ("frog", "toad", "newt")

    def test_a_channels_words_come_on_top_for_every_role(self):
        config = server(
            moderation=OwnModeration(banned_words=("toad",)),
            roles={"3": RoleRules(banned_words=())},
            channels={"1": ChannelRules(banned_words=("war",))},
        )
        assert moderation_at(config, at(roles=("3",))).banned_words == ("war",)
        assert moderation_at(config, at()).banned_words == ("toad", "war")
        assert moderation_at(config, at(channel="2")).banned_words == ("toad",)

    @pytest.mark.parametrize(
        ("of_roles", "of_channel", "rule"),
        [
            ({}, None, "blur"),
            ({"3": "refuse"}, None, "refuse"),
            ({"3": "refuse", "4": "allow"}, None, "allow"),
            ({"3": "allow"}, "refuse", "refuse"),
            ({}, "allow", "blur"),
        ],
    )
    def test_flagged_pictures_follow_server_roles_and_channel(self, of_roles, of_channel, rule):
        config = server(
            roles={role: RoleRules(nsfw=nsfw) for role, nsfw in of_roles.items()},
            channels={"1": ChannelRules(nsfw=of_channel)},
        )
        assert nsfw_at(config, at(roles=("3", "4"), age_restricted=True)) == rule

    def test_who_operates_is_the_same_everywhere(self):
        assert moderation_of(self.CONFIG, "12").operators == ("1",)

    def test_unblurred_pictures_need_an_age_restricted_channel(self):
        assert nsfw_at(self.CONFIG, at(server="13")) == "blur"
        assert nsfw_at(self.CONFIG, at(server="13", age_restricted=True)) == "allow"
        assert nsfw_at(self.CONFIG, at(age_restricted=True)) == "refuse"


class TestPresetsAndStyles:
    def test_a_servers_own_come_first_and_win_over_others_of_that_name(self):
        ours, theirs, other = Preset(stages="ours"), Preset(stages="theirs"), Preset(stages="other")
        config = Config(
            presets={"tour": theirs, "other": other},
            styles={"ink": Style(suffix="ink")},
            servers={"12": ServerConfig(presets={"tour": ours}, styles={"oil": Style(suffix="oil")})},
        )
        assert presets_of(config, "12") == {"tour": ours, "other": other}
        assert presets_of(config, None) == {"tour": theirs, "other": other}
        assert list(styles_of(config, "12")) == ["oil", "ink"]
