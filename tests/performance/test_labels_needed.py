from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.labels_needed import labels_to_show
from driftwheel.performance.paired_difference import PairedCounts, better_p, not_worse_p


@pytest.mark.parametrize(
    ("difference", "discordant", "margin"),
    [
        (0.3, 0.34, 0.0),
        (0.1, 0.3, 0.0),
        (0.05, 0.05, 0.0),
        (0.0, 0.06, 0.02),
        (0.02, 0.1, 0.05),
        (0.3, 0.35, 0.05),
    ],
)
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_so_many_labels_show_it_as_often_as_stated(
    difference: float, discordant: float, margin: float, alpha: float
) -> None:
    n = labels_to_show(difference, discordant, margin=margin, alpha=alpha)
    assert n is not None
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    drawn = np.random.default_rng(0).multinomial(n, shares, size=400)
    pairs = [PairedCounts(n, 0, int(gained), int(lost)) for gained, lost, _ in drawn]
    shown = [not_worse_p(one, margin) if margin else better_p(one) for one in pairs]
    assert 0.74 <= np.mean(np.array(shown) <= alpha) <= 0.93


def test_what_is_not_so_is_shown_by_no_number() -> None:
    assert labels_to_show(0.0, 0.1) is None
    assert labels_to_show(-0.02, 0.1, margin=0.02) is None
    assert labels_to_show(0.00001, 0.5) is None  # more than a million


def test_more_is_asked_for_more() -> None:
    needed = [labels_to_show(0.05, apart) or 0 for apart in (0.05, 0.1, 0.2, 0.4)]
    assert needed == sorted(needed)
    assert (labels_to_show(0.05, 0.1, power=0.95) or 0) > (labels_to_show(0.05, 0.1) or 0)


@pytest.mark.parametrize(
    ("difference", "discordant", "more", "match"),
    [(0.3, 0.2, {}, "cannot be"), (2.0, 0.2, {}, "cannot be"), (0.1, 0.2, {"alpha": 0.7}, "an error of 0.7")],
)
def test_what_cannot_be_is_refused(
    difference: float, discordant: float, more: dict[str, float], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        labels_to_show(difference, discordant, **more)
