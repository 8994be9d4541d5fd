"""What has to be in a process's environment before torch is imported there."""

from __future__ import annotations

from collections.abc import Mapping


def patient_threads(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with OpenMP's threads told to sleep while they wait for each other, unless it has its own.

    By default they spin. On a machine that is busy with anything else, the spinning takes the very core that the
    thread they wait for needs: with two threads on two busy cores a UNet call took four times as long.
    """
    return {"OMP_WAIT_POLICY": "PASSIVE", **environment}
