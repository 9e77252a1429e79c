import subprocess
import sys


def test_the_benchmarks_run_in_their_quick_form() -> None:
    """How fast is not asked here; only that the harness still fits the product."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--only", "commit,tick"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for row in ("commit of 5 files", "scheduler tick"):
        assert row in " ".join(run.stdout.split()), run.stdout
