"""Told the same again is the same, whatever way it was written; told differently is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.services.ingest.ingest_digest import body_digest, canonical_body

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CAT = Record(
    "r1",
    "cats",
    NOON,
    model_version="2",
    tags={"camera": "1", "site": "Zürich"},
    width=640,
    height=480,
    prediction=Classification("cat", {"cat": 0.75, "dog": 0.25}),
    latency=0.125,
)
BOXED = Record(
    "r2", "cats", NOON, prediction=Detection((Box("cat", 1, 2.5, 3, 4, 0.5), Box("dog", 0, 0, 1, 1)))
)


def test_the_form_and_its_digest_stay_as_they_are_for_ever() -> None:
    """A record sent again after an upgrade must still be a duplicate: never change these constants."""
    assert (
        canonical_body(CAT)
        == (
            '{"height":480,"id":"r1","latency":0.125,"model_version":"2","prediction":{"class":"cat","scores":'
            '{"cat":0.75,"dog":0.25}},"tags":{"camera":"1","site":"Zürich"},"time":1772625600000000,"width":640}'
        ).encode()
    )
    assert canonical_body(BOXED) == (
        b'{"id":"r2","prediction":{"boxes":[["cat",1.0,2.5,3.0,4.0,0.5],["dog",0.0,0.0,1.0,1.0,null]]},'
        b'"time":1772625600000000}'
    )
    assert body_digest(canonical_body(CAT), None).hex() == DIGEST
    assert body_digest(canonical_body(CAT), "ab" * 32).hex() == DIGEST_WITH_IMAGE


DIGEST = "3a881c5e9866edbb982698f29cb9301dad727ac42f9b3af42b38e8073c7e1b1e"
DIGEST_WITH_IMAGE = "f204fb1252aa2157a7c1322671ca638542b1988db85c66df859b76211b532ac9"


@pytest.mark.parametrize(
    "same",
    [
        replace(CAT, tags={"site": "Zürich", "camera": "1"}),
        replace(CAT, prediction=Classification("cat", {"dog": 0.25, "cat": 0.75})),
        replace(CAT, time=NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))),
        replace(CAT, model="renamed since"),
        replace(CAT, image="ab" * 32),
    ],
)
def test_what_is_the_same_gives_the_same(same: Record) -> None:
    assert canonical_body(same) == canonical_body(CAT)


def test_whole_numbers_are_the_floats_they_equal() -> None:
    whole = Record("a", "m", NOON, latency=1, prediction=Classification("x", {"x": 1}))
    assert canonical_body(whole) == canonical_body(
        replace(whole, latency=1.0, prediction=Classification("x", {"x": 1.0}))
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(CAT, id="r3"),
        replace(CAT, time=NOON + timedelta(microseconds=1)),
        replace(CAT, model_version=""),
        replace(CAT, tags={"camera": "1"}),
        replace(CAT, width=641),
        replace(CAT, height=None),
        replace(CAT, prediction=None),
        replace(CAT, prediction=Classification("cat", {"cat": 0.75})),
        replace(CAT, prediction=Detection()),
        replace(CAT, latency=None),
        replace(CAT, error=""),
    ],
)
def test_what_differs_gives_another(other: Record) -> None:
    assert canonical_body(other) != canonical_body(CAT)


def test_the_image_is_part_of_what_was_told() -> None:
    body = canonical_body(CAT)
    assert len({body_digest(body, image) for image in (None, "00" * 32, "01" * 32)}) == 3


TEXTS = st.text(max_size=5)


@given(st.dictionaries(TEXTS, TEXTS, max_size=4), st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_bodies_are_equal_just_when_tags_are(one: Mapping[str, str], other: Mapping[str, str]) -> None:
    def body(tags: Mapping[str, str]) -> bytes | str:
        try:
            return canonical_body(replace(CAT, tags=tags))
        except UsageError as error:
            assert "\0" in "".join([*tags, *tags.values()])
            return f"{error} {sorted(tags.items())}"

    assert (body(one) == body(other)) == (one == other)


@pytest.mark.parametrize(
    "bad",
    [
        replace(CAT, tags={"a\0": "1"}),
        replace(CAT, prediction=Classification("a", {"b\0": 0.5})),
        replace(CAT, prediction=Detection((Box("\0", 0, 0, 1, 1),))),
    ],
)
def test_nul_is_refused_wherever_it_hides(bad: Record) -> None:
    with pytest.raises(UsageError, match="NUL"):
        canonical_body(bad)


def test_a_backslash_is_not_nul() -> None:
    assert b"\\u0000" in canonical_body(replace(CAT, tags={"path": "\\u0000"}))


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UsageError, match="no Unicode"):
        canonical_body(replace(CAT, tags={"a": "\ud800"}))


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(UsageError, match="not finite"):
        canonical_body(replace(CAT, latency=float("inf")))
