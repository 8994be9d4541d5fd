"""What must outlive a restart of the bot."""

from __future__ import annotations

from studio.store.announcements import Announcement
from studio.store.page_finder import PageQuery
from studio.store.records import Answer, JobRecord, Member, Order, Share, State
from studio.store.renders import Render
from studio.store.shares import SharePage
from studio.store.store import Store

__all__ = [
    "Announcement",
    "Answer",
    "JobRecord",
    "Member",
    "Order",
    "PageQuery",
    "Render",
    "Share",
    "SharePage",
    "State",
    "Store",
]
