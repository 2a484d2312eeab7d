#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A fixed set of packets, sent as raw frames, that are no packets of a flow.

  corpus.py send DEVICE [clear]   from A towards B, by the router's MAC address;
                              clear: without what is marked and for B
  corpus.py count WHAT        how many of them are: all, marked, fragments,
                              completing
  corpus.py receive SECONDS STOP  UDP sockets on B: prints what they got,
                              sorted, at the latest when the file STOP exists
  corpus.py show FILE         the IP packets of a capture, one a line

marked: whole unicast TCP and UDP packets to B that carry the mark, and reach
its input. fragments: marked fragments to B that wait for others there.
completing: those that make a datagram whole, which is then marked.
"""

import hashlib
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                os.pardir, 'pysst'))
from sst import packet as p, pcap  # noqa: E402

A4, B4, A6, B6 = (p.addr(os.environ[name]) for name in ('A4', 'B4', 'A6', 'B6'))
ROUTER = bytes.fromhex('0200000001fe')
SENDER = bytes.fromhex('020000000101')
MARK4, DF4, MF4 = p.MARK4, p.DF4, p.MF4
MARK6 = 0xac
SCTP_INIT = bytes.fromhex('0fa00050000000001d2f5a0b01000014'
                          '0000000100010000000a000affffffff')
PAYLOAD = bytes(range(256))
PORTS = 9, 53, 443


def icmp(body):
    """With its checksum."""
    out = bytearray(body)
    struct.pack_into('>H', out, 2, p.checksum(bytes(out)))
    return bytes(out)


def icmp6(src, dst, body):
    """With its checksum."""
    out = bytearray(body)
    head = p.pseudo_header(src, dst, p.ICMPV6, len(out))
    struct.pack_into('>H', out, 2, p.checksum(head + bytes(out)))
    return bytes(out)


def segments(src, dst):
    """(protocol, segment): well-formed and odd ones."""
    whole = [
        (p.TCP, p.tcp(src, dst, 4000, 80, 1, 0, 0x02,
                      options=b'\x02\x04\x05\xb4\x01\x03\x03\x07')),
        (p.TCP, p.tcp(src, dst, 4000, 80, 2, 9, 0x18, payload=PAYLOAD)),
        (p.TCP, p.tcp(src, dst, 4001, 443, 2, 9, 0x00, payload=b'null')),
        (p.TCP, p.tcp(src, dst, 4002, 443, 2, 9, 0xff, payload=b'all')),
        (p.TCP, p.tcp(src, dst, 4003, 22, 2, 9, 0x04)),
    ]
    for port in PORTS:
        for size in (0, 1, 28, 36, 100, 1400):
            whole.append((p.UDP, p.udp(src, dst, 4004, port,
                                       (PAYLOAD * 6)[:size])))
    whole += [
        (p.UDP, p.udp(src, dst, 4005, 9, b'no checksum', True)),
        # The wrong checksum, the wrong lengths.
        (p.UDP, p.udp(src, dst, 4006, 9, b'wrong')[:-1] + b'G'),
        (p.UDP, struct.pack('>HHHH', 4007, 9, 8, 0) + b'longer'),
        (p.UDP, struct.pack('>HHHH', 4008, 9, 80, 0) + b'shorter'),
        (p.UDP, struct.pack('>HHHH', 4009, 9, 0, 0) + b'zero'),
        (p.TCP, p.tcp(src, dst, 4010, 80)[:12] + b'\x10'
         + p.tcp(src, dst, 4010, 80)[13:]),
        (p.TCP, p.tcp(src, dst, 4011, 80)[:12] + b'\xf0'
         + p.tcp(src, dst, 4011, 80)[13:]),
        (p.TCP, p.tcp(src, dst, 4012, 80)[:13]),
        (p.UDP, b'\x0f\xa0\x00'),
        # What looks most like SST and is not: trailer-like bytes at the end.
        (p.UDP, p.udp(src, dst, 20001, 20002, PAYLOAD[:8] + b'\x11\x22\x33\x44'
                      + b'\x40' + bytes(7) + PAYLOAD[:16])),
        (p.TCP, p.tcp(src, dst, 20001, 20002, 7, 8, 0x10, payload=b'\1\2\3\4'
                      + b'\x40' + bytes(7) + PAYLOAD[:16])),
    ]
    return whole


OTHERS = [(132, SCTP_INIT), (253, b'an experiment'), (47, b'\0\0\x08\0' + b'g'),
          (50, bytes(range(40))), (136, b'\x0f\xa0\x00\x09\0\x08\0\0')]


def packets4():
    """IPv4: (kind, packet)."""
    many = segments(A4, B4)
    for number, (proto, segment) in enumerate(many):
        for frag in 0, DF4, MARK4, MARK4 | DF4:
            yield ('marked' if frag & MARK4 else 'clear',
                   p.ipv4(A4, B4, proto, segment, ident=number, frag=frag,
                          tos=(number * 4 + 1) & 0xff))
    for proto, segment in OTHERS + [
            (p.ICMP, icmp(b'\x08\0\0\0\0\1\0\1' + PAYLOAD))]:
        for frag in 0, MARK4:
            yield 'clear', p.ipv4(A4, B4, proto, segment, frag=frag)
    options = b'\x01\x01\x01\0', b'\x94\x04\0\0', bytes((1,)) * 39 + b'\0'
    for option in options:
        for frag, kind in (0, 'clear'), (MARK4, 'marked'):
            yield kind, p.ipv4(A4, B4, p.UDP, many[8][1], frag=frag,
                               options=option)
    # Fragments: in order, in reverse, alone; with and without the mark.
    whole = p.udp(A4, B4, 4020, 9, PAYLOAD * 4)
    for mark, kind in (0, 'clear'), (MARK4, 'fragments'):
        parts = [(0, whole[:512], MF4), (64, whole[512:800], MF4),
                 (100, whole[800:], 0)]
        for ident, order in (77, parts), (78, parts[::-1]), (79, parts[1:]):
            for offset, data, more in order:
                last = mark and ident != 79 and offset == order[-1][0]
                yield 'completing' if last else kind, p.ipv4(
                    A4, B4, p.UDP, data, frag=offset | more | mark,
                    ident=ident + mark // 256)
        # Too short to have ports.
        yield kind, p.ipv4(A4, B4, p.UDP, whole[:8], frag=MF4 | mark,
                           ident=80 + mark // 256)
    # Bytes behind the IP length, a wrong header checksum, an expiring one.
    yield 'clear', p.ipv4(A4, B4, p.UDP, many[8][1]) + b'padding'
    yield 'bad', p.ipv4(A4, B4, p.UDP, many[8][1])[:10] + b'\0\0' \
        + p.ipv4(A4, B4, p.UDP, many[8][1])[12:]


def packets6():
    """IPv6: (kind, packet)."""
    many = segments(A6, B6)
    body = p.options_header(b'')
    chains = [(p.HOPOPTS, body)], [(p.DSTOPTS, body)], \
        [(p.ROUTING, p.routing_header(0, 2))], \
        [(p.HOPOPTS, body), (p.DSTOPTS, body)], \
        [(p.FRAGMENT, p.fragment_header(0, False, 5))]
    for number, (proto, segment) in enumerate(many):
        for tclass in 0, 0x20, 0xb8, MARK6, MARK6 | 2:
            yield ('marked' if tclass & 0xfc == MARK6 else 'clear',
                   p.ipv6(A6, B6, proto, segment, tclass=tclass,
                          label=number * 1111))
    for chain in chains:
        for tclass in 0, MARK6:
            yield ('marked' if tclass else 'clear',
                   p.ipv6(A6, B6, p.UDP, many[8][1], tclass=tclass, ext=chain))
    yield 'clear', p.ipv6(A6, B6, p.UDP, many[8][1], ext=[
        (p.ROUTING, p.routing_header(1, 253))])
    for proto, segment in OTHERS + [(p.NONE, b''), (p.NONE, b'rest'), (
            p.ICMPV6, icmp6(A6, B6, b'\x80\0\0\0\0\1\0\1' + PAYLOAD))]:
        for tclass in 0, MARK6:
            yield 'clear', p.ipv6(A6, B6, proto, segment, tclass=tclass)
    whole = p.udp(A6, B6, 4020, 9, PAYLOAD * 4)
    for tclass, kind in (0, 'clear'), (MARK6, 'fragments'):
        for ident, order in (77, (0, 1)), (78, (1, 0)), (79, (1,)):
            for part in order:
                data = whole[512:] if part else whole[:512]
                last = tclass and ident != 79 and part == order[-1]
                yield 'completing' if last else kind, p.ipv6(
                    A6, B6, p.UDP, data, tclass=tclass, ext=[
                        (p.FRAGMENT, p.fragment_header(512 * part, not part,
                                                       ident + tclass))])


def broadcasts():
    """To everybody on the link: (MAC, packet)."""
    for frag in 0, MARK4:
        for text, mac in (('255.255.255.255', 'ffffffffffff'),
                          ('10.0.1.255', 'ffffffffffff'),
                          ('224.0.0.1', '01005e000001'),
                          ('224.0.0.251', '01005e0000fb')):
            dst = p.addr(text)
            yield bytes.fromhex(mac), p.ipv4(
                A4, dst, p.UDP, p.udp(A4, dst, 68, 67, b'anybody?'),
                frag=frag, ttl=1)
    for tclass in 0, MARK6:
        for text in 'ff02::1', 'ff02::fb':
            dst = p.addr(text)
            yield b'\x33\x33' + dst[12:], p.ipv6(
                A6, dst, p.UDP, p.udp(A6, dst, 546, 547, b'anybody?'),
                tclass=tclass, hops=1)


def frames():
    """(kind, frame)."""
    for kind, data in list(packets4()) + list(packets6()):
        ether = b'\x08\x00' if data[0] >> 4 == 4 else b'\x86\xdd'
        yield kind, ROUTER + SENDER + ether + data
    for mac, data in broadcasts():
        ether = b'\x08\x00' if data[0] >> 4 == 4 else b'\x86\xdd'
        yield 'broadcast', mac + SENDER + ether + data


def receive(limit):
    """What UDP sockets on the corpus' ports get."""
    socks = []
    for port in PORTS:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind(('::', port))
        socks.append(sock)
    print('ready', file=sys.stderr, flush=True)
    end = time.monotonic() + limit
    got = []
    while time.monotonic() < end:
        for sock in select.select(socks, [], [], 0.2)[0]:
            data, peer = sock.recvfrom(65536)
            got.append('%s %d %d %d %s' % (
                peer[0], peer[1], sock.getsockname()[1], len(data),
                hashlib.sha256(data).hexdigest()[:16]))
        if os.path.exists(sys.argv[3]):
            break
    print('\n'.join(sorted(got)))


def main():
    """The command line."""
    command = sys.argv[1]
    if command == 'send':
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sock.bind((sys.argv[2], 0))
        for kind, frame in frames():
            if kind in ('marked', 'fragments', 'completing') \
                    and 'clear' in sys.argv:
                continue
            sock.send(frame)
            time.sleep(0.001)
    elif command == 'count':
        kinds = [kind for kind, _ in frames()]
        print(len(kinds) if sys.argv[2] == 'all' else kinds.count(sys.argv[2]))
    elif command == 'show':
        for _, data, _ in pcap.Reader(sys.argv[2]).packets():
            print(data.hex())
    else:
        receive(float(sys.argv[2]))
    return 0


if __name__ == '__main__':
    sys.exit(main())
