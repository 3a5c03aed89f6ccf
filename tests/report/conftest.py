"""Checks of many shapes, made from a seed: values are drawn, their evidence is computed from them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from driftwheel.drift.check import Check
from driftwheel.drift.verdict import EmbeddingDrift, FaultFinding, Outlier, PropertyDrift, Verdict
from driftwheel.images.exhibits import Exhibit, Exhibits, thumbnail
from driftwheel.images.properties import PROPERTIES
from driftwheel.records import Evidence, Records, Unreadable

THRESHOLD = 0.21
NAMES = [one.name for one in PROPERTIES]
HOSTILE = '<script>alert("x")</script>&\'"{{7*7}}\x1b[31m[bold]\u202egpj.exe\udce9.png'


def draw(rng: np.random.Generator, n: int, moved: dict[str, float]) -> np.ndarray:
    """(n, p) values within each property's range; `moved` shifts some by so many standard deviations."""
    columns = []
    for one in PROPERTIES:
        if one.kind == "category":
            first = np.zeros(n)
            share = moved.get(one.name, 0.0)
            first[: int(share * n)] = 1
            columns.append(rng.permutation(first))
            continue
        position = 0.5 + 0.06 * (rng.standard_normal(n) + moved.get(one.name, 0.0))
        position = np.clip(position, 0.001, 0.999)
        if one.scale == "log":
            low = max(one.low, one.high * 1e-6)
            columns.append(low * (one.high / low) ** position)
        else:
            columns.append(one.low + (one.high - one.low) * position)
    return np.column_stack(columns).astype(np.float32)


def weigh(reference: np.ndarray, current: np.ndarray) -> tuple[PropertyDrift, ...]:
    rows = []
    for one, before, after in zip(PROPERTIES, reference.T, current.T, strict=True):
        a, b = (x[~np.isnan(x)].astype(float) for x in (before, after))
        if not len(a) or not len(b) or len(np.unique(np.concatenate([a, b]))) < 2:
            continue
        ks = ks_2samp(a, b)
        category = one.kind == "category"
        scaled = (np.log(a), np.log(b)) if one.scale == "log" else (a, b)
        effect = (
            0.5 * sum(abs((a == v).mean() - (b == v).mean()) for v in np.unique(np.concatenate([a, b])))
            if category
            else wasserstein_distance(*scaled) / scaled[0].std()
        )
        threshold = 0.05 if category else THRESHOLD
        p_value = min(1.0, float(ks.pvalue) * len(PROPERTIES))
        rows.append(
            PropertyDrift(
                name=one.name,
                drifted=bool(p_value < 0.0027 and effect > threshold),
                p_value=p_value,
                statistic=float(ks.statistic),
                effect=float(effect),
                threshold=threshold,
                wasserstein_sigmas=None if category else float(effect),
                psi=0.1 * float(effect),
                jensen_shannon=0.05 * float(effect),
                reference_mean=None if category else float(a.mean()),
                current_mean=None if category else float(b.mean()),
                n_reference=len(a),
                n_current=len(b),
            )
        )
    return tuple(
        sorted(rows, key=lambda row: (not row.drifted, row.p_value, -row.effect / row.threshold, row.name))
    )


def embedding_drift(p_value: float, effect: float, n_reference: int, n_current: int) -> EmbeddingDrift:
    def found(test: str, statistic: float) -> Evidence:
        return Evidence(test, statistic, p_value, effect, n_reference, n_current, 0.3, effect > 0.3)

    classifier = found("domain_classifier", 0.5 + min(effect / 4, 0.49))
    return EmbeddingDrift(
        "gist-1",
        effect > 0.3,
        p_value,
        effect,
        0.3,
        found("frechet", effect**2),
        found("mmd", effect / 10),
        classifier,
    )


def picture(seed: int, name: str, caption: str) -> Exhibit:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Exhibit(name, thumbnail(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)), caption)


def build(
    *,
    moved: dict[str, float] | None = None,
    n_reference: int = 400,
    n_current: int = 150,
    seed: int = 1,
    dimensions: int = 16,
    pictures: bool = True,
    **changes: object,
) -> Check:
    """A check whose values moved as told; `changes` replace fields of its verdict."""
    rng = np.random.default_rng(seed)
    moved = moved or {}
    values = draw(rng, n_reference, {}), draw(rng, n_current, moved)
    names = [
        tuple(f"{side}/image_{i:05d}.jpg" for i in range(n))
        for side, n in (("ref", n_reference), ("cur", n_current))
    ]
    vectors = [rng.standard_normal((n, dimensions)).astype(np.float32) for n in (n_reference, n_current)]
    if moved:
        vectors[1][:, 0] += 3.0
    records = [
        Records(images, table, tuple(NAMES), embeddings=vector, embedder="gist-1")
        for images, table, vector in zip(names, values, vectors, strict=True)
    ]
    drift = bool(moved)
    ranks = np.sort(rng.uniform(0.2 / n_reference, 0.4 if drift else 1.0, n_current))
    verdict = Verdict(
        verdict="drift" if drift else "no_drift",
        p_value=0.00004 if drift else 0.43,
        alpha=0.002736,
        false_alarms_per_year=1.0,
        kind="appearance" if drift else None,
        diagnosis=(),
        properties=weigh(*values),
        embedding=embedding_drift(0.0002 if drift else 0.6, 1.4 if drift else 0.1, n_reference, n_current),
        outliers=tuple(Outlier(float(p), name) for p, name in zip(ranks, names[1], strict=True)),
        exemplars=names[1][:8],
        unreadable=(),
        unreadable_reference=(),
        n_reference=n_reference,
        n_current=n_current,
        images_needed=0,
        mode="exact",
        diagnosed=drift,
    )
    exhibits = None
    if pictures:
        exhibits = Exhibits(
            reference=tuple(picture(i, names[0][i], "typical") for i in range(8)),
            current=tuple(picture(20 + i, names[1][i], f"place {i + 1}") for i in range(8)) if drift else (),
            outliers=tuple(picture(40 + i, names[1][i], f"p = {ranks[i]:.3f}") for i in range(4)),
        )
    verdict = replace(verdict, **changes)
    if verdict.diagnosis and exhibits is not None:
        exhibits = replace(
            exhibits,
            simulated=picture(60, names[0][0], "blur, severity 3"),
            simulated_from=picture(61, names[0][0], "untouched"),
            real=picture(62, names[1][0], "as it came"),
        )
    missing = {"current": verdict.unreadable, "reference": verdict.unreadable_reference}
    records = [
        replace(one, unreadable=missing[side])
        for one, side in zip(records, ("reference", "current"), strict=True)
    ]
    return Check(verdict, records[0], records[1], exhibits, "train", "production", 12.34)


BLUR = {"sharpness": -5.0, "edge_density": -3.0, "entropy": -1.2}
BLUR_FOUND = (FaultFinding("blur", 3, 0.94, 0.97), FaultFinding("motion_blur", 2, 0.9, 0.02))


def hostile() -> Check:
    base = build(moved=BLUR, diagnosis=(FaultFinding(HOSTILE, 2, 0.5, 0.9),), notes=(HOSTILE,))
    exhibits = base.exhibits
    assert exhibits is not None
    bad = replace(exhibits.current[0], image=HOSTILE, caption=HOSTILE)
    verdict = replace(
        base.verdict,
        outliers=(Outlier(0.001, HOSTILE), *base.verdict.outliers[1:]),
        exemplars=(HOSTILE,),
        unreadable=(Unreadable(HOSTILE, HOSTILE),),
        properties=(replace(base.verdict.properties[0], name=HOSTILE), *base.verdict.properties[1:]),
        embedding=replace(base.verdict.embedding, embedder=HOSTILE),
    )
    records = [
        replace(one, property_names=(HOSTILE, *one.property_names[1:]), embedder=HOSTILE)
        for one in (base.reference, base.current)
    ]
    return Check(
        verdict, records[0], records[1], replace(exhibits, current=(bad,), real=bad), HOSTILE, HOSTILE, 1.0
    )


def undefined() -> Check:
    """Every number that may be missing or infinite is."""
    base = build(moved=BLUR, pictures=False)
    nan, inf = float("nan"), float("inf")
    properties = tuple(
        replace(one, p_value=nan, statistic=nan, effect=inf, wasserstein_sigmas=inf, psi=inf,
                jensen_shannon=None, reference_mean=nan, current_mean=None)
        for one in base.verdict.properties
    )  # fmt: skip
    evidence = replace(base.verdict.embedding.frechet, statistic=nan, p_value=None, effect=None)
    verdict = replace(
        base.verdict,
        p_value=nan,
        properties=properties,
        embedding=replace(
            base.verdict.embedding, p_value=nan, effect=inf, frechet=evidence, mmd=None, classifier=None
        ),
    )
    blank = [
        replace(one, properties=np.full_like(one.properties, np.nan))
        for one in (base.reference, base.current)
    ]
    return replace(base, verdict=verdict, reference=blank[0], current=blank[1])


def insufficient() -> Check:
    return build(
        n_current=8, verdict="insufficient", p_value=float("nan"), images_needed=12, properties=(),
        embedding=None, outliers=(), exemplars=(),
        notes=("Nothing was compared: 8 current images are fewer than 20.",),
    )  # fmt: skip


def without_embedder() -> Check:
    base = build(moved={"brightness": 2.0}, kind="unknown", embedding=None, outliers=(), diagnosis=(),
                 notes=("No embedder ran: content was not looked at.",))  # fmt: skip
    bare = [replace(one, embeddings=None, embedder=None) for one in (base.reference, base.current)]
    return replace(base, reference=bare[0], current=bare[1])


SHAPES = {
    "blur": lambda: build(moved=BLUR, diagnosis=BLUR_FOUND),
    "content": lambda: build(moved={"hue": 1.0, "saturation": 0.8}, kind="content"),
    "category": lambda: build(moved={"format": 0.6, "orientation": 0.3}, kind="unknown"),
    "no_drift": build,
    "insufficient": insufficient,
    "without_embedder": without_embedder,
    "many_unreadable": lambda: build(
        unreadable=tuple(
            Unreadable(f"cur/broken_{i:05d}.jpg", ("truncated", "not an image", "too many pixels")[i % 3])
            for i in range(2000)
        ),
        unreadable_reference=(Unreadable("ref/x.jpg", "empty file"),),
    ),
    "hostile": hostile,
    "undefined": undefined,
    "no_pictures": lambda: build(moved=BLUR, diagnosis=BLUR_FOUND, pictures=False),
}


@pytest.fixture(scope="session")
def checks() -> dict[str, Check]:
    """One check of every shape, by name."""
    return {name: make() for name, make in SHAPES.items()}


@pytest.fixture(params=sorted(SHAPES))
def any_check(request: pytest.FixtureRequest, checks: dict[str, Check]) -> Check:
    return checks[request.param]


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """What tests build checks from: `make.check(…)`, `make.hostile` (a name)."""
    return SimpleNamespace(check=build, hostile=HOSTILE)
