"""Where a table was measured, in words that name no machine."""

import os
import platform

import psutil


def described() -> str:
    """Cores, memory, system, Python, and how busy the machine is with other work just now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gigabytes = round(psutil.virtual_memory().total / 1024**3)
    python = ".".join(platform.python_version_tuple()[:2])
    load = psutil.getloadavg()[0]
    return (
        f"{cores} cores, {gigabytes} GB of memory, {platform.system()}, Python {python}, "
        f"with a load average of {load:.1f} before the run"
    )
