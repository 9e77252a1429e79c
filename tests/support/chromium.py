"""The Chromium of the browser test: the one that is there, or Debian's.

`python -m tests.support.chromium` is what `make tools` runs: it installs one where it may, and says
what to install where it may not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PACKAGES = ("chromium", "fonts-liberation", "fonts-noto-color-emoji")
FLAGS = (
    "--no-sandbox",  # it runs as root in containers, and opens only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 60


def find() -> str | None:
    """Where a Chromium is: `CHROMIUM` names it, or one of the usual names; None if nowhere."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, (named,) if named else NAMES)), None)


@contextmanager
def new_page() -> Iterator[Page]:
    """An empty page of a headless Chromium; waits up to a minute for what it is asked to find."""
    program = find()
    assert program, "There is no Chromium. Run `make tools`, or let CHROMIUM name the program."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            page = browser.new_page(
                viewport={"width": 960, "height": 800}, device_scale_factor=2, locale="en-GB"
            )
            page.set_default_timeout(SECONDS * 1000)
            yield page
        finally:
            browser.close()


def main() -> None:
    """Make sure that there is one."""
    named = os.environ.get("CHROMIUM")
    if find():
        return
    if named:
        sys.exit(f"CHROMIUM names {named}, and there is no such program.")
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True, timeout=600)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(install, check=True, timeout=1800, env=environ)
        return
    sys.exit(
        "The browser test needs a Chromium: install one (on Debian: apt-get install chromium), "
        "or let CHROMIUM name the program."
    )


if __name__ == "__main__":
    main()
