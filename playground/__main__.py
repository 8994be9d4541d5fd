"""The playground from a shell:

    python -m playground serve
    python -m playground send '/morph skunk puppy' --out m.gif --traffic t.jsonl
    python -m playground demo --out out/giro.gif

Exit status: 0 all was delivered, 1 something broke, 2 the bot or the client refused.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from playground.cli.demo import demo
from playground.cli.send import BROKEN, SendOptions, send
from playground.cli.serve import ServeOptions, serve
from playground.errors import BotFailed, DidNotRespond

_INTERRUPTED = 130


def _seconds(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _bytes(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m playground", description="A local Discord for the bot.")
    actions = parser.add_subparsers(dest="action", required=True)

    sending = actions.add_parser("send", help="send commands as a member, save what is posted")
    sending.add_argument("commands", nargs="+", metavar="COMMAND", help="such as '/morph skunk puppy'")
    sending.add_argument("--out", type=Path, default=Path("out/sent.gif"), help="default: %(default)s")
    sending.add_argument("--traffic", type=Path, help="write every REST exchange here, one JSON object a line")
    sending.add_argument("--limit", type=_bytes, metavar="BYTES", help="upload limit (default: Discord's)")
    sending.add_argument(
        "--token-seconds", type=_seconds, default=900.0, help="life of interaction tokens (default: %(default)s)"
    )
    sending.add_argument(
        "--patience", type=_seconds, default=3600.0, metavar="SECONDS", help="give up then (default: %(default)s)"
    )

    showing = actions.add_parser("demo", help="the giro of seven stages and 275 frames")
    showing.add_argument("--out", type=Path, default=Path("out/giro.gif"), help="default: %(default)s")

    staying = actions.add_parser("serve", help="stay up, with a chat page")
    staying.add_argument("--port", type=int, default=8899, help="default: %(default)s")
    staying.add_argument("--data", type=Path, help="the bot's data directory (default: one that is thrown away)")

    for action in (sending, showing, staying):
        action.add_argument("--config", type=Path, help="the bot's config.toml (default: the bot's own)")
    return parser


async def _run(options: argparse.Namespace) -> int:
    """Run the action; a request to end takes everything down in order, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    if options.action == "send":
        asked = SendOptions(
            commands=tuple(options.commands),
            out=options.out,
            traffic=options.traffic,
            config=options.config,
            limit=options.limit,
            token_seconds=options.token_seconds,
            patience=options.patience,
        )
        return await send(asked, sys.stdout)
    if options.action == "demo":
        return await demo(options.out, sys.stdout, options.config)
    return await serve(ServeOptions(port=options.port, config=options.config, data=options.data), sys.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one action and return the exit status."""
    try:
        return asyncio.run(_run(_parser().parse_args(arguments)))
    except (BotFailed, DidNotRespond, OSError) as error:
        print(error, file=sys.stderr)
        return BROKEN
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
