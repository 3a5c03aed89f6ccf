"""The API is as `/openapi.json` describes it, and no request makes the server fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.services.halves import network
from tests.web.serving import Running, serving

from driftwheel.services.models.register_model import add_model_version
from driftwheel.web.security.permit import guarded_routes

pytestmark = pytest.mark.long

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def described(server: Running) -> dict[str, Any]:
    answer: dict[str, Any] = server.client().get("/openapi.json").json()
    return answer


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_api_is_in_it(server: Running, described: dict[str, Any]) -> None:
    known = operations(described)
    for route, _ in guarded_routes(server.app):
        if str(route.path_format).startswith("/api/"):
            for method in route.methods or ():
                assert f"{method} {route.path_format}" in known


def test_each_says_what_it_does_and_asks(described: dict[str, Any]) -> None:
    names = []
    for where, operation in operations(described).items():
        assert len(operation.get("description", "")) > 10, where
        assert operation["x-permission"], where
        assert bool(operation["security"]) == (operation["x-permission"] != "public"), where
        names.append(operation["operationId"])
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], f"{where} {status}"
    assert len(set(names)) == len(names)


def test_every_schema_it_names_is_there(described: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert named <= set(described["components"]["schemas"])
    assert {"RecordBody", "Problem"} <= named
    assert "HTTPValidationError" not in described["components"]["schemas"]


def serve_champion(server: Running, model: str) -> None:
    """Without one, predictions are 503, as they should be."""
    services = server.services
    add_model_version(
        services.engine, services.blobs, model, "v1", onnx=network(), by="me", now=server.clock()
    )


@pytest.mark.parametrize("role", ["admin"])
def test_no_request_makes_it_fail(tmp_path: Path, role: str) -> None:
    with serving(tmp_path) as server:
        for model in ("0", "1"):  # the names that are tried most
            server.model(model)
            serve_champion(server, model)
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
        options = {
            "--header": f"Authorization: Bearer {server.token(role)}",
            "--checks": CHECKS,
            "--phases": "coverage,fuzzing",
            "--mode": "all",
            "--max-examples": "3",
            "--seed": "1",
            "--exclude-path-regex": "/tokens/",  # it would revoke its own
            "--request-timeout": "30",
        }
        done = subprocess.run(
            [*command, *(part for option in options.items() for part in option), "--continue-on-failure"],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=400,
        )
        assert done.returncode == 0, (
            done.stdout[done.stdout.find("=== FAILURES") :][:6000] + done.stderr[-2000:]
        )
        tested = re.search(r"Tested: (\d+)", done.stdout)
        assert tested, done.stdout[-2000:]
        assert int(tested[1]) > 25
        assert server.client().get("/readyz").status_code == 200
