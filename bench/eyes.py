"""Eyes: from sharp and bright images to blurred and dark ones; what 80 labels win back, and what they cost.

A small network is trained on the sharp and bright half of the eyes, by their measured properties, and meets
the blurred and dark half in production, on other people. Is it noticed? What are 80 labels worth, chosen as
the wheel chooses them, by chance, or by doubt alone, and going on from the champion with replay? Five seeds:
each shares the people out anew and begins with other weights. Accuracy is measured on eyes of people that no
annotator and no training ever saw, with the true labels. Needs the eyes of ``../shared/data/eyes``, or of a
folder named on the command line.

`--seeds N`: so many seeds, and no table written.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from driftwheel.demo.eyes.eyes_model import CHAMPION
from driftwheel.demo.eyes.published_eyes import Eye, read_eyes
from driftwheel.demo.eyes.share_out_eyes import SharedOut, clearness, share_out_eyes
from driftwheel.learning.trainers.recipe import Augmentation, Recipe
from eyes_turn import LABELS, Choice, Judged, choices_of, judged, judged_by_gate
from eyes_workshop import Workshop
from machine import machine_lines

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parent.parent / "shared" / "data"))
SEEDS = 5
DAY = 200
GAIN, LOSS = 0.08, 0.01  # wanted: won on the new eyes at least, lost on the old ones at most
NONE, WHEEL, FULL = "no retraining", "the wheel's 80", "full labels"
MILD = "the same, 80 % replayed"

ABOUT = """\
{n:,} eyes of {people:,} people, 24 × 24 px. Of each class, people are ranked by the mean rank of their eyes'
sharpness and brightness: the upper half is the old domain, the lower half the new one. Of the old one 56 % of
the people are learnt from, 14 % tell when to stop, 30 % are measured on; of the new one 70 % are what
production sees and 30 % are measured on. Those measured on are labelled for nobody.

The champion is a small network (12 channels, 3 levels, 32 px), learnt from images as they are, without any
augmentation, as many first models are: so it falls far. Retraining goes on from the champion by the same
recipe; every fifth label tells it when to stop. {replay} of what it learns from is replayed, which was
chosen on these eyes; a row has the default, 80 %."""

WAYS = """\
**The wheel's 80**: 32 drawn at random, to measure and for the gate, never learnt from; 48 by the mix of
reasons (doubt, what is typical, chance; near-duplicates left out). **By a crowd**: the same images, each
asked of three simulated annotators who are right 92 % of the time; the majority counts. Chance and doubt
learn from all 80 and have nothing left to measure with. **Full labels**: all {pool:,} images of production,
learnt with the old ones from fresh weights. People's minutes are those of annotators who take 4 s for an
image, the machine's those of one core, choosing included.
Won and lost: points against no retraining, the mean of the seeds and the worst of them."""

SEEN = """\
Old eyes are of other people, sharp and bright: no alarm is right. Measured: the champion on the 32 drawn
at random, with its interval at 90 %, beside the truth. The gate goes by its default rule: better on those 32,
and not worse by 2 points on the old eyes. Where it asks for more labels, the wheel opens a larger pool: 80
labels win accuracy back, and more show that they did."""

AUGMENTED = """\
The same with the product's default augmentation (mirrored, cut, lighter, darker): it falls less, so there is
less to win back."""


@dataclass(frozen=True)
class Row:
    """What a model is worth: accuracy on old and new eyes, answers asked of people, CPU seconds."""

    old: float
    new: float
    answers: int
    seconds: float


def run_seed(eyes: Sequence[Eye], clear, seed: int, recipe: Recipe, *, all_ways: bool = True):
    """Return what each way came to, and what was judged of the change."""
    parts = share_out_eyes(eyes, clear, seed)
    shop = Workshop(replace(recipe, seed=seed))
    rows: dict[str, Row] = {}
    champion = shop.train(parts.learnt, parts.checked)
    rows[NONE] = row(shop, champion, parts, 0, 0.0)
    found = judged(parts, seed, DAY) if all_ways else None
    begun = time.process_time()
    ways = choices_of(shop, champion, parts.production, seed)
    chosen = time.process_time() - begun
    for name, choice in ways.items():
        if not all_ways and name != WHEEL:
            continue
        begun = time.process_time()
        better = shop.go_on(champion, parts, choice.learnt, choice.labels)
        rows[name] = row(shop, better, parts, choice.answers, time.process_time() - begun + chosen)
        if name == WHEEL and all_ways:
            rows[MILD] = mild(shop, champion, parts, choice)
        if name == WHEEL and found is not None:
            found = judged_by_gate(found, shop, (champion, better), choice, parts.old_test)
            found = replace(found, true=rows[NONE].new)
        print(f"seed {seed}: {name}: old {rows[name].old:.1%}, new {rows[name].new:.1%}", flush=True)
    begun = time.process_time()
    whole = shop.with_all(parts)
    rows[FULL] = row(shop, whole, parts, len(parts.production), time.process_time() - begun)
    print(f"seed {seed}: {NONE} {rows[NONE].new:.1%}, {FULL} {rows[FULL].new:.1%}", flush=True)
    return rows, found


def mild(shop: Workshop, champion: bytes, parts: SharedOut, choice: Choice) -> Row:
    begun = time.process_time()
    model = shop.go_on(champion, parts, choice.learnt, choice.labels, replay=0.8)
    return row(shop, model, parts, choice.answers, time.process_time() - begun)


def row(shop: Workshop, model: bytes, parts: SharedOut, answers: int, seconds: float) -> Row:
    return Row(shop.accuracy(model, parts.old_test), shop.accuracy(model, parts.new_test), answers, seconds)


def table(runs: Sequence[Mapping[str, Row]]) -> list[str]:
    """Return the table of all ways, the mean of the seeds and the extremes."""
    lines = [
        "| labels | new eyes | won | least | old eyes | lost | most | people's minutes | machine's |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in runs[0]:
        own = [one[name] for one in runs]
        won = [100 * (one[name].new - one[NONE].new) for one in runs]
        lost = [100 * (one[NONE].old - one[name].old) for one in runs]
        new, old = (100 * np.mean([getattr(one, what) for one in own]) for what in ("new", "old"))
        people = np.mean([one.answers for one in own]) * 4 / 60
        machine = np.mean([one.seconds for one in own]) / 60
        gains = ["", "", "", ""] if name == NONE else [
            f"{np.mean(won):+.1f}", f"{min(won):+.1f}", f"{np.mean(lost):+.1f}", f"{max(lost):+.1f}",
        ]  # fmt: skip
        cells = [f"{new:.1f} %", *gains[:2], f"{old:.1f} %", *gains[2:]]
        costs = ["", ""] if name == NONE else [f"{people:.1f}", f"{machine:.2f}"]
        lines.append(f"| {name} | {' | '.join([*cells, *costs])} |")
    return lines


def noticed(found: Sequence[Judged]) -> list[str]:
    """Return what was judged of the change, and by the gate, seed by seed."""
    lines = [
        f"| seed | {DAY} old eyes | {DAY} new eyes | kind | fault named | measured on 32 | true | gate |",
        "| ---: | --- | --- | --- | --- | ---: | ---: | --- |",
    ]
    for seed, one in enumerate(found):
        interval = f"{one.measured:.0%} ({one.low:.0%}–{one.high:.0%})"
        cells = (str(seed), one.quiet, one.alarm, one.kind, one.fault, interval, f"{one.true:.0%}", one.gate)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def kept_promise(runs: Sequence[Mapping[str, Row]]) -> list[str]:
    won = float(np.mean([one[WHEEL].new - one[NONE].new for one in runs]))
    lost = float(np.mean([one[NONE].old - one[WHEEL].old for one in runs]))
    kept = "Kept" if won >= GAIN and lost <= LOSS else "Not kept"
    return [
        f"Wanted: {100 * GAIN:+.0f} points on new eyes with {LABELS} labels, at most {100 * LOSS:.0f} lost",
        f"on old ones, over {len(runs)} seeds. {kept}: {100 * won:+.1f} and {100 * lost:.1f}.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?", type=Path, default=SHARED / "eyes")
    parser.add_argument("--seeds", type=int)
    given = parser.parse_args()
    if not given.data.is_dir():
        print(f"There is no {given.data}: nothing measured. Name a folder with the folders open and closed.")
        return
    cv2.setNumThreads(1)
    eyes = read_eyes(given.data)
    clear = clearness(eyes)
    changed = replace(CHAMPION, augmentation=Augmentation())
    runs: dict[str, list[Mapping[str, Row]]] = defaultdict(list)
    found: list[Judged] = []
    for seed in range(given.seeds or SEEDS):
        rows, seen = run_seed(eyes, clear, seed, CHAMPION)
        runs["plain"].append(rows)
        found.append(seen)
        runs["augmented"].append(run_seed(eyes, clear, seed, changed, all_ways=False)[0])
    parts = share_out_eyes(eyes, clear, 0)
    people = len({one.person for one in eyes})
    lines = [
        "# Eyes: a natural drift, and what 80 labels win back",
        "",
        *machine_lines("torch", "onnxruntime"),
        "",
        ABOUT.format(n=len(eyes), people=people, replay=f"{100 * CHAMPION.replay:.0f} %"),
        "",
        *table(runs["plain"]),
        "",
        WAYS.format(pool=len(parts.production)),
        "",
        *kept_promise(runs["plain"]),
        "",
        "## What the product says of it",
        "",
        *noticed(found),
        "",
        SEEN,
        "",
        "## A champion that learnt from changed images",
        "",
        AUGMENTED,
        "",
        *table(runs["augmented"]),
        "",
    ]
    text = "\n".join(lines)
    print(text)
    if given.seeds is None:
        (BENCH / "results" / "eyes.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
