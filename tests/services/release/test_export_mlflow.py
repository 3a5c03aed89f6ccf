"""Versions in MLflow: with the extra, in a registry of its own; without it, the error names it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.release.registry import new_registry
from tests.services.release.two_colours import CLASSES, network

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.services.release.export_mlflow import export_to_mlflow
from driftwheel.store.files.blobs import Blobs

HAS_MLFLOW = find_spec("mlflow") is not None


def test_without_the_extra_the_error_names_it(shared_database: Engine, blobs: Blobs) -> None:
    its = new_registry(shared_database, blobs, classes=CLASSES)
    its.add("v1", network())
    its.add("bare")
    with pytest.raises(UsageError, match="'bare' has no ONNX file to export"):
        export_to_mlflow(its.engine, blobs, its.name, "bare", uri="http://127.0.0.1:1")
    if not HAS_MLFLOW:
        with pytest.raises(MissingExtraError, match=r"pip install 'driftwheel\[mlflow\]'"):
            export_to_mlflow(its.engine, blobs, its.name, "v1", uri="http://127.0.0.1:1")


@pytest.mark.skipif(not HAS_MLFLOW, reason="the extra `mlflow` is not installed")
def test_the_champion_has_its_alias_there(shared_database: Engine, blobs: Blobs, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    its = new_registry(shared_database, blobs, classes=CLASSES)
    its.add("v1", network())
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    made = export_to_mlflow(its.engine, blobs, its.name, "v1", uri=uri)
    client = MlflowClient(uri, uri)
    found = client.get_model_version_by_alias(its.name, "champion")
    assert (found.version, found.run_id) == (made.version, made.run)
    assert found.tags["driftwheel.version"] == "v1"
    assert client.get_run(made.run).data.metrics["file_bytes"] == len(network())
