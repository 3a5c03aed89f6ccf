from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.sources import parse_name_pattern


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "name", "time", "tags"),
    [
        (
            "{camera}_{time:%Y%m%d_%H%M%S}",
            "left_20260305_061500.jpg",
            utc(2026, 3, 5, 6, 15),
            {"camera": "left"},
        ),
        (
            "{camera}_{time:%Y%m%d_%H%M%S}",
            "x/y/cam_1_20260305_061500.png",
            utc(2026, 3, 5, 6, 15),
            {"camera": "cam_1"},
        ),
        (
            "{site}/{camera}_{time:%Y%m%d}",
            "Ghent/2_20260305.jpg",
            utc(2026, 3, 5),
            {"site": "Ghent", "camera": "2"},
        ),
        (
            "{time:%Y-%m-%d}/{camera}_{time:%H%M%S}",
            "2026-03-05/l_061500.jpg",
            utc(2026, 3, 5, 6, 15),
            {"camera": "l"},
        ),
        ("{time:%Y%m%dT%H%M%S%z}", "20260305T061500+0200.jpg", utc(2026, 3, 5, 4, 15), {}),
        ("{time:%Y%m%dT%H%M%S%z}", "20260305T061500Z.jpg", utc(2026, 3, 5, 6, 15), {}),
        ("{time:%Y%m%d_%H%M%S_%f}", "20260305_061500_125.jpg", utc(2026, 3, 5, 6, 15, 0, 125_000), {}),
        ("{time:%Y-%j}", "2026-064.jpg", utc(2026, 3, 5), {}),
        ("{time:%d%b%y}", "05Mar26.jpg", utc(2026, 3, 5), {}),
        ("{time:%Y%m%d %I%M%p}", "20260305 0615PM.jpg", utc(2026, 3, 5, 18, 15), {}),
        ("{camera}_{time:%s}", "a_1772691300.jpg", utc(2026, 3, 5, 6, 15), {"camera": "a"}),
        ("{camera}_{time:%Q}", "a_1772691300250.jpg", utc(2026, 3, 5, 6, 15, 0, 250_000), {"camera": "a"}),
        ("{time}", "2026-03-05T06:15:00Z.jpg", utc(2026, 3, 5, 6, 15), {}),
        ("{time}_{_}", "20260305T061500_17.jpg", utc(2026, 3, 5, 6, 15), {}),
        ("{time}", "2026-03-05.jpg", utc(2026, 3, 5), {}),
        ("{{{camera}}}", "{left}.jpg", None, {"camera": "left"}),
        ("{a}.{_}_{b}", "1.ignored_2.tar.jpg", None, {"a": "1", "b": "2.tar"}),
        ("{camera}.jpg", "left.jpg", None, {"camera": "left"}),
        ("{camera}", "left", None, {"camera": "left"}),
    ],
)
def test_names_that_fit(pattern, name, time, tags):
    assert parse_name_pattern(pattern).match(name) == (time, tags)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{camera}_{time:%Y%m%d}", "left_2026035.jpg"),
        ("{camera}_{time:%Y%m%d}", "left_20261305.jpg"),
        ("{camera}_{time:%Y%m%d}", "left_20260230.jpg"),
        ("{camera}_{time:%Y%m%d}", "_20260305.jpg"),
        ("{site}/{camera}", "left.jpg"),
        ("{site}/{camera}", "a/b/left.jpg"),
        ("{camera}.jpg", "left.png"),
        ("a.b_{camera}", "aXb_1.jpg"),
        ("{time}", "2026-13-05.jpg"),
    ],
)
def test_names_that_do_not(pattern, name):
    assert parse_name_pattern(pattern).match(name) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("plain", "has neither a time nor a tag"),
        ("", "has neither a time nor a tag"),
        ("{camera", "has a single '{'"),
        ("camera}", "has a single '}'"),
        ("{}", r"has a field '\{\}' that is no time and no tag"),
        ("{camera:%Y}", "is no time and no tag"),
        ("{2}", "is no time and no tag"),
        ("{a}_{a}", "has the tag 'a' twice"),
        ("{time:%H%M}", "has a time without a date"),
        ("{time:%Y%m}", "has a time without a date"),
        ("{time:%Y%m%d%k}", "has the time code '%k', which is not one of %Y"),
        ("{time:%Y%m%d%}", "has the time code '%', which"),
        ("{time:%Y%m%d}_{time:%Y}", "has the time code '%Y' twice"),
        ("{time}_{time:%Y}", "has a time without a format beside another time"),
        ("{time:%s%Y}", "has %s or %Q beside other time codes"),
    ],
)
def test_patterns_that_cannot_be_used(pattern, message):
    with pytest.raises(UsageError, match=message):
        parse_name_pattern(pattern)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,8}", fullmatch=True),
    st.sampled_from(["%Y%m%d_%H%M%S", "%Y-%m-%dT%H-%M-%S", "%d.%m.%Y %H.%M.%S", "%y%j%H%M%S"]),
)
def test_what_a_camera_writes_is_read_back(time, camera, layout):
    time = (
        time.replace(microsecond=0) if "%y" not in layout else time.replace(microsecond=0, year=2026, day=1)
    )
    name = f"{camera}_{time.strftime(layout)}.jpg"
    assert parse_name_pattern(f"{{camera}}_{{time:{layout}}}").match(name) == (
        time.replace(tzinfo=UTC),
        {"camera": camera},
    )


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_a_clear_error(text):
    try:
        pattern = parse_name_pattern(text)
    except UsageError as error:
        message = str(error)
    else:
        message = f"The name pattern '{text}'"
        pattern.match("left_20260305.jpg")
    assert text in message


@given(st.integers(-(12 * 60), 14 * 60))
def test_every_offset_is_taken_into_account(minutes):
    sign, ahead = ("-", -minutes) if minutes < 0 else ("+", minutes)
    name = f"20260305120000{sign}{ahead // 60:02d}{ahead % 60:02d}.jpg"
    time, _ = parse_name_pattern("{time:%Y%m%d%H%M%S%z}").match(name)
    assert time == utc(2026, 3, 5, 12) - timedelta(minutes=minutes)
