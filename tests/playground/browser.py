"""A real browser, driven through the DevTools protocol: Chromium as Debian ships it, and nothing in between."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser")
# Where nobody looks at what was skipped, a missing browser is a failure.
needs_browser = pytest.mark.skipif(
    EXECUTABLE is None and "CI" not in os.environ, reason="Chromium is not installed (Debian: apt install chromium)"
)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)
_PATIENCE_SECONDS = 15
_START_SECONDS = 60
"""The first start on a machine reads all of Chromium from a cold disk."""
_KEYS = {"Enter": 13, "Tab": 9, "Escape": 27, "Backspace": 8, "ArrowDown": 40, "ArrowUp": 38}
# Resolves once an expression is true; it is looked at whenever anything in the page changes.
_UNTIL = """
new Promise((resolve, reject) => {
  const look = () => {
    if (!(%s)) return;
    seer.disconnect();
    resolve();
  };
  const seer = new MutationObserver(look);
  seer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  document.addEventListener("load", look, true);
  setTimeout(() => reject(new Error("it did not come to that")), %d);
  look();
})
"""


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    async def command(self, method: str, **parameters: Any) -> Any:
        """Send one command of the protocol and return its result; events that pass by are noted."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=_PATIENCE_SECONDS + 5)
            self._note(message)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        """Keep what the page complains about: errors in scripts, and what its policy forbids."""
        event = message.get("method")
        if event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(message["params"]["exceptionDetails"]))
        elif event == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.complaints.append(json.dumps(message["params"]["entry"]))

    async def open(self, url: str) -> None:
        for domain in ("Runtime", "Log", "Page"):
            await self.command(f"{domain}.enable")
        await self.command("Page.navigate", url=url)

    async def resize(self, width: int, height: int) -> None:
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 700
        )

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page, awaited if it is a promise."""
        answer = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        try:
            await self.evaluate(_UNTIL % (expression, _PATIENCE_SECONDS * 1000))
        except AssertionError as error:
            text = await self.evaluate("document.body.innerText")
            raise AssertionError(f"never true: {expression}\n{text}") from error

    async def text(self, selector: str) -> str:
        """Return what an element shows, once it is there."""
        await self.until(f"document.querySelector({json.dumps(selector)})")
        return str(await self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def click(self, selector: str) -> None:
        """Click the middle of an element, once it is there."""
        quoted = json.dumps(selector)
        await self.until(f"document.querySelector({quoted})")
        await self.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        place = await self.evaluate(
            f"(() => {{ const node = document.querySelector({quoted}); node.scrollIntoView({{block: 'nearest'}});"
            " const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.command(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    async def write(self, text: str) -> None:
        """Type text a character at a time into what has the focus."""
        for character in text:
            await self.command("Input.dispatchKeyEvent", type="keyDown", text=character, key=character)
            await self.command("Input.dispatchKeyEvent", type="keyUp", key=character)

    async def press(self, key: str) -> None:
        """Press a key that writes nothing."""
        details: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        if key == "Enter":
            details["text"] = "\r"
        await self.command("Input.dispatchKeyEvent", type="keyDown", **details)
        await self.command("Input.dispatchKeyEvent", type="keyUp", **details)

    async def choose(self, selector: str, value: str) -> None:
        """Set a native select, as choosing from its list does."""
        await self.until(f"document.querySelector({json.dumps(selector)})")
        await self.evaluate(
            f"(() => {{ const node = document.querySelector({json.dumps(selector)}); node.value = {json.dumps(value)};"
            " node.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """Run Chromium with a profile of its own, and yield its tab."""
    assert EXECUTABLE is not None, "Chromium is not installed (Debian: apt install chromium)"
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            EXECUTABLE,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with aiohttp.ClientSession() as session:
                endpoint = await _endpoint(process)
                async with session.get(f"http://{endpoint}/json") as response:
                    tabs = await response.json(content_type=None)
                target = next(tab for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            await process.communicate()


async def _endpoint(process: asyncio.subprocess.Process) -> str:
    """Return host and port of the protocol, which Chromium says on its standard error."""
    assert process.stderr is not None
    async with asyncio.timeout(_START_SECONDS):
        async for line in process.stderr:
            _, mark, url = line.decode(errors="replace").partition("DevTools listening on ws://")
            if mark:
                return url.split("/")[0]
    raise AssertionError("Chromium ended before it listened")
