"""The answer as JSON, for other programs: the keys are a promise, `check.schema.json` describes every one."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import Any

from driftwheel._version import __version__
from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.drift.verdict import EmbeddingDrift, PropertyDrift, ScoreDrift, Verdict
from driftwheel.performance.share_interval import LEVEL
from driftwheel.predictions import AccuracyByAgreement, AccuracyEstimate
from driftwheel.records import Evidence
from driftwheel.report.numbers import NBSP
from driftwheel.report.sentence import answer, answer_word

__all__ = ["SCHEMA_VERSION", "json_document", "json_schema"]

SCHEMA_VERSION = 1
"""Rises when a key is removed or changes its meaning; new keys do not raise it."""


def json_document(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain values, fit for `json.dumps(…, allow_nan=False)`.

    Numbers are given in full; one that is undefined or infinite is None. Names of images are given as they
    are: one that is no valid Unicode holds lone surrogates, which `json.dumps` writes as escapes.

    Examples
    --------
    >>> nothing = ((), (), None, (), (), (), ())
    >>> verdict = Verdict("insufficient", float("nan"), 0.0027, 1.0, None, *nothing, 500, 8, 12, "exact")
    >>> document = json_document(verdict)
    >>> document["verdict"], document["p_value"], document["images_needed"]
    ('insufficient', None, 12)
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "driftwheel_version": __version__,
        "verdict": verdict.verdict,
        "answer": f"{answer_word(verdict)}: {answer(verdict)}".replace(NBSP, " "),
        "p_value": None if verdict.verdict == "insufficient" else _number(verdict.p_value),
        "replay_p_value": None if verdict.replay_p_value is None else _number(verdict.replay_p_value),
        "alpha": _number(verdict.alpha),
        "false_alarms_per_year": _number(verdict.false_alarms_per_year),
        "kind": verdict.kind,
        "diagnosis": [
            {
                "fault": found.fault,
                "severity": found.severity,
                "share": _number(found.share),
                "confidence": _number(found.confidence),
            }
            for found in verdict.diagnosis
        ],
        "diagnosed": verdict.diagnosed,
        "properties": [_property(one) for one in verdict.properties],
        "embedding": None if verdict.embedding is None else _embedding(verdict.embedding),
        "scores": None if verdict.scores is None else _scores(verdict.scores),
        "accuracy": None if verdict.accuracy is None else _accuracy(verdict.accuracy),
        "agreement": None if verdict.agreement is None else _agreement(verdict.agreement),
        "reconstruction": (
            None if verdict.reconstruction is None else _reconstruction(verdict.reconstruction)
        ),
        "outliers": [{"image": one.image, "p_value": _number(one.p_value)} for one in verdict.outliers],
        "exemplars": list(verdict.exemplars),
        "unreadable": [{"image": one.image, "reason": one.reason} for one in verdict.unreadable],
        "unreadable_reference": [
            {"image": one.image, "reason": one.reason} for one in verdict.unreadable_reference
        ],
        "n_reference": verdict.n_reference,
        "n_current": verdict.n_current,
        "images_needed": verdict.images_needed,
        "mode": verdict.mode,
        "embedder": None if verdict.embedding is None else verdict.embedding.embedder,
        "notes": list(verdict.notes),
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every document of this version keeps to."""
    text = resources.files("driftwheel.report").joinpath("check.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _property(one: PropertyDrift) -> dict[str, Any]:
    return {
        "name": one.name,
        "drifted": one.drifted,
        "p_value": _number(one.p_value),
        "statistic": _number(one.statistic),
        "statistic_error": _number(one.statistic_error),
        "effect": _number(one.effect),
        "threshold": _number(one.threshold),
        "wasserstein_sigmas": _number(one.wasserstein_sigmas),
        "psi": _number(one.psi),
        "jensen_shannon": _number(one.jensen_shannon),
        "reference_mean": _number(one.reference_mean),
        "current_mean": _number(one.current_mean),
        "n_reference": one.n_reference,
        "n_current": one.n_current,
    }


def _embedding(one: EmbeddingDrift) -> dict[str, Any]:
    return {
        "p_value": _number(one.p_value),
        "frechet": _number(one.frechet.statistic),
        "mmd": _statistic(one.mmd),
        "classifier": _statistic(one.classifier),
        "drifted": one.drifted,
        "effect": _number(one.effect),
        "threshold": _number(one.threshold),
        "embedder": one.embedder,
    }


def _scores(one: ScoreDrift) -> dict[str, Any]:
    return {
        "p_value": _number(one.p_value),
        "column": one.column,
        "statistic": _number(one.statistic),
        "effect": _number(one.effect),
        "threshold": _number(one.threshold),
        "mix_p_value": _number(one.mix_p_value),
        "mix_effect": _number(one.mix_effect),
        "mix_threshold": _number(one.mix_threshold),
        "drifted": one.drifted,
        "classes": [
            {
                "name": share.name,
                "reference": share.reference,
                "current": share.current,
                "p_value": _number(share.p_value),
            }
            for share in one.classes
        ],
        "n_reference": one.n_reference,
        "n_current": one.n_current,
    }


def _reconstruction(one: ReconstructionDrift) -> dict[str, Any]:
    return {
        "p_value": _number(one.p_value),
        "statistic": _number(one.statistic),
        "baseline": _number(one.baseline),
        "effect": _number(one.effect),
        "threshold": _number(one.threshold),
        "drifted": one.drifted,
        "autoencoder": one.autoencoder,
        "n_reference": one.n_reference,
        "n_current": one.n_current,
    }


def _accuracy(one: AccuracyEstimate) -> dict[str, Any]:
    told = one.told
    return {
        "told": told,
        "reason": one.reason,
        "estimate": _number(one.accuracy) if told else None,
        "low": _number(one.low) if told else None,
        "high": _number(one.high) if told else None,
        "level": LEVEL,
        "reference": _number(one.usual),
        "change": _number(one.change),
        "n_reference": one.n_reference,
        "n_current": one.n,
        "simulated_faults": one.faults,
    }


def _agreement(one: AccuracyByAgreement) -> dict[str, Any]:
    return {
        "told": one.accuracy is not None,
        "reason": one.reason,
        "estimate": _number(one.accuracy),
        "r_squared": _number(one.r_squared),
        "models": one.models,
        "n_reference": one.n_reference,
        "n_current": one.n,
    }


def _statistic(found: Evidence | None) -> float | None:
    return None if found is None else _number(found.statistic)


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return None if value is None or not math.isfinite(value) else float(value)
