"""A turn of the wheel, from what began it to how it ended, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.wheel.turning import alert_of, turning

from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.store.files.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(f"file://{tmp_path / 'blobs'}")


def test_a_turn_goes_from_an_alert_to_a_new_champion(shared_database: Engine, blobs: Blobs) -> None:
    its = turning(shared_database, blobs)
    its.begin(trigger="alert", cause="Drift was found.", alert=alert_of(its))
    first = its.advance()
    assert (first.turn.step, first.turn.waits) == ("label", "labels")
    assert "40 images are to be labelled" in first.turn.waits_for
    assert its.label() == 40
    second = its.advance()
    assert (second.turn.step, second.turn.waits) == ("train", "training")
    its.train()
    third = its.advance()
    assert (third.turn.step, third.turn.waits) == ("gate", "gate")
    its.gate()
    fourth = its.advance()
    assert (fourth.turn.step, fourth.turn.waits) == ("promote", "answer")
    answer_turn(its.engine, its.its.name, 1, "promote", by="ada", now=its.now, reason="Red is here to stay.")
    fifth = its.advance()
    assert (fifth.turn.step, fifth.turn.waits) == ("watch", "images")
    its.later(hours=1)
    its.log(30, red=True, seed=3, start=its.now, version="turn-1")
    sixth = its.advance()
    assert (sixth.turn.step, sixth.turn.waits) == ("watch", "labels")
    its.label()
    its.later(hours=1)
    last = its.advance()
    assert (last.turn.outcome, last.challenger, its.its.alias("champion")) == ("promoted", "turn-1", "turn-1")
