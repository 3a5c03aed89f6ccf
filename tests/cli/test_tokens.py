"""`driftwheel tokens`, as an admin gives it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.conftest import Administer

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import authorise_token
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.models.models import create_model


def test_a_token_is_all_that_standard_output_holds_and_it_works_until_revoked(
    administer: Administer, data: Path
) -> None:
    now = datetime.now(UTC)
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    with writing(engine) as connection:
        create_model(connection, "sorter", task="classification", created=now)
    made = administer("tokens", "create", "line 3", "--model", "sorter", "--days", "30")
    assert re.fullmatch(r"dw_[\w-]{43}\n", made.stdout)
    assert re.fullmatch(
        r"Token 1, 'line 3', has the role 'ingest' for sorter and ends 20.* UTC\. It is not shown again\.\n",
        made.stderr,
    )
    with reading(engine) as connection:
        identity = authorise_token(connection, made.stdout.strip(), now + timedelta(days=29.9))
        assert identity is not None
        assert (identity.role, identity.models) == ("ingest", {"sorter"})
        assert authorise_token(connection, made.stdout.strip(), now + timedelta(days=30.1)) is None
    assert re.search(
        r"^ +1 +line 3 +ingest +sorter +– +20", administer("tokens", "list").output, re.MULTILINE
    )
    assert made.stdout.strip() not in administer("tokens", "list", "--json").output
    assert administer("tokens", "revoke", "1").output == "Token 1, 'line 3', is revoked.\n"
    with reading(engine) as connection:
        assert authorise_token(connection, made.stdout.strip(), now) is None
    engine.dispose()
    assert administer("tokens", "list").output.startswith(
        "There are no tokens. Make one: driftwheel tokens create"
    )
    (token,) = json.loads(administer("tokens", "list", "--all", "--json").output)["tokens"]
    assert token["revoked"] is not None
    assert token["models"] == ["sorter"]


def test_a_token_may_be_revoked_by_its_name(administer: Administer) -> None:
    administer("tokens", "create", "line 3")
    assert administer("tokens", "revoke", "line 3").exit_code == 0
    failed = administer("tokens", "revoke", "line 3")
    assert isinstance(failed.exception, UsageError)
    assert "There is no token 'line 3' in use" in str(failed.exception)
