"""Every signal of one window as a row of a table: its value, what is usual, and what the test says."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.monitors.signal import SIGNALS
from driftwheel.report.numbers import count, p_value
from driftwheel.services.watch.watch_model import Watch
from driftwheel.web.pages.models.model_charts import signal_words
from driftwheel.web.pages.models.watch_view import WatchView

__all__ = ["SignalRow", "signal_rows"]


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One signal of a window, in words."""

    title: str
    meaning: str
    value: str
    usual: str
    n: str
    p: str
    unusual: bool | None
    note: str


def signal_rows(watch: Watch, view: WatchView) -> list[SignalRow]:
    """Return the signals of the window that is looked at, but for the verdict and the properties."""
    window = next((one for one in watch.windows if one.start == view.at), None)
    if window is None or not window.observations:
        return []
    rows = []
    for signal in SIGNALS:
        seen = window.observations.get(signal.name)
        if signal.kind in ("effect", "verdict") or seen is None:
            continue
        say = signal_words(signal)
        usual, value = "–", "–" if seen.value is None else say(seen.value)
        if signal.estimated:
            usual = "–" if seen.usual is None else say(seen.usual)
            if seen.low is not None and seen.high is not None:
                value = f"{value} ({say(seen.low)} to {say(seen.high)})"
        elif seen.low is not None and seen.high is not None:
            usual = f"{say(seen.low)} to {say(seen.high)}"
        elif seen.high is not None:
            usual = f"up to {say(seen.high)}"
        elif seen.low is not None:
            usual = f"at least {say(seen.low)}"
        elif seen.usual is not None:
            usual = say(seen.usual)
        rows.append(
            SignalRow(
                signal.title,
                signal.meaning,
                value,
                usual,
                count(seen.n),
                p_value(seen.p_value),
                seen.judged,
                seen.note,
            )
        )
    return rows
