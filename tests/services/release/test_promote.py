from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine
from tests.services.release.registry import NOW, new_registry

from driftwheel.errors import UsageError
from driftwheel.services.release.change_version import retire, start_shadow, stop_shadow, take_back
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.set_policy import set_policy
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.release.policies import find_policy
from driftwheel.store.release.promotions import list_promotions


def test_the_first_version_is_the_champion_and_no_later_one(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2")
    assert its.states("v1", "v2") == ["champion", "trained"]
    assert its.alias("champion") == "v1"


def test_what_the_gate_let_in_is_promoted_and_rolled_back(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2", "v3")
    run = its.gate_said("v2", "promote")
    promote(shared_database, its.name, "v2", by="anna", now=NOW)
    assert its.states("v1", "v2") == ["retired", "champion"]
    its.gate_said("v3", "promote")
    promote(shared_database, its.name, "v3", by="anna", now=NOW, reason="Better at night.")
    roll_back(shared_database, its.name, by="ben", now=NOW, reason="Slow.")
    assert its.alias("champion") == "v2"
    roll_back(shared_database, its.name, by="ben", now=NOW)  # again: further back
    assert its.states("v1", "v2", "v3") == ["champion", "retired", "retired"]
    with pytest.raises(UsageError, match="there is none before it"):
        roll_back(shared_database, its.name, by="ben", now=NOW)
    with reading(shared_database) as connection:
        told = list_promotions(connection, its.model.key)
        audit = list_audit(connection, target=its.name, limit=3)
    assert [one.kind for one in told] == ["rolled_back", "rolled_back", "promoted", "promoted", "first"]
    assert (told[3].gate, told[3].by, told[2].reason) == (run.key, "anna", "Better at night.")
    assert [one.action for one in audit] == ["roll back version", "roll back version", "promote version"]
    assert audit[1].details["before"] == "v3"


def test_one_that_is_named_is_rolled_back_to(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2", "v3", "never")
    for name in ("v2", "v3"):
        promote(shared_database, its.name, name, by="me", now=NOW, reason="For now.", without_gate=True)
    with pytest.raises(UsageError, match="was never the champion"):
        roll_back(shared_database, its.name, by="me", now=NOW, to="never")
    with pytest.raises(UsageError, match=r"is the champion of .* already"):
        roll_back(shared_database, its.name, by="me", now=NOW, to="v3")
    assert roll_back(shared_database, its.name, by="me", now=NOW, to="v1").name == "v1"


@pytest.mark.parametrize("said", [None, "refuse", "label_more"])
def test_what_the_gate_has_not_let_in_needs_a_reason(
    shared_database: Engine, blobs: Blobs, said: str | None
) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2")
    if said is not None:
        its.gate_said("v2", said)
    with pytest.raises(UsageError, match="The gate has not let 'v2' in beside the champion 'v1'"):
        promote(shared_database, its.name, "v2", by="me", now=NOW)
    with pytest.raises(UsageError, match="Give a reason"):
        promote(shared_database, its.name, "v2", by="me", now=NOW, without_gate=True)
    promote(shared_database, its.name, "v2", by="me", now=NOW, without_gate=True, reason="v1 is on fire.")
    assert its.alias("champion") == "v2"


def test_a_gate_beside_an_earlier_champion_does_not_count(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2", "v3")
    its.gate_said("v2", "promote")
    its.gate_said("v3", "promote")
    promote(shared_database, its.name, "v3", by="me", now=NOW)
    with pytest.raises(UsageError, match="beside the champion 'v3'"):
        promote(shared_database, its.name, "v2", by="me", now=NOW)


def test_mistakes_are_told(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2")
    none = new_registry(shared_database, blobs)
    with pytest.raises(UsageError, match=r"no version 'v22'. Did you mean 'v2'"):
        promote(shared_database, its.name, "v22", by="me", now=NOW)
    with pytest.raises(UsageError, match=r"is the champion of .* already"):
        promote(shared_database, its.name, "v1", by="me", now=NOW)
    with pytest.raises(UsageError, match="has no champion to roll back from"):
        roll_back(shared_database, none.name, by="me", now=NOW)
    with pytest.raises(UsageError, match="at most 2,000"):
        promote(shared_database, its.name, "v2", by="me", now=NOW, reason="x" * 2001)


def test_there_is_one_champion_however_many_promote_at_once(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, *(f"v{number}" for number in range(5)))
    ready = threading.Barrier(4)

    def go(name: str) -> None:
        ready.wait()
        promote(shared_database, its.name, name, by="me", now=NOW, reason="Race.", without_gate=True)

    threads = [threading.Thread(target=go, args=(f"v{number}",)) for number in range(1, 5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(its.states(*(f"v{number}" for number in range(5)))) == ["champion"] + ["retired"] * 4
    with reading(shared_database) as connection:
        chain = list_promotions(connection, its.model.key)
    assert [one.before for one in chain] == [one.version for one in chain[1:]] + [None]


def test_a_challenger_goes_into_the_shadow_and_out_of_it(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2", "v3")
    with pytest.raises(UsageError, match="has no ONNX file to ask"):
        start_shadow(shared_database, its.name, "v2", by="me", now=NOW)
    with pytest.raises(UsageError, match=r"No version of .* is in the shadow"):
        stop_shadow(shared_database, its.name, by="me", now=NOW)


def test_versions_are_put_away_and_taken_out_again(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, "v1", "v2")
    assert retire(shared_database, its.name, "v2", by="me", now=NOW).state == "retired"
    with pytest.raises(UsageError, match="'v2' is retired and cannot become retired"):
        retire(shared_database, its.name, "v2", by="me", now=NOW)
    assert take_back(shared_database, its.name, "v2", by="me", now=NOW).state == "trained"
    with pytest.raises(UsageError, match="is not retired; it is trained"):
        take_back(shared_database, its.name, "v2", by="me", now=NOW)
    with pytest.raises(UsageError, match="'v1' is served; promote another"):
        retire(shared_database, its.name, "v1", by="me", now=NOW)


def test_the_policy_is_set_and_kept(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs)
    set_policy(shared_database, its.name, policy="promote", rule={"margin": 0.01}, by="me", now=NOW)
    set_policy(shared_database, its.name, gates=False, rule={"gain": 0.1}, by="me", now=NOW)
    with reading(shared_database) as connection:
        found = find_policy(connection, its.model.key)
    assert (found.policy, found.gates, found.rule.margin, found.rule.gain) == ("promote", False, 0.01, 0.1)
    with pytest.raises(UsageError, match=r"no policy 'promot'; give ask or promote. Did you mean"):
        set_policy(shared_database, its.name, policy="promot", by="me", now=NOW)
    with pytest.raises(UsageError, match="The gate's margin is 2"):
        set_policy(shared_database, its.name, rule={"margin": 2}, by="me", now=NOW)
