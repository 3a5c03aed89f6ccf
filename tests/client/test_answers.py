from __future__ import annotations

import pytest

from driftwheel.client.answers import Meaning, meaning_of


@pytest.mark.parametrize("status", range(500, 600))
def test_a_server_error_is_always_sent_again(status: int) -> None:
    assert {meaning_of(status, n) for n in (1, 100)} == {Meaning.LATER}


@pytest.mark.parametrize("status", sorted(set(range(400, 500)) - {401, 403, 429}))
def test_a_client_error_is_never_sent_again_as_it_was(status: int) -> None:
    assert meaning_of(status, 1) is Meaning.REFUSED
    assert meaning_of(status, 2) in (Meaning.REFUSED, Meaning.HALVE)


def test_the_exceptions() -> None:
    assert meaning_of(429, 1) is Meaning.LATER
    assert {meaning_of(status, 5) for status in (301, 302, 308, 401, 403)} == {Meaning.LOCKED_OUT}
    assert {meaning_of(status, 5) for status in (400, 409, 413, 422)} == {Meaning.HALVE}
    assert {meaning_of(status, 5) for status in (200, 202, 204)} == {Meaning.TAKEN}
