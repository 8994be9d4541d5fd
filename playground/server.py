"""The playground: a local Discord in one object.

async with Playground(PlaygroundSettings()) as playground:
    playground.url, playground.token        # what a bot needs
    ada = playground.member("Ada")           # what a person does
"""

from __future__ import annotations

import contextlib
import socket
from types import TracebackType
from typing import Self

from aiohttp import web

from playground.backend import Backend
from playground.chat import ChatPage
from playground.faults import Faults
from playground.gateway.gateway import Gateway
from playground.interaction import Interactions
from playground.member import Member
from playground.posting.cdn import Cdn
from playground.posting.composer import Composer
from playground.ratelimits import RateLimiter
from playground.rest.api import Api
from playground.traffic import Traffic
from playground.world.model import Channel, Guild, ThreadState, User
from playground.world.permissions import Permission
from playground.world.settings import PlaygroundSettings
from playground.world.world import World

_HOST = "127.0.0.1"


class Playground:
    """REST, gateway and CDN on loopback, and the members who use them.

    Attributes:
        world: what exists, to look at.
        backend: the parts, `traffic` and `faults` among them.
        gateway: to throw the bot out.
    """

    def __init__(self, settings: PlaygroundSettings | None = None) -> None:
        self.settings = settings or PlaygroundSettings()
        self.world = World(self.settings)
        listener = socket.create_server((_HOST, self.settings.port))
        self._listener = listener
        self.url = f"http://{_HOST}:{listener.getsockname()[1]}"
        cdn = Cdn(self.world.ids, self.url)
        self.backend = Backend(
            url=self.url,
            settings=self.settings,
            world=self.world,
            interactions=Interactions(self.world, self.settings),
            cdn=cdn,
            composer=Composer(self.world, cdn, self.settings.request_limit),
            limiter=RateLimiter(self.settings.rate_limits),
            faults=Faults(),
            traffic=Traffic(self.settings.traffic_file),
        )
        self.gateway = Gateway(self.backend)
        self._members = {user.shown: Member(self.backend, user, self._entrance(user)) for user in self.world.people}
        self._cleanup = contextlib.AsyncExitStack()

    def _entrance(self, user: User) -> Channel:
        """Where somebody lands: the first channel of the first server they are in."""
        for guild in self.world.guilds.values():
            if user.id in guild.members:
                return next(iter(guild.channels.values()))
        return self.world.direct_channel(user)

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def members(self) -> tuple[Member, ...]:
        """Everybody, in the order of the settings."""
        return tuple(self._members.values())

    def member(self, name: str) -> Member:
        """Return the member of that display name.

        Raises:
            KeyError: there is none.
        """
        return self._members[name]

    def guild(self, name: str) -> Guild:
        """Return the server of that name.

        Raises:
            KeyError: there is none.
        """
        return {guild.name: guild for guild in self.world.guilds.values()}[name]

    def channel(self, name: str, guild: Guild | None = None) -> Channel:
        """Return the channel or thread of that name, in `guild` or in the first server.

        Raises:
            KeyError: there is none.
        """
        where = guild or next(iter(self.world.guilds.values()))
        return {channel.name: channel for channel in where.channels.values()}[name]

    def open_thread(self, parent: Channel, name: str, state: ThreadState | None = None) -> Channel:
        """Add a thread below `parent`."""
        return self.world.open_thread(parent, name, state or ThreadState())

    def deny_bot(self, channel: Channel, permission: Permission) -> None:
        """Take a permission away from the bot in one channel, in place of any taken before."""
        self.world.deny(channel, self.world.bot, permission)

    async def start(self) -> None:
        """Start to serve."""
        self._cleanup.enter_context(self.world.news.listening(self.gateway.tell))
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._cleanup.push_async_callback(runner.cleanup)
        await web.SockSite(runner, self._listener).start()

    async def stop(self) -> None:
        """Stop to serve; connected bots are told that the server is going away."""
        self.gateway.kick(1001, "Going away.")
        await self._cleanup.aclose()
        self._listener.close()
        self.backend.traffic.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        api = Api(self.backend)
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/api/v{version}/{path:.*}", api.serve)
        for path in ("/gateway", "/gateway/"):
            application.router.add_get(path, self.gateway.serve)
        application.router.add_get("/attachments/{channel_id}/{file_id}/{filename}", self.backend.cdn.serve)
        ChatPage(self.backend, self.members, lambda: self.gateway.connected).add_routes(application.router)
        return application
