from __future__ import annotations

import math

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.gate import SMALL_SEGMENTS, Cost, GateGroup, GateVerdict, judge_gate
from driftwheel.performance.gate_rule import GateRule, alpha_of_look
from driftwheel.performance.paired_difference import PairedCounts

RULE = GateRule()
CHEAP = Cost(0.01, 1_000_000)


def judged(*groups: GateGroup, rule: GateRule = RULE, challenger: Cost = CHEAP, look: int = 1) -> GateVerdict:
    return judge_gate(groups, rule, champion=CHEAP, challenger=challenger, look=look)


def slice_of(n: int, gained: int, lost: int) -> GateGroup:
    return GateGroup("what drifted", "better", PairedCounts(n, n // 2, gained, lost))


def old(n: int, gained: int, lost: int) -> GateGroup:
    return GateGroup("old data", "not_worse", PairedCounts(n, n - gained - lost, gained, lost))


def segment(name: str, n: int, gained: int, lost: int) -> GateGroup:
    return GateGroup(name, "segment_not_worse", PairedCounts(n, n - gained - lost, gained, lost))


def states(verdict: GateVerdict) -> dict[str, str]:
    return {one.group or one.asked: one.state for one in verdict.checks}


def test_one_that_is_better_and_loses_nothing_is_promoted() -> None:
    found = judged(
        slice_of(60, 20, 1), old(1000, 10, 9), segment("north", 300, 15, 5), segment("south", 300, 9, 6)
    )
    assert found.decision == "promote"
    assert set(states(found).values()) == {"passed"}
    assert found.more == 0
    first = found.checks[0]
    assert (first.n, first.alpha, first.limit) == (60, alpha_of_look(0.95, 1), 0.0)
    assert first.p_value <= first.alpha
    assert first.low > 0


def test_one_that_is_worse_on_the_old_data_is_refused_however_good_it_is() -> None:
    found = judged(slice_of(60, 20, 1), old(1000, 10, 80))
    assert found.decision == "refuse"
    assert states(found)["old data"] == "failed"
    assert found.checks[1].high < -0.02


def test_one_segment_is_enough_to_refuse() -> None:
    found = judged(
        slice_of(60, 20, 1), old(1000, 10, 9), segment("north", 300, 15, 5), segment("south", 100, 0, 30)
    )
    assert found.decision == "refuse"
    assert states(found)["south"] == "failed"


def test_too_few_labels_are_no_answer_and_say_how_many_more() -> None:
    found = judged(slice_of(12, 4, 0), old(1000, 10, 9))
    assert found.decision == "label_more"
    check = found.checks[0]
    assert check.state == "open"
    assert check.needed is not None
    assert 30 <= check.needed <= 60
    assert found.more == check.more == check.needed - 12


def test_a_gain_that_would_have_been_seen_is_not_looked_for_any_longer() -> None:
    found = judged(slice_of(2000, 60, 55), old(1000, 10, 9))
    assert found.decision == "refuse"
    assert states(found)["what drifted"] == "failed"


def test_labels_asked_for_bring_an_answer() -> None:
    """Whoever labels what the gate asks for comes to an end, and mostly to the right one."""
    rng = np.random.default_rng(5)
    ends = []
    for _ in range(40):
        counts, looks = np.zeros(3, dtype=int), 0
        want = 20
        decision = "label_more"
        while decision == "label_more" and looks < 8:
            counts += rng.multinomial(want, [0.25, 0.05, 0.7])
            looks += 1
            group = GateGroup(
                "new", "better", PairedCounts(int(counts.sum()), 0, int(counts[0]), int(counts[1]))
            )
            found = judged(group, look=looks)
            decision, want = found.decision, max(1, found.more)
        ends.append(decision)
    assert ends.count("promote") >= 34
    assert "label_more" not in ends


def test_one_that_is_no_better_is_let_in_as_seldom_as_stated_over_all_looks() -> None:
    rng = np.random.default_rng(6)
    let_in = 0
    for _ in range(300):
        counts = np.zeros(3, dtype=int)
        for look in range(1, 6):
            counts += rng.multinomial(40, [0.15, 0.15, 0.7])
            group = GateGroup(
                "new", "better", PairedCounts(int(counts.sum()), 0, int(counts[0]), int(counts[1]))
            )
            if judged(group, look=look).decision == "promote":
                let_in += 1
                break
    assert let_in / 300 <= 0.05


def test_looks_share_the_error() -> None:
    assert sum(alpha_of_look(0.95, look) for look in range(1, 10_000)) == pytest.approx(0.05, abs=1e-5)
    with pytest.raises(UsageError, match="from 1 on"):
        alpha_of_look(0.95, 0)


def test_what_a_look_has_shown_stays_shown_until_a_later_one_shows_the_opposite() -> None:
    first = judged(slice_of(60, 20, 1), old(300, 6, 8))
    assert states(first)["what drifted"] == "passed"
    assert states(first)["old data"] != "passed"
    worn = slice_of(60, 11, 1)
    once, again = judged(worn), judged(worn, look=4)
    assert (once.decision, again.decision) == ("promote", "label_more")

    def later(group: GateGroup) -> GateVerdict:
        return judge_gate([group], RULE, champion=CHEAP, challenger=CHEAP, look=4, before=once.checks)

    for same_or_grown in (worn, slice_of(61, 11, 1), slice_of(120, 15, 6)):
        assert later(same_or_grown).checks[0] == once.checks[0]
        assert later(same_or_grown).decision == "promote"
    for opposite_or_other in (slice_of(200, 11, 60), slice_of(59, 10, 1)):
        assert states(later(opposite_or_other))["what drifted"] != "passed"


def test_segments_that_are_small_together_are_others_the_next_time() -> None:
    large = slice_of(60, 20, 1), old(1000, 10, 9)
    once = judged(*large, *(segment(f"camera {number}", 12, 3, 0) for number in range(5)))
    assert states(once)[SMALL_SEGMENTS] == "passed"
    more = [*large, *(segment(f"camera {number}", 13, 1, 2) for number in range(5))]
    again = judge_gate(more, RULE, champion=CHEAP, challenger=CHEAP, look=3, before=once.checks)
    assert states(again)[SMALL_SEGMENTS] != "passed"


def test_small_segments_are_judged_together_or_skipped() -> None:
    large = (slice_of(60, 20, 1), old(1000, 10, 9))
    found = judged(*large, *(segment(f"camera {number}", 12, 3, 0) for number in range(5)))
    assert states(found)[SMALL_SEGMENTS] == "passed"
    few = judged(*large, segment("camera 1", 4, 0, 1))
    assert states(few)[SMALL_SEGMENTS] == "skipped"
    assert few.decision == "promote"


def test_p_values_of_segments_are_corrected_over_them() -> None:
    many = [segment(f"camera {number}", 200, 4, 4) for number in range(10)]
    found = judged(slice_of(60, 20, 1), *many)
    alone = judged(slice_of(60, 20, 1), many[0])
    assert found.checks[1].p_value == pytest.approx(10 * alone.checks[1].p_value)


@pytest.mark.parametrize(
    ("challenger", "failed"), [(Cost(0.02, 1_000_000), "latency"), (Cost(0.01, 3_000_000), "size")]
)
def test_one_that_costs_too_much_is_refused(challenger: Cost, failed: str) -> None:
    found = judged(slice_of(60, 20, 1), challenger=challenger)
    assert found.decision == "refuse"
    assert [one.asked for one in found.checks if one.state == "failed"] == [failed]
    assert judged(
        slice_of(60, 20, 1), rule=GateRule(latency_ratio=3, size_ratio=4), challenger=challenger
    ).decision


def test_bounds_in_seconds_and_bytes_hold_besides() -> None:
    found = judged(slice_of(60, 20, 1), rule=GateRule(latency_seconds=0.005, size_bytes=10))
    assert [one.limit for one in found.checks if one.state == "failed"] == [0.005, 10]


def test_the_rule_is_kept_and_what_is_no_rule_is_refused() -> None:
    rule = GateRule(margin=0.01, size_bytes=5_000_000)
    assert GateRule.from_json(rule.to_json()) == rule
    assert GateRule().to_json() == {}
    for given, match in (
        ({"margn": 0.1}, "nothing called 'margn'. Did you mean 'margin'"),
        ({"margin": 0.9}, "The gate's margin is 0.9; give 0.001 to 0.5"),
        ({"margin": "much"}, "The gate's margin is 'much'; give a number"),
        ({"least_labels": 20.5}, "give a whole number"),
        ({"margin": None}, "The gate's margin is None"),
        ({"margin": 10**400}, "The gate's margin has too many digits"),
    ):
        with pytest.raises(UsageError, match=match):
            GateRule.from_json(given)


def test_no_number_of_a_check_is_lost_for_want_of_labels() -> None:
    found = judged(slice_of(0, 0, 0))
    check = found.checks[0]
    assert check.state == "open"
    assert math.isnan(check.difference)
    assert (check.low, check.high, check.p_value) == (-1.0, 1.0, 1.0)
    assert check.needed is not None
