from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling
from tests.store.rows import NOON

from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.quality.annotator_confusion import NOTHING, annotator_confusion
from driftwheel.services.label.quality.answer_quality import answer_quality
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.services.label.review.describe_annotator import describe_annotator
from driftwheel.services.label.review.describe_project import describe_project
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import annotator_by_key, set_paused
from driftwheel.store.labels.answer_sample import SampledAnswer, newest_answers, newest_answers_of
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.projects import LabelClass, Project

CAT, DOG = {"class": "cat"}, {"class": "dog"}


def answered(images: int, engine: Engine, **said: str) -> Labelling:
    """A pool whose images everybody named has answered: a letter an image, - skips it."""
    made = labelling(engine, images, overlap=len(said))
    for name, letters in said.items():
        for task in made.ask(name, images):
            letter = letters[int(made.task(task.task).record[1:])]
            if letter == "-":
                made.pass_over(name, task.task)
            else:
                made.say(name, task.task, "cat" if letter == "c" else "dog", seconds=len(name))
    return made


def test_figures_of_each_annotator(label_database: Engine) -> None:
    made = answered(4, label_database, ann="cccd", bob="cccd", mallory="cddc")
    with reading(label_database) as connection:
        found = describe_project(connection, made.project, now=made.now)
    rows = {one.annotator.name: one for one in found.annotators}
    agreed = {name: (one.figures.agreed, one.figures.compared) for name, one in rows.items() if one.figures}
    assert agreed == {"ann": (4, 4), "bob": (4, 4), "mallory": (1, 4)}
    assert rows["mallory"].figures.median_seconds == 7
    assert (found.quality.n, found.quality.alpha.n_tasks, found.quality.alpha.n_answers) == (12, 4, 12)
    assert (found.tasks, found.done, sum(found.hours.values())) == (4, 4, 12)
    assert list(found.hours)[-1] == made.now.replace(minute=0, second=0, microsecond=0)


def test_a_skip_is_no_answer_and_one_answer_agrees_with_nobody(label_database: Engine) -> None:
    made = labelling(label_database, 2)
    for task, act in zip(made.ask("ann", 2), (made.say, made.pass_over), strict=True):
        act("ann", task.task)
    with reading(label_database) as connection:
        found = describe_project(connection, made.project, now=made.now)
    (row,) = found.annotators
    assert (row.work.answered, row.work.skipped, row.figures.compared, found.quality.n) == (1, 1, 0, 2)
    assert found.quality.alpha.n_tasks == 0


def test_who_is_banned_has_no_vote_in_the_agreement_and_is_held_against_the_others(
    label_database: Engine,
) -> None:
    made = answered(4, label_database, ann="cccd", mallory="dddc")
    ban_annotator(
        label_database, made.project.key, made.who("mallory"), "random", exclude=True, by="lead", now=made.now
    )
    for task in made.ask("bob", 4):
        made.say("bob", task.task, "dog" if made.task(task.task).record == "i3" else "cat")
    with reading(label_database) as connection:
        found = describe_project(connection, made.project, now=made.now)
    rows = {one.annotator.name: one for one in found.annotators}
    assert rows["mallory"].ban is not None
    assert (rows["mallory"].figures.agreed, rows["mallory"].figures.compared) == (0, 4)
    assert found.quality.alpha.alpha == pytest.approx(1.0)


def test_the_newest_answers_come_first_and_undone_ones_not_at_all(label_database: Engine) -> None:
    made = answered(3, label_database, ann="ccc", bob="ddd")
    with reading(label_database) as connection:
        newest = newest_answers(connection, [made.pool], limit=4)
        own = newest_answers_of(connection, made.who("ann"), limit=10)
    assert [one.annotator for one in newest] == [made.who("bob")] * 3 + [made.who("ann")]
    assert [one.key for one in newest] == sorted((one.key for one in newest), reverse=True)
    assert [one.payload for one in own] == [CAT] * 3


def test_the_confusion_of_an_annotator(label_database: Engine) -> None:
    golden = [PoolImage(f"i{n}", "golden", CAT if n % 2 else DOG) for n in range(4)]
    made = labelling(label_database, [*golden, PoolImage("r1"), PoolImage("r2")], golden_share=0.9, overlap=2)
    for who in ("ann", "bob"):
        for task in made.ask(who, 6):
            known = made.task(task.task)
            if known.truth == DOG and who == "ann":
                made.pass_over(who, task.task, "cannot_tell")
            else:
                made.say(who, task.task, "cat")
    with reading(label_database) as connection:
        ann = annotator_by_key(connection, made.who("ann"))
        found = describe_annotator(connection, made.project, ann, now=made.now)
    golden_seen = sum(1 for answer, _ in found.newest if answer.task_kind == "golden")
    assert found.confusion.n_golden == golden_seen
    assert found.confusion.counts[("dog", NOTHING)] + found.confusion.counts[("cat", "cat")] == len(
        found.newest
    )
    assert found.row.skill.n == golden_seen
    assert found.confusion.classes(["cat", "dog"], most=1) == ("cat",)


def project(answer: str) -> Project:
    classes = tuple(LabelClass(name, "", "#000000") for name in ("cat", "dog"))
    return Project(1, "p", 1, answer, classes, "", NOON, "lead")


def told(payload, truth, **more) -> SampledAnswer:
    values = {
        "key": 1, "task": 1, "annotator": 1, "kind": "answer", "payload": payload, "seconds": None,
        "received": NOON + timedelta(seconds=1), "state": "counted", "correct": None, "pool": 1,
        "task_kind": "golden", "task_state": "open", "n_answers": 0, "truth": truth, "consensus": None,
    }  # fmt: skip
    return SampledAnswer(**(values | more))


def test_confusion_of_sets_and_of_boxes() -> None:
    sets = annotator_confusion(
        project("multi-class"),
        [
            told({"classes": ["dog"]}, {"classes": ["cat", "dog"]}),
            told({"classes": ["cat"]}, {"classes": []}),
        ],
    )
    assert sets.counts == {("cat", NOTHING): 1, ("dog", "dog"): 1, (NOTHING, "cat"): 1}

    def box(name: str, x: float) -> dict[str, object]:
        return {"class": name, "x": x, "y": 0.0, "w": 10.0, "h": 10.0, "rotation": 0.0}

    truth = {"boxes": [box("cat", 0), box("dog", 50)]}
    drawn = {"boxes": [box("dog", 1), box("cat", 200)]}
    boxes = annotator_confusion(project("boxes"), [told(drawn, truth)])
    assert boxes.counts == {("cat", "dog"): 1, ("dog", NOTHING): 1, (NOTHING, "cat"): 1}


@pytest.mark.parametrize("answer", ["class", "multi-class", "boxes"])
def test_nothing_is_said_of_no_answers(answer: str) -> None:
    found = answer_quality(project(answer), [])
    assert (found.n, found.since, found.alpha.n_tasks, dict(found.annotators)) == (0, None, 0, {})


def test_who_has_to_pause_is_told_with_the_reason(label_database: Engine) -> None:
    made = answered(1, label_database, ann="c")
    ann, until = made.who("ann"), made.now + timedelta(minutes=10)
    about = {"time": made.now, "by": "rules", "annotator": ann}
    with writing(label_database) as connection:
        event = add_event(connection, made.project.key, "pause", "too fast", **about)
        set_paused(connection, ann, event.key, until)
    for minutes, reason in ((0, "too fast"), (11, None)):
        with reading(label_database) as connection:
            found = describe_project(connection, made.project, now=made.now + timedelta(minutes=minutes))
        pause = found.annotators[0].pause
        assert (None if pause is None else pause.reason) == reason
