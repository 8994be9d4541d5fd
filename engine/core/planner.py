"""What recipes and jobs become with the loaded model and the admin's settings, before anything is rendered."""

from __future__ import annotations

from engine.backend import Backend
from engine.core.planned_job import PlannedJob, find_inheritable_frames, lay_out, without_frames
from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Job, JobId, Plan
from engine.recipe.ceiling import NO_CEILING, Ceiling, clamp_settings
from engine.recipe.recipe import Recipe, resolve
from engine.recipe.settings import BUILT_IN, SettingsLayer


class Planner:
    """Plans recipes, and jobs with their frames on disk; `render` is the admin's layer of settings."""

    def __init__(self, backend: Backend, frame_store: FrameStore, render: SettingsLayer) -> None:
        self._backend = backend
        self._frame_store = frame_store
        self._layers = (BUILT_IN, backend.card, render)

    def plan(self, recipe: Recipe, base: JobId | None = None, ceiling: Ceiling = NO_CEILING) -> Plan:
        """Return what a recipe would be, with the frames of `base` taken over and no setting above `ceiling`.

        Raises MemberError if it cannot be rendered with this model.
        """
        resolved, _ = resolve(recipe, self._layers)
        lowered = clamp_settings(resolved, ceiling)
        board = lay_out(lowered.recipe)
        self._backend.check(board)
        whole = Plan(
            recipe=lowered.recipe,
            model=self._backend.name,
            frames=board.frame_count,
            unet_calls=board.unet_calls,
            notes=lowered.notes,
        )
        if base is None:
            return whole
        return without_frames(whole, find_inheritable_frames(whole, self._frame_store.frames_of(base)))

    def plan_job(self, job: Job) -> PlannedJob:
        """Return a job as if nothing of it were on disk; raises MemberError."""
        plan = self.plan(job.recipe, ceiling=job.ceiling)
        return PlannedJob(job, plan, self._frame_store.frames_of(job.id), 0, plan.unet_calls)

    def claim_frames(self, planned: PlannedJob) -> JobFrames | None:
        """Keep a job's frames, and those it is continued from, from being removed; return the latter, if any."""
        planned.frames.claim()
        if planned.job.base is None:
            return None
        base = self._frame_store.frames_of(planned.job.base)
        base.touch()
        return base
