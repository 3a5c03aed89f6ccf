"""The client where processes fork, end and are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.client.failing_server import FailingServer, refuse
from tests.client.test_client import until

START = """
import os, sys, time
import numpy as np
from driftwheel.client import Client
frame = np.zeros((48, 64, 3), np.uint8)
client = Client(sys.argv[1], "", "cats", spool=sys.argv[2])
"""
Run = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def run(server: FailingServer, tmp_path: Path) -> Run:
    """Runs a program that has a client, to its end."""

    def run_program(program: str) -> subprocess.CompletedProcess[str]:
        code = START + textwrap.dedent(program)
        command = [
            sys.executable,
            "-W",
            "error::ResourceWarning",
            "-c",
            code,
            server.url,
            str(tmp_path / "spool"),
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run_program


def told(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


def test_a_program_that_just_ends_has_sent_everything(run: Run, server: FailingServer) -> None:
    records = told(run("for _ in range(20): print(client.log(frame))"))
    assert set(server.kept) == records
    assert len(records) == 20


def test_a_program_that_fails_has_sent_everything(run: Run, server: FailingServer) -> None:
    done = run("print(client.log(frame), flush=True); sys.exit('no')")
    assert done.returncode == 1
    assert set(server.kept) == set(done.stdout.split())


def test_a_program_that_ends_beside_a_dead_server_has_spooled_everything(
    run: Run, server: FailingServer
) -> None:
    server.always = refuse(503)[0]
    done = run("for _ in range(20): print(client.log(frame))")
    assert done.returncode == 0
    assert "waits in the spool" in done.stderr
    assert not server.kept
    server.always = None
    told(run("assert client.flush(50)"))
    assert set(server.kept) == set(done.stdout.split())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_goes_on_logging_and_sends_nothing_of_the_parents(run: Run, server: FailingServer) -> None:
    records = told(
        run("""
        def tell(record): os.write(1, f"{record}\\n".encode())  # in one piece: two processes write
        tell(client.log(frame))
        client.flush()
        for _ in range(10): tell(client.log(frame))
        child = os.fork()
        assert child or client.stats.logged == 0
        for _ in range(10): tell(client.log(frame))
        if not child:
            client.close()
            assert client.stats.sent == 10, client.stats
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        client.close()
        assert client.stats.sent == 21, client.stats
        """)
    )
    assert set(server.kept) == records
    assert (len(records), server.duplicates) == (31, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_while_the_spool_is_in_use(run: Run, server: FailingServer) -> None:
    server.always = refuse(500)[0]
    done = run("""
        records = [client.log(frame) for _ in range(10)]
        while client._worker.tally.in_memory: time.sleep(0.01)
        child = os.fork()
        records = [client.log(frame) for _ in range(10)] + (records if child else [])
        client.close()
        os.write(1, (" ".join(records) + "\\n").encode())  # in one piece: two processes write
        if not child: os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """)
    assert done.returncode == 0, done.stderr
    server.always = None
    told(run("assert client.flush(50)"))
    assert set(server.kept) == set(done.stdout.split())
    assert len(server.kept) == 30


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_send_everything(
    method: str, server: FailingServer, tmp_path: Path
) -> None:
    """They end without atexit; a client made before a fork and one made in the worker alike."""
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
        import multiprocessing, sys
        import numpy as np
        from driftwheel.client import Client
        client = None

        def work(start):
            global client
            client = client or Client(sys.argv[1], "", "cats", spool=sys.argv[2])
            for i in range(start, start + 10):
                client.log(np.zeros((48, 64, 3), np.uint8), id=str(i))

        if __name__ == "__main__":
            if sys.argv[3] == "fork":
                client = Client(sys.argv[1], "", "cats", spool=sys.argv[2])
            context = multiprocessing.get_context(sys.argv[3])
            workers = [context.Process(target=work, args=[start]) for start in (0, 10)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            assert [worker.exitcode for worker in workers] == [0, 0]
        """)
    )
    command = [sys.executable, str(program), server.url, str(tmp_path / "spool"), method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(server.kept) == {str(i) for i in range(20)}


def test_what_a_killed_process_had_spooled_the_next_one_sends(
    run: Run, server: FailingServer, tmp_path: Path
) -> None:
    server.always = refuse(503)[0]
    code = START + textwrap.dedent("""
        print(*[client.log(frame) for _ in range(30)], flush=True)
        while client._worker.tally.in_memory: time.sleep(0.01)
        print("spooled", flush=True)
        time.sleep(60)
    """)
    command = [sys.executable, "-c", code, server.url, str(tmp_path / "spool")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        records = process.stdout.readline().split()
        assert process.stdout.readline() == "spooled\n"
        process.send_signal(signal.SIGKILL)
    server.always = None
    told(run("assert client.flush(50); assert client.stats.sent == 30"))
    assert set(server.kept) == set(records)


def test_a_living_process_sends_what_a_killed_one_beside_it_left(
    connect: Callable[..., object], server: FailingServer, tmp_path: Path
) -> None:
    code = START + textwrap.dedent("""
        print(*[client.log(frame) for _ in range(30)], flush=True)
        while client._worker.tally.in_memory: time.sleep(0.01)
        os.kill(os.getpid(), 9)
    """)
    server.always = refuse(503)[0]
    command = [sys.executable, "-c", code, server.url, str(tmp_path / "spool")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    server.always = None
    connect()
    until(lambda: len(server.kept) == 30)
    assert set(server.kept) == set(done.stdout.split())
