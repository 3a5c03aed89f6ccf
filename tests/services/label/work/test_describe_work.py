"""What annotators may know of a project and of how they do; what an invitation is for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from tests.services.labelling import NOON, Labelling, labelling

from driftwheel.services.label.people.describe_invitation import describe_invitation
from driftwheel.services.label.people.invite_annotators import Told, invite_annotators, join_project
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.services.label.work.describe_work import Standing, describe_work
from driftwheel.services.label.work.undo_answer import undo_answer
from driftwheel.store.engine.database import reading

CAT = {"class": "cat"}


def standing(work: Labelling, name: str, *, leads: bool = False) -> Standing:
    who = work.who(name)
    with reading(work.engine) as connection:
        (found,) = describe_work(connection, work.project.key, who, leads=leads).standings
    return found


def test_golden_tasks_are_told_of_fifty_answers_and_never_of_the_last(label_database: Engine) -> None:
    """So neither an answer nor its undoing tells which task is golden."""
    golden = [PoolImage(f"g{number}", "golden", CAT) for number in range(20)]
    images = [PoolImage(f"i{number}") for number in range(60)]
    work = labelling(label_database, [*images, *golden], golden_share=0.3, overlap=2)
    tasks = work.ask("ann", 50)
    for one in tasks:
        work.say("ann", one.task)
    assert (standing(work, "ann").golden, standing(work, "ann").golden_correct) == (None, None)
    (last,) = work.ask("ann")
    told = work.say("ann", last.task)
    kinds = {one.key: one.kind for one in work.tasks()}
    said = [kinds[one.task] == "golden" for one in work.answers()]
    n_golden = sum(said[:50])
    assert n_golden > 5
    assert (standing(work, "ann").golden, standing(work, "ann").golden_correct) == (n_golden, n_golden)
    assert standing(work, "ann", leads=True).golden == sum(said)
    undo_answer(label_database, work.who("ann"), told.id, now=work.now)
    assert standing(work, "ann").golden is None
    assert standing(work, "ann").labelled == 0.0  # of sixty, in three steps


def test_training_and_exam_are_counted(label_database: Engine) -> None:
    images = [PoolImage("t", "training", CAT), PoolImage("e", "exam", CAT), PoolImage("i")]
    work = labelling(label_database, images)
    seen = []
    for _ in images:
        (given,) = work.ask("ann")
        found = standing(work, "ann")
        seen.append((found.stage, found.stage_done, found.stage_tasks, found.labelled))
        work.say("ann", given.task)
    assert seen == [("training", 0, 1, None), ("exam", 0, 1, None), ("work", None, None, None)]
    with reading(label_database) as connection:
        assert describe_work(connection, work.project.key, work.who("ann"), leads=False).state == "finished"


def test_an_invitation_says_what_it_is_for_as_long_as_it_is_good(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    needs = Requirements({"x-ray": 0.5}, ("de", "fr"))
    create_pool(label_database, work.project.key, NewPool("next", requires=needs), by="lead", now=NOON)
    made = invite_annotators(label_database, work.project.key, by="lead", now=NOON, languages=["fr"])
    with reading(label_database) as connection:
        found = describe_invitation(connection, made.secret, NOON)
        assert describe_invitation(connection, "another", NOON) is None
    assert found is not None
    assert (found.project.key, found.good) == (work.project.key, True)
    assert (found.languages, found.skills) == (("de",), ("x-ray",))
    joined = join_project(label_database, made.secret, "ann", now=NOON, told=Told(languages=["de", "fr"]))
    assert joined.annotator.languages == ("fr", "de")
    with reading(label_database) as connection:
        after = describe_invitation(connection, made.secret, NOON + timedelta(hours=1))
    assert after is not None
    assert not after.good
