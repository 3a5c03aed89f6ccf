"""TOML written is read as what it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.services.operate.toml_text import toml_text, toml_value

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
PLAIN = (
    TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.lists(st.dictionaries(TEXT, PLAIN, max_size=2), max_size=2)
TABLES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(TEXT, VALUES, max_size=3),
    lambda inner: st.dictionaries(TEXT, VALUES | inner, max_size=3),
    max_leaves=6,
)


@given(TABLES)
def test_a_document_survives(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(document)) == document


def test_what_is_none_is_left_out() -> None:
    assert toml_text({"a": None, "b": {"c": None, "d": 1}}) == "[b]\nd = 1\n"
    assert toml_value({"a": None, "b": 1}) == "{b = 1}"


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(UsageError, match="nan cannot be written as TOML"):
        toml_value(float("nan"))
