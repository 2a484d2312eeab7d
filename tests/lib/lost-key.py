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


def wait(there):
    """Until the module is there, or is not."""
    while os.path.exists('/sys/module/sst') != there:
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
