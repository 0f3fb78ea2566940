"""`python -m scripts.shots [words]`: the pictures of README and guide, of a demonstration that runs just for them.

With words only pictures whose names contain one of them are kept; the tour is walked whole all the same.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from scripts.redis_server import spare_port
from scripts.system import BROWSERS, Stop, say

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "guide" / "images"
LOADING = 180.0  # seconds the demonstration may take to be there
STOPPING = 20.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SPOKEN = {"LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}  # the browser's own words, where it has Chinese ones


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("words", nargs="*")
    options.add_argument("--port", type=int, default=0, help="for the demonstration; a free one if not given")
    options.add_argument("--into", type=Path, default=IMAGES)
    given = options.parse_args()
    browser = chromium()
    given.into.mkdir(parents=True, exist_ok=True)
    with demonstration(given.port or spare_port()) as address:
        take(browser, address, given.into, tuple(given.words))


def chromium() -> str:
    """The Chromium to drive; stops with a sentence where there is none, or no Playwright to drive it."""
    if importlib.util.find_spec("playwright") is None:
        raise Stop("The pictures need Playwright, which comes with the packages for the tests: run `make lint` once.")
    for name in (os.environ.get("LICET_CHROMIUM", ""), *BROWSERS):
        if found := shutil.which(name):
            return found
    raise Stop("The pictures need a Chromium on the PATH (Debian: apt-get install chromium), or LICET_CHROMIUM=...")


@contextlib.contextmanager
def demonstration(port: int) -> Iterator[str]:
    """A demonstration with its data in a folder that is gone afterwards; its address."""
    with tempfile.TemporaryDirectory(prefix="licet-shots-") as folder:
        command = [sys.executable, "-m", "scripts.run", "--port", str(port), "--data", str(Path(folder) / "data")]
        log = Path(folder) / "run.log"
        with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as site:
            try:
                _await(site, f"http://127.0.0.1:{port}", log)
                yield f"http://127.0.0.1:{port}"
            finally:
                site.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    site.wait(STOPPING)
                site.kill()


def _await(site: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + LOADING
    say("starting a demonstration ...")
    while "Ctrl-C" not in log.read_text("utf-8"):
        if site.poll() is not None or time.monotonic() > end:
            raise Stop(f"The demonstration did not start:\n\n{log.read_text('utf-8')[-2000:]}")
        time.sleep(0.5)
    with contextlib.suppress(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/healthz", timeout=20).close()


def take(browser: str, address: str, folder: Path, words: tuple[str, ...]) -> None:
    """Walk the tour and keep its pictures in `folder`."""
    from playwright.sync_api import sync_playwright

    from registry.sample import PASSWORD
    from scripts import tour
    from scripts.camera import Studio

    with sync_playwright() as started:
        window = started.chromium.launch(executable_path=browser, args=FLAGS, env={**os.environ, **SPOKEN})
        try:
            tour.walk(Studio(window, address, PASSWORD, folder, words))
        finally:
            window.close()


if __name__ == "__main__":
    main()
