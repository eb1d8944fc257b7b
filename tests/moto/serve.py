"""Runs a Python module that serves, for no longer than whoever started it lives.

Called as `serve.py MODULE ARGUMENT...`. The module ends with standard input,
which the system closes even when the test dies without a chance to clean up,
and in any case after LIMIT seconds.
"""

import os
import runpy
import sys
import threading

LIMIT = 3 * 60 * 60


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def end_in_time():
    os._exit(1)


def one_at_a_time():
    """Has moto carry out one request after the other. Its accounts share sets
    that some calls go through while others add to them: what then breaks off
    with a 500 may be half done, as it never is in AWS."""
    from moto.moto_server import werkzeug_app

    application = werkzeug_app.DomainDispatcherApplication
    carry_out = application.__call__
    lock = threading.Lock()

    def locked(self, environ, start_response):
        with lock:
            return carry_out(self, environ, start_response)

    application.__call__ = locked


threading.Thread(target=end_with_standard_input, daemon=True).start()
timer = threading.Timer(LIMIT, end_in_time)
timer.daemon = True
timer.start()

del sys.argv[0]
if sys.argv[0] == "moto.server":
    one_at_a_time()
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
