"""`driftwheel doctor`: a line for each part, and an exit code for scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.conftest import Administer


def test_each_part_has_a_line_and_a_warning_says_what_to_do(administer: Administer) -> None:
    looked = administer("doctor")
    assert looked.exit_code == 0
    assert re.search(r"^ok +database +SQLite 3\.", looked.output, re.MULTILINE)
    assert re.search(
        r"^warn +users +no active admin\n +→ Make one: driftwheel users add NAME", looked.output, re.MULTILINE
    )


def test_something_that_fails_is_an_exit_code(administer: Administer, tmp_path: Path) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"no database at all" * 100)
    looked = administer("doctor", "--json", "--database-url", f"sqlite:///{tmp_path}/broken.sqlite")
    assert looked.exit_code == 1
    findings = {one["subject"]: one for one in json.loads(looked.output)["findings"]}
    assert findings["database"]["state"] == "fail"
    assert set(findings["database"]) == {"subject", "state", "message", "advice"}
