"""Runs a Python module that serves, for no longer than whoever started it lives.

Called as `serve.py MODULE ARGUMENT...`. The module ends with standard input,
which the system closes even when the test dies without a chance to clean up,
and in any case after LIMIT seconds.
"""

import os
import runpy
import sys
import threading

LIMIT = 30 * 60


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def end_in_time():
    os._exit(1)


threading.Thread(target=end_with_standard_input, daemon=True).start()
timer = threading.Timer(LIMIT, end_in_time)
timer.daemon = True
timer.start()

del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
