"""The configuration while the bot runs: read again, changed with its comments, never half."""

from __future__ import annotations

import asyncio
import errno
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError, LimitError
from studio.config.config import Config, LimitsConfig, read_config
from studio.config.config_file import ConfigFile, split_key
from tests.studio.config.test_config import CONFIG_FILE

TEXT = """\
# Ours.
[limits]   # for all
frames = 100  # not more
# the end of limits
stages = 7

[servers.12.limits]
frames = 50
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def file(path):
    return ConfigFile.read(path)


def requiring(file: ConfigFile) -> list[Config]:
    """Return the list of what is tried before it comes into force."""
    tried: list[Config] = []

    async def try_it(config: Config) -> None:
        tried.append(config)

    file.requirements.append(try_it)
    return tried


class TestReloading:
    async def test_a_changed_file_comes_into_force(self, file, path):
        path.write_text("[limits]\nframes = 9")
        assert (await file.reload()).limits.frames == 9
        assert file.current.limits.frames == 9

    async def test_a_bad_file_is_refused_with_the_reason_and_the_old_one_stays_in_force(self, file, path):
        path.write_text("[limits]\nframes = 0")
        with pytest.raises(ConfigError, match=r"limits\.frames must be between 1 and 1000"):
            await file.reload()
        assert file.current.limits.frames == 100

    async def test_a_fixed_one_never_changes(self):
        fixed = ConfigFile.without_file(Config())
        assert await fixed.reload() == Config()
        with pytest.raises(ConfigError, match="has no file"):
            await fixed.set("limits.frames", "9")


class TestSetting:
    async def test_comments_and_order_stay(self, file, path):
        await file.set("limits.frames", "120")
        assert path.read_text() == TEXT.replace("frames = 100 ", "frames = 120 ")
        assert file.current.limits.frames == 120

    @pytest.mark.parametrize(
        ("key", "value", "of"),
        [
            ("limits.size", "256", lambda config: config.limits.size == 256),
            ("limits.commands", "giro, zoom", lambda config: config.limits.commands == ("giro", "zoom")),
            ("limits.commands", '["giro"]', lambda config: config.limits.commands == ("giro",)),
            ("limits.commands", "[]", lambda config: config.limits.commands == ()),
            ("limits.commands", "giro", lambda config: config.limits.commands == ("giro",)),
            ("community.sharing", "false", lambda config: config.community.sharing is False),
            ("community.log_channel", "77", lambda config: config.community.log_channel == "77"),
            ("moderation.nsfw", "refuse", lambda config: config.moderation.nsfw == "refuse"),
            ("moderation.operators", "77", lambda config: config.moderation.operators == ("77",)),
            ("moderation.banned_words", "bad frog, toad", lambda c: c.moderation.banned_words == ("bad frog", "toad")),
            ("delivery.edit_seconds", "5", lambda config: config.delivery.edit_seconds == 5),
            ("servers.12.limits.steps", "9", lambda config: config.servers["12"].limits.steps == 9),
            ("servers.13.roles.5.priority", "9", lambda config: config.servers["13"].roles["5"].priority == 9),
            ("servers.13.community.log_channel", "9", lambda c: c.servers["13"].community.log_channel == "9"),
            ("presets.tour.stages", "a road | 5", lambda config: config.presets["tour"].stages == "a road | 5"),
            ('styles."oil, old".suffix', "oil", lambda config: config.styles["oil, old"].suffix == "oil"),
            ("servers.12.limits.frames", "default", lambda config: config.servers["12"].limits.frames is None),
            ("limits.stages", "default", lambda config: config.limits.stages == LimitsConfig().stages),
        ],
    )
    async def test_a_value_is_read_as_what_the_key_wants(self, file, path, key, value, of):
        assert of(await file.set(key, value))
        assert of(read_config(path))
        assert all(line in path.read_text() for line in ("# Ours.", "# the end of limits", "frames = 100  # not more"))

    @pytest.mark.parametrize(
        ("key", "value", "sentence"),
        [
            ("limits.frames", "0", "limits.frames must be between 1 and 1000"),
            ("limits.frames", "many", "limits.frames must be a whole number between 1 and 1000, not text"),
            ("limits.frame", "5", "limits has an unknown key `frame`"),
            ("limits", "5", "limits must be a table"),
            ("limits.frames.most", "5", "limits.frames is no table of keys"),
            ("moderation.nsfw", "sometimes", "moderation.nsfw must be one of allow, blur, refuse"),
            ("frames = 5\nsteps", "5", "is no key"),
            ("", "5", "is no key"),
            ("limits.frames", "5\nstages = 6", "limits.frames must be a whole number"),
        ],
    )
    async def test_a_bad_one_is_refused_with_the_reason_and_nothing_is_written(self, file, path, key, value, sentence):
        before = file.current
        with pytest.raises(ConfigError, match=sentence):
            await file.set(key, value)
        assert path.read_text() == TEXT
        assert file.current is before

    @pytest.mark.parametrize(
        ("before", "value", "after"),
        [
            ('["frog"]', "+toad", ("frog", "toad")),
            ('["frog", "toad"]', "+frog, newt", ("toad", "frog", "newt")),
            ('["frog", "toad"]', "-frog", ("toad",)),
            ('["frog"]', "-frog, toad", ()),
            ('["frog"]', "toad", ("toad",)),
        ],
    )
    async def test_a_list_can_be_added_to_and_taken_from(self, path, before, value, after):
        path.write_text(f"[moderation]\nbanned_words = {before}  # ours\n")
        file = ConfigFile.read(path)
        assert (await file.set("moderation.banned_words", value)).moderation.banned_words == after
        assert "# ours" in path.read_text()

    async def test_a_number_with_a_sign_stays_a_number(self, file):
        assert (await file.set("limits.priority", "-5")).limits.priority == -5
        assert (await file.set("moderation.operators", "+77")).moderation.operators == ("77",)

    async def test_nothing_is_lost_when_several_are_set_at_a_time(self, file, path):
        await asyncio.gather(*(file.set(f"servers.{number}.limits.frames", str(number)) for number in range(20, 30)))
        assert {own.limits.frames for own in read_config(path).servers.values()} == {50, *range(20, 30)}
        assert file.current == read_config(path)

    async def test_the_files_rights_stay_and_nothing_is_left_beside_it(self, file, path):
        path.chmod(0o640)
        await file.set("limits.frames", "5")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert list(path.parent.iterdir()) == [path]

    async def test_a_link_to_the_file_stays_one(self, path, tmp_path):
        link = tmp_path / "link.toml"
        link.symlink_to(path)
        await ConfigFile.read(link).set("limits.frames", "5")
        assert link.is_symlink()
        assert read_config(path).limits.frames == 5

    async def test_a_file_that_cannot_be_written_is_left_and_said(self, file, path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("studio.config.config_file.os.fsync", full)
        with pytest.raises(ConfigError, match="No space left on device"):
            await file.set("limits.frames", "5")
        assert path.read_text() == TEXT
        assert list(path.parent.iterdir()) == [path]

    async def test_a_file_that_cannot_be_replaced_is_found_out_before_a_model_is_loaded(self, file, path, monkeypatch):
        """As in a container where the file is a mount of its own, or its directory is root's."""
        tried = requiring(file)

        def busy(*_):
            raise OSError(errno.EBUSY, "Device or resource busy")

        monkeypatch.setattr("studio.config.config_file.Path.replace", busy)
        with pytest.raises(ConfigError, match=r"config\.toml: cannot be replaced \(Device or resource busy\); the bot"):
            await file.set("limits.frames", "5")
        assert tried == []
        assert path.read_text() == TEXT
        assert list(path.parent.iterdir()) == [path]

    async def test_where_it_cannot_be_written_after_all_the_old_one_is_loaded_again(self, file, path, monkeypatch):
        tried, before = requiring(file), file.current

        def full(*_):
            if tried:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("studio.config.config_file.os.fsync", full)
        with pytest.raises(ConfigError, match="No space left on device"):
            await file.set("limits.frames", "5")
        assert [config.limits.frames for config in tried] == [5, 100]
        assert (path.read_text(), file.current) == (TEXT, before)

    async def test_the_file_that_comes_with_the_program_can_be_changed_everywhere(self, tmp_path):
        path = tmp_path / "config.toml"
        path.write_text(CONFIG_FILE.read_text())
        file = ConfigFile.read(path)
        keys = ("servers.12.limits.frames", "servers.12.roles.3.frames", "limits.frames", "styles.ink.suffix")
        for key in keys:
            await file.set(key, "50")
        kept = [line for line in CONFIG_FILE.read_text().splitlines() if line not in ("frames = 400",)]
        assert set(kept) <= set(path.read_text().splitlines())


class TestWhileAModelIsLoaded:
    @pytest.fixture
    def loading(self, file, monkeypatch):
        """An engine that loads for as long as the test wants; whoever else changes something has little patience."""
        monkeypatch.setattr("studio.config.config_file.LOCK_SECONDS", 0.05)
        loading, loaded = asyncio.Event(), asyncio.Event()

        async def load(config: Config) -> None:
            loading.set()
            await loaded.wait()

        file.requirements.append(load)
        return loading, loaded

    async def test_other_changes_are_refused_with_what_is_going_on(self, file, path, loading):
        first = asyncio.create_task(file.set("limits.frames", "5"))
        await loading[0].wait()
        for change in (file.set("limits.stages", "3"), file.reload()):
            with pytest.raises(LimitError, match="The engine is trying another change at the moment"):
                await change
        loading[1].set()
        await first
        assert (read_config(path).limits.frames, read_config(path).limits.stages) == (5, 7)

    async def test_afterwards_they_are_taken_again(self, file, path, loading):
        first = asyncio.create_task(file.set("limits.frames", "5"))
        await loading[0].wait()
        with pytest.raises(LimitError):
            await file.set("limits.stages", "3")
        loading[1].set()
        await first
        assert (await file.set("limits.stages", "3")).limits.frames == 5
        assert file.current == read_config(path)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_typed_the_file_stays_sound(path, key, value):
    file = ConfigFile.read(path)
    try:
        await file.set(f"limits.no_{key}", value)
    except ConfigError:
        assert file.current == read_config(path)
    else:
        raise AssertionError("there is no such key")


def test_a_key_is_split_as_toml_does_it():
    assert split_key('presets."a.b".stages') == ("presets", "a.b", "stages")
