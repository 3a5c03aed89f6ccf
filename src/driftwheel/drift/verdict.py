"""The verdict: what all the evidence of one comparison amounts to, as frozen values.

`driftwheel.drift.judge` fills these in; `driftwheel.report` and `driftwheel.cli` show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.predictions import AccuracyByAgreement, AccuracyEstimate
from driftwheel.records import Evidence, Mode, Unreadable

__all__ = [
    "Answer",
    "ClassShare",
    "EmbeddingDrift",
    "FaultFinding",
    "Kind",
    "Outlier",
    "PropertyDrift",
    "ScoreDrift",
    "Verdict",
    "unjudged",
]

Answer = Literal["drift", "no_drift", "insufficient"]
Kind = Literal["content", "appearance", "mixed", "unreadable", "unknown"]


@dataclass(frozen=True, slots=True)
class PropertyDrift:
    """One property, reference against current.

    `p_value` is corrected for the number of properties looked at; `effect` is what is held against
    `threshold`: for a number the Wasserstein distance in reference standard deviations, for a category the
    total variation distance in [0, 1]. From profiles the statistic of the raw values may be larger by up to
    `statistic_error`; from records that is 0.
    """

    name: str
    drifted: bool
    p_value: float
    statistic: float
    effect: float
    threshold: float
    wasserstein_sigmas: float | None
    psi: float | None
    jensen_shannon: float | None
    reference_mean: float | None
    current_mean: float | None
    n_reference: int
    n_current: int
    statistic_error: float = 0.0


@dataclass(frozen=True, slots=True)
class EmbeddingDrift:
    """The embeddings, reference against current, by up to three tests; `p_value` is corrected for them.

    From profiles alone only the Fréchet distance can be had; the others are None.
    """

    embedder: str
    drifted: bool
    p_value: float
    effect: float
    threshold: float
    frechet: Evidence
    mmd: Evidence | None
    classifier: Evidence | None


@dataclass(frozen=True, slots=True)
class ClassShare:
    """How many images the monitored model takes for one class, in the reference and now.

    `p_value` says whether the share changed, corrected over the classes.
    """

    name: str
    reference: int
    current: int
    p_value: float


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """The monitored model's own scores, reference against current.

    Attributes
    ----------
    drifted
        Whether scores or mix moved beyond chance and by more than replayed windows do.
    p_value
        Corrected for everything that is looked at.
    column, statistic
        The class whose score moved most, or ``confidence`` for the largest score of each image, and its
        Kolmogorov-Smirnov statistic in [0, 1].
    effect, threshold
        That statistic again, and what replayed reference windows do not reach.
    mix_p_value, mix_effect, mix_threshold
        The same of the mix of predicted classes: χ² under the permutations, total variation distance in
        [0, 1]. Only `p_value` is corrected for what else is looked at.
    classes
        The classes whose share is least like chance first, at most 50.
    n_reference, n_current
        Images with scores.
    """

    drifted: bool
    p_value: float
    column: str
    statistic: float
    effect: float
    threshold: float
    mix_p_value: float
    mix_effect: float
    mix_threshold: float
    classes: tuple[ClassShare, ...]
    n_reference: int
    n_current: int


@dataclass(frozen=True, slots=True)
class FaultFinding:
    """A camera fault that explains the change.

    `severity` in 1…5 (None for a fault without grades), `share` of current images affected and `confidence`
    in [0, 1].
    """

    fault: str
    severity: int | None
    share: float
    confidence: float


@dataclass(frozen=True, slots=True, order=True)
class Outlier:
    """One current image and its conformal p-value: the share of reference images as unusual, in (0, 1]."""

    p_value: float
    image: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What changed between a reference and the current images, and how sure that is.

    Attributes
    ----------
    verdict
        ``drift``, ``no_drift`` or ``insufficient``.
    p_value
        Chance of evidence this strong without any change, corrected over everything looked at.
    alpha
        The p-value up to which this comparison may alarm; follows from `false_alarms_per_year` and the
        windows in a year. Never below 1e-6, the smallest p-value that is told.
    false_alarms_per_year
        The one dial.
    kind
        What kind of change; None without drift. ``unreadable``: files cannot be read that could be in the
        reference; the images that can be read have not drifted, or are too few to say.
    diagnosis
        The faults that explain it, the best first; empty when none fits ("not one of the known faults").
    diagnosed
        Whether faults were sought at all.
    properties
        Strongest evidence first.
    embedding
        None when no embedder ran.
    scores
        None when no model was asked, or too few images have scores.
    outliers
        Current images, the most unusual first.
    exemplars
        Names of the current images that show the change best, the best first.
    images_needed
        With ``insufficient``: how many more current images are needed, at least.
    notes
        Sentences a person should read: what was not looked at, and why.
    replay_p_value
        Chance that a window of the reference lies as far from it as this one does; None where none was
        replayed.
    reconstruction
        None when no autoencoder looked, or at too few images. Its p-value is its own; where there is one, it
        and all else have half of the false alarms each, and `p_value` is corrected for that.
    accuracy
        How often the monitored model is right on the current images, estimated without labels; None where no
        model was asked, or no truth of the reference is known. It is no part of `p_value`.
    agreement
        The same from how often versions of the model agree; None where no other version was asked.
    """

    verdict: Answer
    p_value: float
    alpha: float
    false_alarms_per_year: float
    kind: Kind | None
    diagnosis: tuple[FaultFinding, ...]
    properties: tuple[PropertyDrift, ...]
    embedding: EmbeddingDrift | None
    outliers: tuple[Outlier, ...]
    exemplars: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]
    unreadable_reference: tuple[Unreadable, ...]
    n_reference: int
    n_current: int
    images_needed: int
    mode: Mode
    diagnosed: bool = False
    notes: tuple[str, ...] = ()
    replay_p_value: float | None = None
    scores: ScoreDrift | None = None
    reconstruction: ReconstructionDrift | None = None
    accuracy: AccuracyEstimate | None = None
    agreement: AccuracyByAgreement | None = None


def unjudged(
    n_reference: int,
    n_current: int,
    *,
    alpha: float,
    false_alarms_per_year: float,
    images_needed: int,
    mode: Mode,
) -> Verdict:
    """Return the verdict before anything was tested: ``insufficient``, with a p-value of 1."""
    return Verdict(
        verdict="insufficient",
        p_value=1.0,
        alpha=alpha,
        false_alarms_per_year=false_alarms_per_year,
        kind=None,
        diagnosis=(),
        properties=(),
        embedding=None,
        outliers=(),
        exemplars=(),
        unreadable=(),
        unreadable_reference=(),
        n_reference=n_reference,
        n_current=n_current,
        images_needed=images_needed,
        mode=mode,
    )
