"""The processes of `make run` as the harness starts them: the same application and worker, that can be told to die.

`gunicorn tests.chaos.entry:app` and `python -m tests.chaos.entry` (the worker; with `imports` that of the ledgers).
Whatever is planted is planted here.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from ledger import clock, failpoints
from tests.chaos import plants
from tests.chaos.control import Control

FOR_EVER = contextlib.ExitStack()
TERM = {signal.SIGTERM}


def obey() -> None:
    """From now on failpoints and the clock are the harness's."""
    control = Control(Path(os.environ["LICET_CHAOS"]))
    FOR_EVER.enter_context(failpoints.watched(control.meet))
    FOR_EVER.enter_context(clock.use(control.now))
    shorten()
    for name in filter(None, os.environ.get("LICET_PLANT", "").split(",")):
        plants.PLANTS[name]()


def shorten() -> None:
    """A ledger of a dozen rows goes the ways that one of thousands goes: in slices, errands, by the worker. Days may be
    let pass while a killed worker is on its way back: no leap (ledger/clock_guard.py)."""
    from ledger import clock_guard
    from registry.intake.preview import staging
    from registry.intake.settlement import errands, settling
    from registry.intake.withdrawal import undoing

    staging.SLICE, errands.SLICE = 5, 2
    settling.AT_ONCE = undoing.AT_ONCE = 1
    clock_guard.AWAY = dt.timedelta(days=60)


def keep_working(*which: str) -> None:
    """A worker, and another one when it is killed: forked from here, so that it is back at once."""
    from engine.time import timers  # noqa: F401 - all that the worker needs is loaded before the fork
    from registry.alerts import deadlines  # noqa: F401
    from registry.intake import work  # noqa: F401
    from worker import main
    from workflows import triggers  # noqa: F401

    while True:
        signal.pthread_sigmask(signal.SIG_BLOCK, TERM)  # nobody is told to stop before it knows how
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, TERM)
            main(which)
            os._exit(0)
        signal.signal(signal.SIGTERM, lambda sign, _frame, child=child: _stop(child, sign, _frame))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TERM)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGTERM:
            sys.exit(os.waitstatus_to_exitcode(status))


def _stop(child: int, sign: int, _frame: FrameType | None) -> None:
    os.kill(child, sign)


def __getattr__(name: str) -> Any:
    """`app` is made when gunicorn asks for it."""
    if name != "app":
        raise AttributeError(name)
    obey()
    from wsgi import app

    return app


if __name__ == "__main__":
    obey()
    keep_working(*sys.argv[1:])
