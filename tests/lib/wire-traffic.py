#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Every kind of packet that the stacks of two hosts send for a flow.

  wire-traffic.py flows PHASE             flows: protocol family A-port B-port
  wire-traffic.py run PHASE NS-A NS-B NS-R

Phases: cases (one by one, on a path without loss), lossy (bulk data), gso
(large packets). Addresses come from A4, A6, B4 and B6. In namespace R a table
"inet path" with an empty chain "forward" is needed: packets from A are stopped
there for a while.
"""

import errno
import os
import signal
import socket
import struct
import sys
import time

import netns

# Linux's numbers, where Python has no name for them.
SO_NO_CHECK = 11
IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_DSTOPTS = 54, 55, 59
UDP_SEGMENT, UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX = 103, 101, 102
FIN_WAIT1, FIN_WAIT2 = 4, 5

ns_a = ns_b = ns_r = ''


def block():
    """Nothing from A comes through any more."""
    netns.run(ns_r, 'nft', 'add', 'rule', 'inet', 'path', 'forward',
              'iifname', 'ra', 'drop')


def unblock():
    """The reverse."""
    netns.run(ns_r, 'nft', 'flush', 'chain', 'inet', 'path', 'forward')


def in_state(name, state, port):
    """Is there a connection from this local port in this state?"""
    return bool(netns.run(name, 'ss', '-Htan', 'state', state,
                          'sport = :%d' % port).strip())


def tcp_state(sock):
    """State of a TCP socket."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def connect(a, aport, b, bport, prepare=None):
    """A connection from A to B: (A's socket, B's socket)."""
    server = netns.listener(ns_b, b, bport)
    client = netns.make(ns_a, a, aport)
    if prepare:
        prepare(client)
    client.connect((b, bport))
    peer, _ = server.accept()
    server.close()
    peer.settimeout(30)
    return client, peer


def finish(one, two):
    """Close in order; `one` sends the first FIN."""
    one.shutdown(socket.SHUT_WR)
    assert two.recv(1) == b''
    two.close()
    assert one.recv(1) == b''
    one.close()


def case_bulk(a, aport, b, bport):
    """Handshake, data both ways, FIN."""
    one, two = connect(a, aport, b, bport)
    netns.exchange(one, two, 60000)
    finish(one, two)


def case_passive(a, aport, b, bport):
    """The accepting side sends the first FIN."""
    one, two = connect(a, aport, b, bport)
    netns.exchange(one, two, 1000)
    finish(two, one)


def case_cookie(a, aport, b, bport):
    """A connection accepted by SYN cookie."""
    netns.run(ns_b, 'sysctl', '-qw', 'net.ipv4.tcp_syncookies=2')
    one, two = connect(a, aport, b, bport)
    netns.run(ns_b, 'sysctl', '-qw', 'net.ipv4.tcp_syncookies=1')
    netns.exchange(one, two, 5000)
    finish(one, two)


def case_abort(a, aport, b, bport):
    """A reset by the socket."""
    one, two = connect(a, aport, b, bport)
    netns.exchange(one, two, 1000)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                   struct.pack('ii', 1, 0))
    one.close()
    try:
        two.recv(1)
    except ConnectionResetError:
        two.close()
        return
    raise AssertionError('no reset')


def case_refused(a, aport, b, bport):
    """A reset without a socket: nobody listens."""
    client = netns.make(ns_a, a, aport)
    try:
        client.connect((b, bport))
    except ConnectionRefusedError:
        client.close()
        return
    raise AssertionError('not refused')


def case_late(a, aport, b, bport):
    """Data for a connection that its process has closed: a reset."""
    one, two = connect(a, aport, b, bport)
    two.close()
    assert one.recv(1) == b''
    one.send(b'too late')
    try:
        netns.until(lambda: one.send(b'x') == 0, 'reset', 5)
    except (ConnectionResetError, BrokenPipeError):
        one.close()
        return
    raise AssertionError('no reset')


def case_timewait(a, aport, b, bport):
    """A's last ACK is lost; its TIME_WAIT answers B's repeated FIN."""
    one, two = connect(a, aport, b, bport)
    one.shutdown(socket.SHUT_WR)
    assert two.recv(1) == b''
    netns.until(lambda: tcp_state(one) == FIN_WAIT2, 'FIN-WAIT-2')
    block()
    two.close()
    assert one.recv(1) == b''
    one.close()
    netns.until(lambda: in_state(ns_a, 'time-wait', aport), 'TIME-WAIT')
    assert in_state(ns_b, 'last-ack', bport)
    unblock()
    netns.until(lambda: not in_state(ns_b, 'last-ack', bport), 'end of B')
    assert in_state(ns_a, 'time-wait', aport)


def case_orphan(a, aport, b, bport):
    """A process dies with data not yet sent: its orphan sends it, and FIN."""
    server = netns.listener(ns_b, b, bport)
    ready, child_ready = socket.socketpair()
    ready.settimeout(30)
    pid = os.fork()
    if not pid:
        server.close()
        ready.close()
        client = netns.make(ns_a, a, aport)
        client.connect((b, bport))
        child_ready.send(b'1')
        child_ready.recv(1)
        client.send(b'x' * 3000)
        child_ready.send(b'2')
        time.sleep(60)
        os._exit(1)
    assert ready.recv(1) == b'1'
    two, _ = server.accept()
    server.close()
    two.settimeout(30)
    block()
    ready.send(b'1')
    assert ready.recv(1) == b'2'
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    netns.until(lambda: in_state(ns_a, 'fin-wait-1', aport), 'orphan')
    unblock()
    got = b''
    while True:
        more = two.recv(65536)
        if not more:
            break
        got += more
    assert got == b'x' * 3000
    two.close()


def header_options(sock):
    """Options between the IP header and the transport header."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS,
                        b'\x01\x01\x01\x01\x01\x01\x01\0')
        return
    for kind in IPV6_HOPOPTS, IPV6_DSTOPTS:
        sock.setsockopt(socket.IPPROTO_IPV6, kind,
                        b'\0\0\x01\x04\0\0\0\0')


def case_options(a, aport, b, bport):
    """TCP behind IP options or extension headers."""
    one, two = connect(a, aport, b, bport, header_options)
    netns.exchange(one, two, 10000)
    finish(one, two)


SIZES = 0, 1, 2, 3, 100, 999, 1400


def echo(one, two, one_to, two_to, sizes=SIZES):
    """Datagrams of several sizes, each answered."""
    for size in sizes:
        data = os.urandom(size)
        one.sendto(data, one_to)
        assert two.recv(65536) == data
        two.sendto(data, two_to)
        assert one.recv(65536) == data
    one.close()
    two.close()


def udp_pair(a, aport, b, bport):
    """A's and B's UDP socket."""
    return (netns.make(ns_a, a, aport, socket.SOCK_DGRAM),
            netns.make(ns_b, b, bport, socket.SOCK_DGRAM))


def case_udp(a, aport, b, bport):
    """Datagrams."""
    echo(*udp_pair(a, aport, b, bport), (b, bport), (a, aport))


def case_udp_connected(a, aport, b, bport):
    """The same from connected sockets: another path through the stack."""
    one, two = udp_pair(a, aport, b, bport)
    one.connect((b, bport))
    two.connect((a, aport))
    for size in SIZES:
        data = os.urandom(size)
        one.send(data)
        assert two.recv(65536) == data
        two.send(data)
        assert one.recv(65536) == data


def case_udp_nocheck(a, aport, b, bport):
    """Without checksum."""
    one, two = udp_pair(a, aport, b, bport)
    for sock in one, two:
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        else:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_TX, 1)
            sock.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
    echo(one, two, (b, bport), (a, aport))


def case_udp_options(a, aport, b, bport):
    """Behind IP options or extension headers."""
    one, two = udp_pair(a, aport, b, bport)
    header_options(one)
    header_options(two)
    sizes = [size for size in SIZES if size < 1400] + [1350]
    echo(one, two, (b, bport), (a, aport), sizes)


def case_lossy(a, aport, b, bport):
    """Enough data that some of it is lost and sent again."""
    one, two = connect(a, aport, b, bport)
    netns.exchange(one, two, 200000)
    finish(one, two)


def case_udp_segment(a, aport, b, bport):
    """A train of datagrams that the stack cuts as late as it can."""
    one, two = udp_pair(a, aport, b, bport)
    one.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
    data = os.urandom(5500)
    try:
        one.sendto(data, (b, bport))
    except OSError as error:
        # 6.1 itself refuses that on a device that leaves checksums to it, and
        # the captures want such devices: each datagram by itself there.
        if error.errno != errno.EIO or not os.uname().release.startswith('6.1.'):
            raise
        one.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
        for start in range(0, len(data), 1000):
            one.sendto(data[start:start + 1000], (b, bport))
    got = [two.recv(65536) for _ in range(6)]
    assert b''.join(got) == data and len(got[0]) == 1000
    two.sendto(b'thanks', (a, aport))
    assert one.recv(100) == b'thanks'


PHASES = {
    'cases': [case_bulk, case_passive, case_cookie, case_abort, case_refused,
              case_late, case_timewait, case_orphan, case_options, case_udp,
              case_udp_connected, case_udp_nocheck, case_udp_options],
    'lossy': [case_lossy],
    'gso': [case_lossy, case_udp_segment],
}
FIRST_PORT = {'cases': 40, 'lossy': 60, 'gso': 70}


def plan(phase):
    """(case, protocol, family, A's port, B's port) for each flow."""
    for version in '4', '6':
        for index, case in enumerate(PHASES[phase]):
            port = FIRST_PORT[phase] + index
            yield (case, 'udp' if 'udp' in case.__name__ else 'tcp', version,
                   6000 + port, 300 + port)


def main():
    """The command line."""
    global ns_a, ns_b, ns_r
    command, phase = sys.argv[1:3]
    if command == 'flows':
        for _, proto, version, aport, bport in plan(phase):
            print(proto, version, aport, bport)
        return 0
    ns_a, ns_b, ns_r = sys.argv[3:6]
    bad = 0
    for case, _, version, aport, bport in plan(phase):
        a, b = os.environ['A' + version], os.environ['B' + version]
        begin = time.monotonic()
        try:
            case(a, aport, b, bport)
            verdict = 'ok'
        except Exception as error:
            verdict = 'failed: %r' % (error,)
            bad += 1
        print('%s IPv%s: %s, %.1f s' % (
            case.__name__, version, verdict, time.monotonic() - begin),
            flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
