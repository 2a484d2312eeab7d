#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""run-hangup.py COMMAND...

Runs a command as the leader of a session on a terminal of its own, takes the
terminal away when it has said something, and prints its exit status; "none" when
it goes on.
"""
import os
import pty
import signal
import sys
import time


def ended(pid, seconds):
    """The exit status of the child, None when it has not ended in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        child, status = os.waitpid(pid, os.WNOHANG)
        if child:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    return None


def main():
    """See above."""
    pid, terminal = pty.fork()
    if not pid:
        os.execvp(sys.argv[1], sys.argv[1:])
    os.read(terminal, 1)
    os.close(terminal)
    status = ended(pid, 60)
    if status is None:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    print("none" if status is None else status)


main()
