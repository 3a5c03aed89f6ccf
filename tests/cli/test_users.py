"""`driftwheel users`, as an admin gives it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Administer

from driftwheel.errors import UsageError
from driftwheel.services.access.password import verify_password
from driftwheel.store.access.users import find_user
from driftwheel.store.engine.database import open_database, reading

GOOD = "correct horse battery\n"


def password_of(data: Path, name: str) -> str:
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    with reading(engine) as connection:
        user = find_user(connection, name)
    engine.dispose()
    assert user is not None
    return user.password


def test_from_the_first_user_to_the_last_admin(administer: Administer, data: Path) -> None:
    assert administer("users", "list").output == "There are no users.\n"
    added = administer("users", "add", "anna", "--role", "admin", typed=GOOD)
    assert (added.exit_code, added.output) == (0, "Added 'anna' with the role 'admin'.\n")
    assert verify_password(GOOD.strip(), password_of(data, "anna"))[0]
    assert administer("users", "add", "bert", typed=GOOD).exit_code == 0
    assert administer("users", "role", "bert", "engineer").output == "'bert' has the role 'engineer'.\n"
    assert administer("users", "deactivate", "bert").output == "'bert' may no longer log in.\n"
    listed = json.loads(administer("users", "list", "--json").output)["users"]
    assert [(one["name"], one["role"], one["active"]) for one in listed] == [
        ("anna", "admin", True),
        ("bert", "engineer", False),
    ]
    table = administer("users", "list").output
    assert re.search(r"^bert +engineer +no +20", table, re.MULTILINE)
    assert administer("users", "deactivate", "bert", "--undo").output == "'bert' may log in again.\n"
    with pytest.raises(UsageError, match="only active admin"):
        raise administer("users", "deactivate", "anna").exception or AssertionError


def test_a_generated_password_is_all_that_standard_output_holds(administer: Administer, data: Path) -> None:
    administer("users", "add", "anna", typed=GOOD)
    made = administer("users", "passwd", "anna", "--generate")
    assert made.stderr == "'anna' has another password.\n"
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}\n", made.stdout)
    assert verify_password(made.stdout.strip(), password_of(data, "anna"))[0]
    assert not verify_password(GOOD.strip(), password_of(data, "anna"))[0]


@pytest.mark.parametrize(
    ("words", "typed", "message"),
    [
        (["add", "anna"], "short\n", "it must have 10"),
        (["add", "anna"], "", "The password has 0 characters"),
        (["add", "Anna"], GOOD, "cannot be called 'Anna'"),
        (["add", "anna", "--role", "boss"], GOOD, "There is no role 'boss'"),
        (["passwd", "nobody"], GOOD, "There is no user 'nobody'"),
        (["role", "nobody", "admin"], "", "There is no user 'nobody'"),
    ],
)
def test_mistakes_are_told(administer: Administer, words: list[str], typed: str, message: str) -> None:
    failed = administer("users", *words, typed=typed)
    assert isinstance(failed.exception, UsageError)
    assert message in str(failed.exception)


def test_no_installation_is_made_by_a_mistyped_folder(administer: Administer, tmp_path: Path) -> None:
    failed = administer("users", "list", "--data", tmp_path / "dta")
    assert isinstance(failed.exception, UsageError)
    assert f"There is no installation in '{tmp_path}/dta'" in str(failed.exception)
    assert not (tmp_path / "dta").exists()


def test_tables_of_another_release_are_left_alone(administer: Administer, data: Path) -> None:
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r0000'")
    engine.dispose()
    failed = administer("users", "list")
    assert isinstance(failed.exception, UsageError)
    assert "of another release of Driftwheel" in str(failed.exception)


def test_a_database_that_cannot_be_reached_is_told(administer: Administer) -> None:
    failed = administer("users", "list", "--database-url", "postgresql://me:secret@127.0.0.1:1/x")
    assert isinstance(failed.exception, UsageError)
    assert "The database cannot be opened: " in str(failed.exception)
    assert "secret" not in str(failed.exception)
