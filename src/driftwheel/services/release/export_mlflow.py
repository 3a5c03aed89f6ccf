"""Export a version to MLflow: a run with its numbers, and a registered model with its file and aliases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, MissingExtraError, UsageError
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, ModelVersion, find_model, find_version
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, list_gate_runs

__all__ = ["ExportedVersion", "export_to_mlflow"]

_EXPERIMENT = "driftwheel"
_FILE = "model.onnx"
_RUNS = 500


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """What there is in MLflow: the registered model, its version there, and the run that it comes from."""

    name: str
    version: str
    run: str


def export_to_mlflow(
    engine: Engine, blobs: Blobs, model: str, version: str, *, uri: str, name: str | None = None
) -> ExportedVersion:
    """Register a version with an MLflow server, and return what it is there.

    Its file becomes an MLflow model of the flavour ``onnx``, with the classes beside it; what its training
    and its newest gate run measured become metrics, and what it was made of tags. The champion gets the
    alias ``champion``, the challenger ``challenger``.

    Parameters
    ----------
    uri
        Of the tracking server, such as ``http://mlflow:5000``.
    name
        Of the registered model; by default the model's.

    Raises
    ------
    UsageError
        When there is no such version, or it has no file.
    MissingExtraError
        When the extra ``mlflow`` is not installed.
    DriftwheelError
        When MLflow does not answer, or refuses.
    """
    with reading(engine) as connection:
        known = find_model(connection, model)
        wanted = find_version(connection, known, version)
        runs = list_gate_runs(connection, known.key, limit=_RUNS)
        called = {alias: find_alias(connection, known.key, alias) for alias in ("champion", "challenger")}
    if wanted.artifact is None:
        raise UsageError(f"Version '{version}' has no ONNX file to export.")
    file = blobs.get(wanted.artifact)
    gate = next((one for one in runs if one.challenger == wanted.key and one.state == "done"), None)
    aliases = [alias for alias, one in called.items() if one is not None and one.version == wanted.key]
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise MissingExtraError("Exporting to MLflow", "mlflow") from None
    try:
        return _export(MlflowClient(uri, uri), known, wanted, file, gate, aliases, name or model)
    except MlflowException as error:
        reason = " ".join(str(error).split())[:500]
        raise DriftwheelError(f"MLflow at {uri} could not take the version: {reason}") from error


def _export(  # noqa: PLR0917
    client: Any,
    model: Model,
    version: ModelVersion,
    file: bytes,
    gate: GateRun | None,
    aliases: list[str],
    name: str,
) -> ExportedVersion:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(_EXPERIMENT)
    key = client.create_experiment(_EXPERIMENT) if experiment is None else experiment.experiment_id
    tags = _tags(model, version)
    run = client.create_run(key, tags=tags, run_name=f"{model.name} {version.name}").info.run_id
    for metric, value in _metrics(version, gate).items():
        client.log_metric(run, metric, value)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "model"
        root.mkdir()
        (root / _FILE).write_bytes(file)
        (root / "classes.txt").write_text("\n".join(model.classes), encoding="utf-8")
        (root / "MLmodel").write_text(_description(version, run), encoding="utf-8")
        client.log_artifacts(run, str(root), "model")
    client.set_terminated(run)
    with suppress(MlflowException):  # it is there already
        client.create_registered_model(name, description=f"The model {model.name} of Driftwheel.")
    source = f"{client.get_run(run).info.artifact_uri}/model"
    made = client.create_model_version(name, source, run, tags=tags)
    for alias in aliases:
        client.set_registered_model_alias(name, alias, made.version)
    return ExportedVersion(name, str(made.version), run)


def _tags(model: Model, version: ModelVersion) -> dict[str, str]:
    found = {
        "driftwheel.model": model.name,
        "driftwheel.version": version.name,
        "driftwheel.state": version.state,
        "driftwheel.onnx_sha256": (version.artifact or b"").hex(),
    }
    if version.dataset is not None:
        found["driftwheel.dataset_sha256"] = version.dataset.hex()
    return found


def _metrics(version: ModelVersion, gate: GateRun | None) -> dict[str, float]:
    found = dict(_numbers("training", version.metrics or {}))
    if version.latency is not None:
        found["latency_seconds"] = version.latency
    if version.size is not None:
        found["file_bytes"] = float(version.size)
    for check in () if gate is None else GateNumbers.from_json(gate.numbers or {}).checks:
        if check.n:
            at = f"gate.{_plain(check.group)}"
            found |= {f"{at}.accuracy": check.challenger, f"{at}.difference": check.difference}
            found[f"{at}.images"] = float(check.n)
    return found


def _numbers(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(f"{prefix}.{_plain(name)}", value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}.{_plain(name)}", float(value)


def _plain(name: str) -> str:
    """Return a name with what MLflow allows in one."""
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "_-./ ") else "_" for letter in name
    )


def _description(version: ModelVersion, run: str) -> str:
    """Return the file ``MLmodel``, by which MLflow knows how to load it."""
    flavours = {
        "onnx": {"data": _FILE, "providers": ["CPUExecutionProvider"], "onnx_version": "1.16.0"},
        "python_function": {"loader_module": "mlflow.onnx", "data": _FILE},
    }
    created = f"{version.created:%Y-%m-%d %H:%M:%S.%f}"
    described = {"artifact_path": "model", "flavors": flavours, "run_id": run, "utc_time_created": created}
    return str(yaml.safe_dump(described))
