"""What the sandbox's programs start and end."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PARENT = """
import sys, time
from pathlib import Path
from sandbox.children import Child
child = Child.start("slack", ["sandbox.slack", "--port", "0"], folder=Path(sys.argv[1]))
print(child.wait_for("slack ready on .*")[0], flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_what_a_killed_program_started_ends_and_what_that_started_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline().startswith("slack ready on ")
            below = psutil.Process(parent.pid).children(recursive=True)
            assert any("local-slack" in program.name() for program in below)
        finally:
            parent.kill()

    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []
