"""What a turn of the wheel does with the eyes: notices, chooses 80, has them labelled, asks the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.majority_vote import majority_vote
from driftwheel.agreement.simulated_annotator import make_annotator, simulate_answer
from driftwheel.demo.eyes.published_eyes import CLASSES, Eye
from driftwheel.demo.eyes.share_out_eyes import SharedOut
from driftwheel.drift.diagnosis.diagnosis import diagnose
from driftwheel.drift.judge import judge
from driftwheel.images.properties import measure
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.performance.gate import Cost, GateGroup, judge_gate
from driftwheel.performance.gate_rule import GateRule
from driftwheel.performance.paired_difference import PairedCounts
from driftwheel.performance.wilson import wilson_interval
from driftwheel.records import Image, Records
from driftwheel.selection.candidates import Candidates
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.least_confidence import least_confidence
from driftwheel.selection.select import select
from driftwheel.services.check.simulate_faults import simulate_faults
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.wheel.wheel_policy import WheelPolicy
from eyes_workshop import Workshop

LABELS = 80
CROWD, QUALITY = 3, 0.92
EMBEDDER = "gist"
_SIMULATED_ON = 100


@dataclass(frozen=True)
class Choice:
    """Eyes that were labelled to learn from, what was said of them, and those kept to measure on.

    `answers` are those that people gave.
    """

    learnt: Sequence[Eye]
    labels: Sequence[str]
    apart: Sequence[Eye]
    answers: int


@dataclass(frozen=True)
class Judged:
    """What the product says: of old and new eyes, of the champion by the eyes kept apart, and the gate."""

    quiet: str
    alarm: str
    kind: str
    fault: str
    measured: float = 0.0
    low: float = 0.0
    high: float = 0.0
    true: float = 0.0
    gate: str = ""


def choices_of(shop: Workshop, champion: bytes, production: Sequence[Eye], seed: int) -> dict[str, Choice]:
    """Return 80 eyes of production by each way to choose."""
    rng = np.random.default_rng([seed, 80])
    scores = shop.scores(champion, production)
    doubt = least_confidence(scores)
    apart_rows, learnt_rows = _as_the_wheel(production, doubt, rng)
    doubtful = rng.permutation(np.argsort(-doubt, kind="stable")[:LABELS])
    by_chance = rng.permutation(len(production))[:LABELS]
    wheel = _told(production, learnt_rows, apart_rows)
    said = _said_by_crowd(wheel.learnt, seed)
    return {
        "the wheel's 80": wheel,
        "the same, by a crowd": replace(wheel, labels=said, answers=CROWD * LABELS),
        "80 at random": _told(production, by_chance),
        "the 80 most in doubt": _told(production, doubtful),
    }


def judged(parts: SharedOut, seed: int, day: int) -> Judged:
    """Return the verdicts on so many old and new eyes against those that the champion was built on."""
    embedder = load_embedder(EMBEDDER, threads=1)
    known = [*parts.learnt, *parts.checked]

    def records(eyes: Sequence[Eye]) -> Records:
        return concatenate(measure_images([_image(one) for one in eyes], embedder=embedder))

    reference, new = records(known), records(parts.production[:day])
    quiet = judge(reference, records(parts.old_test[:day]), rng=np.random.default_rng(seed))
    alarm = judge(reference, new, rng=np.random.default_rng(seed))
    if alarm.verdict != "drift":
        return Judged(_words(quiet.verdict), _words(alarm.verdict), "", "")
    some = np.random.default_rng(seed).permutation(len(known))[:_SIMULATED_ON]
    library = simulate_faults([_image(known[i]) for i in some], embedder=embedder)
    found = diagnose(library, reference, new, rng=np.random.default_rng(seed))
    faults = [f"{one.fault} {one.severity or ''} ({one.share:.0%})" for one in found.findings]
    return Judged(_words(quiet.verdict), _words(alarm.verdict), found.kind, ", ".join(faults) or "none")


def judged_by_gate(
    found: Judged, shop: Workshop, models: tuple[bytes, bytes], choice: Choice, old: Sequence[Eye]
) -> Judged:
    """Return it with what the eyes kept apart say of the champion, and the gate of the challenger."""
    pairs = []
    for eyes in (choice.apart, old):
        before, after = (shop.right(one, eyes) for one in models)
        counts = (len(eyes), before & after, ~before & after, before & ~after)
        pairs.append(PairedCounts(counts[0], *(int(one.sum()) for one in counts[1:])))
    groups = [GateGroup("what drifted", "better", pairs[0]), GateGroup("old data", "not_worse", pairs[1])]
    costs = [Cost(0.001, len(one)) for one in models]
    verdict = judge_gate(groups, GateRule(), champion=costs[0], challenger=costs[1])
    right = round(pairs[0].champion * pairs[0].n)
    low, high = wilson_interval(right, pairs[0].n, level=0.9)
    said = {"promote": "promote", "refuse": "refuse", "label_more": f"label {verdict.more} more"}
    gate = f"{said[verdict.decision]}: {pairs[0].champion:.0%} → {pairs[0].challenger:.0%}"
    return replace(found, measured=pairs[0].champion, low=low, high=high, gate=gate)


def _as_the_wheel(production: Sequence[Eye], doubt, rng) -> tuple[list[int], list[int]]:
    """As `driftwheel.services.wheel.select_images` does, which knows outliers and feedback besides."""
    held = round(LABELS * WheelPolicy().holdout_share)
    apart = rng.permutation(len(production))[:held].tolist()
    embedder = load_embedder(EMBEDDER, threads=1)
    seen = [measure(one.file.read_bytes()) for one in production]
    rows = [embedder.embed(np.stack([embedder.prepare(one.pixels)]))[0] for one in seen]
    names = [f"{row:04}" for row in range(len(production))]
    candidates = Candidates(
        names,
        np.zeros(len(names), dtype=bool),
        fixed_space(embedder).place(np.stack(rows)).astype(np.float32),
        hashes=np.array([one.hash64 for one in seen], np.uint64),
        doubt=doubt,
    )
    mixed = select(candidates, 2 * LABELS, holdout=Holdout(rng.bytes(32)), rng=rng).chosen
    useful = [int(one.image) for one in mixed if one.reason != "holdout" and int(one.image) not in apart]
    return apart, useful[: LABELS - held]


def _told(production: Sequence[Eye], rows: Sequence[int], apart: Sequence[int] = ()) -> Choice:
    learnt = [production[i] for i in rows]
    return Choice(learnt, [one.label for one in learnt], [production[i] for i in apart], LABELS)


def _said_by_crowd(eyes: Sequence[Eye], seed: int) -> list[str]:
    """Return what the majority says of each, of three people who are right 92 % of the time."""
    rng = np.random.default_rng([seed, 92])
    annotator = make_annotator("good", len(CLASSES), QUALITY)
    said: list[Answer] = []
    for number, eye in enumerate(eyes):
        for who in range(CROWD):
            label = simulate_answer(annotator, CLASSES.index(eye.label), rng).label
            said.append(Answer(number, who, CLASSES[label or 0]))
    answers = class_answers(said, CLASSES)
    return [CLASSES[one] for one in majority_vote(answers).labels]


def _image(eye: Eye) -> Image:
    return Image(eye.file.name, eye.file.read_bytes())


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")
