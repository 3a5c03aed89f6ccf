from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Value, Watched, judged_as, watched

from driftwheel.services.alert.evaluate_monitors import evaluate_monitors
from driftwheel.store.alerts.episodes import document_of
from driftwheel.store.alerts.evaluations import find_evaluation, list_evaluations
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, delete_model
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.segment_values import drop_segments
from driftwheel.store.windows.verdicts import find_verdict, list_verdicts

OK = {"drift": 0.0}
DRIFT = {"drift": 1.0}


@pytest.fixture
def its(database: Engine) -> Watched:
    return watched(database)


def test_a_window_is_judged_evaluated_and_told_of(its: Watched) -> None:
    monitor = its.monitor("drift", "drift is found", severity="critical")
    assert not its.told()
    done = its.judge(0, whole=OK, camera_1=OK, camera_2=OK)
    assert (done.windows, done.evaluations, done.changed) == (3, 3, 0)
    assert its.states() == []
    assert not its.told()
    done = its.judge(1, whole=DRIFT, camera_1=OK, camera_2=DRIFT, headline="Darker.")
    assert done.changed == 2
    assert its.states() == [("drift", "", "firing"), ("drift", "2", "firing")]
    assert its.told()
    whole, camera = its.episodes()
    assert (whole.severity, whole.began, whole.last_breach) == ("critical", BEGIN + DAY, BEGIN + 2 * DAY)
    assert (camera.tag, camera.fired) == ("camera", its.at(1))
    with reading(its.engine) as connection:
        said = document_of(connection, whole.key)
        verdict = find_verdict(connection, its.model.key, BEGIN + DAY)
        evaluation = find_evaluation(connection, monitor.key, BEGIN + DAY, tag="camera", value="1")
        assert due_windows(connection, its.at(9), DAY) == []
    assert said["segments"] == ["camera=2"]
    assert said["examples"] == ["a", "b"]
    assert verdict is not None
    assert verdict.headline == "Darker."
    assert verdict.observations["drift"]["value"] == 1.0
    assert evaluation is not None
    assert (evaluation.result, evaluation.revision) == ("ok", 1)


def test_a_segment_that_was_left_out_meanwhile_does_not_come_back(its: Watched) -> None:
    its.monitor("drift", "drift is found")
    judged = [(its.window(0, camera), judged_as(its.window(0, camera), DRIFT)) for camera in ("", "1")]
    with writing(its.engine) as connection:
        drop_segments(connection, [judged[1][0]])
    done = evaluate_monitors(its.engine, its.model, judged, now=its.at(0))
    assert (done.windows, done.evaluations) == (1, 1)
    assert its.states() == [("drift", "", "firing")]
    with reading(its.engine) as connection:
        assert [one.tag for one in list_verdicts(connection, its.model.key)] == [""]


def test_the_same_again_changes_nothing(its: Watched) -> None:
    its.monitor("drift", "drift is found")
    its.judge(0, whole=DRIFT)
    before = its.episodes()
    assert its.told()
    for _ in range(3):
        assert its.judge(0, whole=DRIFT).changed == 0
    assert its.episodes() == before
    assert not its.told()


def test_it_is_resolved_when_a_window_is_fine_again(its: Watched) -> None:
    its.monitor("drift", "drift is found")
    its.judge(0, whole=DRIFT)
    assert its.told()
    assert its.judge(1, whole=OK).changed == 1
    assert its.told()
    assert its.states() == [("drift", "", "resolved")]
    its.judge(2, whole=DRIFT)
    assert its.states() == [("drift", "", "resolved"), ("drift", "", "firing")]


def test_so_many_of_so_many_windows(its: Watched) -> None:
    its.monitor("dark", "black_share above 10 %", breaches=2, of_windows=3, keep_firing_for=2)
    dark, fine = {"black_share": 0.2}, {"black_share": 0.0}
    states = []
    for day, values in enumerate((dark, fine, dark, fine, fine)):
        its.judge(day, whole=values)
        states.append(its.states()[-1][2])
    assert states == ["pending", "pending", "firing", "recovering", "resolved"]
    assert len(its.episodes()) == 1


def test_late_data_never_changes_an_alert(its: Watched) -> None:
    its.monitor("drift", "drift is found")
    its.judge(3, whole=OK)
    its.judge(1, whole=DRIFT)
    assert its.states() == []
    its.judge(4, whole=DRIFT)
    its.judge(2, whole=OK)
    assert its.states() == [("drift", "", "firing")]
    with reading(its.engine) as connection:
        assert len(list_verdicts(connection, its.model.key)) == 4


@pytest.mark.parametrize("newest", [{"drift": "few"}, {"drift": None}], ids=["insufficient", "no data"])
def test_late_data_never_pages_while_the_newest_window_has_no_answer(
    its: Watched, newest: dict[str, Value]
) -> None:
    its.monitor("drift", "drift is found")
    its.judge(3, whole=newest)
    assert its.judge(1, whole=DRIFT).changed == 0
    assert its.states() == []
    its.judge(4, whole=DRIFT)
    its.judge(5, whole=newest)
    its.judge(2, whole=DRIFT)
    assert its.judge(4, whole=OK).changed == 0
    assert its.states() == [("drift", "", "firing")]
    its.judge(6, whole=OK)
    assert its.states() == [("drift", "", "resolved")]


def test_truth_that_comes_late_is_judged_while_the_newer_windows_have_none(its: Watched) -> None:
    its.monitor("accuracy", "accuracy below 0.9")
    nothing: dict[str, Value] = {"accuracy": None}
    for day in range(4):
        its.judge(day, whole=nothing)
    its.judge(4, whole={"accuracy": "few"})
    assert its.judge(1, whole={"accuracy": 0.5}).changed == 1
    assert its.states() == [("accuracy", "", "firing")]
    assert its.judge(0, whole={"accuracy": 0.99}).changed == 0
    assert its.judge(2, whole={"accuracy": 0.99}).changed == 1
    assert its.states() == [("accuracy", "", "resolved")]


def test_windows_that_were_over_before_the_monitor_came_never_page(its: Watched) -> None:
    its.window(0)
    its.window(1)
    its.monitor("drift", "drift is found", now=BEGIN + 2 * DAY)
    its.judge(0, whole=DRIFT)
    its.judge(1, whole=DRIFT)
    assert its.states() == []
    its.judge(2, whole=DRIFT)
    assert its.states() == [("drift", "", "firing")]
    assert its.episodes()[0].began == BEGIN + 2 * DAY


def test_monitors_watch_their_segments_only(its: Watched) -> None:
    whole = its.monitor("whole", "drift is found", segments=("",))
    cameras = its.monitor("cameras", "drift is found", segments=("camera",))
    its.judge(0, whole=DRIFT, camera_1=DRIFT)
    assert its.states() == [("cameras", "1", "firing"), ("whole", "", "firing")]
    with reading(its.engine) as connection:
        assert [one.value for one in list_evaluations(connection, whole.key)] == [""]
        assert [one.value for one in list_evaluations(connection, cameras.key)] == ["1"]


def test_what_another_alert_explains_is_inhibited(its: Watched) -> None:
    its.monitor("mix", "prediction_mix above 0.2", segments=("",))
    its.monitor("drift", "drift is found", segments=("",))
    its.judge(0, whole={"prediction_mix": 0.5, "drift": 0.0})
    (mix,) = its.episodes()
    assert mix.inhibited_by is None
    its.judge(1, whole={"prediction_mix": 0.5, "drift": 1.0})
    mix, drift = its.episodes()
    assert (mix.inhibited_by, drift.inhibited_by) == (drift.key, None)
    its.judge(2, whole={"prediction_mix": 0.5, "drift": 0.0})
    mix, drift = its.episodes()
    assert (mix.state, mix.inhibited_by, drift.state) == ("firing", None, "resolved")


def test_a_model_that_is_gone_is_passed_over(its: Watched) -> None:
    window = its.window(0)
    from tests.services.judged_days import judged_as

    from driftwheel.services.alert.evaluate_monitors import evaluate_monitors
    from driftwheel.store.engine.database import writing

    gone: Model = its.model
    with writing(its.engine) as connection:
        delete_model(connection, gone.key)
    done = evaluate_monitors(its.engine, gone, [(window, judged_as(window, DRIFT))], now=its.at(0))
    assert done.windows == 0
