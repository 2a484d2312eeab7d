#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Open one TCP connection and print after how many milliseconds it was made.

connect-ms.py ADDRESS PORT
"""

import socket
import sys
import time


def main():
    """The command line."""
    began = time.monotonic()
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 60):
        print(int((time.monotonic() - began) * 1000))


if __name__ == '__main__':
    main()
