"""Training runs from the wish to the version: full, incremental, by a command, searched, stopped, failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.services.train.striped_model import NOW, StripedModel

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training, stop_training
from driftwheel.services.train.do_training import do_training
from driftwheel.services.train.training_commands import set_command
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.train.training_lines import epochs_of, lines_of
from driftwheel.store.train.training_runs import TrainingRun, create_run, trials_of

SMALL = Recipe("linear-head", side=32)


def _ask(stripes: StripedModel, wish: TrainingWish, *, commands: bool = False) -> TrainingRun:
    return ask_for_training(stripes.engine, "stripes", wish, by="ann", now=NOW, commands_allowed=commands)


def test_a_full_training_then_an_incremental_one(stripes: StripedModel, tmp_path: Path) -> None:
    first = stripes.do(_ask(stripes, TrainingWish(SMALL)).key)
    stripes.more(tmp_path / "more", 12, seed=1)
    second = stripes.do(_ask(stripes, TrainingWish(SMALL, incremental=True, version="v2")).key)

    assert (first.state, second.state) == ("done", "done")
    assert first.results is not None
    assert second.results is not None
    assert first.results["clean"]["accuracy"] >= 0.9
    assert "champion" not in first.results["clean"]
    assert second.results["old"] == first.results["train"]
    assert second.results["train"] > second.results["old"]
    gain = second.results["clean"]["gain"]
    assert gain["low"] <= gain["difference"] <= gain["high"]
    newest, champion = stripes.versions()
    assert (newest.name, newest.state, newest.key) == ("v2", "trained", second.version)
    assert (champion.name, champion.state) == (f"trained-{first.key}", "champion")
    assert champion.dataset == stripes.dataset.digest
    assert newest.metrics is not None
    assert newest.metrics["training"] == second.key
    with reading(stripes.engine) as connection:
        (epoch,) = epochs_of(connection, [first.key])[first.key]
        lines = [one.text for one in lines_of(connection, first.key)]
    assert epoch["validation_accuracy"] >= 0.8
    assert lines[-1] == f"Done: it is version 'trained-{first.key}'."


def test_a_command_of_ones_own_and_its_failure(stripes: StripedModel) -> None:
    with pytest.raises(UsageError, match="DRIFTWHEEL_TRAINING_COMMANDS=true"):
        set_command(stripes.engine, "mine", "train.py", allowed=False, by="ann", now=NOW)
    command = f"{sys.executable} -c \"print('hello'); raise SystemExit(2)\""
    set_command(stripes.engine, "mine", command, allowed=True, by="ann", now=NOW)
    wish = TrainingWish(Recipe("command", command="mine"))
    with pytest.raises(UsageError, match="switched off"):
        _ask(stripes, wish)
    with pytest.raises(UsageError, match="Did you mean 'mine'"):
        _ask(stripes, TrainingWish(Recipe("command", command="mien")), commands=True)
    run = _ask(stripes, wish, commands=True)

    with pytest.raises(DriftwheelError, match="ended with the status 2"):
        stripes.do(run.key)

    with reading(stripes.engine) as connection:
        assert "hello" in [one.text for one in lines_of(connection, run.key)]


def test_a_search_tries_recipes_and_trains_the_best(stripes: StripedModel) -> None:
    with writing(stripes.engine) as connection:  # for three seconds, which nobody may ask for
        run = create_run(
            connection,
            stripes.dataset.model,
            kind="search",
            dataset=stripes.dataset.key,
            recipe=SMALL.plain(),
            wish={"search_minutes": 0.05, "trainers": ["linear-head"]},
            created=NOW,
            by="ann",
        )

    done = stripes.do(run.key)

    with reading(stripes.engine) as connection:
        trials = trials_of(connection, run.key)
    assert done.state == "done"
    assert done.results is not None
    assert len(trials) == done.results["trials"]
    assert {one.state for one in trials} <= {"done", "stopped"}
    losses = [one.results["loss"] for one in trials if one.results and one.results["loss"] is not None]
    assert trials[done.results["best"]].results == {"loss": min(losses)}


def test_a_stopped_run_is_not_done_and_what_lacks_is_said(stripes: StripedModel) -> None:
    run = _ask(stripes, TrainingWish(SMALL))
    stop_training(stripes.engine, "stripes", run.key, by="ann", now=NOW)

    assert stripes.do(run.key).state == "stopped"
    with pytest.raises(UsageError, match="is over already"):
        stop_training(stripes.engine, "stripes", run.key, by="ann", now=NOW)
    with pytest.raises(UsageError, match="No version of 'stripes' has its ONNX file"):
        _ask(stripes, TrainingWish(SMALL, incremental=True))
    with pytest.raises(UsageError, match="no dataset version 7"):
        _ask(stripes, TrainingWish(SMALL, dataset=7))
    with pytest.raises(UsageError, match="minute"):
        _ask(stripes, TrainingWish(SMALL, search_minutes=0.5))
    with pytest.raises(UsageError, match="Distillation cannot be searched over"):
        _ask(stripes, TrainingWish(SMALL, search_minutes=5, trainers=("linear-head", "distillation")))


def test_a_worker_that_stops_gives_the_run_back(stripes: StripedModel) -> None:
    run = _ask(stripes, TrainingWish(SMALL))

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_training(stripes.engine, stripes.blobs, run.key, clock=lambda: NOW, look=stop, threads=1)

    done = stripes.do(run.key)
    assert (done.state, done.attempts) == ("done", 1)
