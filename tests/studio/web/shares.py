"""Shares to exhibit, and renders small enough to make many of."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from engine.protocol.messages import JobId
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom
from studio.store import Member, Share
from studio.web.export import ExportResult, ExportSource, export_gallery
from studio.web.page_renderer import PageLanguage

ADA = Member(id="100000000000000101", name="Ada")
BOB = Member(id="100000000000000102", name="Bob")
NOON = 1_790_000_000.0
GIRO = Giro(seed=4, stages=(Stage("a road by the sea", 25), Stage("a road going up a mountain", 50)))
MORPH = Morph(seed=77, source="skunk", target="puppy")
ZOOM = Zoom(seed=128, prompt="a road in Tuscany")

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></head><body onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} %(maker)s %s {0}",
    "javascript:alert(1) <!-- ]]> --><svg/onload=alert(1)>",
    "\u202egnp.exe\u2066 &lt;b&gt; & &amp;",
    "../../../etc/passwd",
)
"""Prompts and names that would like to be more than text."""


def share(
    id: JobId,
    recipe: Recipe = ZOOM,
    member: Member = ADA,
    *,
    at: float = 0,
    parent: JobId | None = None,
    parent_maker: str | None = None,
    votes: int = 0,
    nsfw: bool = False,
    adults_only: bool = False,
) -> Share:
    """A share, `at` seconds after noon."""
    return Share(
        id=id,
        server="555",
        member=member,
        recipe=recipe,
        model="tappa-embedded-1",
        width=32,
        height=32,
        frames=2,
        created=NOON + at,
        shared=NOON + at,
        parent=parent,
        channel="700",
        message="900",
        votes=votes,
        parent_maker=parent_maker,
        nsfw=nsfw,
        adults_only=adults_only,
    )


def gif(first: str = "#e6206f", second: str = "#ffffff") -> bytes:
    """An animation of two frames; 32 pixels a side."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in (first, second)]
    encoded = io.BytesIO()
    frames[0].save(encoded, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return encoded.getvalue()


def hang(renders: Path, *shares: Share) -> None:
    """Put a render on disk for each share."""
    renders.mkdir(parents=True, exist_ok=True)
    for one in shares:
        (renders / f"{one.id}.gif").write_bytes(gif())


def exported(
    folder: Path, *shares: Share, title: str = "Our roads", language: str = "en", address: str = ""
) -> ExportResult:
    """Export to `folder`/web what lies in `folder`/renders."""
    source = ExportSource(
        shares=shares,
        renders=folder / "renders",
        page_language=PageLanguage(title=title, language=language, address=address),
    )
    return export_gallery(source, folder / "web")
