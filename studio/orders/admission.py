"""Admits an order as a job (within the limits, quoted and charged), or refuses it with the reason."""

from __future__ import annotations

import asyncio
import secrets
import time

import msgspec

from engine.errors import EngineError, StorageError
from engine.protocol.engine import Engine
from engine.protocol.messages import JobId, Plan
from engine.recipe.ceiling import Ceiling, clamp_settings
from engine.recipe.recipe import Recipe, resolve
from engine.recipe.settings import BUILT_IN
from studio.config.config import LimitsConfig
from studio.config.config_file import ConfigFile
from studio.config.effective import Place, limits_at, moderation_at, nsfw_at
from studio.orders.quote import work_of_plan, work_of_recipe
from studio.rules.clamp import ceiling_of, clamp_recipe
from studio.rules.limits import (
    MemberAccount,
    require_capacity,
    require_clean_words,
    require_cooldown,
    require_not_blocked,
    require_open,
    require_quota,
)
from studio.store import JobRecord, Order, Store

CHECK_TIMEOUT_SECONDS = 2.0
"""How long a member waits for the engine's plan; a busy engine sends it later."""

QUOTA_SECONDS = 24 * 60 * 60
"""How far back a member's quota looks."""


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a member may spend in 24 hours and what is left of it, in seconds of the engine's time."""

    quota: float
    left: float


class Admission:
    """Decides about orders; where two could take the same last place or seconds, one at a time."""

    def __init__(self, configuration: ConfigFile, engine: Engine, store: Store) -> None:
        self._configuration = configuration
        self._engine = engine
        self._store = store
        self._deciding = asyncio.Lock()

    async def admit(self, order: Order) -> JobRecord:
        """Store an order as a job, its cost charged to the member.

        Raises:
            MemberError: it is beyond a limit, or the loaded model cannot render it; nothing was stored or charged.
            StorageError: it cannot be stored.
        """
        config = self._configuration.current
        limits = limits_at(config, order.place)
        require_open(order.recipe, order.place, limits)
        require_clean_words(order.recipe, moderation_at(config, order.place))
        clamped = clamp_recipe(order.recipe, limits)
        changes = self._store.changes
        account = await self._account_of(order)
        _require_within_limits(account, 0.0, limits)
        ceiling = ceiling_of(limits)
        plan = await self._ask_for_plan(clamped.recipe, order.parent, ceiling)
        record = JobRecord(
            id=secrets.token_hex(8),
            recipe=clamped.recipe,
            member=order.member,
            answer=order.answer,
            limit_bytes=min(order.limit_bytes, limits.gif_bytes),
            plan=plan,
            created=time.time(),
            parent=order.parent,
            notes=(*clamped.notes, *(plan.notes if plan else ()), *order.notes),
            cost=await self._quote_seconds(clamped.recipe, plan, ceiling),
            priority=limits.priority,
            nsfw_rule=nsfw_at(config, order.place),
            ceiling=ceiling,
        )
        async with self._deciding:
            if self._store.changes != changes:  # another order may have taken the last place meanwhile
                account = await self._account_of(order)
            _require_within_limits(account, record.cost, limits)
            await self._charge_and_store(record)
        return record

    async def allowance(self, member: str, place: Place) -> Allowance | None:
        """Return what a member has left where they are; None where there is no quota."""
        quota = limits_at(self._configuration.current, place).daily_seconds
        if not quota:
            return None
        spent = await self._store.charges.sum_charges(member, place.server, time.time() - QUOTA_SECONDS)
        return Allowance(quota=quota, left=max(0.0, quota - spent))

    async def _ask_for_plan(self, recipe: Recipe, base: JobId | None, ceiling: Ceiling) -> Plan | None:
        """Return the engine's plan; None while it is loading, busy or being restarted, and will send one later."""
        if self._engine.ready is None:
            return None
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                return await self._engine.check(recipe, base, ceiling)
        except (TimeoutError, EngineError):
            return None

    async def _quote_seconds(self, recipe: Recipe, plan: Plan | None, ceiling: Ceiling) -> float:
        ready = self._engine.ready
        pace = await self._store.charges.pace(plan.model if plan else ready.model if ready else "")
        if plan is not None:
            return work_of_plan(plan) * pace.seconds_per_work
        layers = (BUILT_IN, *((ready.card,) if ready else ()), self._configuration.current.render)
        return work_of_recipe(clamp_settings(resolve(recipe, layers)[0], ceiling).recipe) * pace.seconds_per_work

    async def _account_of(self, order: Order) -> MemberAccount:
        """Return what a member has ordered so far; raises LimitError if they are blocked."""
        member, server, now = order.member.id, order.place.server, time.time()
        require_not_blocked(await self._store.members.blocked_by(server, member))
        last = await self._store.charges.last_order(member, server)
        return MemberAccount(
            open_of_member=await self._store.jobs.count_open(member=member),
            open_of_server=await self._store.jobs.count_open(server=server) if server else 0,
            spent=await self._store.charges.sum_charges(member, server, now - QUOTA_SECONDS),
            since_last=None if last is None else max(0.0, now - last),
        )

    async def _charge_and_store(self, record: JobRecord) -> None:
        """Charge first, so that no stored job is free; a charge whose job cannot be stored is taken back."""
        charges, server = self._store.charges, record.answer.server
        await charges.add(record.id, record.member.id, server, record.cost, record.created)
        try:
            await self._store.jobs.add(record)
        except StorageError:
            await charges.refund(record.id, record.cost)
            raise


def _require_within_limits(account: MemberAccount, cost: float, limits: LimitsConfig) -> None:
    require_capacity(account, limits)
    require_cooldown(account, limits)
    require_quota(account, cost, limits)
