#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Add rules one by one, each by a request of its own.

  rule-adds.py ID N     N rules on host A
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../tools'))
import nlraw  # noqa: E402

NLM_F_REQUEST = 1


def main():
    """The command line."""
    netns.enter(sys.argv[1] + '-A')
    netlink = nlraw.Socket()
    numbers = nlraw.SETS['POLICY_']
    for n in range(int(sys.argv[2])):
        values = {'direction': b'\x01', 'verdict': b'\x03',
                  'ipv4': socket.inet_aton('10.%d.%d.0' % (n // 250, n % 250)),
                  'prefix-len': b'\x18', 'port': struct.pack('!H', 80)}
        body = b''.join(nlraw.pad(struct.pack(
            '=HH', 4 + len(value), numbers[name]) + value)
            for name, value in values.items())
        netlink.sock.send(struct.pack(
            '=IHHII', 20 + len(body), netlink.family,
            NLM_F_REQUEST | nlraw.NLM_F_ACK, 1, 0) + struct.pack(
                '=BBH', nlraw.COMMANDS['policy-add'], 1, 0) + body)
        while True:
            data = netlink.sock.recv(1 << 16)
            if struct.unpack_from('=H', data, 4)[0] == nlraw.NLMSG_ERROR:
                break
        code = struct.unpack_from('=i', data, 16)[0]
        if code:
            sys.exit('rule %d: %s' % (n, os.strerror(-code)))


if __name__ == '__main__':
    main()
