"""What was measured of a version in production, by window, by segment and by class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from driftwheel.cards.confusion_facts import ConfusionFacts, confusion_facts
from driftwheel.performance.calibration import Calibration
from driftwheel.performance.figure import Figure
from driftwheel.performance.measured_accuracy import Basis
from driftwheel.performance.measured_performance import MeasuredPerformance

__all__ = [
    "ClassFigures",
    "MeasuredFacts",
    "OtherVersion",
    "ProductionFacts",
    "WindowFacts",
    "measured_facts",
]

_FIGURES = ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1")


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """A class: on how many labels its figures rest (the effective number), and what they are."""

    name: str
    support: float
    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True, slots=True)
class MeasuredFacts:
    """Figures of some predictions; see `driftwheel.performance.measured_performance`.

    Attributes
    ----------
    predictions, labels
        How many there are, and how many of them have a label.
    basis
        Which labels the figures rest on.
    figures
        (name, figure): accuracy first.
    """

    predictions: int
    labels: int
    basis: Basis
    figures: tuple[tuple[str, Figure], ...]
    classes: tuple[ClassFigures, ...]
    confusion: ConfusionFacts
    calibration: Calibration

    @property
    def accuracy(self) -> Figure:
        """The first of the figures."""
        return self.figures[0][1]


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A window in which the version answered: start ≤ event time < end."""

    start: datetime
    end: datetime
    predictions: int
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """Another version that answered before this one stopped: first ≤ event time < last, and how it did."""

    name: str
    first: datetime
    last: datetime
    predictions: int
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class ProductionFacts:
    """What the version answered.

    Attributes
    ----------
    known
        Whether answers are summed up at all: those of classification are.
    windows
        Those in which it answered, the oldest first.
    cut
        Whether there are more, earlier ones, which are left out.
    whole
        Of all these windows; None where it has not answered.
    segments
        (tag, value, figures), those with the most labels first.
    others
        Versions that answered before this one stopped, the earliest first.
    """

    known: bool
    windows: tuple[WindowFacts, ...]
    cut: bool
    whole: MeasuredFacts | None
    segments: tuple[tuple[str, str, MeasuredFacts], ...]
    others: tuple[OtherVersion, ...]


def measured_facts(found: MeasuredPerformance) -> MeasuredFacts:
    """Return what was measured as plain frozen values."""
    accuracy = found.accuracy
    return MeasuredFacts(
        accuracy.predictions,
        accuracy.labels,
        accuracy.basis,
        (
            ("accuracy", accuracy.figure),
            *((name, getattr(found.metrics, name)) for name in _FIGURES),
            ("area_under_roc", found.area_under_roc),
            ("log_loss", found.log_loss),
            ("calibration_error", found.calibration.error),
        ),
        tuple(
            ClassFigures(one.name, float(one.support), one.precision, one.recall, one.f1)
            for one in found.metrics.classes
        ),
        confusion_facts(found.matrix),
        found.calibration,
    )
