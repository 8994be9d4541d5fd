"""Everything that REST routes, the gateway and members' clients share."""

from __future__ import annotations

from dataclasses import dataclass

from playground.faults import Faults
from playground.interaction import Interactions
from playground.posting.cdn import Cdn
from playground.posting.composer import Composer
from playground.ratelimits import RateLimiter
from playground.traffic import Traffic
from playground.world.settings import PlaygroundSettings
from playground.world.world import World


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The parts of a running playground. `url` is http://127.0.0.1:PORT."""

    url: str
    settings: PlaygroundSettings
    world: World
    interactions: Interactions
    cdn: Cdn
    composer: Composer
    limiter: RateLimiter
    faults: Faults
    traffic: Traffic

    @property
    def gateway_url(self) -> str:
        """Where bots connect."""
        return f"{self.url.replace('http', 'ws', 1)}/gateway"
