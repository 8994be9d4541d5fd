"""Every setting an admin can change, its range and its default: the shape of config.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from engine.errors import ConfigError, RecipeError
from engine.recipe import MAX_FRAMES, MAX_STAGES, Stage
from engine.settings import Taste
from engine.stages import parse_stages
from engine.validation import explain

MIB = 1024 * 1024

Snowflake = Annotated[str, Meta(pattern=r"^\d{1,20}$", description='a server\'s id, such as "123456789012345678"')]
Device = Annotated[
    str,
    Meta(pattern=r"^(auto|cpu|mps|cuda(:\d+)?|xpu(:\d+)?)$", description="auto, cpu, mps, cuda, cuda:N, xpu or xpu:N"),
]
ProxyUrl = Annotated[
    str, Meta(pattern=r"^(https?://\S+)?$", description='empty, or a URL such as "http://127.0.0.1:8080"')
]


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[model]: which weights, and where they run."""

    source: Annotated[str, Meta(min_length=1)] = "embedded"
    revision: Annotated[str, Meta(min_length=1)] = "main"
    device: Device = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    token_file: str = ""


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[engine]: how much it does at once, and what it keeps."""

    lanes: Annotated[int, Meta(ge=1, le=64)] = 4
    fixed_width: bool = False
    jobs_at_once: Annotated[int, Meta(ge=1, le=64)] = 4
    threads: Annotated[int, Meta(ge=0, le=256)] = 0
    preview_seconds: Annotated[float, Meta(ge=0.5, le=60)] = 3.0
    preview_side: Annotated[int, Meta(ge=64, le=512)] = 256
    gif_side: Annotated[int, Meta(ge=0, le=2048)] = 256


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[limits]: what members may ask for; a server can have its own under [limits.servers.ID]."""

    frames: Annotated[int, Meta(ge=1, le=MAX_FRAMES)] = 400
    stages: Annotated[int, Meta(ge=1, le=MAX_STAGES)] = 20
    jobs_per_member: Annotated[int, Meta(ge=1, le=100)] = 3
    jobs_per_server: Annotated[int, Meta(ge=1, le=10_000)] = 50
    gif_bytes: Annotated[int, Meta(ge=64 * 1024, le=500 * MIB)] = 24 * MIB


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What differs for one server."""

    frames: Annotated[int, Meta(ge=1, le=MAX_FRAMES)] | None = None
    stages: Annotated[int, Meta(ge=1, le=MAX_STAGES)] | None = None
    jobs_per_member: Annotated[int, Meta(ge=1, le=100)] | None = None
    jobs_per_server: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    gif_bytes: Annotated[int, Meta(ge=64 * 1024, le=500 * MIB)] | None = None


class Limits(LimitsConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[limits] with the servers' own."""

    servers: dict[Snowflake, ServerLimits] = {}

    def of(self, server: str | None) -> LimitsConfig:
        """Return what holds on one server; None is a direct message."""
        own = self.servers.get(server or "", ServerLimits())
        merged = {name: getattr(self, name) for name in LimitsConfig.__struct_fields__}
        merged |= {name: value for name, value in msgspec.structs.asdict(own).items() if value is not None}
        return LimitsConfig(**merged)


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


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[presets.NAME]: a giro ready to ride; `stages` is the list a member would type, one stage a line."""

    stages: Annotated[str, Meta(min_length=1)]
    loop: bool = True
    description: Annotated[str, Meta(max_length=100)] = ""

    def parsed(self) -> tuple[Stage, ...]:
        """Return the stages; they were checked when the configuration was read."""
        return parse_stages(self.stages)


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of config.toml."""

    model: ModelConfig = ModelConfig()
    engine: EngineConfig = EngineConfig()
    render: Taste = Taste()
    limits: Limits = Limits()
    delivery: DeliveryConfig = DeliveryConfig()
    discord: DiscordConfig = DiscordConfig()
    storage: StorageConfig = StorageConfig()
    presets: dict[Annotated[str, Meta(min_length=1, max_length=32)], Preset] = {}


def read_config(path: Path) -> Config:
    """Read and check config.toml.

    Raises:
        ConfigError: one line that names the file, the key and what is allowed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; config.toml in the project shows every key.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from None
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, Config, 'The file', raw)}") from None
    for name, preset in config.presets.items():
        try:
            preset.parsed()
        except RecipeError as error:
            raise ConfigError(f"{path}: presets.{name}.stages: {error}") from None
    return config
