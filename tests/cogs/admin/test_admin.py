"""/admin: operators everything, a server's admin their server, and everything is written down."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from unittest import mock

import aiohttp
import discord
import pytest

from cogs.admin.blocked import PER_PAGE
from cogs.context.authority import authority_of, is_operator
from engine.errors import LimitError, ModelError
from playground.errors import ClientRefused
from playground.world.permissions import Permission
from playground.world.settings import GuildSettings, MemberSettings, RoleSettings
from studio.config.config import Config, read_config
from studio.config.config_file import ConfigFile
from studio.store.members import BlockedMember
from tests.cogs.conftest import is_note, says
from tests.cogs.markdown import plain

TEXT = """\
# Our rules.
[limits]
frames = 100  # for everyone
jobs_per_member = 20
[delivery]
edit_seconds = 1
"""

GUILDS = tuple(
    GuildSettings(name=name, locale=locale, channels=("general", "log"), roles=(RoleSettings("Admin", ADMIN),))
    for name, locale in (("One", "en-US"), ("Two", "it"))
    for ADMIN in (Permission.MANAGE_GUILD,)
)
MEMBERS = (
    MemberSettings(name="Ada"),  # the application is hers
    MemberSettings(name="Clara", roles_in={"One": ("Admin",)}),
    MemberSettings(name="Bruno"),
)


@asynccontextmanager
async def founded(stage, tmp_path, **settings):
    """Two servers with a log each, one bot, and a file."""
    path = tmp_path / "config.toml"
    async with stage.playground(guilds=GUILDS, members=MEMBERS, **settings) as playground:
        one, two = (playground.guild(name) for name in ("One", "Two"))
        logs = {guild.name: playground.channel("log", guild) for guild in (one, two)}
        tables = [f'[servers.{guild.id}.community]\nlog_channel = "{logs[guild.name].id}"\n' for guild in (one, two)]
        path.write_text(TEXT + "".join(tables))
        async with stage.bot(playground, configuration=ConfigFile.read(path)) as theatre:
            yield SimpleNamespace(
                path=path,
                theatre=theatre,
                one=one,
                two=two,
                ada=playground.member("Ada"),
                clara=playground.member("Clara"),
                bruno=playground.member("Bruno"),
                logs=logs,
            )


@pytest.fixture
async def house(stage, tmp_path):
    async with founded(stage, tmp_path) as house:
        yield house


async def answer(member, command) -> str:
    """Use a command, and return what only its user reads."""
    return (await (await member.slash(command)).message_where(is_note)).content


def logged(house, name="One") -> list[str]:
    return [message.content for message in house.ada.at(house.logs[name]).messages]


class TestWhoMay:
    async def test_discord_offers_it_to_those_who_manage_the_server_only(self, house):
        assert (await house.clara.slash("/admin status")).interaction is not None
        with pytest.raises(ClientRefused, match="no command /admin"):
            await house.bruno.slash("/admin status")

    async def test_who_is_shown_it_by_a_servers_own_settings_may_do_nothing_all_the_same(self, house):
        application = SimpleNamespace(team=None, owner=SimpleNamespace(id=1))
        client = SimpleNamespace(config=Config(), application=application)
        user = mock.Mock(spec=discord.Member, id=2, display_name="Bruno", guild_permissions=discord.Permissions.none())
        everything = discord.Permissions.all()  # in the channel: it says nothing of the server
        interaction = SimpleNamespace(client=client, user=user, guild_id=3, permissions=everything)
        with pytest.raises(LimitError, match="Only those who may manage this server"):
            authority_of(interaction)
        user.guild_permissions = discord.Permissions(manage_guild=True)
        assert authority_of(interaction).limited_to == "3"
        user.guild_permissions, application.owner.id = discord.Permissions.none(), 2
        assert authority_of(interaction).limited_to is None

    async def test_of_a_team_those_count_who_have_joined_and_may_change_something(self):
        def member(number, state=discord.TeamMembershipState.accepted, role=discord.TeamMemberRole.developer):
            return SimpleNamespace(id=number, membership_state=state, role=role)

        invited, reader = discord.TeamMembershipState.invited, discord.TeamMemberRole.read_only
        team = SimpleNamespace(members=[member(1), member(2, state=invited), member(3, role=reader)])
        client = SimpleNamespace(config=Config(), application=SimpleNamespace(team=team))
        operators = [
            number
            for number in (1, 2, 3, 4)
            if is_operator(SimpleNamespace(client=client, user=SimpleNamespace(id=number)))
        ]
        assert operators == [1]

    @pytest.mark.parametrize("command", ["/admin reload", "/admin pause everywhere:True"])
    async def test_a_servers_admin_does_not_touch_the_others(self, house, command):
        assert await answer(house.clara, command) == "Only the operators of this bot can do this."
        assert house.theatre.engine.paused == set()

    async def test_an_operator_named_in_the_file_may_do_everything(self, house):
        house.path.write_text(house.path.read_text() + f'[moderation]\noperators = ["{house.clara.user.id}"]\n')
        await answer(house.ada, "/admin reload")
        assert "0 keys changed" in await answer(house.clara, "/admin reload")


class TestReload:
    async def test_a_changed_file_holds_at_once_and_is_logged_where_it_concerns(self, house):
        house.path.write_text(house.path.read_text().replace("frames = 100", "frames = 5"))
        content = await answer(house.ada, "/admin reload")
        assert content.splitlines() == ["Read config.toml again: 1 key changed.", "limits.frames: 100 → 5 (everywhere)"]
        handle = await house.bruno.slash("/morph source:skunk target:puppy frames:9")
        await handle.message_where(says("9 frames were asked for; at most 5 are allowed here."))
        assert "limits.frames: 100 → 5" in logged(house)[0]
        await house.ada.at(house.logs["Two"]).message_where(says("limits.frames: 100 → 5", "Riletto"))

    async def test_what_is_of_another_server_is_told_to_the_operator_and_logged_there_only(self, house):
        table = f'[servers.{house.two.id}.moderation]\nbanned_words = ["secret"]\n'
        house.path.write_text(house.path.read_text() + table)
        content = await answer(house.ada, "/admin reload")
        assert content.splitlines()[0] == "Read config.toml again: 1 key changed." and "secret" in content
        await house.ada.at(house.logs["Two"]).message_where(says("secret"))
        assert logged(house) == []

    async def test_a_log_counts_what_concerns_its_server(self, house):
        table = f'[servers.{house.two.id}.moderation]\nbanned_words = ["secret"]\n'
        house.path.write_text(house.path.read_text().replace("frames = 100", "frames = 5") + table)
        assert "2 keys changed" in await answer(house.ada, "/admin reload")
        (message,) = logged(house)
        assert "1 key changed" in message and "limits.frames: 100 → 5" in message and "secret" not in message

    async def test_a_bad_file_is_refused_with_the_reason_and_the_old_one_stays_in_force(self, house):
        house.path.write_text("[limits]\nframes = 0")
        refusal = await answer(house.ada, "/admin reload")
        assert refusal == "config.toml, line 2: limits.frames must be between 1 and 1000."
        handle = await house.bruno.slash("/morph source:skunk target:puppy frames:101")
        await handle.message_where(says("at most 100 are allowed"))

    async def test_a_model_that_cannot_be_loaded_leaves_the_old_rules_in_force_too(self, house):
        house.theatre.engine.bad_configuration = ModelError("There is no such model.")
        house.path.write_text(house.path.read_text().replace("frames = 100", "frames = 5"))
        assert await answer(house.ada, "/admin reload") == "There is no such model."
        assert logged(house) == []

    async def test_what_needs_a_restart_is_said_and_its_value_is_not_told_around(self, house):
        house.path.write_text(house.path.read_text() + '[discord]\nproxy = "http://me:secret@127.0.0.1:9"\n')
        content = await answer(house.ada, "/admin reload")
        assert "These hold only after a restart of the bot: discord.proxy." in content
        assert "secret" not in content + "".join(logged(house))


class TestSet:
    async def test_an_admin_changes_their_own_server(self, house):
        content = await answer(house.clara, "/admin set key:limits.frames value:7")
        assert content == "limits.frames: default → 7 (on this server)"
        config = read_config(house.path)
        assert (config.limits.frames, config.servers[house.one.id].limits.frames) == (100, 7)
        assert "# Our rules." in house.path.read_text()
        handle = await house.bruno.slash("/morph source:skunk target:puppy frames:9")
        await handle.message_where(says("at most 7 are allowed"))
        assert logged(house) == [f"**Clara** ({house.clara.user.id}): limits.frames: default → 7 (on this server)"]
        assert logged(house, "Two") == []

    @pytest.mark.parametrize(
        ("key", "value", "sentence"),
        [
            ("limits.frames", "101", "limits.frames may allow at most what everyone has: 100."),
            ("limits.frames", "no", "must be a whole number between 1 and 1000, not text."),
            ("moderation.operators", "5", "has an unknown key"),
            ("model.source", "other", "has an unknown key"),
            ("limits.frames = 5\nx", "5", "is no key"),
        ],
    )
    async def test_what_is_not_theirs_or_not_right_is_refused_and_nothing_changes(self, house, key, value, sentence):
        before = house.path.read_text()
        handle = await house.clara.invoke("admin set", {"key": key, "value": value})
        assert sentence in (await handle.message_where(is_note)).content
        assert house.path.read_text() == before
        assert logged(house) == []

    async def test_an_operator_changes_everything_and_every_server_reads_of_it(self, house):
        await answer(house.ada, "/admin set key:limits.frames value:200 everywhere:True")
        assert read_config(house.path).limits.frames == 200
        await house.ada.at(house.logs["Two"]).message_where(says("limits.frames: 100 → 200"))
        assert "limits.frames: 100 → 200" in logged(house)[0]

    async def test_what_an_operator_changes_for_another_server_is_logged_there_only(self, house):
        key = f"servers.{house.two.id}.moderation.banned_words"
        assert "secret" in await answer(house.ada, f"/admin set key:{key} value:secret")
        await house.ada.at(house.logs["Two"]).message_where(says("secret"))
        assert logged(house) == []

    async def test_the_keys_are_offered_with_todays_value(self, house):
        choices = await house.clara.autocomplete("/admin set key:limits.fr")
        assert choices == [{"name": "limits.frames = 100", "value": "limits.frames"}]
        offered = await house.ada.autocomplete("/admin set everywhere:True key:limits.fr")
        assert offered == [{"name": "limits.frames = 100", "value": "limits.frames"}]
        assert await house.ada.autocomplete("/admin set everywhere:True key:model.dev")
        assert await house.clara.autocomplete("/admin set everywhere:True key:model.dev") == []

    async def test_a_channel_and_a_role_have_their_own(self, house):
        content = await answer(house.clara, "/admin set key:frames value:6 channel:#general")
        assert content == "frames: default → 6 (#general)"
        content = await answer(house.clara, "/admin set key:limits.frames value:50 role:@Admin")
        assert content == "frames: default → 50 (role Admin)"
        own = read_config(house.path).servers[house.one.id]
        assert [rules.frames for rules in (*own.channels.values(), *own.roles.values())] == [6, 50]
        handle = await house.bruno.slash("/morph source:skunk target:puppy frames:9")
        await handle.message_where(says("at most 6 are allowed"))
        offered = await house.clara.autocomplete("/admin set role:@Admin key:fra")
        assert offered == [{"name": "frames = 50", "value": "frames"}]
        offered = await house.clara.autocomplete("/admin set channel:#log key:nsfw value:")
        assert [choice["value"] for choice in offered] == ["allow", "blur", "refuse", "default"]

    async def test_a_word_is_added_to_a_list_and_taken_away(self, house):
        for value in ("frog, bad toad", "+newt", "-frog"):
            await (
                await house.clara.invoke("admin set", {"key": "moderation.banned_words", "value": value})
            ).message_where(is_note)
        assert read_config(house.path).servers[house.one.id].moderation.banned_words == ("bad toad", "newt")

    @pytest.mark.parametrize(
        ("command", "sentence"),
        [
            ("/admin set key:frames value:5 channel:#general role:@Admin", "one of the three"),
            ("/admin set key:frames value:5 channel:#general everywhere:True", "one of the three"),
            ("/admin set key:engine.lanes value:5", "is the same on every server: set it with “everywhere”"),
            ("/admin set key:jobs value:5 channel:#general", "has an unknown key"),
        ],
    )
    async def test_where_it_shall_hold_has_to_make_sense(self, house, command, sentence):
        before = house.path.read_text()
        assert sentence in (await answer(house.ada, command)).replace("\\", "")
        assert house.path.read_text() == before

    async def test_an_admin_changes_nothing_everywhere(self, house):
        assert "Only the operators" in await answer(house.clara, "/admin set key:limits.frames value:5 everywhere:True")
        assert read_config(house.path).limits.frames == 100

    async def test_the_values_are_offered_where_there_are_choices(self, house):
        choices = await house.clara.autocomplete("/admin set key:moderation.nsfw value:")
        assert [choice["value"] for choice in choices] == ["allow", "blur", "refuse", "default"]
        channels = await house.clara.autocomplete("/admin set key:community.log_channel value:lo")
        assert {"name": "#log", "value": house.logs["One"].id} in channels

    async def test_a_log_channel_of_another_server_is_never_written_to(self, house):
        content = await answer(house.clara, f"/admin set key:community.log_channel value:{house.logs['Two'].id}")
        assert "The log channel does not exist" in content
        assert logged(house, "Two") == []

    async def test_a_channel_that_cannot_be_posted_in_is_named_at_once(self, house):
        general = house.theatre.playground.channel("general", house.one)
        for channel, fault in (
            (house.logs["Two"].id, f"showcase_channel: {house.logs['Two'].id} is no text channel of this server."),
            (general.id, ""),
        ):
            content = await answer(house.clara, f"/admin set key:community.showcase_channel value:{channel}")
            assert plain(content).splitlines()[1:] == [fault] * bool(fault)
        assert len(logged(house, "Two")) == 0

    async def test_so_is_one_where_the_bot_lacks_a_permission(self, stage, tmp_path):
        path = tmp_path / "config.toml"
        path.write_text(TEXT)
        async with stage.playground(guilds=GUILDS, members=MEMBERS) as playground:
            silent = playground.channel("log", playground.guild("One"))
            playground.deny_bot(silent, Permission.SEND_MESSAGES)
            async with stage.bot(playground, configuration=ConfigFile.read(path)):
                line = f"/admin set key:community.digest_channel value:{silent.id}"
                content = plain(await answer(playground.member("Clara"), line))
                assert "digest_channel: this bot cannot post in #log. It needs View Channel, Send Messages" in content

    async def test_whoever_asks_where_it_is_closed_is_sent_to_where_it_is_open(self, house):
        log = house.logs["One"].id
        await answer(house.clara, f"/admin set key:limits.channels value:{log}")
        refused = await (await house.bruno.slash("/morph skunk puppy")).message_where(is_note)
        assert refused.content == f"This channel is not open to you for animations. Go to <#{log}>."

    async def test_without_a_log_channel_the_admin_is_told_and_nothing_else_happens(self, house):
        assert "No log channel is set here" in await answer(
            house.clara, "/admin set key:community.log_channel value:default"
        )


class TestALongLoad:
    """A model may take longer to load than an interaction's token lives."""

    @asynccontextmanager
    async def loading(self, stage, tmp_path, **settings):
        """The operator has set another model, and the engine takes its time with it."""
        async with founded(stage, tmp_path, **settings) as house:
            house.theatre.engine.configurable.clear()
            await house.ada.slash("/admin set key:model.source value:other everywhere:True")
            await house.theatre.engine.wait_reconfiguring()
            yield house

    async def told(self, house, refusal=None) -> str:
        """Return what the operator reads when that comes to its end after too long a time."""
        await asyncio.sleep(0.6)
        house.theatre.engine.bad_configuration = refusal
        house.theatre.engine.configurable.set()
        return (await house.ada.in_private.message_where(says("About your `/admin set` on One:"))).content

    async def test_the_operator_reads_in_private_what_came_of_it(self, stage, tmp_path):
        async with self.loading(stage, tmp_path, token_seconds=0.5) as house:
            assert "Changed model.source." in await self.told(house)
            assert read_config(house.path).model.source == "other"

    async def test_and_why_nothing_did(self, stage, tmp_path):
        async with self.loading(stage, tmp_path, token_seconds=0.5) as house:
            told = await self.told(house, ModelError("There is no such model."))
            assert told.endswith("There is no such model.")
            assert read_config(house.path).model.source == "embedded"

    async def test_another_admin_is_told_what_is_going_on(self, stage, tmp_path, monkeypatch):
        monkeypatch.setattr("studio.config.config_file.LOCK_SECONDS", 0.05)
        async with self.loading(stage, tmp_path) as house:
            told = await answer(house.clara, "/admin set key:limits.frames value:7")
            assert told.startswith("The engine is trying another change at the moment")
            house.theatre.engine.configurable.set()


class TestStatus:
    async def test_model_memory_queue_throughput_and_versions(self, house):
        content = await answer(house.clara, "/admin status")
        for part in (
            "fake-model-1",
            "cpu · float32",
            "**Memory** · 0.5 of 2.0 GiB",
            "**Queue** · 0 running, 0 waiting",
        ):
            assert part in content
        for part in ("**Throughput** · 0.50 frames and 8.0 steps a second", "**Up for** · ", "discord.py 2."):
            assert part in content


class TestPause:
    async def test_a_server_is_paused_and_resumed_and_it_is_written_down(self, house):
        await answer(house.clara, "/admin pause")
        assert house.theatre.engine.paused == {house.one.id}
        assert "Paused: nothing new begins here until /admin resume." in await answer(house.clara, "/admin status")
        await answer(house.clara, "/admin resume")
        assert house.theatre.engine.paused == set()
        assert [line.split(": ")[1] for line in logged(house)] == ["Paused this server.", "Resumed on this server."]

    async def test_an_operator_pauses_everything(self, house):
        await answer(house.ada, "/admin pause everywhere:True")
        assert house.theatre.engine.paused == {None}
        await house.ada.at(house.logs["Two"]).message_where(says("Ada"))


class TestJobs:
    async def test_an_admin_cancels_a_job_of_their_server(self, house):
        handle = await house.bruno.slash("/morph source:skunk target:puppy")
        job = await house.theatre.engine.wait_added(1)
        choices = await house.clara.autocomplete("/admin cancel job:")
        assert choices == [{"name": "Bruno: morph: skunk → puppy", "value": job.id}]
        await answer(house.clara, f"/admin cancel job:{job.id}")
        await handle.message_where(says("Cancelled."))
        assert house.theatre.engine.cancelled == [job.id]
        assert "Cancelled an animation of Bruno: morph: skunk → puppy." in logged(house)[0]

    async def test_a_job_of_another_server_does_not_exist_for_them(self, house):
        elsewhere = house.bruno.at(next(c for c in house.two.channels.values() if c.name == "general"))
        await elsewhere.slash("/morph source:skunk target:puppy")
        job = await house.theatre.engine.wait_added(1)
        assert await house.clara.autocomplete("/admin cancel job:") == []
        assert "not remembered any more" in await answer(house.clara, f"/admin cancel job:{job.id}")
        assert house.theatre.engine.cancelled == []
        await answer(house.ada, f"/admin cancel job:{job.id}")
        assert house.theatre.engine.cancelled == [job.id]

    async def test_an_operator_cancels_what_was_asked_for_in_private_and_no_server_reads_of_it(self, house):
        await house.bruno.in_private.slash("/morph source:skunk target:puppy")
        job = await house.theatre.engine.wait_added(1)
        assert "skunk" in await answer(house.ada, f"/admin cancel job:{job.id}")
        assert house.theatre.engine.cancelled == [job.id]
        assert (logged(house), logged(house, "Two")) == ([], [])


class TestMembers:
    async def test_a_blocked_member_orders_nothing_until_they_are_unblocked(self, house):
        who = {"member": house.bruno.user.id}
        await (await house.clara.invoke("admin block", who)).message_where(is_note)
        refused = await house.bruno.slash("/morph source:skunk target:puppy")
        assert "blocked you here" in (await refused.message_where(is_note)).content
        await (await house.clara.invoke("admin unblock", who)).message_where(is_note)
        await house.bruno.slash("/morph source:skunk target:puppy")
        await house.theatre.engine.wait_added(1)
        assert [line.split(": ")[1].split()[0] for line in logged(house)] == ["Blocked", "Unblocked"]

    @pytest.mark.parametrize("failure", [aiohttp.ClientConnectionError(), TimeoutError()])
    async def test_a_network_that_fails_at_the_log_takes_nothing_from_what_was_done(self, house, monkeypatch, failure):
        monkeypatch.setattr("discord.abc.Messageable.send", mock.AsyncMock(side_effect=failure))
        told = await (await house.clara.invoke("admin block", {"member": house.bruno.user.id})).message_where(is_note)
        blocked, unwritten = told.content.splitlines()
        assert blocked.startswith("Blocked Bruno")
        assert "The log channel cannot be reached" in unwritten

    async def test_who_is_blocked_is_listed_and_can_be_let_in_from_there(self, house):
        assert await answer(house.clara, "/admin blocked") == "Nobody is blocked on this server."
        who = {"member": house.bruno.user.id}
        await (await house.clara.invoke("admin block", who)).message_where(is_note)
        note = await (await house.clara.slash("/admin blocked")).message_where(is_note)
        assert note.content.startswith(f"<@{house.bruno.user.id}> · Bruno · since <t:")
        await house.clara.select(note, "Unblock…", house.bruno.user.id)
        await house.clara.message_where(lambda now: now.id == note.id and "Nobody" in now.content)
        await house.ada.at(house.logs["One"]).message_where(says("Unblocked"))
        await house.bruno.slash("/morph source:skunk target:puppy")
        await house.theatre.engine.wait_added(1)
        assert [line.split(": ")[1].split()[0] for line in logged(house)] == ["Blocked", "Unblocked"]

    async def test_an_operator_blocks_somebody_everywhere_and_in_their_direct_messages(self, house):
        who = {"member": house.bruno.user.id, "everywhere": True}
        refused = await (await house.clara.invoke("admin block", who)).message_where(is_note)
        assert "Only the operators" in refused.content
        await (await house.ada.invoke("admin block", who)).message_where(is_note)
        for place in (house.bruno, house.bruno.in_private):
            note = await (await place.slash("/morph source:skunk target:puppy")).message_where(is_note)
            assert note.content.startswith("Those who run this bot have blocked you")
        assert await answer(house.clara, "/admin blocked") == "Nobody is blocked on this server."
        note = await (await house.ada.slash("/admin blocked everywhere:True")).message_where(is_note)
        await house.ada.select(note, "Unblock…", "Bruno")
        await house.ada.message_where(lambda now: now.id == note.id and "Nobody" in now.content)
        await house.ada.at(house.logs["One"]).message_where(says("Unblocked"))
        assert [line.split(": ")[1].split(" (")[0] for line in logged(house)] == ["Blocked Bruno", "Unblocked Bruno"]
        assert logged(house, "Two") == []

    async def test_a_long_list_of_them_turns_its_pages(self, house):
        for number in range(PER_PAGE + 1):
            who = BlockedMember(member=str(900 + number), name=f"Rude {number}", since=float(number))
            await house.theatre.store.members.block(house.one.id, who)
        note = await (await house.clara.slash("/admin blocked")).message_where(is_note)
        assert note.content.splitlines()[-1] == "-# Page 1 of 2"
        await house.clara.click(note, "More")
        second = await house.clara.message_where(lambda now: now.id == note.id and "Page 2 of 2" in now.content)
        assert second.content.startswith("<@900> · Rude 0")

    async def test_a_purge_cancels_their_jobs_here_and_nobody_elses(self, house):
        await house.bruno.slash("/morph source:skunk target:puppy")
        await house.ada.slash("/morph source:skunk target:puppy")
        first = await house.theatre.engine.wait_added(1)
        await house.theatre.engine.wait_added(2)
        asked = await house.clara.invoke("admin purge", {"member": house.bruno.user.id})
        question = await asked.message_where(is_note)
        assert question.content.startswith("Cancel all animations of Bruno")
        assert house.theatre.engine.cancelled == []
        handle = await house.clara.click(question, "Remove everything")
        content = (await handle.message_where(is_note)).content
        assert "1 animation cancelled, 0 animations taken out of the gallery." in content
        assert house.theatre.engine.cancelled == [first.id]
