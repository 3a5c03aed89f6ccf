"""The panels of the Grafana dashboard about the wheel: turns, what they wait for, what they cost."""

from __future__ import annotations

from driftwheel.services.operate.grafana_panel import CHOSEN, Panel, number, series

__all__ = ["WHEEL"]

_WAITS = f"driftwheel_wheel_waits{{{CHOSEN}}}"


def _a_day(metric: str, scale: int) -> str:
    rate = f"rate(driftwheel_wheel_{metric}_total{{{CHOSEN}}}[$__rate_interval])"
    return f"sum by (model) (max by (model) ({rate})) * {scale}"


WHEEL: tuple[str, tuple[Panel, ...]] = (
    "Wheel",
    (
        number(
            "Turns that wait for people",
            "For labels, a review, or the answer whether a challenger is promoted.",
            (
                'sum(max by (model, waits) (driftwheel_wheel_waits{model=~"$model",'
                'waits=~"labels|review|answer"})) or vector(0)'
            ),
        ),
        number(
            "Turns that go on",
            "At most one of each model.",
            f"sum(max by (model) (driftwheel_wheel_open_turns{{{CHOSEN}}})) or vector(0)",
            red=False,
        ),
        number(
            "Labels for turns",
            "Images that people labelled for turns so far.",
            f"sum(max by (model) (driftwheel_wheel_labels_total{{{CHOSEN}}})) or vector(0)",
            red=False,
        ),
        number(
            "Time of people for turns",
            "From being shown an image to the answer, so far.",
            f"sum(max by (model) (driftwheel_wheel_people_seconds_total{{{CHOSEN}}})) or vector(0)",
            red=False,
            unit="s",
        ),
        Panel(
            "What turns wait for",
            "While a turn goes on: labels, review and answer need people, the rest comes by itself.",
            "state-timeline",
            "short",
            24,
            ((f"max by (model, waits) ({_WAITS})", "{{model}} {{waits}}"),),
            states=((0, "no", "transparent"), (1, "waits", "orange")),
        ),
        series(
            "Turns that have ended",
            "Since the first one, by how they ended.",
            "short",
            (
                f"max by (model, outcome) (driftwheel_wheel_turns_total{{{CHOSEN}}}) > 0",
                "{{model}} {{outcome}}",
            ),
        ),
        series(
            "Cost of turns, a day",
            "Labels, and hours of people and of machines.",
            "short",
            (_a_day("labels", 86_400), "{{model}} labels"),
            (f"{_a_day('people_seconds', 24)}", "{{model}} hours of people"),
            (f"{_a_day('machine_seconds', 24)}", "{{model}} hours of machines"),
        ),
    ),
)
