"""Signals: the table, and how a wrong name is met."""

from __future__ import annotations

import pytest

from driftwheel.errors import UsageError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.monitors.signal import SIGNAL_NAMES, SIGNALS, signal_named


def test_names_are_unique_and_every_property_has_a_signal() -> None:
    assert len(set(SIGNAL_NAMES)) == len(SIGNAL_NAMES)
    assert {f"property.{name}" for name in PROPERTY_NAMES} <= set(SIGNAL_NAMES)


def test_every_signal_says_what_it_is() -> None:
    for signal in SIGNALS:
        assert signal.title
        assert signal.meaning.endswith(".")
        assert signal.meaning[0].isupper()
        assert (signal.kind == "share") <= (signal.unit == "share")


def test_volume_and_silence_are_known_however_few_records_came_and_evidence_is_of_windows() -> None:
    assert [one.name for one in SIGNALS if not one.sampled] == ["evidence", "records", "silence"]


def test_an_unknown_signal_is_refused_with_a_hint() -> None:
    with pytest.raises(UsageError, match=r"no signal 'silense'. Did you mean 'silence'\?"):
        signal_named("silense")
