"""Settings of an installation: one table, read from the environment; command lines and pages override it.

Each setting of `Settings` is an environment variable, ``DRIFTWHEEL_`` before its name in capitals. The
reference of settings is made from this table.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import ByteSize, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["PREFIX", "Setting", "Settings", "settings_table"]

PREFIX = "DRIFTWHEEL_"
_MIB = 1024**2
_MOST_PORT = 65535
_MOST_DAYS = 36500


class Settings(BaseSettings):
    """Where an installation keeps its data, how it is reached, and what it bears; each field says which.

    ``{data}`` in an address stands for the data folder, ``{host}`` in a list of hosts for `host`.

    Examples
    --------
    >>> Settings.load(data="/srv/cameras").blobs
    'file:///srv/cameras/blobs'
    >>> Settings.load(port="many")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: The setting port cannot be 'many' (input should be a valid integer, ...
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True, str_strip_whitespace=True
    )

    data: Path = Field(
        Path("driftwheel-data"), description="Folder of everything kept on this machine; made when absent."
    )
    database_url: str = Field(
        "sqlite:///{data}/driftwheel.sqlite",
        description="The database: `sqlite:///` and a file, or `postgresql://user:password@host/name`.",
        repr=False,  # it may hold a password
    )
    blobs: str = Field(
        "file://{data}/blobs",
        description="Where images and model files are kept: `file://` and a folder, `s3://bucket/prefix`, or "
        "any other address fsspec opens.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; `0.0.0.0` for every network.")
    port: int = Field(8080, ge=0, le=_MOST_PORT, description="Port to listen on; 0 takes a free one.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("localhost", "127.0.0.1", "[::1]", "{host}"),
        description="Names by which browsers and clients may call the server, commas between them; any "
        "other is refused. `*.example.org` allows all names under one, `*` every name.",
    )
    secure_cookies: Literal["auto", "always", "never"] = Field(
        "auto", description="Send session cookies over HTTPS only; `auto`: when the log-in came over HTTPS."
    )
    session_hours: float = Field(12 * 7, gt=0, description="Hours until a log-in in the browser ends.")
    max_image_bytes: ByteSize = Field(
        ByteSize(32 * _MIB), gt=0, description="Largest image file taken; larger ones are rejected."
    )
    max_image_pixels: int = Field(
        100_000_000, gt=0, description="Most pixels (width × height) of an image, by its header."
    )
    max_batch_records: int = Field(1000, gt=0, description="Most records in one request.")
    max_body_bytes: ByteSize = Field(
        ByteSize(64 * _MIB), gt=0, description="Largest request body, after it is decompressed."
    )
    queue_records: int = Field(
        20_000,
        gt=0,
        description="Most records that may wait to be written or measured; beyond, clients are told to wait.",
    )
    predictions_at_once: int = Field(
        64,
        gt=0,
        description="Most predictions of served models that may be under way; beyond, callers are told to "
        "wait.",
    )
    disk_reserve_bytes: ByteSize = Field(
        ByteSize(1024 * _MIB), ge=0, description="Disk space kept free: below it nothing more is accepted."
    )
    worker: bool = Field(
        True, description="Measure and sum up inside the server; else run `driftwheel worker` beside it."
    )

    settle_seconds: float = Field(
        10.0,
        ge=0,
        description="Seconds since the last record of a window that is over, before it is judged.",
    )
    message_days: int = Field(
        90,
        gt=0,
        le=_MOST_DAYS,
        description="Days that messages to channels are kept, once they were sent or given up.",
    )
    history_days: int = Field(
        400,
        gt=0,
        le=_MOST_DAYS,
        description="Days that what monitors said of windows is kept, and what alerts said that have ended; "
        "the alerts themselves, verdicts and the audit log stay.",
    )
    training_commands: bool = Field(
        False,
        description="Let engineers configure commands that train models; they run on the workers, with "
        "their rights.",
    )
    public_url: str = Field(
        "auto",
        description="Address by which people reach the pages, for the links in messages, such as "
        "`https://driftwheel.example.com`; `auto`: that of `host` and `port`.",
    )
    public_metrics: bool = Field(
        False,
        description="Let everyone who reaches the server read `/metrics`; else it takes a token that may "
        "read, of the role viewer for example.",
    )
    allow_private_channels: bool = Field(
        False,
        description="Let channels and webhooks reach private networks and this machine, such as your own "
        "mail server; link-local addresses never.",
    )

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", "blobs")
    @classmethod
    def _in_data(cls, value: str, info: ValidationInfo) -> str:
        data = info.data.get("data")
        return value if data is None else value.replace("{data}", data.as_posix())

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and separator and rest:
            return f"postgresql+psycopg://{rest}"
        if scheme in {"sqlite", "sqlite+pysqlite"} and rest.removeprefix("/") not in {"", ":memory:"}:
            return f"sqlite://{rest}"
        raise ValueError(
            "expected sqlite:///path/of/the/file.sqlite or postgresql://user:password@host:5432/name"
        )

    @field_validator("port", mode="before")
    @classmethod
    def _no_service_link(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError(
                "Kubernetes sets this variable for a service named driftwheel; set enableServiceLinks: "
                "false in the pod, or give the service another name"
            )
        return value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _commas(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _with_host(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        host = str(info.data.get("host", "{host}"))
        host = f"[{host}]" if ":" in host else host
        return tuple(dict.fromkeys(one.replace("{host}", host).lower() for one in value))

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Return the settings of the environment, with those in `overrides` that are not None put over them.

        Raises
        ------
        UsageError
            When a value cannot be used, or a variable of the environment is a setting's name misspelt.
        """
        known = {f"{PREFIX}{name}".upper(): name for name in cls.model_fields}
        for variable in sorted(os.environ):
            if variable.upper().startswith(PREFIX) and variable.upper() not in known:
                nearest = did_you_mean(
                    variable.upper().removeprefix(PREFIX), [name.upper() for name in known.values()]
                )
                if nearest:
                    nearest = nearest.replace("'", f"'{PREFIX}", 1)
                    raise UsageError(f"The environment sets {variable}, which is no setting.{nearest}")
        for name in overrides:
            if name not in cls.model_fields:
                raise UsageError(f"There is no setting '{name}'.{did_you_mean(name, cls.model_fields)}")
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            raise UsageError(_first_mistake(error, overrides)) from None

    @field_validator("public_url")
    @classmethod
    def _absolute_url(cls, value: str) -> str:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.netloc and not (parts.query or parts.fragment)
        if value != "auto" and not (good and value.isprintable() and " " not in value):
            raise ValueError("expected such as https://driftwheel.example.com, or auto")
        return value.rstrip("/")

    @property
    def link_base(self) -> str | None:
        """Where people reach the pages, without a slash at the end; None where nothing says."""
        if self.public_url != "auto":
            return self.public_url
        if not self.port:
            return None
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.host in {"0.0.0.0", "::", ""}:  # noqa: S104 - it is compared, not bound
            named = [one for one in self.allowed_hosts if _is_name(one)]
            if not named:
                return None
            host = named[0]
        return f"http://{host}" + ("" if self.port == 80 else f":{self.port}")

    @property
    def system_database_url(self) -> str:
        """Where DBOS keeps its workflows: a file beside the SQLite database, or PostgreSQL itself."""
        if self.database_url.startswith("postgresql"):
            return self.database_url
        return f"sqlite:///{self.data.as_posix()}/workflows.sqlite"


def _is_name(host: str) -> bool:
    """Whether an allowed host is one that other machines may know this server by."""
    return host not in {"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::]"} and "*" not in host  # noqa: S104


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings.

    Attributes
    ----------
    name, variable
        Its name, and the environment variable that sets it.
    kind
        What a value is, in words.
    default
        As one would write it in the environment.
    help
        What it does.
    """

    name: str
    variable: str
    kind: str
    default: str
    help: str


def settings_table() -> tuple[Setting, ...]:
    """Return every setting, in the order of the reference.

    Examples
    --------
    >>> settings_table()[0].variable, settings_table()[0].default
    ('DRIFTWHEEL_DATA', './driftwheel-data')
    """
    rows = []
    for name, field in Settings.model_fields.items():
        kind, default = _in_words(field.default)
        choices = getattr(field.annotation, "__args__", ())
        if isinstance(field.default, str) and all(isinstance(one, str) for one in choices):
            kind = ", ".join(choices) or kind
        rows.append(Setting(name, f"{PREFIX}{name.upper()}", kind, default, field.description or ""))
    return tuple(rows)


def _in_words(default: object) -> tuple[str, str]:
    """Return what kind of value a default is, and how it is written."""
    match default:
        case bool():
            return "true or false", str(default).lower()
        case ByteSize():
            return "bytes, or such as 500MB or 2GiB", default.human_readable().replace(".0", "")
        case Path():
            return "folder", f"./{default}"
        case tuple():
            return "list", ",".join(default)
        case int() | float():
            return "number", f"{default:,}".replace(",", "")
        case _:
            return "text", str(default)


def _first_mistake(error: ValidationError, overrides: dict[str, Any]) -> str:
    """Say which setting was given what, and what was expected; not the address: it may hold a password."""
    mistake = error.errors(include_url=False)[0]
    name = str(mistake["loc"][0])
    where = f"{PREFIX}{name.upper()}" if overrides.get(name) is None else f"The setting {name}"
    given = "what was given" if name == "database_url" else f"'{mistake['input']}'"
    expected = mistake["msg"].removeprefix("Value error, ")
    expected = expected if expected.startswith("Kubernetes") else expected[:1].lower() + expected[1:]
    return f"{where} cannot be {given} ({expected}). See the reference of settings."
