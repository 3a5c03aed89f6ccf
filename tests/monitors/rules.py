"""Rules and monitors drawn at random, as people could write them."""

from __future__ import annotations

from hypothesis import strategies as st

from driftwheel.monitors.monitor import SEVERITIES, Monitor
from driftwheel.monitors.rule import Both, Condition, Either, Rule
from driftwheel.monitors.signal import SIGNALS, Signal

__all__ = ["CONDITIONS", "MONITORS", "RULES"]


def _conditions(signal: Signal) -> st.SearchStrategy[Condition]:
    unusual = st.just(Condition(signal.name, "unusual"))
    if signal.is_found:
        return unusual
    most = 1.0 if signal.kind == "share" else 1e12
    numbers = (
        st.floats(0, most) | st.integers(0, int(most)).map(float) | st.decimals(0, 1, places=3).map(float)
    )

    @st.composite
    def fixed(draw: st.DrawFn) -> Condition:
        comparison = draw(st.sampled_from(("above", "below")))
        low, high = sorted((draw(numbers), draw(numbers)))
        threshold, until = (high, low) if comparison == "above" else (low, high)
        return Condition(signal.name, comparison, threshold, draw(st.sampled_from((None, until))))

    return unusual | fixed()


CONDITIONS: st.SearchStrategy[Condition] = st.sampled_from(SIGNALS).flatmap(_conditions)

RULES: st.SearchStrategy[Rule] = st.recursive(
    CONDITIONS,
    lambda rules: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from((Both, Either)),
        st.lists(rules, min_size=2, max_size=3),
    ),
    max_leaves=8,
)

_NAMES = st.text(min_size=1, max_size=128).filter(lambda name: name.isprintable() and bool(name.strip()))

MONITORS: st.SearchStrategy[Monitor] = st.builds(
    lambda windows, breaches, **rest: Monitor(of_windows=windows, breaches=min(windows, breaches), **rest),
    st.integers(1, 100),
    st.integers(1, 100),
    name=_NAMES,
    rule=RULES,
    severity=st.sampled_from(SEVERITIES),
    segments=st.none() | st.lists(st.text(max_size=9), min_size=1, max_size=4, unique=True).map(tuple),
    keep_firing_for=st.integers(1, 100),
    least_n=st.integers(1, 1_000_000),
    note=st.text(max_size=50),
)
