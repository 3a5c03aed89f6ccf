"""`make bench` runs every benchmark there is, and the front page of bench/ names them all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

BENCH = Path(__file__).parent.parent / "bench"


def table() -> dict[str, str]:
    tree = ast.parse((BENCH / "run_all.py").read_text(encoding="utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BENCHMARKS"
    )
    found: dict[str, str] = ast.literal_eval(value)
    return found


def scripts() -> set[str]:
    """What can be run and is neither `run_all` nor a process that another script starts."""
    programs = (path for path in BENCH.glob("*.py") if '__name__ == "__main__"' in path.read_text("utf-8"))
    return {path.stem for path in programs if path.stem != "run_all" and not path.stem.endswith("_worker")}


def test_every_benchmark_is_in_the_table_that_make_bench_runs() -> None:
    assert set(table()) == scripts()


def test_the_front_page_says_the_same_as_the_table() -> None:
    text = (BENCH / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[(\w+)\.py\]\(\w+\.py\) \| (.*) \|$", text, re.MULTILINE))
    assert {name: meaning.replace("`", "") for name, meaning in rows.items()} == table()


def test_every_benchmark_says_what_it_measures() -> None:
    bare = [
        name
        for name in sorted(scripts())
        if not ast.get_docstring(ast.parse((BENCH / f"{name}.py").read_text("utf-8")))
    ]
    assert bare == []
