"""Routing: by model, severity and segment."""

from __future__ import annotations

import pytest

from driftwheel.alerts.routing import ChannelFilter, goes_to


@pytest.mark.parametrize(
    ("channel", "goes"),
    [
        (ChannelFilter(), True),
        (ChannelFilter(models=["cats"]), True),
        (ChannelFilter(models=["dogs"]), False),
        (ChannelFilter(models=[]), False),
        (ChannelFilter(severities=["critical", "warning"]), True),
        (ChannelFilter(severities=["critical"]), False),
        (ChannelFilter(segments=["camera=2"]), True),
        (ChannelFilter(segments=["camera=*"]), True),
        (ChannelFilter(segments=["camera=1", "site=*"]), False),
        (ChannelFilter(segments=[""]), False),
        (ChannelFilter(models=["cats"], severities=["warning"], segments=["camera=2"]), True),
        (ChannelFilter(models=["cats"], severities=["info"], segments=["camera=2"]), False),
    ],
)
def test_an_alert_of_a_segment(channel: ChannelFilter, goes: bool) -> None:
    assert goes_to(channel, model="cats", severity="warning", tag="camera", value="2") is goes


def test_the_whole_model_is_a_segment_without_a_name() -> None:
    assert goes_to(ChannelFilter(segments=[""]), model="m", severity="info", tag="", value="")
    assert not goes_to(ChannelFilter(segments=["camera=*"]), model="m", severity="info", tag="", value="")
