"""How turns end otherwise: stopped, failed, refused, without harm, out of budget, rolled back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.release.two_colours import CHANGED, network
from tests.services.train.blurred_alert import blurred_alert
from tests.services.wheel.conftest import Stages
from tests.services.wheel.turning import Turning, better

from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.performance.gate_rule import alpha_of_look
from driftwheel.services.datasets.remove_version import remove_version
from driftwheel.services.label.pools.create_pool import NewPool, create_pool_in
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool_in
from driftwheel.services.label.projects.class_project import new_class_project_in
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.set_policy import set_policy
from driftwheel.services.wheel.advance_turn import advance_turn
from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.stop_turn import stop_turn
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.models.models import delete_model, set_version
from driftwheel.store.release.gate_runs import list_gate_runs
from driftwheel.store.release.promotions import list_promotions
from driftwheel.store.train.training_runs import create_run, end_run, run_by_key
from driftwheel.store.wheel.turn_steps import set_step
from driftwheel.store.wheel.turns import set_turn


def test_a_person_stops_it_and_another_may_begin(at_stage: Stages) -> None:
    its = at_stage("labels")
    with pytest.raises(UsageError, match=r"Turn 1 of '.*' goes on"):
        begin_turn(its.engine, its.its.name, by="ada", now=its.now)
    stopped = stop_turn(its.engine, its.its.name, 1, by="ben", now=its.now, reason="Not now.")
    assert (stopped.outcome, stopped.waits) == ("stopped", None)
    assert stopped.reason == "It was stopped by ben at the step 'label': Not now."
    (pool,) = [one for step in its.seen().steps for one in step.made if one.kind == "pool"]
    with reading(its.engine) as connection:
        found = pool_by_key(connection, pool.key)
    assert found is not None
    assert found.state == "closed"
    with pytest.raises(UsageError, match="has ended already"):
        stop_turn(its.engine, its.its.name, 1, by="ben", now=its.now)
    with pytest.raises(UsageError, match="waits for no answer: it has ended"):
        answer_turn(its.engine, its.its.name, 1, "promote", by="ben", now=its.now)
    assert begin_turn(its.engine, its.its.name, by="ada", now=its.now).number == 2


def test_a_stopped_turn_stops_its_training(at_stage: Stages) -> None:
    its = at_stage("training")
    (run,) = its.trainings()
    stop_turn(its.engine, its.its.name, 1, by="ben", now=its.now)
    with reading(its.engine) as connection:
        found = run_by_key(connection, run.key)
    assert found is not None
    assert found.state == "stopped"
    assert its.advance().turn.outcome == "stopped"


def test_the_deadline_passes_with_enough_labels_and_it_goes_on(at_stage: Stages) -> None:
    its = at_stage("labels")
    assert its.label(most=20) == 20
    assert its.advance().turn.waits == "labels"
    its.later(days=6)
    seen = its.advance()
    assert seen.turn.waits == "training"
    told = {one.step.name: one.step.told for one in seen.steps}
    assert told["label"] == "The deadline of 5 days passed: 20 of 40 images are settled."
    assert told["consensus"] == (
        "20 of 40 images have a label. Left out: of 20 nobody, or too few, had answered."
    )
    assert (seen.turn.labels, seen.turn.annotators, seen.turn.people_seconds) == (20, 1, 40.0)


def test_the_deadline_passes_with_too_few_labels(at_stage: Stages) -> None:
    its = at_stage("labels")
    its.label(most=4)
    its.later(days=6)
    seen = its.advance()
    assert seen.turn.outcome == "failed"
    assert "4 of 40 images have a label." in str(seen.turn.reason)
    assert "At least 10 are needed" in str(seen.turn.reason)


def test_it_ends_where_no_harm_is_shown(at_stage: Stages) -> None:
    its = at_stage("labels")
    with writing(its.engine) as connection:
        trained = {"clean": {"accuracy": 0.52}}
        set_version(connection, its.its.version("v1").key, metrics=trained)
    its.label()
    seen = its.advance()
    assert seen.turn.outcome == "no_harm"
    assert "usual is 52.0\u202f%, when it was trained" in str(seen.turn.reason)
    assert seen.steps[-1].step.found["harm"] == "not_shown"


def test_harm_is_shown_beside_what_is_usual(at_stage: Stages) -> None:
    its = at_stage("labels")
    with writing(its.engine) as connection:
        set_version(connection, its.its.version("v1").key, metrics={"clean": {"accuracy": 0.95}})
    its.label()
    seen = its.advance()
    assert seen.turn.waits == "training"
    assert next(one.step.found["harm"] for one in seen.steps if one.step.name == "measure") == "shown"


def test_a_training_that_crashed_is_tried_once_more(at_stage: Stages) -> None:
    its = at_stage("training")
    first = its.train(fails="The process was ended from outside.", crashed=True)
    assert its.advance().turn.waits == "training"
    second = its.train(fails="The process was ended from outside.", crashed=True)
    seen = its.advance()
    assert first.key != second.key
    assert seen.turn.outcome == "failed"
    assert seen.turn.reason == "The training came to nothing: The process was ended from outside."
    assert seen.steps[-1].step.made["training"] == [first.key, second.key]


def test_a_training_that_cannot_be_done_ends_it_at_once(at_stage: Stages) -> None:
    its = at_stage("training")
    its.train(fails="Its dataset version is gone.")
    assert its.advance().turn.outcome == "failed"


def test_a_worse_version_is_kept_out(at_stage: Stages) -> None:
    its = at_stage("training")
    its.train(network(blue=-1.0))
    its.advance()
    its.gate()
    seen = its.advance()
    assert (seen.turn.outcome, its.its.alias("champion")) == ("kept", "v1")
    assert "The gate keeps 'turn-1' out" in str(seen.turn.reason)


def test_a_version_that_somebody_sends_to_the_gate_meanwhile_ends_no_turn(at_stage: Stages) -> None:
    its = at_stage("training")
    its.train()
    ask_gate(its.engine, its.its.name, "turn-1", by="ben", now=its.now)
    seen = its.advance()
    assert (seen.turn.outcome, seen.turn.waits) == (None, "gate")
    assert "'turn-1' was sent to the gate by hand" in seen.turn.waits_for
    its.gate()
    its.advance()
    its.gate()
    assert its.advance().turn.waits == "answer"


def test_a_person_refuses_it(at_stage: Stages) -> None:
    its = at_stage("answer")
    answer_turn(its.engine, its.its.name, 1, "refuse", by="ben", now=its.now, reason="Too risky")
    seen = its.advance()
    assert seen.turn.outcome == "kept"
    assert seen.turn.reason == "ben keeps the champion, and refuses 'turn-1': Too risky"


def test_a_champion_that_changes_meanwhile_is_compared_with(at_stage: Stages) -> None:
    its = at_stage("answer")
    its.its.add("v3", network(blue=0.9))
    promote(its.engine, its.its.name, "v3", by="ben", now=its.now, reason="Now.", without_gate=True)
    seen = its.advance()
    assert (seen.turn.step, seen.turn.waits) == ("gate", "gate")
    its.gate()
    assert its.advance().turn.waits == "answer"
    promote(its.engine, its.its.name, "turn-1", by="ben", now=its.now)
    assert its.advance().turn.step == "watch"


def test_a_champion_without_a_file_cannot_be_compared(at_stage: Stages) -> None:
    its = at_stage("training")
    its.its.add("bare")
    promote(its.engine, its.its.name, "bare", by="ben", now=its.now, reason="Now.", without_gate=True)
    its.train()
    seen = its.advance()
    assert seen.turn.outcome == "kept"
    assert "'bare' has no ONNX file here, so that 'turn-1' cannot be compared with it" in str(
        seen.turn.reason
    )


def test_the_model_is_deleted_in_the_midst(at_stage: Stages) -> None:
    its = at_stage("training")
    with writing(its.engine) as connection:
        assert delete_model(connection, its.its.model.key)
    assert not advance_turn(its.engine, its.its.blobs, its.key, now=its.now)


def test_the_gate_asks_for_more_labels_within_the_budget(at_stage: Stages) -> None:
    its = at_stage("training")
    its.log(60, red=False, seed=9, start=CHANGED - timedelta(days=9))
    _ask_more(its)
    its.train()
    its.advance()
    its.gate()
    seen = its.advance()
    assert (seen.turn.step, seen.turn.waits) == ("label", "labels")
    assert "asks for" in seen.steps[-2].step.told
    assert its.label() > 9
    assert its.advance().turn.waits == "gate"
    its.gate()
    seen = its.advance()
    assert [one.step.name for one in seen.steps][-5:] == ["gate", "label", "consensus", "gate", "promote"]
    assert seen.turn.labels > 40


def test_what_more_labels_cost_is_more_than_the_budget_pays(at_stage: Stages) -> None:
    its = at_stage("training")
    with writing(its.engine) as connection:
        set_turn(connection, its.key, policy=its.policy.with_changes({"most_labels": 45}).to_json())
    _ask_more(its)
    its.train()
    its.advance()
    its.gate()
    seen = its.advance()
    assert seen.turn.outcome == "out_of_budget"
    assert "the budget pays 5" in str(seen.turn.reason)


def test_a_new_champion_that_is_worse_is_rolled_back(at_stage: Stages) -> None:
    its = at_stage("training")
    its.train(network(blue=1.0, red=1.0, green=-2.0))
    its.advance()
    its.gate()
    its.advance()
    answer_turn(its.engine, its.its.name, 1, "promote", by="ada", now=its.now)
    its.advance()
    its.later(hours=1)
    its.log(30, red=False, green=True, seed=7, start=its.now, told=True, version="turn-1")
    seen = its.advance()
    assert (seen.turn.outcome, its.its.alias("champion")) == ("rolled_back", "v1")
    assert "'turn-1' is shown to be worse than 'v1'" in str(seen.turn.reason)
    assert seen.steps[-1].made[-1].name == "v1"
    with reading(its.engine) as connection:
        last = list_promotions(connection, its.its.model.key, limit=1)[0]
    assert (last.kind, last.by) == ("rolled_back", "the wheel")


def test_a_person_rolls_back_while_it_is_watched(at_stage: Stages) -> None:
    its = at_stage("images")
    roll_back(its.engine, its.its.name, by="ben", now=its.now, reason="Complaints.")
    its.later(hours=1)
    seen = its.advance()
    assert seen.turn.outcome == "rolled_back"
    assert seen.turn.reason == "'turn-1' was rolled back by ben: Complaints."


def test_nothing_comes_while_it_is_watched(at_stage: Stages) -> None:
    its = at_stage("images")
    its.later(days=3)
    seen = its.advance()
    assert seen.turn.outcome == "promoted"
    assert "In 2 days 0 new images were labelled, too few to compare." in str(seen.turn.reason)


def test_labels_that_are_there_need_no_pool(at_stage: Stages) -> None:
    its = at_stage("logged")
    its.begin(trigger="labels", cause="90 images were labelled.")
    seen = its.advance()
    assert its.names() == ["select", "measure", "dataset", "train"]
    assert seen.steps[0].step.state == "skipped"
    assert seen.turn.labels == 0


def test_a_repair_without_labels_is_trained_too_and_the_best_of_both_goes(at_stage: Stages) -> None:
    its = at_stage("logged")
    blurred = blurred_alert(its.engine, its.its.model.key, began=CHANGED)
    its.begin(trigger="alert", cause="Drift was found.", alert=blurred.key)
    its.advance()
    (repair,) = its.trainings()
    assert (repair.kind, repair.by) == ("repair", "the wheel")
    its.label()
    assert its.advance().turn.waits_for == (
        f"The repair without labels, training {repair.key}, is under way."
    )
    its.train(network(blue=-1.0))
    assert its.advance().turn.waits == "training"
    its.train()
    seen = its.advance()
    best, other = seen.steps[-2].step.found["candidates"]
    assert (best["name"], other["name"]) == ("turn-1", f"repaired-{repair.key}")
    assert (best["new"], best["old"]) == (1.0, 1.0)
    assert other["old"] == 0.0
    assert "is the best to choose by" in seen.steps[-2].step.told
    assert seen.challenger == "turn-1"


def test_the_next_best_goes_to_the_gate_where_the_best_is_kept_out(at_stage: Stages) -> None:
    its = at_stage("training")
    its.its.add("second", better())
    _beside_it(its, "second")
    its.train(_too_large())
    its.advance()
    its.gate()
    seen = its.advance()
    assert (seen.turn.step, seen.turn.waits, seen.challenger) == ("gate", "gate", "second")
    assert str(seen.steps[-2].step.told).endswith("The next best, 'second', goes there.")
    its.gate()
    seen = its.advance()
    assert seen.turn.waits == "answer"
    with reading(its.engine) as connection:
        second, first = list_gate_runs(connection, its.its.model.key)
    assert (first.look, first.looks_at_others, first.decision) == (1, 0, "refuse")
    assert (second.look, second.looks_at_others, second.own_look) == (2, 1, 1)
    assert second.numbers is not None
    assert second.numbers["alpha"] == pytest.approx(alpha_of_look(0.95, 2))


def test_it_ends_where_the_gate_keeps_every_candidate_out(at_stage: Stages) -> None:
    its = at_stage("training")
    its.its.add("second", network(blue=-0.9))
    _beside_it(its, "second")
    its.train(network(blue=-1.0))
    its.advance()
    its.gate()
    its.advance()
    its.gate()
    seen = its.advance()
    assert (seen.turn.outcome, its.its.alias("champion")) == ("kept", "v1")
    reason = str(seen.turn.reason)
    assert reason.startswith("The gate keeps 'turn-1' out: ")
    assert "The next best, 'second', goes there. The gate keeps 'second' out: " in reason


def test_without_the_training_the_repair_goes_to_the_gate(at_stage: Stages) -> None:
    its = at_stage("logged")
    blurred = blurred_alert(its.engine, its.its.model.key, began=CHANGED)
    its.begin(trigger="alert", cause="Drift was found.", alert=blurred.key)
    its.advance()
    its.label()
    its.train()
    its.advance()
    its.train(fails="There is too little to learn from.")
    seen = its.advance()
    assert (seen.turn.step, seen.challenger) == ("gate", "repaired-1")
    assert "The training with labels failed: There is too little" in seen.steps[-2].step.told


def test_what_people_do_not_agree_on_waits_for_a_review_where_that_is_the_policy(at_stage: Stages) -> None:
    its = at_stage("logged")
    its.policy = its.policy.with_changes({"unsettled": "review", "overlap": 2})
    its.begin()
    its.advance()
    its.label("ann")
    its.label("ben", right=lambda number: number > 2)
    seen = its.advance()
    assert (seen.turn.step, seen.turn.waits) == ("consensus", "review")
    its.later(days=6)
    seen = its.advance()
    assert seen.turn.waits == "training"
    assert seen.turn.annotators == 2


def test_without_a_dataset_version_the_labels_make_the_first(at_stage: Stages) -> None:
    its = at_stage("logged")
    remove_version(its.engine, its.its.name, 1, by="me", now=its.now)
    its.begin(trigger="performance", cause="Measured accuracy is below 90 %.")
    its.advance()
    its.label()
    seen = its.advance()
    assert seen.turn.waits == "training"
    assert "Dataset version 2 holds 130 images, 130 more than before" in seen.steps[-2].step.told


def test_golden_tasks_of_the_project_are_asked_again(at_stage: Stages) -> None:
    its = at_stage("logged")
    with writing(its.engine) as connection:
        project = new_class_project_in(connection, its.its.model, "labels", by="me", now=its.now)
        pool = create_pool_in(connection, project.key, NewPool("first"), by="me", now=its.now)
        with_truth = [
            PoolImage(f"1-{number}-{said}", "golden", {"class": said})
            for number in range(6)
            for said in ("left", "right")
        ]
        made = fill_pool_in(connection, project.key, pool.key, with_truth, by="me", now=its.now)
    assert made.added == 6
    its.begin()
    seen = its.advance()
    assert seen.steps[0].step.found["golden"] == 6
    assert its.label() > 40
    assert its.advance().turn.labels == 40


def _beside_it(its: Turning, name: str) -> None:
    """Let a version be the repair of the turn's alert, done before the training."""
    seen = its.seen().steps[0].step
    version = its.its.version(name)
    with writing(its.engine) as connection:
        run = create_run(
            connection,
            its.its.model.key,
            kind="repair",
            dataset=None,
            recipe=Recipe().plain(),
            created=its.now,
            by="the wheel",
        )
        end_run(connection, run.key, "done", now=its.now, version=version.key)
        set_step(connection, its.key, seen.number, made=dict(seen.made) | {"repair": [run.key]})


def _too_large() -> bytes:
    """Return the better network with 2 MB of remarks: ``doc_string``, field 6 of ONNX's ModelProto."""
    return better() + b"\x32\x80\x89\x7a" + b" " * 2_000_000


def _ask_more(its: Turning) -> None:
    rule = {"margin": 0.12, "segment_margin": 0.3, "gain": 0.3, "least_labels": 20}
    set_policy(its.engine, its.its.name, rule=rule, by="me", now=its.now)
