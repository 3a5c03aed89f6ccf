"""Diagnosis: which camera fault carries the reference to where production now is, or that none does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.fault_features import FaultFeatures, fit_fault_features
from driftwheel.drift.fault_kind import kind_without_fault
from driftwheel.drift.fault_library import FaultCase, FaultLibrary
from driftwheel.drift.fault_misfit import misfit_limit
from driftwheel.drift.fault_mixture import fit_mixture
from driftwheel.drift.fault_model import (
    FaultModel,
    WindowFit,
    fit_fault_model,
    fit_window,
    most_explained,
)
from driftwheel.drift.frozen_frames import FrozenFrames, find_frozen_frames
from driftwheel.drift.verdict import FaultFinding, Kind
from driftwheel.errors import IncomparableError
from driftwheel.records import Records

__all__ = ["Candidate", "Diagnoser", "Diagnosis", "diagnose"]

_BEYOND_CHANCE = 5.0  # log-likelihood by which a fault must beat "no fault" to be considered
_PER_IMAGE = 0.1  # weight of the per-image mixture when grades and shares of one fault are compared
_TEMPER = 0.25  # of log-likelihoods when they are turned into confidence: features are not quite normal
_ALSO = 0.1  # confidence from which a second fault is listed


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one fault, at its best grade and variant, explains the window.

    Attributes
    ----------
    case
        The best case of the fault.
    log_likelihood
        Of the window's mean, minus that of a window without fault.
    misfit, limit
        What remains unexplained, and how much may by chance: with all features, then with properties
        alone. Empty where it was not looked at.
    explained
        Share of the squared shift that the fault accounts for, at most 1.
    """

    case: FaultCase
    log_likelihood: float
    misfit: tuple[float, ...]
    limit: tuple[float, ...]
    explained: float

    @property
    def fits(self) -> bool:
        """Whether it was looked at, and nothing remains that chance would not leave."""
        return bool(self.misfit) and all(
            misfit <= limit for misfit, limit in zip(self.misfit, self.limit, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What probably happened to the camera.

    Attributes
    ----------
    findings
        Faults that explain the change, the best first; empty when none of the known faults does.
    kind
        ``appearance``: a fault explains the change. ``content``: not what faults do, see `fault_kind`.
        ``unknown``: it may be a fault that is not in the list.
    variant
        Of the first finding: the hue of a cast, the sense of a rotation; an empty string without.
    candidates
        Every known fault, the likeliest first.
    affected
        Names of the current images that have the first finding, the clearest first.
    """

    findings: tuple[FaultFinding, ...]
    kind: Kind
    variant: str
    candidates: tuple[Candidate, ...]
    affected: tuple[str, ...]


def diagnose(
    library: FaultLibrary, reference: Records, current: Records, *, rng: np.random.Generator
) -> Diagnosis:
    """Name the camera fault that explains how `current` differs from `reference`, if a known one does.

    Meant for windows of 50 images or more that were found to have drifted, a reference of 100 or more, and a
    library of 60 images or more; it runs from 2 images on. Windows of 50 with a fault on every image are
    named rightly in about 97 % (see the benchmark).

    Raises
    ------
    IncomparableError
        When library, reference and current were measured with different properties, modes or embedders.
    """
    return Diagnoser.fit(library, reference).diagnose(current, rng=rng)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """One set of features, and the model in it."""

    columns: slice
    model: FaultModel
    usual: NDArray[np.float64]
    affected: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Diagnoser:
    """A library fitted to a reference, ready for any number of windows.

    Attributes
    ----------
    library, reference, features
        What it was fitted on, and the map to features.
    usual
        (n, f) features of the reference.
    moves
        (k, f) mean shift of each case.
    views
        The feature sets compared: all features, then those of properties alone.
    """

    library: FaultLibrary
    reference: Records
    features: FaultFeatures
    usual: NDArray[np.float64]
    moves: NDArray[np.float64]
    views: tuple[_View, ...]

    @classmethod
    def fit(cls, library: FaultLibrary, reference: Records) -> Diagnoser:
        """Fit the features and a model on all of them, then one on the properties alone."""
        _must_be_comparable(library, reference)
        features = fit_fault_features(library, reference)
        usual = features.of(reference.properties, reference.embeddings)
        faulty = features.of(library.properties, library.embeddings)
        clean = features.of(library.clean_properties, library.clean_embeddings)
        number = {name: i for i, name in enumerate(reference.images)}
        known = [(i, number[name]) for i, name in enumerate(library.images) if name in number]
        stored = np.zeros(usual.shape[1])
        if known:
            here, there = np.array(known).T
            stored = (clean[here] - usual[there]).mean(axis=0)
        views = []
        count = features.property_features
        for columns in [slice(None)] + ([slice(count)] if usual.shape[1] > count else []):
            model = fit_fault_model(
                library, usual[:, columns], faulty[:, columns], clean[:, columns], stored[columns]
            )
            views.append(
                _View(columns, model, model.whiten(usual[:, columns]), model.whiten(faulty[:, columns]))
            )
        moves = np.array([(faulty[r] - clean[library.base[r]]).mean(axis=0) for r in _rows_of_cases(library)])
        return cls(library, reference, features, usual, moves, tuple(views))

    def diagnose(self, current: Records, *, rng: np.random.Generator) -> Diagnosis:
        """As the function `diagnose`."""
        _must_be_comparable(self.library, current)
        frozen = find_frozen_frames(self.reference, current)
        rows = np.flatnonzero(~frozen.repeats) if frozen.frozen else np.arange(len(current))
        window = self.features.of(
            current.properties[rows],
            None if current.embeddings is None else current.embeddings[rows],
        )
        whites = [view.model.whiten(window[:, view.columns]) for view in self.views]
        fit = fit_window(self.views[0].model, whites[0])
        mixture = fit_mixture(whites[0], self.views[0].model.shift)
        score = fit.log_likelihood
        graded = score + _PER_IMAGE * mixture.log_likelihood
        best = _best_cases(self.library.cases, score, graded)
        likely = [k for k in best if score[k] > _BEYOND_CHANCE]
        confidence = _confidences(score[best], len(best))
        candidates = tuple(
            self._candidate(k, score, fit, whites if k in likely[:2] else [], rng) for k in best
        )
        findings = [
            FaultFinding(
                fault=candidate.case.fault,
                severity=candidate.case.severity,
                share=float(np.clip(mixture.share[k] * len(rows) / len(current), 0, 1)),
                confidence=float(sure),
            )
            for k, candidate, sure in zip(best, candidates, confidence, strict=True)
            if k in likely[:2] and candidate.fits and (k == best[0] or sure >= _ALSO)
        ]
        if findings and findings[0].fault != candidates[0].case.fault:
            findings = []
        order = np.argsort(-mixture.posterior[:, best[0]], kind="stable") if len(best) else np.arange(0)
        affected = tuple(current.images[rows[i]] for i in order if mixture.posterior[i, best[0]] >= 0.5)
        variant = candidates[0].case.variant if findings else ""
        kind: Kind = "appearance" if findings else self._kind(window, whites[0])
        if frozen.frozen:
            findings, affected = _with_frozen(findings, frozen, current, affected)
            kind = "appearance" if findings else kind
        return Diagnosis(tuple(findings), kind, variant, candidates, affected if findings else ())

    def _kind(self, window: NDArray[np.float64], white: NDArray[np.float64]) -> Kind:
        return kind_without_fault(
            window,
            self.usual,
            self.moves,
            self.features.property_features,
            most_explained(self.views[0].model, white),
        )

    def _candidate(
        self,
        k: int,
        score: NDArray[np.float64],
        fit: WindowFit,
        whites: list[NDArray[np.float64]],
        rng: np.random.Generator,
    ) -> Candidate:
        misfits, limits = [], []
        for view, white in zip(self.views, whites, strict=False):
            model = view.model.only(k)
            again = fit_window(model, white)
            misfits.append(float(again.misfit[0]))
            limits.append(
                misfit_limit(
                    model,
                    view.affected[self.library.case == k],
                    view.usual,
                    size=len(white),
                    share=float(again.share[0]),
                    rng=rng,
                )
            )
        return Candidate(
            case=self.library.cases[k],
            log_likelihood=float(score[k]),
            misfit=tuple(misfits),
            limit=tuple(limits),
            explained=float(fit.explained[k]),
        )


def _rows_of_cases(library: FaultLibrary) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(library.case == k) for k in range(len(library.cases))]


def _best_cases(
    cases: tuple[FaultCase, ...], score: NDArray[np.float64], graded: NDArray[np.float64]
) -> list[int]:
    """Return one case a fault, chosen by `graded`, ordered by the best `score` of the fault."""
    faults = sorted({case.fault for case in cases})
    members = [[k for k, case in enumerate(cases) if case.fault == fault] for fault in faults]
    members.sort(key=lambda rows: -max(score[k] for k in rows))
    return [max(rows, key=lambda k: graded[k]) for rows in members]


def _confidences(score: NDArray[np.float64], faults: int) -> NDArray[np.float64]:
    if not faults:
        return score
    weight = np.exp(_TEMPER * (score - score.max()))
    return np.asarray(weight / weight.sum())


def _with_frozen(
    findings: list[FaultFinding], frozen: FrozenFrames, current: Records, affected: tuple[str, ...]
) -> tuple[list[FaultFinding], tuple[str, ...]]:
    found = FaultFinding("frozen_frame", None, frozen.share, 1 - frozen.p_value)
    first = not findings or frozen.share >= findings[0].share
    if not first:
        return [findings[0], found, *findings[1:]], affected
    repeated = tuple(current.images[i] for i in np.flatnonzero(frozen.repeats))
    return [found, *findings], repeated


def _must_be_comparable(library: FaultLibrary, records: Records) -> None:
    for what, mine, theirs in (
        ("properties", library.property_names, records.property_names),
        ("embedder", library.embedder, records.embedder),
        ("mode", library.mode, records.mode),
    ):
        if mine != theirs:
            raise IncomparableError(
                f"The fault library was measured with another {what} than the records: "
                f"{mine} against {theirs}. Simulate the faults again with the same settings."
            )
