#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A scan that nmap does not know: packets with the mark of SST, without a key.

Sends to each port of a range on host B, over IPv4 and IPv6: SYNs, ACKs and
datagrams, empty and with so many bytes that a trailer might be in them, and with
the first byte of each kind of trailer all over.
"""
import os
import sys

import hosts

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402

SIZES = (0, 27, 28, 100, 300)
FORMS = (0x10, 0x11, 0x20, 0x21, 0x22, 0x30, 0x31, 0x40, 0x50)
# As the module is set when nobody changes it.
IPV6_MARK = 0xac


def payloads():
    """What may look like a trailer."""
    for size in SIZES:
        yield os.urandom(size)
    for form in FORMS:
        yield bytes((form,)) * 200


def main():
    """Without waiting for anything."""
    h = hosts.Hosts(sys.argv[1])
    first, last = map(int, sys.argv[2].split('-'))
    sent = 0
    for fam in (4, 6):
        for port in range(first, last + 1):
            for data in payloads():
                for proto, flags in ((TCP, hosts.SYN), (TCP, hosts.ACK),
                                     (UDP, None)):
                    more = {'payload': data}
                    if flags:
                        more['flags'] = flags
                    h.inject('B', marked(h, fam, proto, port, more))
                    sent += 1
    print(sent)


def marked(h, fam, proto, port, more):
    """One packet."""
    src, dst = (packet.addr(hosts.ADDRESS[x, fam]) for x in 'AB')
    make = packet.tcp if proto == TCP else packet.udp
    segment = make(src, dst, 31000, port, **more)
    if fam == 4:
        return packet.ip(src, dst, proto, segment, frag=packet.MARK4 | packet.DF4)
    return packet.ip(src, dst, proto, segment, tos=IPV6_MARK)


main()
