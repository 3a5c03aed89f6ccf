"""A challenger goes to the gate: what is compared, what is decided, and what becomes of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.release.registry import NOW, Registry, new_registry
from tests.services.release.two_colours import CHANGED, CLASSES, log, network

from driftwheel.errors import UsageError
from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion
from driftwheel.services.label.pools.create_pool import NewPool, create_pool_in
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool_in
from driftwheel.services.label.projects.class_project import new_class_project_in
from driftwheel.services.models.register_model import add_model_version
from driftwheel.services.release.answer_gate import label_for_gate, promote_by_gate, refuse_by_gate
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.due_gates import send_due_to_gate
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.held_out import held_out_images
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.run_gate import fail_gate, run_gate
from driftwheel.services.release.set_policy import set_policy
from driftwheel.store.assist.assist_options import assist_options
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.pools import list_pools, set_pool_state
from driftwheel.store.labels.projects import list_projects
from driftwheel.store.labels.task_selections import selections_of
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.store.models.models import set_version
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.release.gate_runs import GateRun, gate_run_by_key, list_gate_runs, waiting_gate_runs

SLICE = GateSlice(since=CHANGED)


def ticks() -> Callable[[], float]:
    """A clock by which everything takes the same."""
    count = itertools.count()
    return lambda: next(count) * 0.001


@pytest.fixture
def its(shared_database: Engine, blobs: Blobs) -> Registry:
    """A champion that looks at blue alone, and a challenger that has learnt of red."""
    made = new_registry(shared_database, blobs, classes=CLASSES)
    made.add("v1", network(blue=1.0))
    made.add("v2", network(blue=1.0, red=1.0))
    return made


def gated(its: Registry, version: str = "v2", chosen: GateSlice | None = SLICE) -> GateRun:
    run = ask_gate(its.engine, its.name, version, chosen=chosen, by="anna", now=NOW)
    made = run_gate(its.engine, its.blobs, run.key, now=lambda: NOW, threads=1, clock=ticks())
    assert made is not None
    return made


def numbers(run: GateRun) -> GateNumbers:
    assert run.numbers is not None
    return GateNumbers.from_json(run.numbers)


def test_a_better_challenger_is_let_in_and_a_person_promotes_it(its: Registry) -> None:
    log(its, 80, red=False, seed=1)
    log(its, 50, red=True, seed=2)
    set_policy(its.engine, its.name, rule={"margin": 0.1, "segment_margin": 0.1}, by="me", now=NOW)
    run = gated(its)
    found = numbers(run)
    assert (run.decision, run.answer, run.look) == ("promote", None, 1)
    checks = {one.group or one.asked: one for one in found.checks}
    assert set(checks) == {
        "what drifted",
        "everything else",
        "camera = north",
        "camera = south",
        "latency",
        "size",
    }
    drifted, old = checks["what drifted"], checks["everything else"]
    assert (drifted.n, drifted.challenger, old.n, old.challenger) == (50, 1.0, 80, 1.0)
    assert drifted.champion < 0.8
    assert drifted.low > 0
    assert found.sources == {"record": 130}
    assert found.balanced is not None
    assert found.balanced.challenger == 1.0
    assert its.version("v2").state == "validated"
    assert its.version("v2").latency == pytest.approx(0.001)
    assert its.alias("challenger") == "v2"
    promote_by_gate(its.engine, its.name, run.key, by="ben", now=NOW, reason="Night is fine.")
    assert its.states("v1", "v2") == ["retired", "champion"]
    with reading(its.engine) as connection:
        kept = gate_run_by_key(connection, run.key)
        audit = list_audit(connection, target=its.name, limit=3)
    assert kept is not None
    assert (kept.answer, kept.answered_by, kept.note) == ("promoted", "ben", "Night is fine.")
    assert [one.action for one in audit] == ["promote version", "gate decided", "ask gate"]
    with pytest.raises(UsageError, match="was answered by ben: promoted"):
        refuse_by_gate(its.engine, its.name, run.key, by="me", now=NOW)


def test_the_policy_promotes_by_itself(its: Registry) -> None:
    log(its, 80, red=False, seed=3)
    log(its, 50, red=True, seed=4)
    rule = {"margin": 0.1, "segment_margin": 0.1}
    set_policy(its.engine, its.name, policy="promote", rule=rule, by="me", now=NOW)
    run = gated(its)
    assert (run.answer, run.answered_by) == ("promoted", "the gate")
    assert its.alias("champion") == "v2"
    assert roll_back(its.engine, its.name, by="me", now=NOW).name == "v1"


def test_what_one_look_has_shown_is_not_forgotten_by_the_next(its: Registry) -> None:
    log(its, 80, red=False, seed=3)
    log(its, 50, red=True, seed=4)
    set_policy(its.engine, its.name, rule={"margin": 0.06, "segment_margin": 0.1}, by="me", now=NOW)
    runs = [gated(its) for _ in range(6)]
    assert [one.look for one in runs] == [1, 2, 3, 4, 5, 6]
    assert {one.decision for one in runs} == {"promote"}
    shown = [[one for one in numbers(run).checks if one.group] for run in runs]
    assert all(checks == shown[0] for checks in shown)
    set_policy(its.engine, its.name, rule={"margin": 0.05, "segment_margin": 0.1}, by="me", now=NOW)
    assert numbers(gated(its)).checks[0].alpha < shown[0][0].alpha


def test_one_that_forgets_the_old_data_is_refused(its: Registry) -> None:
    its.add("v3", network(blue=0.0, red=1.0))
    log(its, 80, red=False, seed=5)
    log(its, 50, red=True, seed=6)
    run = gated(its, "v3")
    assert run.decision == "refuse"
    failed = {one.group for one in numbers(run).checks if one.state == "failed"}
    assert "everything else" in failed
    assert its.version("v3").state == "trained"
    with pytest.raises(UsageError, match="has not let 'v3' in"):
        promote_by_gate(its.engine, its.name, run.key, by="me", now=NOW)
    with pytest.raises(UsageError, match="does not ask for labels"):
        label_for_gate(its.engine, its.name, run.key, by="me", now=NOW, rng=np.random.default_rng(0))
    refused = refuse_by_gate(its.engine, its.name, run.key, by="me", now=NOW, reason="As it says.")
    assert refused.answer == "refused"


def test_labels_that_lack_are_asked_of_people_and_it_goes_there_again(its: Registry) -> None:
    set_policy(its.engine, its.name, rule={"margin": 0.1, "segment_margin": 0.1}, by="me", now=NOW)
    log(its, 90, red=False, seed=7)
    log(its, 5, red=True, seed=8)
    unlabelled = log(its, 60, red=True, seed=9, told=False)
    run = gated(its)
    assert run.decision == "label_more"
    lacking = next(one for one in numbers(run).checks if one.group == "what drifted")
    assert 25 <= lacking.more <= 200
    pool = label_for_gate(
        its.engine, its.name, run.key, by="me", now=NOW, rng=np.random.default_rng(0), count=30
    )
    assert (pool.state, pool.tasks) == ("open", 30)
    with reading(its.engine) as connection:
        tasks = list_tasks(connection, pool.key, limit=100)
        drawn = selections_of(connection, [one.key for one in tasks])
        assert assist_options(connection, pool.key).prelabels == "off"
    assert {one.record for one in tasks} <= set(unlabelled)
    assert {one.reason for one in drawn.values()} == {"holdout"}
    with pytest.raises(UsageError, match="There is a pool for gate run"):
        label_for_gate(its.engine, its.name, run.key, by="me", now=NOW, rng=np.random.default_rng(0))
    send_due_to_gate(its.engine, now=NOW)
    assert not waiting_of(its)
    with writing(its.engine) as connection:
        set_pool_state(connection, pool.key, "closed", "finished")
    send_due_to_gate(its.engine, now=NOW)
    again = waiting_of(its)
    assert [one.slice for one in again] == [run.slice]
    made = run_gate(its.engine, its.blobs, again[0].key, now=lambda: NOW, threads=1, clock=ticks())
    assert made is not None
    assert made.look == 2
    assert numbers(made).alpha < numbers(run).alpha


def test_who_asks_for_the_labels_at_the_same_moment_gets_no_second_pool(its: Registry) -> None:
    log(its, 90, red=False, seed=7)
    log(its, 5, red=True, seed=8)
    log(its, 60, red=True, seed=9, told=False)
    run = gated(its)
    at_once = Barrier(2)

    def label(number: int) -> str:
        rng = np.random.default_rng(number)
        at_once.wait()
        try:
            return label_for_gate(its.engine, its.name, run.key, by="me", now=NOW, rng=rng, count=10).state
        except UsageError as error:
            return str(error)

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(label, range(2))) == [
            f"There is a pool for gate run {run.key} already.",
            "open",
        ]
    with reading(its.engine) as connection:
        projects = [one.key for one in list_projects(connection) if one.model == its.model.key]
        assert [len(list_pools(connection, one)) for one in projects] == [1]


def test_golden_tasks_of_before_are_asked_again_in_the_pool_of_the_gate(its: Registry) -> None:
    known = log(its, 90, red=False, seed=7)
    log(its, 5, red=True, seed=8)
    log(its, 60, red=True, seed=9, told=False)
    with writing(its.engine) as connection:
        project = new_class_project_in(connection, its.model, "labels", by="me", now=NOW)
        before = create_pool_in(connection, project.key, NewPool("before"), by="me", now=NOW)
        golden = [PoolImage(one, "golden", {"class": CLASSES[0]}) for one in known[:5]]
        fill_pool_in(connection, project.key, before.key, golden, by="me", now=NOW)
    pool = label_for_gate(
        its.engine, its.name, gated(its).key, by="me", now=NOW, rng=np.random.default_rng(0), count=30
    )
    with reading(its.engine) as connection:
        asked = list_tasks(connection, pool.key, kind="golden")
    assert {one.record for one in asked} == set(known[:5])
    assert (pool.tasks, pool.golden_share) == (30, 0.1)


def waiting_of(its: Registry) -> list[GateRun]:
    with reading(its.engine) as connection:
        return [one for one in waiting_gate_runs(connection) if one.model == its.model.key]


def test_what_was_trained_here_goes_there_by_itself_once(its: Registry) -> None:
    send_due_to_gate(its.engine, now=NOW)
    assert not waiting_of(its)  # v2 was added by hand
    with writing(its.engine) as connection:
        set_version(connection, its.version("v2").key, metrics={"training": 1})
    set_policy(its.engine, its.name, gates=False, by="me", now=NOW)
    send_due_to_gate(its.engine, now=NOW)
    assert not waiting_of(its)
    set_policy(its.engine, its.name, gates=True, by="me", now=NOW)
    send_due_to_gate(its.engine, now=NOW)
    waiting = waiting_of(its)
    assert [one.by for one in waiting] == ["the policy"]
    fail_gate(its.engine, waiting[0].key, "Out of luck.", now=NOW)
    send_due_to_gate(its.engine, now=NOW)
    assert not waiting_of(its)
    with reading(its.engine) as connection:
        assert list_gate_runs(connection, its.model.key)[0].reason == "Out of luck."


def test_images_that_stand_for_no_others_are_left_out(its: Registry) -> None:
    log(its, 40, red=True, seed=10)
    run = gated(its, chosen=GateSlice())
    checks = [one.group for one in numbers(run).checks]
    assert checks[0] == "all images"
    assert "everything else" not in checks
    assert any("'v2' learnt from" in one for one in numbers(run).notes)


def test_a_champion_that_changes_meanwhile_makes_it_void(its: Registry) -> None:
    log(its, 40, red=True, seed=11)
    its.add("v3", network(red=0.5))
    run = ask_gate(its.engine, its.name, "v2", chosen=SLICE, by="me", now=NOW)
    promote(its.engine, its.name, "v3", by="me", now=NOW, reason="Now.", without_gate=True)
    with pytest.raises(UsageError, match="The champion is another by now"):
        run_gate(its.engine, its.blobs, run.key, now=lambda: NOW, threads=1, clock=ticks())


def test_mistakes_are_told(its: Registry) -> None:
    its.add("bare")
    for version, match in (
        ("v1", "'v1' is the champion; name a challenger"),
        ("bare", "'bare' has no ONNX file"),
        ("v22", "Did you mean 'v2'"),
    ):
        with pytest.raises(UsageError, match=match):
            ask_gate(its.engine, its.name, version, by="me", now=NOW)
    ask_gate(its.engine, its.name, "v2", by="me", now=NOW)
    with pytest.raises(UsageError, match="'v2' waits at the gate already"):
        ask_gate(its.engine, its.name, "v2", by="me", now=NOW)
    with pytest.raises(UsageError, match="has no gate run 999999"):
        refuse_by_gate(its.engine, its.name, 999999, by="me", now=NOW)
    with pytest.raises(UsageError, match="is not done; it is waiting"):
        refuse_by_gate(its.engine, its.name, waiting_of(its)[0].key, by="me", now=NOW)
    with pytest.raises(UsageError, match="is empty; give a beginning before"):
        GateSlice(since=NOW, until=NOW)
    with pytest.raises(UsageError, match="a tag and its value"):
        GateSlice(tag="camera")


def test_the_slice_is_kept_as_it_is() -> None:
    for one in (GateSlice(), SLICE, GateSlice(CHANGED, NOW, "camera", "2", 7)):
        assert GateSlice.from_json(one.to_json()) == one
    assert not SLICE.holds(None, {})
    assert GateSlice().holds(None, {})


def test_nothing_is_compared_on_what_a_version_has_learnt_from(its: Registry) -> None:
    log(its, 60, red=False, seed=12)
    wish = NewVersion(its.name, labels=LabelChoice())
    dataset = create_version(its.engine, its.blobs, wish, by="me", now=NOW, wait=lambda _: None).version
    log(its, 40, red=True, seed=13)
    learnt = add_model_version(
        its.engine, its.blobs, its.name, "v4", onnx=network(red=1.0), by="me", now=NOW, dataset=dataset.digest
    )
    tests = dataset.contents.splits["test"]
    assert 0 < tests < 60
    chosen = GateSlice(since=CHANGED)
    with reading(its.engine) as connection:
        found = held_out_images(connection, its.blobs, its.model, (its.version("v1"), learnt), chosen)
        few = held_out_images(connection, its.blobs, its.model, (learnt, learnt), GateSlice(until=CHANGED))
    assert found.left_out == {"learnt": 60 - tests}
    assert len(found.images) == 40 + tests
    assert sum(one.is_new for one in found.images) == 40
    assert [one for one in found.notes if "'v4'" in one] == []
    assert few.notes == ()
    assert sum(one.is_new for one in few.images) == tests
