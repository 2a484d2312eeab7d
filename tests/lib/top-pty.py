#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""top-pty.py NETNS: "sstctl top" in a terminal of its own.

Prints "pass TEXT" or "fail TEXT" for each result.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ENTER, LEAVE = b'\x1b[?1049h\x1b[?25l', b'\x1b[?25h\x1b[?1049l'
HOME = b'\x1b[H'


def say(good, text):
    print('pass' if good else 'fail', text, flush=True)


class Top:
    """One run of it."""

    def __init__(self, netns, rows, cols):
        self.output = b''
        self.master, self.slave = pty.openpty()
        self.resize(rows, cols, tell=False)
        self.before = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.execvp('sstctl', ['sstctl', '-n', netns, 'top', 'interval', '0.3'])

    def resize(self, rows, cols, tell=True):
        size = struct.pack('HHHH', rows, cols, 0, 0)
        # The kernel sends SIGWINCH to the foreground of the terminal.
        fcntl.ioctl(self.master if tell else self.slave, termios.TIOCSWINSZ, size)

    def key(self, key):
        os.write(self.master, key)

    def read(self, wanted, limit=20):
        """Read until wanted() says that this is enough."""
        end = time.monotonic() + limit
        while not wanted() and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                self.output += os.read(self.master, 65536)
        return wanted()

    def frame(self):
        """The lines of the last whole frame."""
        frames = self.output.split(HOME)
        if len(frames) < 3:
            return []
        text = re.sub(rb'\x1b\[[0-9?;]*[A-Za-z]', b'', frames[-2])
        return text.decode().split('\r\n')

    def fresh(self):
        """Forget what came; true when there is a whole frame again."""
        self.output = b''
        return self.read(lambda: len(self.frame()) > 1)

    def end(self):
        """Wait for the end; returns the exit status."""
        self.read(lambda: LEAVE in self.output)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def close(self, text):
        """Is all as it was?"""
        same = termios.tcgetattr(self.slave) == self.before
        say(same and self.output.endswith(LEAVE), f'{text}: the terminal is restored')
        os.close(self.master)
        os.close(self.slave)


def main(netns):
    top = Top(netns, 24, 80)
    say(top.read(lambda: ENTER in top.output), 'it takes the terminal')
    say(top.fresh(), 'it draws')
    say(max(map(len, top.frame())) == 80 and len(top.frame()) == 24,
        'a table as large as the terminal')
    say('sorted by rate' in top.frame()[0], 'sorted by rate')
    top.resize(10, 40)
    say(top.read(lambda: len(top.frame()) == 10 and
                 max(map(len, top.frame())) == 40), 'the terminal gets smaller')
    top.resize(30, 200)
    say(top.read(lambda: max(map(len, top.frame()), default=0) > 100),
        'the terminal gets wider')
    say(any('responder' in line or 'initiator' in line for line in top.frame()),
        'all columns are there')
    top.key(b's')
    say(top.read(lambda: top.frame() and 'sorted by tx' in top.frame()[0]),
        's sorts by the next key')
    top.key(b'q')
    say(top.end() == 0, 'q ends it')
    top.close('q')

    for text, kick in (('control-C', lambda t: t.key(b'\x03')),
                       ('SIGTERM', lambda t: os.kill(t.pid, signal.SIGTERM)),
                       ('SIGHUP', lambda t: os.kill(t.pid, signal.SIGHUP))):
        top = Top(netns, 24, 80)
        top.fresh()
        kick(top)
        say(top.end() == 0, f'{text} ends it')
        top.close(text)

    top = Top(netns, 24, 80)
    top.fresh()
    top.output = b''
    os.kill(top.pid, signal.SIGTSTP)
    top.read(lambda: LEAVE in top.output)
    _, status = os.waitpid(top.pid, os.WUNTRACED)
    same = termios.tcgetattr(top.slave) == top.before
    say(same and os.WIFSTOPPED(status), 'stopped, it gives the terminal back')
    os.kill(top.pid, signal.SIGCONT)
    say(top.read(lambda: ENTER in top.output) and top.fresh(), 'it goes on')
    top.key(b'q')
    say(top.end() == 0, 'and ends')
    top.close('after a stop')


main(sys.argv[1])
