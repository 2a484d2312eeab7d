# SPDX-License-Identifier: GPL-2.0
"""What several tests share."""

from sst import codec, packet
from sst.flow import Flow

ADDR4 = ('192.0.2.1', '192.0.2.2')
ADDR6 = ('2001:db8::1', '2001:db8::2')
KEY = bytes(range(0x40, 0x60))
PORTS = (40000, 53)
WIRES = (50001, 20002)


class Clock:
    """A clock that tests move by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def make_flow(proto=packet.UDP, version=4, side=1, key=KEY, **kwargs):
    """One end of the flow that most tests use."""
    one, two = ADDR4 if version == 4 else ADDR6
    return Flow(proto, one, PORTS[0], two, PORTS[1], *WIRES, key, side=side,
                **kwargs)


def make_pair(proto=packet.UDP, version=4, **kwargs):
    """Codecs of both ends: (side 1, side 2)."""
    return tuple(codec.Codec([make_flow(proto, version, side, **kwargs)])
                 for side in (1, 2))


def original(flow, side, payload=b'payload', tcp_options=b'', tcp_flags=0x18,
             zero_checksum=False, **kwargs):
    """A clear packet of a flow as `side` sends it."""
    proto, src, sport, dst, dport = flow.real_tuple(side)
    if proto == packet.UDP:
        segment = packet.udp(src, dst, sport, dport, payload, zero_checksum)
    else:
        segment = packet.tcp(src, dst, sport, dport, 0x1000, 0x2000,
                             tcp_flags, options=tcp_options, payload=payload)
    return packet.ip(src, dst, proto, segment, **kwargs)
