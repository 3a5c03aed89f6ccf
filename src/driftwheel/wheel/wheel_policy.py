"""What a model's wheel may do by itself: when a turn begins, how much it may cost, and who decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.monitor import SEVERITIES, Severity

__all__ = ["DAYS_OF_MONTH", "POLICY_RANGES", "Unsettled", "WheelPolicy"]

Unsettled = Literal["review", "leave_out"]
"""``review``: a person settles what annotators do not agree on. ``leave_out``: it is not used."""

DAYS_OF_MONTH: Final = 30
"""A month of the budget is any 30 days, so that no turn waits for a first of the month."""

POLICY_RANGES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "accuracy_below": (0.01, 1.0),
        "accuracy_days": (1, 90),
        "least_labels": (10, 100_000),
        "new_labels": (10, 1_000_000),
        "every_days": (1, 3650),
        "cool_down_days": (0, 365),
        "turns_per_month": (1, 1000),
        "labels_per_month": (10, 10_000_000),
        "images": (10, 10_000),
        "most_labels": (10, 100_000),
        "holdout_share": (0.1, 0.9),
        "overlap": (1, 20),
        "most_overlap": (1, 20),
        "golden_share": (0.0, 0.9),
        "deadline_days": (0.01, 365),
        "remind_days": (0, 365),
        "harm_margin": (0.001, 0.5),
        "watch_days": (0, 365),
        "watch_labels": (10, 100_000),
        "watch_margin": (0.0, 0.5),
    }
)
"""Number of the policy → the least and the most that it can be."""

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "str": "a text",
    }
)
_LONGEST_NAME = 128
_LARGEST = 2**63  # with thousands of digits, a number can be neither compared with others nor written


@dataclass(frozen=True, slots=True)
class WheelPolicy:
    """The policy of a model's wheel; that of a model unless another is set.

    By hand a turn can always be begun, within the budget. Who promotes what the gate lets in is said by the
    policy of the gate, see `driftwheel.store.release.policies`.

    Attributes
    ----------
    enabled
        Whether triggers begin turns. Not unless somebody says so: a turn asks people for labels.
    on_alert
        A drift alert that fires begins a turn.
    alert_severity
        The mildest alert that does.
    accuracy_below
        A measured accuracy of the champion shown to be below this does, 0…1: when the whole interval of 90 %
        lies below it. None: none does.
    accuracy_days
        Over how many of the last days it is measured; what was before the last turn ended does not count.
    least_labels
        With fewer labels than this it is not looked at.
    new_labels
        So many images labelled since the champion became it, or since the last turn ended, begin a turn;
        None: no number does.
    every_days
        A turn begins at the latest so many days after the last one began, or the champion became it; None:
        not for the time alone.
    cool_down_days
        For so long after a turn has ended none begins by itself. What is still so afterwards begins one then.
    turns_per_month
        Turns that may begin in any 30 days.
    labels_per_month
        Images that turns may have labelled in any 30 days. None begins that cannot pay for its `images`.
    images
        Images that a turn chooses for people to label.
    most_labels
        Images that a turn may have labelled at most, with those that the gate asks for when it cannot tell.
    holdout_share
        Share of them that is drawn at random, for measuring and for the gate; never trained on. The rest is
        chosen as the most useful for training.
    overlap, most_overlap
        People who answer for each image; more are asked, up to so many, until the consensus is sure enough.
        None: `overlap`, always.
    golden_share
        Share of golden tasks among those handed out, where the project has any.
    deadline_days
        For so long people are waited for; then the turn goes on with what is labelled.
    remind_days
        So long after people were told that they are wanted, to label, review or answer for a challenger, they
        are reminded, once; 0: never.
    unsettled
        What becomes of images on which annotators do not agree.
    project
        Name of the labelling project that is used. None: the newest of the model; where it has none, one is
        made.
    harm_margin
        Accuracy whose loss counts as harm, 0…1; the suggested rhythm is for it, too.
    end_without_harm
        A turn ends after measuring where no harm was shown. Not one that was begun by new labels, by the
        schedule or by hand: these do not claim any.
    repair
        Where the diagnosis names a fault of the camera, a repair without labels is trained at once.
    watch_days, watch_labels
        For so long, or until so many images are labelled that both versions answered, the new champion is
        compared with the old one. 0 days: it is not watched.
    watch_margin
        Accuracy that it may be worse by before it is rolled back, 0…1: it must be shown.
    roll_back
        Whether it is rolled back by itself when it is shown to be worse; else people are told.
    """

    enabled: bool = False
    on_alert: bool = True
    alert_severity: Severity = "warning"
    accuracy_below: float | None = None
    accuracy_days: int = 7
    least_labels: int = 50
    new_labels: int | None = None
    every_days: int | None = None
    cool_down_days: float = 3.0
    turns_per_month: int = 4
    labels_per_month: int = 1500
    images: int = 200
    most_labels: int = 600
    holdout_share: float = 0.4
    overlap: int = 1
    most_overlap: int | None = None
    golden_share: float = 0.1
    deadline_days: float = 7.0
    remind_days: float = 1.0
    unsettled: Unsettled = "leave_out"
    project: str | None = None
    harm_margin: float = 0.05
    end_without_harm: bool = True
    repair: bool = True
    watch_days: float = 3.0
    watch_labels: int = 100
    watch_margin: float = 0.0
    roll_back: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in POLICY_RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UsageError(f"The wheel's {name} is {value:g}; give {least:g} to {most:,}.")
        for name, known in (("alert_severity", SEVERITIES), ("unsettled", get_args(Unsettled))):
            value = getattr(self, name)
            if value not in known:
                raise UsageError(
                    f"The wheel's {name} is '{value:.50}'; give {' or '.join(known)}."
                    f"{did_you_mean(value, known)}"
                )
        if self.project is not None and not 0 < len(self.project.strip()) <= _LONGEST_NAME:
            raise UsageError(f"The wheel's project needs a name of 1 to {_LONGEST_NAME} characters.")
        if self.most_overlap is not None and self.most_overlap < self.overlap:
            raise UsageError(
                f"The wheel's most_overlap is {self.most_overlap} and its overlap {self.overlap}; give at "
                "least as much."
            )
        if self.most_labels < self.images:
            raise UsageError(
                f"The wheel's most_labels is {self.most_labels:,}, but a turn chooses {self.images:,} "
                "images; give at least as many labels, or fewer images."
            )
        if self.labels_per_month < self.images:
            raise UsageError(
                f"The wheel's labels_per_month is {self.labels_per_month:,}, so that no turn of "
                f"{self.images:,} images could ever begin; give more labels, or fewer images."
            )

    @property
    def holdout(self) -> int:
        """Images of a turn that are drawn at random: at least one, and never all."""
        return min(self.images - 1, max(1, math.floor(self.images * self.holdout_share + 0.5)))

    @staticmethod
    def from_json(plain: Mapping[str, Any] | None) -> WheelPolicy:
        """Return the policy that `to_json` wrote, or that somebody gives: what is left out is the default.

        Raises
        ------
        UsageError
            For a name that there is not, or a value that cannot be used.

        Examples
        --------
        >>> WheelPolicy.from_json({"images": 80, "accuracy_below": 0.9}).holdout
        32
        """
        known = {one.name: str(one.type) for one in fields(WheelPolicy)}
        for name, value in (plain or {}).items():
            if name not in known:
                raise UsageError(
                    f"The wheel's policy has nothing called '{name}'.{did_you_mean(name, known)} It has "
                    f"{', '.join(known)}."
                )
            _check_kind(name, value, known[name])
        return WheelPolicy(**(plain or {}))

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept: what is not the default."""
        default = asdict(WheelPolicy())
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    def with_changes(self, changes: Mapping[str, Any]) -> WheelPolicy:
        """Return the policy with some values changed, checked as `from_json` does."""
        return WheelPolicy.from_json(self.to_json() | dict(changes))


def _check_kind(name: str, value: Any, annotation: str) -> None:
    kind, _, optional = annotation.partition(" | ")
    if value is None and optional:
        return
    kind = kind if kind in _WORDS else "str"
    types: Mapping[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise UsageError(f"The wheel's {name} has too many digits; give {_WORDS[kind]}.")
    fits = isinstance(value, types.get(kind, (str,)))
    if not fits or (isinstance(value, bool) and kind != "bool"):
        none = ", or null for none" if optional else ""
        raise UsageError(f"The wheel's {name} is {value!r:.50}; give {_WORDS[kind]}{none}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"The wheel's {name} is {value}; give a number.")
