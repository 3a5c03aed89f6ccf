"""The panels of the Grafana dashboard: what each shows, and by which query."""

from __future__ import annotations

from driftwheel.services.operate.grafana_panel import CHOSEN, Panel, number, of_model, series
from driftwheel.services.operate.grafana_serving import SERVING
from driftwheel.services.operate.grafana_wheel import WHEEL

__all__ = ["ROWS"]

ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Now",
        (
            number(
                "Alerts that want a person",
                "They fire, and nobody has acknowledged or snoozed them.",
                f"sum(max by (model, severity) (driftwheel_firing_alerts{{{CHOSEN}}}))",
            ),
            number(
                "Segments that drift",
                "Models and segments whose newest verdict is drift.",
                f"sum(max by (model, segment) (driftwheel_drift{{{CHOSEN}}}))",
            ),
            number(
                "Channels that fail",
                "Their last message did not go out.",
                "sum(max by (channel) (driftwheel_channel_failing)) or vector(0)",
            ),
            number(
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
                (of_model("driftwheel_drift"),),
                red=True,
                states=((0, "no drift", "green"), (1, "drift", "red")),
            ),
            series(
                "p-value of the verdict",
                "The smaller, the surer: the chance of such evidence without drift.",
                "none",
                (
                    f"min by (model, segment) (driftwheel_drift_p_value{{{CHOSEN}}})",
                    "{{model}} {{segment}}",
                ),
                log=True,
                top=1,
            ),
            series(
                "Change of properties (whole models)",
                "Wasserstein distance to the reference, in its standard deviations (σ).",
                "none",
                (
                    (
                        "topk(12, max by (model, property) (driftwheel_property_wasserstein_sigmas"
                        f'{{{CHOSEN},segment=""}}))'
                    ),
                    "{{model}} {{property}}",
                ),
            ),
            series(
                "Change of properties (strongest segments)",
                "Wasserstein distance to the reference, in its standard deviations (σ).",
                "none",
                (
                    (
                        "topk(12, max by (model, property, segment) (driftwheel_property_wasserstein_sigmas"
                        f'{{{CHOSEN},segment!=""}}))'
                    ),
                    "{{model}} {{property}} {{segment}}",
                ),
            ),
            series(
                "Change of categories",
                "Total variation distance to the reference, of properties that are categories.",
                "percentunit",
                (
                    (
                        "topk(12, max by (model, property, segment) "
                        f"(driftwheel_property_total_variation_ratio{{{CHOSEN}}}))"
                    ),
                    "{{model}} {{property}} {{segment}}",
                ),
            ),
            series(
                "Evidence added up",
                "Of changes too weak for any one window, over windows; drift is found at its threshold.",
                "none",
                of_model("driftwheel_evidence"),
                log=True,
            ),
            series(
                "Reconstruction error over that of the reference",
                "Of models with an autoencoder: how far above it, as a share of it; below 0 where it fell.",
                "percentunit",
                of_model("driftwheel_reconstruction_over_baseline_ratio"),
                least=None,
            ),
        ),
    ),
    (
        "Models",
        (
            series(
                "Accuracy",
                "Share of right predictions: measured on known truths, and estimated from scores.",
                "percentunit",
                (
                    f"max by (model, segment, kind) (driftwheel_accuracy_ratio{{{CHOSEN}}})",
                    "{{model}} {{segment}} {{kind}}",
                ),
                top=1,
            ),
            series(
                "Confidence",
                "Mean score of the class that was named.",
                "percentunit",
                of_model("driftwheel_confidence_mean_ratio"),
                top=1,
            ),
            series(
                "Inference time, 95th percentile",
                "As clients log it.",
                "s",
                of_model("driftwheel_inference_latency_p95_seconds"),
            ),
            series(
                "Failed inferences and unreadable images",
                "Shares of the records of the newest window.",
                "percentunit",
                (
                    f"max by (model, segment) (driftwheel_inference_error_ratio{{{CHOSEN}}})",
                    "failed: {{model}} {{segment}}",
                ),
                (
                    f"max by (model, segment) (driftwheel_unreadable_ratio{{{CHOSEN}}})",
                    "unreadable: {{model}} {{segment}}",
                ),
            ),
            series(
                "Predictions called wrong",
                "By the people who use them.",
                "percentunit",
                of_model("driftwheel_feedback_ratio"),
            ),
            series(
                "Records of the newest window",
                "How many records came in it.",
                "short",
                of_model("driftwheel_window_records"),
            ),
        ),
    ),
    (
        "Ingest",
        (
            series(
                "Records a second",
                "By what became of them.",
                "reqps",
                (
                    (
                        "sum by (model, result) "
                        f"(rate(driftwheel_ingest_records_total{{{CHOSEN}}}[$__rate_interval]))"
                    ),
                    "{{model}} {{result}}",
                ),
            ),
            series(
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
            series(
                "Time since the last record",
                "By the records' own time.",
                "s",
                (
                    f"time() - max by (model) (driftwheel_last_record_timestamp_seconds{{{CHOSEN}}})",
                    "{{model}}",
                ),
            ),
            series(
                "Records that wait to be measured",
                "When there are too many, clients are told to wait.",
                "short",
                ("max(driftwheel_ingest_queue_records)", "waiting"),
            ),
        ),
    ),
    WHEEL,
    SERVING,
    (
        "Watching",
        (
            series(
                "Open alerts",
                "Of all models, by severity and state.",
                "short",
                ("max by (severity, state) (driftwheel_alerts)", "{{severity}} {{state}}"),
            ),
            series(
                "Windows looked at, an hour",
                "By what the monitors said of them.",
                "short",
                (
                    (
                        "sum by (result) (max by (model, monitor, result) "
                        f"(rate(driftwheel_monitor_evaluations_total{{{CHOSEN}}}[$__rate_interval]))) * 3600"
                    ),
                    "{{result}}",
                ),
            ),
            series(
                "Windows that wait",
                "They are over, and are still to be summed up or judged.",
                "short",
                ("max(driftwheel_windows_waiting)", "waiting"),
            ),
            series(
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
            series(
                "Messages that wait",
                "To be sent, or sent again.",
                "short",
                ("max by (channel) (driftwheel_notifications_waiting)", "{{channel}}"),
            ),
            series(
                "Series left out",
                "There are more than Prometheus is told of; segments are left out first.",
                "short",
                ("sum(rate(driftwheel_series_dropped_total[$__rate_interval]))", "left out a second"),
            ),
            series(
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
