"""What must outlive a restart of the bot."""

from __future__ import annotations

from engine.store.announcements import Announcement
from engine.store.gallery import Page
from engine.store.pages import Query
from engine.store.records import Answer, JobRecord, Member, Order, Share, State
from engine.store.renders import Render
from engine.store.store import Store

__all__ = [
    "Announcement",
    "Answer",
    "JobRecord",
    "Member",
    "Order",
    "Page",
    "Query",
    "Render",
    "Share",
    "State",
    "Store",
]
