from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON, digest

from driftwheel.errors import UsageError
from driftwheel.store.access.sessions import (
    create_session,
    delete_expired,
    delete_session,
    delete_sessions_of,
    find_session,
)
from driftwheel.store.access.tokens import create_token, find_token, list_tokens, revoke_token, touch_token
from driftwheel.store.access.users import (
    User,
    count_users,
    create_user,
    find_user,
    list_users,
    touch_user,
    update_user,
    user_by_key,
)
from driftwheel.store.engine.database import reading, writing

HOUR = timedelta(hours=1)


@pytest.fixture
def zoe(database: Engine) -> User:
    with writing(database) as connection:
        return create_user(connection, "zoe", password="argon", role="engineer", created=NOON)


def test_users(database: Engine, zoe: User) -> None:
    with writing(database) as connection:
        assert count_users(connection) == 1
        ann = create_user(connection, "ann", password="x", role="viewer", created=NOON)
        with pytest.raises(UsageError, match="already a user 'zoe'"):
            create_user(connection, "zoe", password="x", role="viewer", created=NOON)
        update_user(connection, zoe.key, role="admin")
        update_user(connection, ann.key, password="y", active=False)
        update_user(connection, ann.key)
        touch_user(connection, zoe.key, NOON + HOUR)
        with pytest.raises(UsageError, match="no user with the key 99"):
            update_user(connection, 99, active=True)
    with reading(database) as connection:
        assert list_users(connection) == [
            replace(ann, password="y", active=False),
            replace(zoe, role="admin", last_seen=NOON + HOUR),
        ]
        assert find_user(connection, "zoe") == user_by_key(connection, zoe.key)
        assert find_user(connection, "Zoe") is user_by_key(connection, 99) is None


def test_a_session_is_good_until_it_expires_or_ends(database: Engine, zoe: User) -> None:
    with writing(database) as connection:
        for name in "abc":
            create_session(
                connection, digest(name), user=zoe.key, csrf="token", created=NOON, expires=NOON + HOUR
            )
    with reading(database) as connection:
        session = find_session(connection, digest("a"), NOON)
        assert session is not None
        assert (session.user, session.csrf, session.expires) == (zoe, "token", NOON + HOUR)
        assert find_session(connection, digest("a"), NOON + HOUR) is None
        assert find_session(connection, digest("x"), NOON) is None
    with writing(database) as connection:
        delete_session(connection, digest("a"))
        delete_session(connection, digest("a"))
        assert find_session(connection, digest("a"), NOON) is None
        assert delete_expired(connection, NOON + HOUR - timedelta(microseconds=1)) == 0
        assert find_session(connection, digest("b"), NOON) is not None
        delete_sessions_of(connection, zoe.key)
        assert find_session(connection, digest("b"), NOON) is None
        create_session(connection, digest("d"), user=zoe.key, csrf="", created=NOON, expires=NOON)
        assert delete_expired(connection, NOON) == 1


def test_the_session_of_one_who_was_shut_out_is_no_good(database: Engine, zoe: User) -> None:
    with writing(database) as connection:
        create_session(connection, digest("a"), user=zoe.key, csrf="", created=NOON, expires=NOON + HOUR)
        update_user(connection, zoe.key, active=False)
        assert find_session(connection, digest("a"), NOON) is None


def test_tokens(database: Engine) -> None:
    with writing(database) as connection:
        everywhere = create_token(
            connection, digest("1"), name="ci", role="ingest", created=NOON, by="me", expires=NOON + HOUR
        )
        some = create_token(
            connection, digest("2"), name="edge", role="ingest", created=NOON, by="me", models=["m"]
        )
        none = create_token(
            connection, digest("3"), name="none", role="viewer", created=NOON, by="me", models=[]
        )
        touch_token(connection, some.key, NOON + HOUR)
        revoke_token(connection, none.key, NOON)
        with pytest.raises(UsageError, match=f"no token {none.key} that could be revoked"):
            revoke_token(connection, none.key, NOON + HOUR)
    with reading(database) as connection:
        assert find_token(connection, digest("1")) == everywhere
        assert find_token(connection, digest("x")) is None
        listed = list_tokens(connection)
    assert listed == [replace(none, revoked=NOON), replace(some, last_used=NOON + HOUR), everywhere]
    assert [one.models for one in listed] == [(), ("m",), None]
    assert [one.is_good(NOON) for one in listed] == [False, True, True]
    assert not everywhere.is_good(NOON + HOUR)
