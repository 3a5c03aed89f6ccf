"""The diagnoser: a fault library fitted to a reference, ready to explain any number of windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.diagnosis import Candidate, Diagnosis
from driftwheel.drift.diagnosis.fault_features import FaultFeatures, fit_fault_features
from driftwheel.drift.diagnosis.fault_kind import kind_without_fault
from driftwheel.drift.diagnosis.fault_library import FaultCase, FaultLibrary
from driftwheel.drift.diagnosis.fault_misfit import misfit_limit
from driftwheel.drift.diagnosis.fault_mixture import fit_mixture
from driftwheel.drift.diagnosis.fault_model import (
    FaultModel,
    WindowFit,
    fit_fault_model,
    fit_window,
    most_explained,
    window_covariance,
)
from driftwheel.drift.diagnosis.fault_reweighting import content_groups, reweight
from driftwheel.drift.diagnosis.frozen_frames import FrozenFrames, find_frozen_frames
from driftwheel.drift.verdict import FaultFinding, Kind
from driftwheel.errors import IncomparableError
from driftwheel.records import Records

__all__ = ["Diagnoser"]

_BEYOND_CHANCE = 5.0  # log-likelihood by which a fault must beat "no fault" to be considered
_PER_IMAGE = 0.1  # weight of the per-image mixture when grades and shares of one fault are compared
_TEMPER = 0.25  # of log-likelihoods when they are turned into confidence: features are not quite normal
_ALSO = 0.1  # confidence from which a second fault is listed
_SURE = 0.9  # confidence a fault needs to be named together with another mix of content
_LEAST_SHARE_BESIDE = 0.02  # of the images a fault is on, to be named beside frozen frames
_OTHER_MIX = 0.2  # total variation distance at which a mix of content counts as another


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
        (n, f) property features and whole embeddings of the reference.
    moves
        (k, f) mean shift of each case in them.
    groups
        (n,) group of like content of each reference image.
    views
        The feature sets compared: all features, then those of properties alone.
    """

    library: FaultLibrary
    reference: Records
    features: FaultFeatures
    usual: NDArray[np.float64]
    moves: NDArray[np.float64]
    groups: NDArray[np.intp]
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
        whole = _whole(faulty, library.embeddings, count)
        before = _whole(clean, library.clean_embeddings, count)
        moves = np.array([(whole[r] - before[library.base[r]]).mean(axis=0) for r in _rows_of_cases(library)])
        content = usual[:, count:] if usual.shape[1] > count else usual
        whole = _whole(usual, reference.embeddings, count)
        return cls(library, reference, features, whole, moves, content_groups(content), tuple(views))

    def diagnose(self, current: Records, *, rng: np.random.Generator) -> Diagnosis:
        """As the function `diagnose`."""
        _must_be_comparable(self.library, current)
        frozen = find_frozen_frames(self.reference, current)
        rows = np.flatnonzero(~frozen.repeats) if frozen.frozen else np.arange(len(current))
        embeddings = None if current.embeddings is None else current.embeddings[rows]
        window = self.features.of(current.properties[rows], embeddings)
        whites = [view.model.whiten(window[:, view.columns]) for view in self.views]
        fit = fit_window(self.views[0].model, whites[0])
        mixture = fit_mixture(whites[0], self.views[0].model.shift)
        score = fit.log_likelihood
        shares = np.clip(mixture.share * len(rows) / max(1, len(current)), 0, 1)
        graded = score + _PER_IMAGE * mixture.log_likelihood
        best = _best_cases(self.library.cases, score, graded)
        likely = [k for k in best if score[k] > _BEYOND_CHANCE]
        confidence = _confidences(score[best], len(best))
        candidates = tuple(
            self._candidate(k, score, fit, whites if k in likely[:2] else [], rng) for k in best
        )
        findings = [
            _finding(candidate, shares[k], sure)
            for k, candidate, sure in zip(best, candidates, confidence, strict=True)
            if k in likely[:2] and candidate.fits and (k == best[0] or sure >= _ALSO)
        ]
        if findings and findings[0].fault != candidates[0].case.fault:
            findings = []
        order = np.argsort(-mixture.posterior[:, best[0]], kind="stable") if len(best) else np.arange(0)
        affected = tuple(current.images[rows[i]] for i in order if mixture.posterior[i, best[0]] >= 0.5)
        kind: Kind = "appearance"
        if not findings:
            sure = bool(likely) and confidence[0] >= _SURE
            if self._only_mix(whites, rng):
                kind = "content"
            elif not sure or not self._other_mix(whites, candidates[0].limit, best[0]):
                kind = self._kind(_whole(window, embeddings, self.features.property_features), whites[0])
            else:
                kind = "mixed"
                findings = [_finding(candidates[0], shares[best[0]], confidence[0])]
        variant = candidates[0].case.variant if findings else ""
        if frozen.frozen:
            findings, affected = _with_frozen(findings, frozen, current, affected)
            kind = "mixed" if kind == "mixed" else "appearance"
        return Diagnosis(tuple(findings), kind, variant, candidates, affected if findings else ())

    def _only_mix(self, whites: list[NDArray[np.float64]], rng: np.random.Generator) -> bool:
        """Return whether another mix of the reference's content explains the window without any fault."""
        limits = [
            misfit_limit(
                view.model.only(0), view.affected[:1], view.usual, size=len(white), share=0.0, rng=rng
            )
            for view, white in zip(self.views, whites, strict=True)
        ]
        return self._other_mix(whites, limits, None)

    def _kind(self, window: NDArray[np.float64], white: NDArray[np.float64]) -> Kind:
        return kind_without_fault(
            window,
            self.usual,
            self.moves,
            self.features.property_features,
            most_explained(self.views[0].model, white),
        )

    def _other_mix(self, whites: list[NDArray[np.float64]], limits: Sequence[float], k: int | None) -> bool:
        """Return whether another mix of the reference's content explains what case `k`, or none, leaves."""
        if self.features.directions is None:
            return False
        labels = np.unique(self.groups)
        mix = np.array([np.mean(self.groups == g) for g in labels])
        moved = 0.0
        for view, white, limit in zip(self.views, whites, limits, strict=True):
            model = view.model.only(k or 0)
            share = 0.0 if k is None else float(fit_window(model, white).share[0])
            found = reweight(
                white.mean(axis=0) - share * model.shift[0],
                window_covariance(model, len(white), share)[0],
                np.array([view.usual[self.groups == g].mean(axis=0) for g in labels]),
                mix,
            )
            if found.misfit > limit:
                return False
            moved = max(moved, found.moved)
        return moved >= _OTHER_MIX

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


def _whole(
    features: NDArray[np.float64], embeddings: NDArray[np.float32] | None, property_features: int
) -> NDArray[np.float64]:
    """Return property features beside whole embeddings, of which `features` hold only the main directions."""
    return features if embeddings is None else np.hstack([features[:, :property_features], embeddings])


def _finding(candidate: Candidate, share: float, confidence: float) -> FaultFinding:
    return FaultFinding(candidate.case.fault, candidate.case.severity, float(share), float(confidence))


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
    findings = [one for one in findings if one.share >= _LEAST_SHARE_BESIDE]
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
