"""The doors between the rooms: what each side may never import, seen in fresh interpreters."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SHARED = (
    *("animations", "banned", "camera", "card", "clamp", "config", "errors", "estimate", "focus", "frontier"),
    *(
        "inheritance",
        "keyframe",
        "keys",
        "limits",
        "messages",
        "motion.ease",
        "motion.moves",
        "path",
        "policy",
        "prompts",
    ),
    *(
        "prompts",
        "quote",
        "recipe",
        "remix",
        "repeat",
        "rules",
        "seeds",
        "sentence",
        "settings",
        "stages",
        "storyboard",
    ),
    *("text", "toml_lines", "validation", "vocabulary", "waypoints", "wire"),
)
BOT_SIDE = (
    *("admission", "belongings", "client", "configuration", "defaults", "environment", "gallery", "ledger", "live"),
    *("administration", "archive", "service", "store", "studio", "watch", "webgallery.command"),
)
ENGINE_SIDE = (
    "core",
    "diffusion.loading",
    "lanes",
    "line",
    "media.gif",
    "motion.warp",
    "perception",
    "process",
    "production",
    "quality",
    "reel",
    "spacing",
    "spool",
    "survey",
    "tries",
    "verdict",
    "writers",
)


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level names of everything that importing `modules` loads."""
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def engine_modules(names: tuple[str, ...]) -> list[str]:
    return [f"engine.{name}" for name in names]


def test_plain_data_and_policy_load_neither_torch_nor_discord() -> None:
    assert not loaded_by(*engine_modules(SHARED)) & {"torch", "diffusers", "transformers", "discord", "aiosqlite"}


def test_the_bots_side_of_the_engine_loads_no_torch() -> None:
    assert not loaded_by(*engine_modules(BOT_SIDE)) & {"torch", "diffusers", "transformers", "accelerate"}


def test_the_web_gallery_needs_neither_the_bot_nor_the_model() -> None:
    assert not loaded_by("studio.web.command") & {"torch", "discord", "cogs", "bot", "playground"}


def test_the_engine_loads_no_discord_and_no_database() -> None:
    assert not loaded_by(*engine_modules(ENGINE_SIDE)) & {
        "discord",
        "aiosqlite",
        "aiohttp",
        "cogs",
        "bot",
        "playground",
    }


def test_every_engine_module_is_on_one_side() -> None:
    """A new room has to say where it belongs."""
    top = {path.stem for path in (ROOT / "engine").iterdir() if path.suffix == ".py" or path.is_dir()}
    placed = {name.split(".")[0] for name in (*SHARED, *BOT_SIDE, *ENGINE_SIDE)}
    assert top - placed - {"__init__", "__main__", "__pycache__", "backend"} == set()


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "cogs").glob("*.py")), ids=lambda path: path.stem)
def test_a_cog_never_reaches_past_the_studio(path: Path) -> None:
    """Not even inside a function: the engine's own rooms are closed to cogs."""
    forbidden = {
        f"engine.{name}" for name in ("core", "process", "production", "reel", "spool", "diffusion", "backend")
    }
    assert not {name for name in imports_of(path) if ".".join(name.split(".")[:2]) in forbidden | {"torch"}}
