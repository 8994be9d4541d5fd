"""What a web gallery costs: python -m benchmarks.webgallery [--shares 1000] [--side 256] [--frames 20]

Exports so many shares of noisy GIFs into an empty directory, again with nothing changed, and again with one share more.
Wall times, seconds; the GIFs lie in the page cache.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from benchmarks.report import read_options
from benchmarks.scenes import draw_frames, sample_share
from engine.recipe.recipe import Giro, Stage
from studio.store import Member, Share
from studio.web.export import ExportSource, export_gallery
from studio.web.page_renderer import PageLanguage


def noisy_gif(side: int, frames: int) -> bytes:
    """An animation as large as they come: every pixel changes."""
    first, *others = draw_frames("noise", frames, side)
    encoded = io.BytesIO()
    first.save(encoded, "GIF", save_all=True, append_images=others, duration=80, loop=0)
    return encoded.getvalue()


def remixed_share(number: int) -> Share:
    """One of many shares of forty members, each remixed from the one before."""
    member = Member(id=str(number % 40), name=f"Member {number % 40}")
    stages = tuple(Stage(f"a road by the sea, trees on the right, sunny day, Italy, {stage}", 25) for stage in range(7))
    recipe = Giro(seed=number, stages=stages)
    share = sample_share(f"share-{number}", "555", member, recipe, 1_790_000_000.0 + number)
    return replace(share, parent=f"share-{number - 1}" if number % 10 else None)


def main() -> None:
    options = read_options(__doc__, shares=1000, side=256, frames=20)
    gif = noisy_gif(options.side, options.frames)
    shares = [remixed_share(number) for number in range(options.shares + 1)]
    with tempfile.TemporaryDirectory() as folder:
        renders = Path(folder) / "renders"
        renders.mkdir()
        for share in shares:
            (renders / f"{share.id}.gif").write_bytes(gif)
        print(f"{options.shares} shares, {len(gif) / 1024:,.0f} KiB each")
        for what, exhibited in (("new", shares[:-1]), ("unchanged", shares[:-1]), ("one more", shares)):
            start = time.perf_counter()
            source = ExportSource(shares=exhibited, renders=renders, page_language=PageLanguage(title="Measured"))
            tally = export_gallery(source, Path(folder) / "web").changes
            print(f"{what}: {time.perf_counter() - start:.1f} s, {tally.written} files written")


if __name__ == "__main__":
    main()
