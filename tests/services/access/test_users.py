"""Users: created, changed, switched off; and never without an admin."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.access.change_user import change_password, change_role, set_active
from driftwheel.services.access.create_user import create_first_admin, create_user
from driftwheel.services.access.log_in import log_in
from driftwheel.services.access.password import verify_password
from driftwheel.store.access.users import find_user, list_users
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import list_audit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = "correct horse battery"


def add(engine: Engine, name: str, role: str = "admin", password: str = GOOD) -> None:
    create_user(engine, name, password, role, by="test", now=NOW)


def role_of(engine: Engine, name: str) -> tuple[str, bool]:
    with reading(engine) as connection:
        user = find_user(connection, name)
    assert user is not None
    return user.role, user.active


def logs_in(engine: Engine, name: str, password: str = GOOD) -> bool:
    given = {"cookie": f"cookie-{name}-{password}", "csrf": "csrf", "now": NOW, "lasts": timedelta(hours=1)}
    return log_in(engine, name, password, **given) is not None  # type: ignore[arg-type]


def test_a_user_is_kept_with_a_hash_and_noted(database: Engine) -> None:
    add(database, "anna", "engineer")
    with reading(database) as connection:
        user = find_user(connection, "anna")
        (entry,) = list_audit(connection)
    assert user is not None
    assert (user.role, user.active, user.created) == ("engineer", True, NOW)
    assert user.password.startswith("$argon2id$")
    assert verify_password(GOOD, user.password) == (True, None)
    assert verify_password(GOOD + "x", user.password) == (False, None)
    assert (entry.action, entry.target, entry.by) == ("create-user", "user anna", "test")
    assert GOOD not in str(entry.details)


def test_the_same_password_is_kept_differently_each_time(database: Engine) -> None:
    add(database, "anna")
    add(database, "bert")
    with reading(database) as connection:
        one, other = list_users(connection)
    assert one.password != other.password


@pytest.mark.parametrize(
    ("name", "password", "role", "message"),
    [
        ("", GOOD, "viewer", "A user cannot be called ''"),
        ("Anna", GOOD, "viewer", "small letters, digits and . _ @ + -"),
        ("../anna", GOOD, "viewer", "begins with a letter or digit"),
        ("a" * 129, GOOD, "viewer", "1 to 128"),
        ("anna\n", GOOD, "viewer", "A user cannot be called"),
        ("anna", "short", "viewer", "has 5 characters; it must have 10 to 256"),
        ("anna", "x" * 257, "viewer", "has 257 characters"),
        ("anna", "abababababab", "viewer", "only 2 different characters"),
        ("anna", "half a pair \ud800", "viewer", "half of a surrogate pair"),
        ("anna", "my name is ANNA", "viewer", "contains the name 'anna'"),
        ("anna", GOOD, "enginer", r"There is no role 'enginer'. Did you mean 'engineer'?"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_is_kept(
    database: Engine, name: str, password: str, role: str, message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        create_user(database, name, password, role, by="test", now=NOW)
    assert message in str(raised.value)
    assert password not in str(raised.value)
    with reading(database) as connection:
        assert list_users(connection) == []
        assert list_audit(connection) == []


def test_a_name_is_taken_once(database: Engine) -> None:
    add(database, "anna")
    with pytest.raises(UsageError, match="already a user 'anna'"):
        add(database, "anna")


def test_another_password_is_the_only_one_and_ends_sessions(database: Engine) -> None:
    add(database, "anna")
    assert logs_in(database, "anna")
    change_password(database, "anna", "staple wombat lantern", by="test", now=NOW)
    assert not logs_in(database, "anna")
    assert logs_in(database, "anna", "staple wombat lantern")
    with pytest.raises(UsageError, match="it must have 10"):
        change_password(database, "anna", "short", by="test", now=NOW)
    with pytest.raises(UsageError, match=r"There is no user 'ana'\. Did you mean 'anna'"):
        change_password(database, "ana", GOOD, by="test", now=NOW)


def test_who_is_switched_off_cannot_log_in_until_switched_on(database: Engine) -> None:
    add(database, "anna")
    add(database, "bert", "viewer")
    set_active(database, "bert", False, by="anna", now=NOW)
    assert not logs_in(database, "bert")
    set_active(database, "bert", True, by="anna", now=NOW)
    assert logs_in(database, "bert")
    with reading(database) as connection:
        actions = [entry.action for entry in list_audit(connection)]
    assert actions[:3] == ["log-in", "activate-user", "deactivate-user"]


def test_the_last_admin_stays_one(database: Engine) -> None:
    add(database, "anna")
    add(database, "bert", "viewer")
    with pytest.raises(UsageError, match="'anna' is the only active admin and cannot have the role 'viewer'"):
        change_role(database, "anna", "viewer", by="anna", now=NOW)
    with pytest.raises(UsageError, match="cannot be switched off"):
        set_active(database, "anna", False, by="anna", now=NOW)
    change_role(database, "anna", "admin", by="anna", now=NOW)  # no change is no harm
    change_role(database, "bert", "admin", by="anna", now=NOW)
    change_role(database, "anna", "viewer", by="bert", now=NOW)
    assert (role_of(database, "anna"), role_of(database, "bert")) == (("viewer", True), ("admin", True))


def test_an_admin_who_is_switched_off_does_not_count(database: Engine) -> None:
    add(database, "anna")
    add(database, "bert")
    set_active(database, "bert", False, by="anna", now=NOW)
    with pytest.raises(UsageError, match="only active admin"):
        change_role(database, "anna", "viewer", by="anna", now=NOW)
    change_role(database, "bert", "viewer", by="anna", now=NOW)


def demoted_at_once(engine: Engine, names: list[str]) -> list[str]:
    """Take the role from all of them at the same time, and return whose was refused."""
    start = threading.Barrier(len(names))
    refused: list[str] = []

    def demote(name: str) -> None:
        start.wait()
        try:
            change_role(engine, name, "viewer", by="test", now=NOW)
        except UsageError:
            refused.append(name)

    threads = [threading.Thread(target=demote, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_two_admins_who_demote_each_other_at_once_leave_one(database: Engine) -> None:
    names = ["anna", "bert"]
    for name in names:
        add(database, name)
    for _ in range(5):
        (admin,) = demoted_at_once(database, names)
        assert role_of(database, admin) == ("admin", True)
        for name in names:
            change_role(database, name, "admin", by="test", now=NOW)


def test_the_first_admin_is_made_once_with_a_password_nobody_knows(database: Engine) -> None:
    password = create_first_admin(database, now=NOW)
    assert password is not None
    assert len(password) == 20
    assert logs_in(database, "admin", password)
    assert role_of(database, "admin") == ("admin", True)
    assert create_first_admin(database, now=NOW) is None


def test_where_there_is_a_user_no_admin_is_made(database: Engine) -> None:
    add(database, "anna", "viewer")
    assert create_first_admin(database, now=NOW) is None


def test_of_servers_that_start_at_once_one_makes_the_admin(database: Engine) -> None:
    start = threading.Barrier(4)
    passwords: list[str | None] = []

    def begin() -> None:
        start.wait()
        passwords.append(create_first_admin(database, now=NOW))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (password,) = [one for one in passwords if one is not None]
    assert len(passwords) == 4
    assert logs_in(database, "admin", password)
