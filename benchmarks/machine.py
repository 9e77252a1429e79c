"""Where a table was measured, in words that name no machine."""

import os
import platform

import psutil


def described() -> str:
    """Cores, memory, system and Python, for instance `2 cores, 8 GB, Linux, Python 3.11`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gigabytes = round(psutil.virtual_memory().total / 1024**3)
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{cores} cores, {gigabytes} GB of memory, {platform.system()}, Python {python}"
