"""config.toml: every key is documented with its default and its range, and everything wrong is said in one line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from engine.diffusion.loading.card_file import read_card
from engine.errors import ConfigError
from engine.recipe.prompts import unknown_words
from engine.recipe.settings import Overrides
from engine.recipe.stages import SEED_STAGES
from studio.config.config import Config, read_config

CONFIG_FILE = Path(__file__).resolve().parents[3] / "config.toml"
EMBEDDED = CONFIG_FILE.parent / "models" / "embedded"
SECTIONS = ("model", "engine", "limits", "community", "moderation", "delivery", "discord", "storage")


def keys():
    """Yield section, name and type of every plain key."""
    (config,) = inspect.multi_type_info([Config])
    for section in config.fields:
        if section.name in SECTIONS:
            for field in section.type.fields:
                if not isinstance(field.type, inspect.DictType):
                    yield pytest.param(section.name, field, id=f"{section.name}.{field.name}")


def bounded(kind):
    """Yield the keys that have a range, with a value below and one above it."""
    for param in keys():
        section, field = param.values
        if isinstance(field.type, kind):
            for value in (field.type.ge - 1, field.type.le + 1):
                yield pytest.param(section, field, value, id=f"{param.id}={value}")


def written(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path, text):
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read_config(path)
    sentence = str(error.value)
    assert "\n" not in sentence
    where = re.match(rf"{re.escape(str(path))}(, line (?P<line>\d))?: ", sentence)
    assert where is not None
    assert where["line"] in (None, "1", "2")  # of the table, or of the key in it
    return sentence.removeprefix(where[0])


class TestTheFileThatComesWithTheProgram:
    def test_it_holds_the_defaults_and_nothing_else(self):
        config = read_config(CONFIG_FILE)
        assert msgspec.structs.replace(config, presets={}, styles={}) == Config()

    @pytest.mark.parametrize(("section", "field"), list(keys()))
    def test_every_key_is_there_with_its_default(self, section, field):
        raw = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert raw[section][field.name] == default

    @pytest.mark.parametrize(("section", "field"), list(keys()))
    def test_every_key_is_documented_above_with_what_is_allowed(self, section, field):
        text = CONFIG_FILE.read_text(encoding="utf-8").split(f"[{section}]")[1]
        above = text[: re.search(rf"^{field.name} = ", text, re.MULTILINE).start()]
        comment = " ".join(line[1:].strip() for line in above.split("\n\n")[-1].splitlines() if line.startswith("#"))
        assert comment
        if isinstance(field.type, inspect.IntType | inspect.FloatType):
            for bound in (field.type.ge, field.type.le):
                assert re.search(
                    rf"(?<![\d.]){re.escape(f'{bound:g}' if bound < 1e5 else str(bound))}(?![\d.]\d)", comment
                )
        if isinstance(field.type, inspect.LiteralType):
            assert all(f'"{choice}"' in comment for choice in field.type.values)

    @pytest.mark.parametrize("name", Overrides.__struct_fields__)
    def test_every_render_setting_is_documented(self, name):
        assert re.search(rf"^#   {name} ", CONFIG_FILE.read_text(encoding="utf-8"), re.MULTILINE)

    def test_the_presets_can_be_ridden_and_the_first_is_the_seeds(self):
        presets = read_config(CONFIG_FILE).presets
        assert presets["giro"].parse_stages() == SEED_STAGES
        assert all(preset.parse_stages() for preset in presets.values())

    def test_the_styles_say_nothing_that_the_embedded_model_does_not_know(self):
        styles, known = read_config(CONFIG_FILE).styles, read_card(EMBEDDED).words
        assert len(styles) >= 3
        assert all(style.suffix and style.description for style in styles.values())
        texts = [text for style in styles.values() for text in (style.suffix, style.negative)]
        assert unknown_words(texts, known) == ()

    def test_an_empty_file_gives_the_defaults(self, tmp_path):
        assert read_config(written(tmp_path, "")) == Config()


class TestWrongValues:
    @pytest.mark.parametrize(("section", "field", "value"), list(bounded(inspect.IntType)))
    def test_a_whole_number_out_of_range_names_key_and_range(self, tmp_path, section, field, value):
        sentence = refusal(tmp_path, f"[{section}]\n{field.name} = {value}")
        assert sentence == f"{section}.{field.name} must be between {field.type.ge} and {field.type.le}."

    @pytest.mark.parametrize(("section", "field", "value"), list(bounded(inspect.FloatType)))
    def test_a_number_out_of_range_names_key_and_range(self, tmp_path, section, field, value):
        sentence = refusal(tmp_path, f"[{section}]\n{field.name} = {value}")
        assert sentence == f"{section}.{field.name} must be between {field.type.ge} and {field.type.le}."

    @pytest.mark.parametrize(("section", "field"), list(keys()))
    def test_a_value_of_another_kind_names_key_and_kind(self, tmp_path, section, field):
        sentence = refusal(tmp_path, f"[{section}]\n{field.name} = {{}}")
        assert sentence.startswith(f"{section}.{field.name} must be ")
        assert sentence.endswith(", not a table of keys and values.")

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[engine]\nlans = 3", "engine has an unknown key `lans`; it knows lanes, "),
            ("[modle]\n", "The file has an unknown key `modle`; it knows model, "),
            ("[model]\ndtype = 'half'", "model.dtype must be one of auto, bfloat16, float16, float32, not 'half'."),
            ("[model]\ndevice = 'gpu'", "model.device must be auto, cpu, mps, cuda, cuda:N, xpu or xpu:N."),
            ("[model]\nsource = ''", "model.source must not be empty."),
            ("[render.giro]\nsize = 65", "render.giro.size must be a multiple of 8."),
            (
                "[render.giro]\nscheduler = 'ddmi'",
                "render.giro.scheduler must be one of ddim, dpm++2m, euler, lcm, lms",
            ),
            ("[render.zoom]\nstrength = 0.0", "render.zoom.strength must be above 0 and at most 1."),
            ("[servers.x]\n", "servers: a key there must be a server's id, such as"),
            ("[servers.12.limits]\nframes = 0", "servers.12.limits.frames must be between 1 and 1000."),
            ("[servers.12.limits]\nframe = 1", "servers.12.limits has an unknown key `frame`; it knows frames, "),
            ("[servers.12.roles.34]\nsteps = 0", "servers.12.roles.34.steps must be between 1 and 200."),
            ("[servers.12.channels.here]\n", "servers.12.channels: a key there must be a channel's id, such as"),
            ("[servers.12.moderation]\noperators = []", "servers.12.moderation has an unknown key `operators`"),
            ("[servers.12.presets.tour]\nstages = 'a | 0'", "servers.12.presets.tour.stages: Stage 1 has "),
            ("[limits]\ncommands = ['draw']", "limits.commands[0] must be one of all, giro, morph, variations, zoom"),
            ("[limits]\nchannels = ['here']", 'limits.channels[0] must be "all", or a channel\'s id such as'),
            ("[community]\nlog_channel = 'log'", "community.log_channel must be empty, or a channel's id such as"),
            ("[styles.ink]\nsufix = 'ink'", "styles.ink has an unknown key `sufix`; it knows suffix, "),
            ("[discord]\nservers = ['here']", "discord.servers[0] must be a server's id, such as"),
            ("[discord]\nproxy = 'localhost'", "discord.proxy must be empty, or a URL such as"),
            ("[presets.tour]\n", "presets.tour lacks `stages`."),
            ("[presets.tour]\nstages = 'a | 0'", "presets.tour.stages: Stage 1 has "),
            (f"[presets.{'t' * 33}]\nstages = 'a'", "presets: a key there may have at most 32 characters."),
            ("lanes = ", "is not valid TOML: "),
            ("[engine]\nlanes = 3\nlanes = 4", "is not valid TOML: "),
        ],
    )
    def test_each_gets_one_line_that_names_the_key_and_what_is_allowed(self, tmp_path, text, sentence):
        assert refusal(tmp_path, text).startswith(sentence)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(ConfigError, match="there is no such file"):
            read_config(tmp_path / "none.toml")

    def test_a_file_that_is_no_text_is_named(self, tmp_path):
        (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ConfigError, match="cannot be read"):
            read_config(tmp_path / "config.toml")
