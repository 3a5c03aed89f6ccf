"""The panels of the Grafana dashboard: what each shows, and by which query."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ROWS", "Panel"]

_MODEL = 'model=~"$model"'


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel.

    Attributes
    ----------
    title, about
        What it shows, in a few words and in a sentence.
    kind, unit
        Grafana's names of them.
    width
        Of 24.
    queries
        Each an expression, and what its lines are called.
    red
        From 1 on it wants a person.
    log
        On a logarithmic scale.
    least, top
        Where the scale begins and ends; None: where the values do.
    """

    title: str
    about: str
    kind: str
    unit: str
    width: int
    queries: tuple[tuple[str, str], ...]
    red: bool = False
    log: bool = False
    least: float | None = 0
    top: float | None = None


def _series(
    title: str,
    about: str,
    unit: str,
    *queries: tuple[str, str],
    log: bool = False,
    least: float | None = 0,
    top: float | None = None,
) -> Panel:
    least = None if log else least
    return Panel(title, about, "timeseries", unit, 12, queries, log=log, least=least, top=top)


def _number(title: str, about: str, query: str, *, red: bool = True, unit: str = "short") -> Panel:
    return Panel(title, about, "stat", unit, 6, ((query, ""),), red=red)


def _of_model(metric: str) -> tuple[str, str]:
    return f"max by (model, segment) ({metric}{{{_MODEL}}})", "{{model}} {{segment}}"


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Now",
        (
            _number(
                "Alerts that want a person",
                "They fire, and nobody has acknowledged or snoozed them.",
                f"sum(max by (model, severity) (driftwheel_firing_alerts{{{_MODEL}}}))",
            ),
            _number(
                "Segments that drift",
                "Models and segments whose newest verdict is drift.",
                f"sum(max by (model, segment) (driftwheel_drift{{{_MODEL}}}))",
            ),
            _number(
                "Channels that fail",
                "Their last message did not go out.",
                "sum(max by (channel) (driftwheel_channel_failing)) or vector(0)",
            ),
            _number(
                "Records that wait",
                "Their images are still to be measured.",
                "max(driftwheel_ingest_queue_records)",
                red=False,
            ),
        ),
    ),
    (
        "Drift",
        (
            Panel(
                "Verdict of the newest window",
                "1 is drift, 0 is no drift; no line: not enough images, or no reference.",
                "state-timeline",
                "short",
                24,
                (_of_model("driftwheel_drift"),),
                red=True,
            ),
            _series(
                "p-value of the verdict",
                "The smaller, the surer: the chance of such evidence without drift.",
                "none",
                (f"min by (model, segment) (driftwheel_drift_p_value{{{_MODEL}}})", "{{model}} {{segment}}"),
                log=True,
                top=1,
            ),
            _series(
                "Change of properties (whole models)",
                "Wasserstein distance to the reference, in its standard deviations (σ).",
                "none",
                (
                    (
                        "topk(12, max by (model, property) (driftwheel_property_wasserstein_sigmas"
                        f'{{{_MODEL},segment=""}}))'
                    ),
                    "{{model}} {{property}}",
                ),
            ),
            _series(
                "Change of properties (strongest segments)",
                "Wasserstein distance to the reference, in its standard deviations (σ).",
                "none",
                (
                    (
                        "topk(12, max by (model, property, segment) (driftwheel_property_wasserstein_sigmas"
                        f'{{{_MODEL},segment!=""}}))'
                    ),
                    "{{model}} {{property}} {{segment}}",
                ),
            ),
            _series(
                "Change of categories",
                "Total variation distance to the reference, of properties that are categories.",
                "percentunit",
                (
                    (
                        "topk(12, max by (model, property, segment) "
                        f"(driftwheel_property_total_variation_ratio{{{_MODEL}}}))"
                    ),
                    "{{model}} {{property}} {{segment}}",
                ),
            ),
            _series(
                "Evidence added up",
                "Of changes too weak for any one window, over windows; drift is found at its threshold.",
                "none",
                _of_model("driftwheel_evidence"),
                log=True,
            ),
            _series(
                "Reconstruction error over that of the reference",
                "Of models with an autoencoder: how far above it, as a share of it; below 0 where it fell.",
                "percentunit",
                _of_model("driftwheel_reconstruction_over_baseline_ratio"),
                least=None,
            ),
        ),
    ),
    (
        "Models",
        (
            _series(
                "Accuracy",
                "Share of right predictions: measured on known truths, and estimated from scores.",
                "percentunit",
                (
                    f"max by (model, segment, kind) (driftwheel_accuracy_ratio{{{_MODEL}}})",
                    "{{model}} {{segment}} {{kind}}",
                ),
                top=1,
            ),
            _series(
                "Confidence",
                "Mean score of the class that was named.",
                "percentunit",
                _of_model("driftwheel_confidence_mean_ratio"),
                top=1,
            ),
            _series(
                "Inference time, 95th percentile",
                "As clients log it.",
                "s",
                _of_model("driftwheel_inference_latency_p95_seconds"),
            ),
            _series(
                "Failed inferences and unreadable images",
                "Shares of the records of the newest window.",
                "percentunit",
                (
                    f"max by (model, segment) (driftwheel_inference_error_ratio{{{_MODEL}}})",
                    "failed: {{model}} {{segment}}",
                ),
                (
                    f"max by (model, segment) (driftwheel_unreadable_ratio{{{_MODEL}}})",
                    "unreadable: {{model}} {{segment}}",
                ),
            ),
            _series(
                "Predictions called wrong",
                "By the people who use them.",
                "percentunit",
                _of_model("driftwheel_feedback_ratio"),
            ),
            _series(
                "Records of the newest window",
                "How many records came in it.",
                "short",
                _of_model("driftwheel_window_records"),
            ),
        ),
    ),
    (
        "Ingest",
        (
            _series(
                "Records a second",
                "By what became of them.",
                "reqps",
                (
                    (
                        "sum by (model, result) "
                        f"(rate(driftwheel_ingest_records_total{{{_MODEL}}}[$__rate_interval]))"
                    ),
                    "{{model}} {{result}}",
                ),
            ),
            _series(
                "Duration of requests",
                "Median and 99th percentile of requests that log something.",
                "s",
                *(
                    (
                        (
                            f"histogram_quantile({quantile}, sum by (what, le) "
                            "(rate(driftwheel_ingest_request_duration_seconds_bucket[$__rate_interval])))"
                        ),
                        f"{{{{what}}}} {name}",
                    )
                    for quantile, name in ((0.5, "median"), (0.99, "99 %"))
                ),
            ),
            _series(
                "Time since the last record",
                "By the records' own time.",
                "s",
                (
                    f"time() - max by (model) (driftwheel_last_record_timestamp_seconds{{{_MODEL}}})",
                    "{{model}}",
                ),
            ),
            _series(
                "Records that wait to be measured",
                "When there are too many, clients are told to wait.",
                "short",
                ("max(driftwheel_ingest_queue_records)", "waiting"),
            ),
        ),
    ),
    (
        "Watching",
        (
            _series(
                "Open alerts",
                "Of all models, by severity and state.",
                "short",
                ("max by (severity, state) (driftwheel_alerts)", "{{severity}} {{state}}"),
            ),
            _series(
                "Windows looked at, an hour",
                "By what the monitors said of them.",
                "short",
                (
                    (
                        "sum by (result) (max by (model, monitor, result) "
                        f"(rate(driftwheel_monitor_evaluations_total{{{_MODEL}}}[$__rate_interval]))) * 3600"
                    ),
                    "{{result}}",
                ),
            ),
            _series(
                "Windows that wait",
                "They are over, and are still to be summed up or judged.",
                "short",
                ("max(driftwheel_windows_waiting)", "waiting"),
            ),
            _series(
                "Messages, an hour",
                "Sent, attempts that failed, and given up (dead).",
                "short",
                (
                    (
                        "sum by (channel, result) (max by (channel, result) "
                        "(rate(driftwheel_notifications_total[$__rate_interval]))) * 3600"
                    ),
                    "{{channel}} {{result}}",
                ),
            ),
            _series(
                "Messages that wait",
                "To be sent, or sent again.",
                "short",
                ("max by (channel) (driftwheel_notifications_waiting)", "{{channel}}"),
            ),
            _series(
                "Series left out",
                "There are more than Prometheus is told of; segments are left out first.",
                "short",
                ("sum(rate(driftwheel_series_dropped_total[$__rate_interval]))", "left out a second"),
            ),
            _series(
                "Memory of the servers",
                "Resident memory of each.",
                "bytes",
                (
                    (
                        "process_resident_memory_bytes * on (instance, job) group_left (version) "
                        "max by (instance, job, version) (driftwheel_build_info)"
                    ),
                    "{{instance}} {{version}}",
                ),
            ),
        ),
    ),
)
