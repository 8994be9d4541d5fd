"""What must outlive a restart of the bot."""

from __future__ import annotations

from engine.store.records import Answer, JobRecord, Member, Order, State
from engine.store.store import Store

__all__ = ["Answer", "JobRecord", "Member", "Order", "State", "Store"]
