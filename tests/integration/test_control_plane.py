"""The real control plane that the sandbox and the tests start."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sandbox.control_plane import ControlPlane, ControlPlaneError, assets

PARENT = """
import sys, time
from sandbox.control_plane import ControlPlane
plane = ControlPlane().start()
print(plane.directory, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_the_programs_die_with_a_parent_that_is_killed() -> None:
    if assets() is None:
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert parent.stdout is not None
    directory = parent.stdout.readline().strip()
    children = psutil.Process(parent.pid).children()
    assert {child.name() for child in children} == {"etcd", "kube-apiserver"}

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    shutil.rmtree(directory)


def test_a_program_that_ends_while_starting_is_reported_with_its_last_words(
    tmp_path: Path,
) -> None:
    for name in ("etcd", "kube-apiserver"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho no disk left\nexit 1\n")
        program.chmod(0o755)
    with pytest.raises(ControlPlaneError, match="no disk left"):
        ControlPlane(programs=tmp_path).start()
