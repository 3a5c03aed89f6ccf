"""The table of settings: the environment, what is put over it, and what a mistake in it reads like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driftwheel.errors import UsageError
from driftwheel.settings import PREFIX, Setting, Settings, settings_table


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_all_is_under_the_folder_one_stands_in(tmp_path: Path) -> None:
    settings = Settings.load()
    data = tmp_path / "driftwheel-data"
    assert settings.data == data
    assert settings.database_url == f"sqlite:///{data}/driftwheel.sqlite"
    assert settings.blobs == f"file://{data}/blobs"
    assert settings.system_database_url == f"sqlite:///{data}/workflows.sqlite"
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")


def test_the_environment_is_read_and_an_override_that_is_not_none_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DRIFTWHEEL_DATA", str(tmp_path / "a"))
    monkeypatch.setenv("DRIFTWHEEL_PORT", "9000")
    monkeypatch.setenv("DRIFTWHEEL_WORKER", "false")
    monkeypatch.setenv("DRIFTWHEEL_MAX_IMAGE_BYTES", "5MiB")
    settings = Settings.load(data=tmp_path / "b", port=None)
    assert settings.data == tmp_path / "b"
    assert settings.database_url == f"sqlite:///{tmp_path}/b/driftwheel.sqlite"
    assert settings.port == 9000
    assert settings.worker is False
    assert settings.max_image_bytes == 5 * 2**20


def test_a_relative_folder_and_a_tilde_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Settings.load(data="x").data == tmp_path / "x"
    assert Settings.load(data="~/x").data == tmp_path / "home" / "x"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1  # type: ignore[misc]


def test_postgresql_is_reached_by_psycopg_and_keeps_the_workflows_too() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = Settings.load(database_url=f"{scheme}://me:secret@db.example.org:5432/drift")
        assert settings.database_url == "postgresql+psycopg://me:secret@db.example.org:5432/drift"
        assert settings.system_database_url == settings.database_url
        assert "secret" not in repr(settings)


def test_sqlite_is_a_file_by_whatever_name() -> None:
    for scheme in ("sqlite", "sqlite+pysqlite"):
        assert (
            Settings.load(database_url=f"{scheme}:////srv/x.sqlite").database_url == "sqlite:////srv/x.sqlite"
        )
    for address in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        with pytest.raises(UsageError, match="expected sqlite:///path"):
            Settings.load(database_url=address)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("0.0.0.0", ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")),
        ("drift.example.org", ("localhost", "127.0.0.1", "[::1]", "drift.example.org")),
        ("fd00::5", ("localhost", "127.0.0.1", "[::1]", "[fd00::5]")),
        ("::1", ("localhost", "127.0.0.1", "[::1]")),
    ],
)
def test_the_host_listened_on_is_an_allowed_one(host: str, allowed: tuple[str, ...]) -> None:
    assert Settings.load(host=host).allowed_hosts == allowed


def test_allowed_hosts_stand_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWHEEL_ALLOWED_HOSTS", " Drift.example.org, *.plant.example ,,")
    assert Settings.load().allowed_hosts == ("drift.example.org", "*.plant.example")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PORT", "many", "DRIFTWHEEL_PORT cannot be 'many' (input should be a valid integer"),
        ("PORT", "70000", "DRIFTWHEEL_PORT cannot be '70000' (input should be less than or equal to 65535)"),
        ("PORT", "tcp://10.0.0.1:80", "Kubernetes sets this variable for a service named driftwheel"),
        ("SECURE_COOKIES", "yes", "input should be 'auto', 'always' or 'never'"),
        ("MAX_IMAGE_BYTES", "5 lots", "DRIFTWHEEL_MAX_IMAGE_BYTES cannot be '5 lots'"),
        ("SESSION_HOURS", "0", "greater than 0"),
        ("DATABASE_URL", "sqlite://", "expected sqlite:///path/of/the/file.sqlite or postgresql://"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"DRIFTWHEEL_{variable}", value)
    with pytest.raises(UsageError) as raised:
        Settings.load()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wrong_override_is_called_by_its_name_not_by_the_variable() -> None:
    with pytest.raises(UsageError, match=r"^The setting port cannot be '-1'"):
        Settings.load(port=-1)


def test_a_password_in_a_wrong_address_is_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        Settings.load(database_url="mysql://me:secret@db/drift")
    assert "secret" not in str(raised.value)


def test_a_misspelt_variable_is_an_error_and_one_of_others_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWHEEL_CACHE", "/tmp/models")
    monkeypatch.setenv("DRIFTWHEEL_SERVICE_HOST", "10.0.0.1")  # as Kubernetes sets them
    monkeypatch.setenv("DRIFTWHEEL_PORT_8080_TCP_ADDR", "10.0.0.1")
    Settings.load()
    monkeypatch.setenv("DRIFTWHEEL_DATABSE_URL", "postgresql://db/drift")
    with pytest.raises(
        UsageError, match=r"DATABSE_URL, which is no setting\. Did you mean 'DRIFTWHEEL_DATABASE_URL'"
    ):
        Settings.load()


def test_an_unknown_override_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"There is no setting 'prot'\. Did you mean 'port'"):
        Settings.load(prot=1)


@pytest.mark.parametrize("row", settings_table(), ids=lambda row: row.name)
def test_the_default_in_the_table_is_the_default(row: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    before = getattr(Settings.load(), row.name)
    monkeypatch.setenv(row.variable, row.default)
    assert getattr(Settings.load(), row.name) == before
    assert row.help.endswith(".")


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"port": 80, "host": "dw.example.com"}, "http://dw.example.com"),
        ({"host": "::1"}, "http://[::1]:8080"),
        ({"port": 0}, None),
        ({"host": "0.0.0.0"}, None),
        (
            {"host": "0.0.0.0", "allowed_hosts": "localhost,*.example.com,dw.example.com"},
            "http://dw.example.com:8080",
        ),
        ({"public_url": "https://dw.example.com/watch/"}, "https://dw.example.com/watch"),
    ],
)
def test_where_people_reach_the_pages(given: dict[str, object], base: str | None) -> None:
    assert Settings.load(**given).link_base == base


def test_links_lead_to_pages_only() -> None:
    for address in ("javascript:alert(1)", "dw.example.com", "https://", "https://x.org/?a=1", "https://x y"):
        with pytest.raises(UsageError, match="expected such as https://driftwheel"):
            Settings.load(public_url=address)
