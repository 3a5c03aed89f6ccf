"""The consensus of boxes beside one person's and beside counting, on drawn places and on crowded images."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from driftwheel.agreement.box_answers import BoxAnswer, BoxAnswers, DrawnBox, box_answers
from driftwheel.agreement.box_consensus import box_consensus
from driftwheel.agreement.box_matching import match_boxes
from labels_crowds import DRAWERS, as_place, draw_boxes, redrawn

KINDS = ["good"] * 6 + ["sloppy"] * 3 + ["random"]
Truth = dict[int, tuple[DrawnBox, ...]]


def blood_cells(data: Path, rng: np.random.Generator, overlap: int) -> tuple[Truth, list[BoxAnswer]]:
    """True boxes of BCCD, which touch and overlap, as simulated people would draw them."""
    truth: Truth = {}
    answers = []
    for task, path in enumerate(sorted(data.rglob("*.xml"))):
        boxes = []
        for one in ET.parse(path).iter("object"):  # our own files
            x1, y1, x2, y2 = (
                float(one.findtext(f"bndbox/{side}", "0")) for side in ("xmin", "ymin", "xmax", "ymax")
            )
            if x2 > x1 and y2 > y1:
                boxes.append(DrawnBox(one.findtext("name", ""), x1, y1, x2 - x1, y2 - y1))
        truth[task] = tuple(boxes)
        for who in rng.permutation(len(KINDS))[:overlap]:
            drawer = DRAWERS[KINDS[who]]
            classes = ("RBC", "WBC", "Platelets")
            drawn = [redrawn(rng, box, drawer, classes) for box in boxes if rng.random() < drawer.recall]
            drawn += [
                DrawnBox(classes[rng.integers(3)], *map(float, rng.uniform(20, 400, size=2)), 60.0, 60.0)
                for _ in range(rng.binomial(3, drawer.extra))
            ]
            answers.append(BoxAnswer(task, f"{KINDS[who]} {who}", tuple(drawn), float(len(answers))))
    return truth, answers


def boxes_lines(data: Path) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(0)
    sets = {"drawn places": (*draw_boxes(rng, KINDS, 1200, 3, ("car", "bus", "van")), ("car", "bus", "van"))}
    if (data / "bccd").is_dir():
        sets["BCCD, 364 images"] = (*blood_cells(data / "bccd", rng, 3), ("RBC", "WBC", "Platelets"))
    rows, missed = [], []
    for name, (truth, told, classes) in sets.items():
        answers = box_answers(told, classes)
        golden = {task: truth[task] for task in range(len(truth) // 5)}
        begun = time.process_time()
        found = box_consensus(answers, golden)
        taken = time.process_time() - begun
        real = [task for task in range(len(found.tasks)) if found.tasks[task].task not in golden]
        ours = {task: [one.box for one in found.tasks[task].boxes] for task in real}
        counted = {
            task: [
                one.box
                for one in (*found.tasks[task].boxes, *found.tasks[task].rejected)
                if len(one.drawn_by) >= 2
            ]
            for task in real
        }
        alone = _one_person(answers, real)
        scores = {}
        for way, boxes in (
            ("one good person", alone),
            ("drawn by two of three", counted),
            ("consensus", ours),
        ):
            keys = {task: found.tasks[task].task for task in boxes}
            f1, overlap, whole = _score(boxes, {task: truth[int(keys[task])] for task in boxes})
            scores[way] = f1
            cell = f"{taken:.1f} s for {len(answers.boxes):,} boxes" if way == "consensus" else ""
            rows.append(f"| {name} | {way} | {f1:.1%} | {overlap:.3f} | {whole:.1%} | {cell} |")
            print(rows[-1], flush=True)
        sure = np.array([found.tasks[task].confidence for task in real])
        right = np.array([_whole(ours[task], truth[int(found.tasks[task].task)]) for task in real])
        rows.append(f"| {name} | confidence of the consensus | | | {sure.mean():.1%} | |")
        top = sure >= np.quantile(sure, 0.7)
        rows.append(
            f"| {name} | of the surest 30 % | | | {right[top].mean():.1%} (said {sure[top].mean():.1%}) | |"
        )
        if scores["consensus"] < max(scores.values()) - 0.005:
            missed.append(f"boxes, {name}: the consensus is not the best")
    return [
        "## Boxes",
        "",
        "Three people an image, of six good (find 95 %, edges off by 2 px), three sloppy (70 %, 6 px, a",
        "fifth of the classes wrong) and one at random; a fifth of the images golden. F1: boxes that match",
        "a true one of their class at an overlap of a half. Whole: images where all is right.",
        "",
        "| images | way | F1 | overlap | whole | time |",
        "| --- | --- | ---: | ---: | ---: | --- |",
        *rows,
        "",
    ], missed


def _one_person(answers: BoxAnswers, real: list[int]) -> dict[int, list[DrawnBox]]:
    """What the first good person of each image drew, where there is one."""
    found: dict[int, list[DrawnBox]] = {}
    wanted = set(real)
    for number, (task, who) in enumerate(zip(answers.tasks, answers.annotators, strict=True)):
        if (
            int(task) in wanted
            and int(task) not in found
            and str(answers.annotator_keys[who]).startswith("good")
        ):
            rows = np.flatnonzero(answers.owners == number)
            found[int(task)] = [
                DrawnBox(answers.classes[answers.labels[row]], *map(float, answers.boxes[row]))
                for row in rows
            ]
    return found


def _score(boxes: dict[int, list[DrawnBox]], truth: Truth) -> tuple[float, float, float]:
    hits, n, overlaps, whole = 0, 0, [], []
    for task, drawn in boxes.items():
        right = _hits(drawn, truth[task])
        hits, n = hits + len(right), n + len(drawn) + len(truth[task])
        overlaps += right
        whole.append(len(right) == len(drawn) == len(truth[task]))
    return 2 * hits / n, float(np.mean(overlaps)), float(np.mean(whole))


def _whole(drawn: list[DrawnBox], truth: tuple[DrawnBox, ...]) -> bool:
    return len(_hits(drawn, truth)) == len(drawn) == len(truth)


def _hits(drawn: list[DrawnBox], truth: tuple[DrawnBox, ...]) -> list[float]:
    """Overlaps of the boxes that match a true one of their class."""
    pairs = match_boxes([as_place(one) for one in drawn], [as_place(one) for one in truth])
    return [
        float(overlap)
        for i, j, overlap in zip(pairs.first, pairs.second, pairs.overlap, strict=True)
        if drawn[i].label == truth[j].label
    ]
