"""An alert that a camera fault explains, for the tests of repairs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from tests.notify.messages import drift
from tests.services.alerting import fire

from driftwheel.alerts.episode import Episode
from driftwheel.store.engine.database import writing
from driftwheel.store.windows.verdicts import NewVerdict, put_verdict

__all__ = ["blurred_alert"]


def blurred_alert(engine: Engine, model: int, *, confidence: float = 0.9, **more: Any) -> Episode:
    """Let an alert fire whose window is diagnosed as blurred."""
    episode = fire(engine, model, **more)
    entry = drift()
    found = {"fault": "blur", "severity": 4, "share": 1.0, "confidence": confidence}
    verdict = NewVerdict(
        model=model,
        start=entry.start,
        end=entry.end,
        tag=episode.tag,
        value=episode.value,
        revision=0,
        reference=None,
        answer="drift",
        kind="camera_fault",
        p_value=1e-6,
        alpha=0.01,
        n=420,
        headline="The images are softer.",
        document={"diagnosis": [found]},
        observations={},
        exemplars=(),
        made=entry.end,
    )
    with writing(engine) as connection:
        put_verdict(connection, verdict)
    return episode
