"""Tokens: random, kept as a digest, scoped, ended."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import authorise_token
from driftwheel.services.access.create_token import CreatedToken, create_token, revoke_token
from driftwheel.store.access.tokens import list_tokens
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.schema.all_tables import METADATA

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def make(engine: Engine, name: str = "line 3", role: str = "ingest", **more: Any) -> CreatedToken:
    return create_token(engine, name, role, by="anna", now=NOW, **more)


def holder(engine: Engine, text: str, now: datetime = NOW) -> Any:
    with reading(engine) as connection:
        return authorise_token(connection, text, now)


def test_a_token_is_known_by_its_text_and_only_its_digest_is_kept(database: Engine) -> None:
    made = make(database)
    assert re.fullmatch(r"dw_[A-Za-z0-9_-]{43}", made.text)
    assert made.token.digest == hashlib.sha256(made.text.encode()).digest()
    identity = holder(database, made.text)
    assert (identity.name, identity.role, identity.models) == ("token line 3", "ingest", None)
    assert holder(database, made.text[:-1]) is None
    with reading(database) as connection:
        for table in METADATA.sorted_tables:
            assert made.text not in str(connection.execute(select(table)).all())
            assert made.text[3:] not in str(connection.execute(select(table)).all())


def test_no_two_are_alike_and_the_randomness_is_all_used(database: Engine) -> None:
    assert make(database, "a").text != make(database, "b").text
    made = make(database, "c", randomness=lambda count: bytes(range(count)))
    assert made.text == "dw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def test_a_token_may_be_for_some_models_only(database: Engine) -> None:
    with writing(database) as connection:
        for name in ("sorter", "welds"):
            create_model(connection, name, task="classification", created=NOW)
    made = make(database, models=["welds", "sorter", "welds"])
    assert holder(database, made.text).models == {"sorter", "welds"}
    with pytest.raises(UsageError, match=r"There is no model 'weld'\. Did you mean 'welds'"):
        make(database, "other", models=["weld"])
    with pytest.raises(UsageError, match="for no model at all"):
        make(database, "other", models=[])


def test_a_token_ends_at_its_time(database: Engine) -> None:
    made = make(database, expires=NOW + DAY)
    assert holder(database, made.text, NOW + DAY - timedelta(seconds=1)) is not None
    assert holder(database, made.text, NOW + DAY) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "A token cannot be called ''"),
        ({"name": "x" * 129}, "1 to 128 characters"),
        ({"name": "a\nb"}, "A token cannot be called"),
        ({"role": "root"}, "There is no role 'root'"),
        ({"expires": NOW}, "would have ended already, at 2026-03-01 12:00 UTC"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_is_kept(
    database: Engine, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        make(database, **change)
    assert message in str(raised.value)
    with reading(database) as connection:
        assert list_tokens(connection) == []
        assert list_audit(connection) == []


def test_a_revoked_token_is_good_for_nothing_and_its_name_is_free_again(database: Engine) -> None:
    made = make(database)
    with pytest.raises(UsageError, match="already a token 'line 3' in use"):
        make(database)
    revoke_token(database, "line 3", by="anna", now=NOW)
    assert holder(database, made.text) is None
    again = make(database)
    assert holder(database, again.text) is not None
    revoke_token(database, again.token.key, by="anna", now=NOW)
    assert holder(database, again.text) is None
    with reading(database) as connection:
        assert [entry.action for entry in list_audit(connection)] == [
            "revoke-token",
            "create-token",
            "revoke-token",
            "create-token",
        ]


def test_revoking_what_is_not_there_is_an_error(database: Engine) -> None:
    made = make(database)
    with pytest.raises(UsageError, match=r"There is no token 'line 4' in use\. Did you mean 'line 3'"):
        revoke_token(database, "line 4", by="anna", now=NOW)
    revoke_token(database, made.token.key, by="anna", now=NOW)
    with pytest.raises(UsageError, match=f"no token {made.token.key} that could be revoked"):
        revoke_token(database, made.token.key, by="anna", now=NOW)
