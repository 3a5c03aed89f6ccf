"""The panels of the Grafana dashboard about the predictions that the server gives."""

from __future__ import annotations

from driftwheel.services.operate.grafana_panel import CHOSEN, Panel, series

__all__ = ["SERVING"]

_ASKED = f"driftwheel_predictions_total{{{CHOSEN}}}[$__rate_interval]"
_UNANSWERED = f'driftwheel_predictions_total{{{CHOSEN},result=~"refused|busy|unavailable"}}'
_SECONDS = "rate(driftwheel_prediction_duration_seconds_bucket[$__rate_interval])"

SERVING: tuple[str, tuple[Panel, ...]] = (
    "Predictions",
    (
        series(
            "Predictions a second",
            "Asked of all servers, by what became of them; busy: they were told to come again.",
            "reqps",
            (f"sum by (model, result) (rate({_ASKED}))", "{{model}} {{result}}"),
        ),
        series(
            "Duration of predictions",
            "Median and 99th percentile; compute: decoding and the model; whole: up to the answer, on disk.",
            "s",
            *(
                (f"histogram_quantile({quantile}, sum by (part, le) ({_SECONDS}))", f"{{{{part}}}} {name}")
                for quantile, name in ((0.5, "median"), (0.99, "99 %"))
            ),
        ),
        series(
            "Predictions without an answer, an hour",
            "Refused: the request cannot be answered; busy: too many at once; unavailable: no champion runs.",
            "short",
            (
                f"sum by (model, result) (rate({_UNANSWERED}[$__rate_interval])) * 3600",
                "{{model}} {{result}}",
            ),
        ),
        Panel(
            "Version that answers",
            "The champion of each model; where a line ends and another begins, it was swapped.",
            "state-timeline",
            "short",
            12,
            (
                (
                    f"max by (model, version) (driftwheel_champion_info{{{CHOSEN}}})",
                    "{{model}} {{version}}",
                ),
            ),
            states=((1, "champion", "blue"),),
        ),
    ),
)
