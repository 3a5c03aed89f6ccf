"""What is known of a model's performance, in a sentence: the figure, what it rests on, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.monitors.observation import CANNOT_TELL
from driftwheel.performance.measured_accuracy import MeasuredAccuracy
from driftwheel.performance.partly_labelled import Method
from driftwheel.report.numbers import count, several, share
from driftwheel.services.performance.describe_performance import PerformanceReport, WindowPerformance
from driftwheel.web.pages.models.watch_view import window_words

__all__ = ["PerformanceSentence", "basis_words", "interval", "performance_sentence", "tenths"]


@dataclass(frozen=True, slots=True)
class PerformanceSentence:
    """The answer, and what stands below it in small.

    Attributes
    ----------
    tone
        Of the box.
    random
        Whether labels of images drawn at random would help.
    """

    tone: str
    lead: str
    rest: str
    small: tuple[str, ...]
    random: bool


_METHODS: dict[Method, str] = {
    "plain": "",
    "prediction_powered": " The scores of all predictions make it surer (prediction-powered estimate).",
    "stratified": " Weighed by the scores of all predictions (stratified estimate).",
}


def performance_sentence(report: PerformanceReport) -> PerformanceSentence:
    """Return what is known over the windows of a report."""
    accuracy = report.whole.accuracy
    window = report.model.window
    below = tuple(one for one in (_estimated(report.estimated, window),) if one)
    if not report.predictions:
        return PerformanceSentence("note", "No prediction in this time.", "", below, False)
    if accuracy.figure.value is None:
        lead = "No labels yet." if accuracy.basis == "none" else "Cannot tell."
        return PerformanceSentence("note", lead, _untold(accuracy, report.predictions), below, True)
    rest = (
        f"of predictions right, 90\u00a0% interval {interval(accuracy.figure.low, accuracy.figure.high)}: "
        f"{several(accuracy.figure.n, 'label')} among {several(accuracy.predictions, 'prediction')}"
    )
    labelled = sum(1 for one in report.windows if one.accuracy is not None and one.accuracy.labels)
    rest += f" of the {several(labelled, window)} that {'has' if labelled == 1 else 'have'} any."
    small = (basis_words(accuracy) + _METHODS[accuracy.method], *below)
    return PerformanceSentence("note", tenths(accuracy.figure.value), rest, small, accuracy.basis == "told")


def basis_words(accuracy: MeasuredAccuracy) -> str:
    """Return in a sentence which labels the accuracy rests on."""
    if accuracy.basis == "all":
        return "As good as every prediction has a label."
    if accuracy.basis == "sample":
        told = f", and {several(accuracy.told, 'told truth')} that stand for themselves"
        chosen = (
            f" {several(accuracy.chosen, 'label')} of images chosen for what they show are left out."
            if accuracy.chosen
            else ""
        )
        return (
            f"Told from {several(accuracy.sampled, 'label')} of images drawn at random, each weighed by its "
            f"chance{told if accuracy.told else ''}.{chosen}"
        )
    if accuracy.basis == "told":
        return (
            "Taken as if the labelled predictions were drawn at random: their truths were told, and "
            "nobody knows why of these. Labels of images drawn at random would make it sure."
        )
    return ""


def tenths(value: float | None) -> str:
    """Return a share in per cent with one decimal.

    Examples
    --------
    >>> tenths(0.8161).replace("\u00a0", " "), tenths(None)
    ('81.6 %', '–')
    """
    return "–" if value is None else f"{100 * value:.1f}\u00a0%"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval of a share."""
    return "–" if low is None or high is None else f"{tenths(low)} to {tenths(high)}"


def _untold(accuracy: MeasuredAccuracy, predictions: int) -> str:
    if accuracy.basis == "none":
        return (
            f"None of {several(predictions, 'prediction')} has one. Send truths as they become known, or let "
            "people label images drawn at random."
        )
    return (
        f"All {several(accuracy.chosen, 'label')} are of images that were chosen because they look doubtful "
        f"or unusual: {share(accuracy.of_labels.value)} of these are right, which says nothing of the other "
        f"{count(accuracy.predictions - accuracy.labels)}. Let people label images drawn at random, too."
    )


def _estimated(one: WindowPerformance | None, window: str) -> str:
    if one is None or one.estimated is None:
        return ""
    seen, when = one.estimated, window_words(one.start, window)
    if seen.value is None:
        why = seen.note.removeprefix(CANNOT_TELL).rstrip(".")
        return f"Without labels, {when}: cannot tell{': ' + why[:1].lower() + why[1:] if why else ''}."
    return (
        f"Without labels, {when}: estimated {tenths(seen.value)}, 90\u00a0% interval "
        f"{interval(seen.low, seen.high)}, from the scores of {several(seen.n, 'prediction')}."
    )
