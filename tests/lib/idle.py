#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""TCP connections that carry nothing for longer than anybody waits.

Prints a line "pass TEXT" or "fail TEXT" for each result. The last connection
is clear: it shows that the router forgets.
"""

import argparse
import socket
import struct
import sys
import time

import hosts
from hosts import ADDRESS, FAMILY, outcome
from nets import report

# pylint: disable=wrong-import-position
from sst.packet import TCP  # noqa: E402

CLEAR, SEALED, CONTAINER, INSIDE = 699, 700, 800, 900


def connection(h, fam, sport, dport, server=None):
    """Both ends of a connection from A."""
    if server is None:
        listener = h.listener('B', fam, dport)
    else:
        h.enter('C')
        listener = socket.socket(FAMILY[fam], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('', server))
        listener.listen(1)
    client = h.bound('A', fam, TCP, sport)
    client.connect((ADDRESS['B', fam], dport))
    end = listener.accept()[0]
    listener.close()
    for sock in (client, end):
        sock.settimeout(20)
    return client, end


def says(src, dst, text):
    """True when it arrives."""
    src.sendall(text)
    return not outcome(lambda: dst.recv(100) == text or 1 / 0)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--seconds', type=int, required=True)
    args = parser.parse_args()
    h = hosts.Hosts(args.id)
    talks = []
    for fam in (4, 6):
        talks.append(('IPv%d: from socket to socket' % fam,
                      connection(h, fam, 300, SEALED)))
        talks.append(('IPv%d: to a container, no socket on its host' % fam,
                      connection(h, fam, 301, CONTAINER, INSIDE)))
    clear = connection(h, 4, 302, CLEAR)
    for _, (client, end) in talks + [('', clear)]:
        if not says(client, end, b'early') or not says(end, client, b'early'):
            raise OSError('no connection')
    opened = [h.watch('A', name) for name in ('tx_open', 'tx_init')]
    empty = h.watch('A', 'tx_empty')
    time.sleep(args.seconds)
    report(empty() >= 2 * len(talks), 'A kept them alive',
           '%d empty packets' % empty())
    for name, (client, end) in talks:
        # Who was asked speaks first: for the router that would be a new one.
        report(says(end, client, b'late') and says(client, end, b'later'),
               name + ': goes on after %d s' % args.seconds)
    anew = [count() for count in opened]
    report(not any(anew), 'no flow was opened anew', anew)
    clear[0].settimeout(5)
    report(not says(clear[1], clear[0], b'late'),
           'a clear one, which nobody kept alive, does not')
    # Nothing of it may be sent again and again in a namespace that is to end.
    for sock in clear:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack('ii', 1, 0))
        sock.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
