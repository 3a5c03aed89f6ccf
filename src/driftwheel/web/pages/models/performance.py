"""How good a model is: accuracy by window, measured and estimated, and every figure that labels tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.monitors.observation import CANNOT_TELL
from driftwheel.performance.figure import Figure
from driftwheel.performance.measured_performance import MeasuredPerformance
from driftwheel.report.charts.reliability import reliability_chart
from driftwheel.report.numbers import quantity
from driftwheel.services.browse.describe_models import describe_model
from driftwheel.services.performance.describe_performance import (
    MOST_SEGMENTS,
    PerformanceReport,
    WindowPerformance,
    describe_performance,
)
from driftwheel.services.performance.describe_slices import describe_slices
from driftwheel.services.watch.watch_model import SPANS, span_of
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.failure_slices import ask_slices
from driftwheel.store.windows.verdict_answers import segments_seen
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.models.confusion_view import confusion_view
from driftwheel.web.pages.models.models import STATE_WORDS
from driftwheel.web.pages.models.performance_charts import (
    accuracy_chart,
    interval_bar,
)
from driftwheel.web.pages.models.performance_sentence import interval, performance_sentence, tenths
from driftwheel.web.pages.models.performance_view import PerformanceView, read_performance_view
from driftwheel.web.pages.models.watch_view import WatchView, images_address
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SEGMENTS = 200


@dataclass(frozen=True, slots=True)
class _FigureRow:
    """One figure in a table; `note` says what it is."""

    name: str
    note: str
    value: str
    interval: str
    n: int


@dataclass(frozen=True, slots=True)
class _WindowRow:
    """One window in the table behind the chart."""

    window: WindowPerformance
    measured: str
    interval: str
    estimated: str
    between: str
    why: str


@router.get("/models/{name}/performance", dependencies=[permit("read")])
def _show_performance(request: Request, state: State, name: str) -> Response:
    """Show how good a model is."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        view = read_performance_view(model.name, model.window, request.query_params)
        watch = view.watch
        span = span_of(connection, model, state.clock(), watch.count, watch.until)
        report = describe_performance(
            connection, model, span, tag=watch.tag, value=watch.value, version=view.version
        )
        summary = describe_model(connection, model, state.clock())
        slices = describe_slices(connection, model)
        segments = segments_seen(connection, model.key, since=span.starts[0], limit=_SEGMENTS)
    whole = report.whole
    addresses = [images_address(name, one.start, one.end, watch.tag, watch.value) for one in report.windows]
    return render(
        request,
        "models/performance.html.j2",
        model=model,
        here=watch.path,
        page=view.path,
        view=view,
        images=address("/images", {"model": name, "tag": watch.segment}),
        state=STATE_WORDS[summary.state],
        summary=summary,
        reference=summary.reference,
        said=performance_sentence(report),
        report=report,
        chart=accuracy_chart(report.windows, addresses, model.window),
        windows=[_window_row(one) for one in reversed(report.windows) if one.accuracy or one.estimated],
        figures=_figures(whole),
        classes=whole.metrics.classes,
        bar=interval_bar,
        between=interval,
        tenths=tenths,
        confusion=confusion_view(whole.matrix),
        weighted=whole.accuracy.basis == "sample",
        calibration=whole.calibration,
        reliability=reliability_chart(whole.calibration) if whole.calibration.bins else None,
        segments=_segments(segments, view),
        versions=_versions(report, view),
        spans=[(str(n), f"{n} {model.window}s") for n in sorted(SPANS[model.window])],
        most_segments=MOST_SEGMENTS,
        earlier=view.to(until=span.starts[0] - (span.end - span.starts[-1])),
        later=None if watch.until is None else view.to(until=None),
        first=span.starts[0],
        last=span.starts[-1],
        to_version=lambda one: view.to(version=one.value),
        to_segment=lambda one: view.to(tag=one.tag, value=one.value),
        slices=slices,
        shots=[shots_of(name, one.records) for one in slices.slices],
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        label_images=address("/labels/images", {"model": name, "tag": watch.segment}),
    )


_TOLD = {"slices": "Slices of failure are being looked for; this takes some seconds."}


@router.post("/models/{name}/performance/slices", dependencies=[permit("edit-models")])
def _find_slices(state: State, name: str) -> Response:
    """Ask for slices of failure, and lead back."""
    with writing(state.engine) as connection:
        model = known_model(connection, name)
        ask_slices(connection, model.key)
    return RedirectResponse(f"{WatchView(name, model.window).path}/performance?told=slices#slices", 303)


def _figures(found: MeasuredPerformance) -> list[_FigureRow]:
    metrics = found.metrics
    shares = (
        ("Accuracy", "predictions that are right", metrics.accuracy),
        ("Balanced accuracy", "mean recall of the classes", metrics.balanced_accuracy),
        ("Macro precision", "mean over classes", metrics.macro_precision),
        ("Macro recall", "mean over classes", metrics.macro_recall),
        ("Macro F1", "mean over classes", metrics.macro_f1),
        ("Weighted precision", "mean by how many labels a class has", metrics.weighted_precision),
        ("Weighted recall", "mean by how many labels a class has", metrics.weighted_recall),
        ("Weighted F1", "mean by how many labels a class has", metrics.weighted_f1),
        ("Calibration error", "how far scores are from accuracy (ECE)", found.calibration.error),
    )
    rows = [
        _FigureRow(name, note, tenths(one.value), interval(one.low, one.high), one.n)
        for name, note, one in shares
        if one.value is not None
    ]
    plain = (
        ("Area under ROC", "how well scores tell the classes apart", found.area_under_roc),
        ("Log loss", "mean surprise of the truth, in nats", found.log_loss),
    )
    rows += [
        _FigureRow(name, note, f"{one.value:.3f}", _plain_interval(one), one.n)
        for name, note, one in plain
        if one.value is not None
    ]
    return rows


def _plain_interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return "–"
    return f"{quantity(figure.low)} to {quantity(figure.high)}"


def _window_row(one: WindowPerformance) -> _WindowRow:
    figure = None if one.accuracy is None else one.accuracy.figure
    seen = one.estimated
    why = ""
    if one.accuracy is not None and one.accuracy.basis == "chosen":
        why = f"Cannot tell: its {one.accuracy.chosen} labels are of images chosen for what they show."
    if seen is not None and seen.value is None and seen.n:
        why = f"{why} {CANNOT_TELL}{seen.note.removeprefix(CANNOT_TELL)}".strip()
    return _WindowRow(
        one,
        "–" if figure is None else tenths(figure.value),
        "–" if figure is None else interval(figure.low, figure.high),
        "–" if seen is None or (seen.value is None and not seen.n) else _estimated(seen.value),
        "–" if seen is None or seen.value is None else interval(seen.low, seen.high),
        why,
    )


def _estimated(value: float | None) -> str:
    return "cannot tell" if value is None else tenths(value)


def _segments(segments: Sequence[tuple[str, str, int]], view: PerformanceView) -> list[tuple[str, str]]:
    watch = view.watch
    options = [("", "all segments")] + [
        (f"{tag}={value}", f"{tag} = {value} ({n:,})") for tag, value, n in segments
    ]
    if watch.tag and watch.segment not in {one for one, _ in options}:
        options.append((watch.segment, f"{watch.tag} = {watch.value}"))
    return options


def _versions(report: PerformanceReport, view: PerformanceView) -> list[tuple[str, str, bool]]:
    """Return address, name and whether it is chosen, of each version; none where there is but one."""
    names = {one.value for one in report.versions} | ({view.version} if view.version is not None else set())
    if len(names) < 2 and view.version is None:
        return []
    rows = [(view.to(version=None), "all versions", view.version is None)]
    rows += [(view.to(version=name), name or "no version", name == view.version) for name in sorted(names)]
    return rows
