"""Logging in and out, and who holds a session or a token, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from driftwheel.services.access.authorise import ROLES, Identity, allows, authorise_session, authorise_token
from driftwheel.services.access.change_user import change_password, change_role, set_active
from driftwheel.services.access.create_token import create_token, revoke_token
from driftwheel.services.access.create_user import create_user
from driftwheel.services.access.log_in import StartedSession, log_in, log_out
from driftwheel.services.access.password import verify_password
from driftwheel.store.access.users import find_user
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import list_audit

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PASSWORD = "three blue horses"


def begin(engine: Engine, name: str = "anna", password: str = PASSWORD) -> StartedSession | None:
    return log_in(engine, name, password, cookie="c" * 43, csrf="f" * 43, now=NOW, lasts=timedelta(hours=1))


def test_a_session_from_beginning_to_end(database: Engine) -> None:
    create_user(database, "anna", PASSWORD, "engineer", by="test", now=NOW)
    started = begin(database)
    assert started is not None
    assert started.expires == NOW + timedelta(hours=1)
    with reading(database) as connection:
        assert authorise_session(connection, started.cookie, NOW) == started.identity
        assert authorise_session(connection, "d" * 43, NOW) is None
        assert authorise_session(connection, started.cookie, started.expires) is None
        user = find_user(connection, "anna")
        assert user is not None
        assert user.last_seen == NOW
        assert list_audit(connection)[0].action == "log-in"
    log_out(database, started.cookie)
    log_out(database, started.cookie)
    with reading(database) as connection:
        assert authorise_session(connection, started.cookie, NOW) is None


def test_nobody_gets_in_with_what_does_not_fit(database: Engine) -> None:
    create_user(database, "anna", PASSWORD, "engineer", by="test", now=NOW)
    for name, password in (("anna", "wrong"), ("Anna", PASSWORD), ("a\0nna", PASSWORD), ("\ud800", PASSWORD)):
        assert begin(database, name, password) is None
    assert begin(database, "anna", "x" * 100_000) is None


@pytest.mark.parametrize("meanwhile", ["another password", "switched off"])
def test_nobody_gets_in_whose_log_in_was_overtaken(
    database: Engine, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    create_user(database, "root", PASSWORD, "admin", by="test", now=NOW)
    create_user(database, "anna", PASSWORD, "engineer", by="test", now=NOW)

    def verify_slowly(password: str, stored: str) -> tuple[bool, str | None]:
        fits = verify_password(password, stored)
        if meanwhile == "switched off":
            set_active(database, "anna", False, by="root", now=NOW)
        else:
            change_password(database, "anna", "four green horses", by="root", now=NOW)
        return fits

    with monkeypatch.context() as patch:
        patch.setattr("driftwheel.services.access.log_in.verify_password", verify_slowly)
        assert begin(database) is None
    with reading(database) as connection:
        assert authorise_session(connection, "c" * 43, NOW) is None
        assert "log-in" not in {line.action for line in list_audit(connection)}


def test_a_role_given_meanwhile_is_the_one_that_counts(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user(database, "anna", PASSWORD, "engineer", by="test", now=NOW)

    def verify_slowly(password: str, stored: str) -> tuple[bool, str | None]:
        change_role(database, "anna", "viewer", by="root", now=NOW)
        return verify_password(password, stored)

    monkeypatch.setattr("driftwheel.services.access.log_in.verify_password", verify_slowly)
    started = begin(database)
    assert started is not None
    assert started.identity.role == "viewer"


def test_a_token_until_it_is_revoked(database: Engine) -> None:
    made = create_token(
        database, "line", "ingest", by="test", now=NOW, expires=NOW + timedelta(days=1), randomness=bytes
    )
    with reading(database) as connection:
        identity = authorise_token(connection, made.text, NOW)
        assert identity == Identity("token line", "ingest", token=made.token.key)
        assert authorise_token(connection, made.text, NOW + timedelta(days=1)) is None
        assert authorise_token(connection, made.text + "x", NOW) is None
    revoke_token(database, "line", by="test", now=NOW)
    with reading(database) as connection:
        assert authorise_token(connection, made.text, NOW) is None


def test_roles_are_what_the_design_says() -> None:
    everything = ROLES["admin"]
    assert everything - ROLES["engineer"] == {"administer"}
    assert ROLES["annotator"] == {"annotate"}
    assert ROLES["ingest"] == {"ingest"}
    assert ROLES["viewer"] == {"read"}
    assert not allows(Identity("x", "unknown"), "read")  # type: ignore[arg-type]
