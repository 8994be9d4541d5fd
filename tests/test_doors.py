"""The doors between the rooms: pyproject.toml says which room may import which, and fresh interpreters show it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

MODEL_LIBRARIES = {"torch", "diffusers", "transformers", "accelerate", "peft"}
BOT_LIBRARIES = {"discord", "aiosqlite", "aiohttp"}


def modules_of(*rooms: str) -> list[str]:
    """Return every module in some packages, but for those that run when they are imported."""
    files = [file for room in rooms for file in sorted((ROOT / room).rglob("*.py"))]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def loaded_by(modules: list[str]) -> set[str]:
    """Return the top-level names of everything that importing `modules` in a fresh interpreter loads."""
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_every_import_keeps_to_the_contracts() -> None:
    """Layers, forbidden libraries and circles, imports for type checkers included."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache", "--no-logo"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_the_bots_side_loads_no_model_library() -> None:
    rooms = ("cogs", "studio", "engine/client", "engine/protocol", "engine/recipe", "engine/storyboard")
    assert not loaded_by(["bot", *modules_of(*rooms)]) & MODEL_LIBRARIES


def test_the_engine_loads_no_discord_and_no_database() -> None:
    loaded = loaded_by(modules_of("engine"))
    assert "torch" in loaded
    assert not loaded & {*BOT_LIBRARIES, "cogs", "studio", "bot", "playground"}


def test_what_holds_no_tensor_loads_no_torch() -> None:
    rooms = ("engine/core", "engine/frames", "engine/vision", "engine/storyboard", "engine/recipe", "engine/protocol")
    assert not loaded_by(["engine.backend", *modules_of(*rooms)]) & {*MODEL_LIBRARIES, *BOT_LIBRARIES}


def test_the_studio_needs_no_discord() -> None:
    assert not loaded_by(modules_of("studio")) & {"discord", "cogs", "bot", "playground", *MODEL_LIBRARIES}
