#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A socket expects a key, and the module is loaded anew: may a user who has no
privilege take the expectation away?  Says "ready", then the answer."""

import errno
import os
import socket
import sys
import time

import sosst


def live():
    """Whether the module is loaded and its init function is done: its directory
    is there before the options of sockets are."""
    try:
        with open('/sys/module/sst/initstate', encoding='ascii') as file:
            return file.read().strip() == 'live'
    except OSError:
        return False


def wait(there):
    """Until the module is live, or is not."""
    while live() != there:
        time.sleep(0.02)


def main():
    """The command line has no arguments."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sosst.asks(sock, sosst.REQUIRE, flags=sosst.PEER_KEY,
                   key=os.urandom(32))
        print('ready', flush=True)
        wait(False)
        wait(True)
        os.setuid(65534)
        try:
            sosst.asks(sock, sosst.REQUIRE)
        except OSError as error:
            print(errno.errorcode[error.errno])
        else:
            print('taken away')
    return 0


if __name__ == '__main__':
    sys.exit(main())
