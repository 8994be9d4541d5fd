"""Every setting an admin can change, its range and its default: the shape of config.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from engine.config import EngineConfig, EngineSetup, ModelConfig, NsfwRule
from engine.errors import ConfigError, RecipeError
from engine.recipe.preset import Preset
from engine.recipe.recipe import MAX_FRAMES, MAX_STAGES
from engine.recipe.settings import SettingsLayer
from engine.recipe.style import Style
from engine.sentence import Sentence
from engine.validation import explain, locate_fault
from studio.config.toml_lines import line_of

MIB = 1024 * 1024

EVERYTHING: Final = "all"
"""Stands in a list of commands or channels for all of them."""

Snowflake = Annotated[str, Meta(pattern=r"^\d{1,20}$", description='a server\'s id, such as "123456789012345678"')]
ChannelId = Annotated[str, Meta(pattern=r"^\d{1,20}$", description='a channel\'s id, such as "123456789012345678"')]
RoleId = Annotated[str, Meta(pattern=r"^\d{1,20}$", description='a role\'s id, such as "123456789012345678"')]
MemberId = Annotated[str, Meta(pattern=r"^\d{1,20}$", description='a member\'s id, such as "123456789012345678"')]
MaybeChannel = Annotated[
    str, Meta(pattern=r"^(\d{1,20})?$", description='empty, or a channel\'s id such as "123456789012345678"')
]
ChannelName = Annotated[
    str, Meta(pattern=r"^(all|\d{1,20})$", description='"all", or a channel\'s id such as "123456789012345678"')
]
CommandName = Literal["all", "giro", "morph", "zoom", "variations"]
BannedWord = Annotated[str, Meta(min_length=1, max_length=60)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
EntryName = Annotated[str, Meta(min_length=1, max_length=32)]
FramesLimit = Annotated[int, Meta(ge=1, le=MAX_FRAMES)]
StagesLimit = Annotated[int, Meta(ge=1, le=MAX_STAGES)]
SizeLimit = Annotated[int, Meta(ge=64, le=2048)]
StepsLimit = Annotated[int, Meta(ge=1, le=200)]
MemberJobs = Annotated[int, Meta(ge=1, le=100)]
ServerJobs = Annotated[int, Meta(ge=1, le=10_000)]
GifBytes = Annotated[int, Meta(ge=64 * 1024, le=500 * MIB)]
Cooldown = Annotated[int, Meta(ge=0, le=86_400)]
Daily = Annotated[int, Meta(ge=0, le=86_400)]
Priority = Annotated[int, Meta(ge=-100, le=100)]
Votes = Annotated[int, Meta(ge=1, le=1000)]
Hour = Annotated[int, Meta(ge=0, le=23)]
KeptDays = Annotated[int, Meta(ge=0, le=3650)]
ProxyUrl = Annotated[
    str, Meta(pattern=r"^(https?://\S+)?$", description='empty, or a URL such as "http://127.0.0.1:8080"')
]


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[limits]: what members may ask for; see `studio.config.effective` for what holds where.

    Attributes:
        size: longest side of a frame in pixels.
        steps: denoising steps of a frame that starts from noise.
        cooldown_seconds: least time between two orders of one member.
        daily_seconds: quota of a member in any 24 hours, in seconds of the engine; 0 is none.
        priority: jobs of a higher one are rendered first.
        commands: what may be asked for; EVERYTHING in it stands for all of them.
        channels: ids of the channels where it may be; EVERYTHING in it stands for all of them.
    """

    frames: FramesLimit = 400
    stages: StagesLimit = 20
    size: SizeLimit = 1024
    steps: StepsLimit = 100
    jobs_per_member: MemberJobs = 3
    jobs_per_server: ServerJobs = 50
    gif_bytes: GifBytes = 24 * MIB
    cooldown_seconds: Cooldown = 0
    daily_seconds: Daily = 0
    priority: Priority = 0
    commands: tuple[CommandName, ...] = (EVERYTHING,)
    channels: tuple[ChannelName, ...] = (EVERYTHING,)


class OwnLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What differs from [limits] on a server; channels and roles have the same keys, and more."""

    frames: FramesLimit | None = None
    stages: StagesLimit | None = None
    size: SizeLimit | None = None
    steps: StepsLimit | None = None
    jobs_per_member: MemberJobs | None = None
    jobs_per_server: ServerJobs | None = None
    gif_bytes: GifBytes | None = None
    cooldown_seconds: Cooldown | None = None
    daily_seconds: Daily | None = None
    priority: Priority | None = None
    commands: tuple[CommandName, ...] | None = None
    channels: tuple[ChannelName, ...] | None = None


class RoleRules(OwnLimits, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """[servers.ID.roles.ID]: what members with a role have instead of what the server has.

    Attributes:
        banned_words: in the place of the server's own; those in [moderation] hold for everybody.
        nsfw: what becomes of their pictures that the model's safety checker objects to.
        sharing: whether they may share their renders in the server's gallery.
    """

    banned_words: tuple[BannedWord, ...] | None = None
    nsfw: NsfwRule | None = None
    sharing: bool | None = None


class ChannelRules(OwnLimits, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """[servers.ID.channels.ID]: what differs in a channel and its threads.

    Attributes:
        banned_words: come on top of everybody's and the server's.
        nsfw: what becomes of pictures there that the model's safety checker objects to.
        sharing: whether what was made there may be shared in the server's gallery.
        showcase_channel, showcase_votes: where shares from this channel are showcased, and the votes they need.
        keep_shared_days: how long what was shared there is kept; 0 is for ever.
    """

    banned_words: tuple[BannedWord, ...] | None = None
    nsfw: NsfwRule | None = None
    sharing: bool | None = None
    showcase_channel: MaybeChannel | None = None
    showcase_votes: Votes | None = None
    keep_shared_days: KeptDays | None = None


class CommunityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[community]: what members share, and where the bot speaks up on its own.

    Attributes:
        sharing: whether members may share their renders in the server's gallery.
        showcase_channel: id of the channel that receives what has `showcase_votes` votes; empty is none.
        digest_channel: id of the channel that receives the week's best; empty is none.
        digest_hour: of the day, in UTC.
        log_channel: id of the channel where the actions of admins are written down; empty is none.
        keep_shared_days: how long shared renders are kept; 0 is for ever.
        keep_unshared_days: how long the others are; 0 is as long as [storage] keep_days, which is the most.
    """

    sharing: bool = True
    showcase_channel: MaybeChannel = ""
    showcase_votes: Votes = 3
    digest_channel: MaybeChannel = ""
    digest_weekday: Weekday = "sunday"
    digest_hour: Hour = 18
    log_channel: MaybeChannel = ""
    keep_shared_days: KeptDays = 0
    keep_unshared_days: KeptDays = 0


class OwnCommunity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """[servers.ID.community]: what differs from [community] on a server."""

    sharing: bool | None = None
    showcase_channel: MaybeChannel | None = None
    showcase_votes: Votes | None = None
    digest_channel: MaybeChannel | None = None
    digest_weekday: Weekday | None = None
    digest_hour: Hour | None = None
    log_channel: MaybeChannel | None = None
    keep_shared_days: KeptDays | None = None
    keep_unshared_days: KeptDays | None = None


class ModerationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[moderation]: what is not wanted, and who sees to that.

    Attributes:
        banned_words: words and phrases that no prompt may hold; see `studio.rules.banned_words`.
        nsfw: what becomes of pictures that the model's safety checker objects to.
        moderator_roles: ids of roles that may delete what others share and cancel what they order, besides those who
            may manage messages.
        operators: ids of members who may do everything on every server, besides the application's owner.
    """

    banned_words: tuple[BannedWord, ...] = ()
    nsfw: NsfwRule = "blur"
    moderator_roles: tuple[RoleId, ...] = ()
    operators: tuple[MemberId, ...] = ()


class OwnModeration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a server has besides or instead of [moderation]; who the operators are is not a server's to say."""

    banned_words: tuple[BannedWord, ...] | None = None
    nsfw: NsfwRule | None = None
    moderator_roles: tuple[RoleId, ...] | None = None


class DeliveryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[delivery]: how progress and results reach a channel."""

    edit_seconds: Annotated[float, Meta(ge=1, le=60)] = 4.0
    preview: bool = True


class DiscordConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[discord]: how to reach Discord. The token itself is never in this file."""

    token_file: str = ""
    proxy: ProxyUrl = ""
    servers: tuple[Snowflake, ...] = ()


class StorageConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[storage]: where jobs and frames are kept while they matter."""

    data: Annotated[str, Meta(min_length=1)] = "data"
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    frames_gib: Annotated[float, Meta(ge=0, le=100_000)] = 10.0


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[servers.ID]: what differs on one server, in its channels and for its roles."""

    limits: OwnLimits = OwnLimits()
    community: OwnCommunity = OwnCommunity()
    moderation: OwnModeration = OwnModeration()
    channels: dict[ChannelId, ChannelRules] = {}
    roles: dict[RoleId, RoleRules] = {}
    styles: dict[EntryName, Style] = {}
    presets: dict[EntryName, Preset] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of config.toml."""

    model: ModelConfig = ModelConfig()
    engine: EngineConfig = EngineConfig()
    render: SettingsLayer = SettingsLayer()
    limits: LimitsConfig = LimitsConfig()
    community: CommunityConfig = CommunityConfig()
    moderation: ModerationConfig = ModerationConfig()
    delivery: DeliveryConfig = DeliveryConfig()
    discord: DiscordConfig = DiscordConfig()
    storage: StorageConfig = StorageConfig()
    styles: dict[EntryName, Style] = {}
    presets: dict[EntryName, Preset] = {}
    servers: dict[Snowflake, ServerConfig] = {}

    @property
    def engine_setup(self) -> EngineSetup:
        return EngineSetup(
            model=self.model,
            engine=self.engine,
            render=self.render,
            keep_days=self.storage.keep_days,
            frames_gib=self.storage.frames_gib,
        )


def read_config(path: Path) -> Config:
    """Read and check config.toml; raises ConfigError as `parse_config` does."""
    return parse_config(read_text(path), path)


def read_text(path: Path) -> str:
    """Return the text of a configuration file; raises ConfigError if it is missing or no text."""
    try:
        return path.read_bytes().decode("utf-8")  # line ends stay as they are
    except FileNotFoundError:
        raise ConfigError(
            "{path}: there is no such file; config.toml in the project shows every key.", path=path
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("{path}: cannot be read ({error}).", path=path, error=error) from None


def parse_config(text: str, path: Path | None) -> Config:
    """Check the text of a configuration file; `path` is None for one that is not saved yet: errors name no line.

    Raises:
        ConfigError: one line that names the file, the line, the key and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("{path}: is not valid TOML: {error}.", path=path, error=error) from None
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        fault = explain(error, Config, Sentence("The file"), raw)
        raise _error_at_line(path, text, locate_fault(error, Config, raw), fault) from None
    _require_valid_presets(config.presets, text, path, ("presets",))
    for server, own in config.servers.items():
        _require_valid_presets(own.presets, text, path, ("servers", server, "presets"))
    return config


def _error_at_line(path: Path | None, text: str, key: tuple[str, ...], fault: Sentence) -> ConfigError:
    if path is None:
        return ConfigError(fault)
    line = line_of(text, key)
    if line is None:
        return ConfigError("{path}: {fault}", path=path, fault=fault)
    return ConfigError("{path}, line {line}: {fault}", path=path, line=line, fault=fault)


def _require_valid_presets(presets: Mapping[str, Preset], text: str, path: Path | None, table: tuple[str, ...]) -> None:
    for name, preset in presets.items():
        try:
            preset.parse_stages()
        except RecipeError as error:
            key = (*table, name, "stages")
            fault = Sentence("{key}: {fault}", {"key": ".".join(key), "fault": error.sentence})
            raise _error_at_line(path, text, key, fault) from None
