#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace and peer.py in another, over one link.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
import peer  # noqa: E402
from sst import codec, link, packet, trailer  # noqa: E402
from sst.keys import KeysFile  # noqa: E402

# The peer's addresses belong to no interface: it answers for them itself.
ADDRESS = {4: ('10.0.3.77', '10.0.3.1'), 6: ('fd00:3::77', 'fd00:3::1')}
NUMBER = {packet.TCP: 'tcp', packet.UDP: 'udp'}
LIMIT = 30


class Lab:
    """The two namespaces and what is in them."""

    def __init__(self, args):
        self.args = args
        self.ports = itertools.count(5000)
        self.module = args.id + '-M'
        self.peer = args.id + '-P'
        self.control = nets.Control(self.module)
        self.tap = nets.Tap(self.peer, 'eth0', args.mac)

    def sstctl(self, *words, text=''):
        """The command line tool in the module's namespace."""
        return subprocess.run(('sstctl', '-n', self.module) + words,
                              check=True, input=text.encode(),
                              stdout=subprocess.PIPE).stdout.decode()

    def flow(self, proto, family, peer_side, mark=None):
        """Install a flow; returns its Case."""
        return Case(self, proto, family, peer_side, mark)


class Case:
    """One flow and the peer at its end."""

    def __init__(self, lab, proto, family, peer_side, mark):
        self.lab = lab
        self.proto = proto
        self.family = family
        port = next(lab.ports)
        there, module = ADDRESS[family]
        key = os.urandom(32).hex()
        self.here = module, port
        self.there = there, port + 10000
        wires = port + 20000, port + 30000
        self.name = '%s over IPv%d, module on side %d' % (
            NUMBER[proto].upper(), family, 3 - peer_side)
        quoted = ['%s:%d' % ('[%s]' % a if ':' in a else a, p)
                  for a, p in (self.here, self.there)]
        out = json.loads(lab.sstctl(
            '-j', 'flow', 'add', 'proto', NUMBER[proto], 'local', quoted[0],
            'remote', quoted[1], 'wire', '%d:%d' % wires, 'side',
            str(3 - peer_side), 'key', '-', text=key + '\n'))
        self.ident = out['id']
        content = {'flows': [{
            'proto': NUMBER[proto], 'a_addr': there, 'a_port': self.there[1],
            'b_addr': module, 'b_port': port, 'a_wire': wires[1],
            'b_wire': wires[0], 'key': key, 'a_side': peer_side}]}
        if mark:
            content['mark6'] = mark
        self.keys = os.path.join(lab.args.tmp, 'peer-%d.json' % port)
        with open(self.keys, 'w', encoding='ascii') as sink:
            json.dump(content, sink)
        self.flow = KeysFile.load(self.keys).flow(0, 'a')
        self.before = lab.control.stats()
        self.process = None

    def start(self, command, *words):
        """Run the peer."""
        base = os.path.join(self.lab.args.tmp, 'peer')
        for ending in ('.ready', '.out'):
            if os.path.exists(base + ending):
                os.unlink(base + ending)
        # A new interpreter would take longer than the test.
        self.process = os.fork()
        if not self.process:
            try:
                os._exit(peer.main([
                    command, '--keys', self.keys, '--me', 'a', '--ifname',
                    'eth0', '--netns', self.lab.peer, '--json',
                    base + '.out', '--ready-file', base + '.ready',
                    '--duration', str(LIMIT)] + list(words)))
            finally:
                os._exit(3)
        end = time.monotonic() + LIMIT
        while not os.path.exists(base + '.ready') \
                and time.monotonic() < end:
            time.sleep(0.02)

    def finish(self):
        """The peer's summary once it has ended by itself."""
        os.waitpid(self.process, 0)
        with open(os.path.join(self.lab.args.tmp, 'peer.out'),
                  encoding='utf-8') as source:
            return json.load(source)

    def socket(self, kind):
        """A socket of the module's host at the flow's real port."""
        link.enter_netns(self.lab.module)
        sock = socket.socket(socket.AF_INET6 if self.family == 6
                             else socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(self.here)
        sock.settimeout(LIMIT)
        return sock

    def delete(self):
        """End the flow."""
        self.lab.sstctl('flow', 'del', str(self.ident))

    def judge(self, text, good, summary, rotated=True):
        """Both ends agree and nothing was dropped."""
        send = summary['flows'][0]['send'][0]
        receive = summary['flows'][0]['receive_kri']
        tx_kri, _, rx_kri = self.lab.control.flow(self.ident)
        change = difference(self.before, self.lab.control.stats())
        drops = {k: v for k, v in change.items()
                 if k not in ('tx_sealed', 'rx_opened', 'rx_empty')}
        drops.update((k, v) for k, v in summary['counts'].items()
                     if k not in ('tx', 'rx', 'rx_empty', 'not_ours'))
        detail = '%s\n%s\nkri %d %d, module %d %d' % (
            summary, change, send, receive, rx_kri, tx_kri)
        report(good and summary['ok'], '%s, %s' % (self.name, text), detail)
        report(not drops and send == rx_kri and receive == tx_kri
               and (not rotated or min(send, receive) > 1),
               '%s, %s: keys rotated on both sides, nothing dropped' % (
                   self.name, text), detail)


def udp_to_peer(case):
    """The module's host asks, the peer answers."""
    case.start('udp-echo', '--count', '40', '--rotate', '12')
    sock = case.socket(socket.SOCK_DGRAM)
    sock.connect(case.there)
    good = True
    for i in range(40):
        data = os.urandom(i * 97 % 1400)
        sock.send(data)
        good = sock.recv(65536) == data and good
    case.judge('the peer echoes', good, case.finish())
    sock.close()


def udp_from_peer(case):
    """The other way round."""
    sock = case.socket(socket.SOCK_DGRAM)
    sock.settimeout(0.5)
    stop = threading.Event()

    def echo():
        while not stop.is_set():
            try:
                data, where = sock.recvfrom(65536)
                sock.sendto(data, where)
            except socket.timeout:
                pass

    server = threading.Thread(target=echo)
    server.start()
    case.start('udp-client', '--count', '40', '--size', '8-1400',
               '--interval', '0.005', '--rotate', '12')
    summary = case.finish()
    stop.set()
    server.join()
    case.judge('the peer asks', summary.get('echoed') == 40, summary)
    sock.close()


def tcp_to_peer(case):
    """A connection to the peer's TCP."""
    case.start('tcp-server', '--rotate', '12')
    sock = case.socket(socket.SOCK_STREAM)
    sock.connect(case.there)
    data = os.urandom(30000)

    def send():
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    got = b''
    while True:
        part = sock.recv(65536)
        if not part:
            break
        got += part
    sender.join()
    case.judge('to the peer', got == data, case.finish())
    sock.close()


def tcp_from_peer(case):
    """A connection from the peer's TCP."""
    server = case.socket(socket.SOCK_STREAM)
    server.listen(1)
    case.start('tcp-client', '--bytes', '30000', '--rotate', '12')
    sock = server.accept()[0]
    sock.settimeout(LIMIT)
    got = 0
    while True:
        part = sock.recv(65536)
        if not part:
            break
        got += len(part)
        sock.sendall(part)
    sock.close()
    server.close()
    case.judge('from the peer', got == 30000, case.finish())


def empty(lab, proto, family):
    """Packets with flag E are consumed in silence."""
    case = lab.flow(proto, family, 1)
    sock = case.socket(socket.SOCK_DGRAM if proto == packet.UDP
                       else socket.SOCK_STREAM)
    if proto == packet.TCP:
        sock.listen(1)
    lab.tap.passed(False)
    case.start('empty', '--count', '5')
    summary = case.finish()
    change = difference(case.before, lab.control.stats())
    sock.settimeout(0)
    try:
        got = sock.recv(1000) if proto == packet.UDP else sock.accept()
    except BlockingIOError:
        got = None
    heard = [data for data in lab.tap.passed(False, 0.2)
             if data[6 if family == 6 else 9] in (
                 packet.TCP, packet.UDP, packet.ICMP)
             or family == 6 and data[6] == packet.ICMPV6 and data[40] < 130]
    report(change == {'rx_empty': 5} and got is None and not heard,
           '%s: empty packets are consumed' % case.name,
           '%s %s %s %s' % (change, got, heard, summary['counts']))
    sock.close()
    case.delete()


def wire_from_module(lab, case):
    """The last packet of the flow that the module put on the wire."""
    out = None
    for data in lab.tap.passed(False, 0.2):
        parsed = packet.Packet(data)
        if parsed.is_transport and parsed.tuple() == \
                case.flow.wire_tuple(3 - case.flow.side):
            out = data
    return out


def classes(lab, family, keep):
    """DSCP in both directions: (sent by module, wire, tc, restored)."""
    lab.sstctl('set', 'dscp', 'keep' if keep else 'clear')
    what = 'IPv%d, dscp %s' % (family, 'keep' if keep else 'clear')
    words = ['--dscp-keep'] if keep else []
    case = lab.flow(packet.UDP, family, 2)
    sock = case.socket(socket.SOCK_DGRAM)
    level, ask, option = \
        (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS) \
        if family == 6 else (socket.IPPROTO_IP, 13, socket.IP_TOS)
    sock.setsockopt(level, ask, 1)
    case.start('udp-client', '--count', '1', '--tos', '0xb9', '--no-echo',
               '--wait', '0', *words)
    _, extra, _, where = sock.recvmsg(1000, 100)
    got = [int.from_bytes(body[:1], 'little') for _, _, body in extra]
    case.finish()
    want = 0xb9 if keep else 0x01
    report(got == [want], what + ': the class arrives as it should',
           '%s, want %#x' % (got, want))
    rows = []
    opener = codec.Codec([case.flow])
    for tos in (0x8a, 0xae, 0x01, 0x00):
        sock.setsockopt(level, option, tos)
        lab.tap.passed(False)
        sock.sendto(b'class', where)
        data = wire_from_module(lab, case)
        tc = trailer.Meta.unpack(packet.Packet(data).data[-24:-16])[2]
        restored = packet.Packet(opener.open(data).packet).tos
        rows.append((tos, packet.Packet(data).tos, tc, restored))
    if family == 6:
        # One that is the mark itself is not carried.
        tcs = [0x88, 0, 0, 0] if keep else [0] * 4
        expected = [(tos, 0xac | tos & 3, tc, tc | tos & 3)
                    for tos, tc in zip((0x8a, 0xae, 1, 0), tcs)]
    else:
        expected = [(tos, seen, 0, seen) for tos, seen in zip(
            (0x8a, 0xae, 1, 0),
            (0x8a, 0xae, 1, 0) if keep else (2, 2, 1, 0))]
    report(rows == expected, what + ': the class leaves as it should',
           'got  %s\nwant %s' % (rows, expected))
    sock.close()
    case.delete()


def other_mark(lab):
    """Another mark on both ends."""
    lab.sstctl('set', 'dscp', 'clear', 'mark-mask', '0xf0', 'mark-value',
               '0x50')
    mark = {'mask': 0xf0, 'value': 0x50}
    for run, proto in ((udp_to_peer, packet.UDP), (tcp_from_peer,
                                                   packet.TCP)):
        case = lab.flow(proto, 6, 1, mark)
        case.name += ', another mark'
        lab.tap.passed(False)
        run(case)
        seen = {packet.Packet(data).tos for data in lab.tap.passed(False)
                if data[0] >> 4 == 6 and data[6] == proto}
        report(seen == {0x50}, case.name + ': it is on every packet',
               [hex(x) for x in seen])
        case.delete()
    wrong = []
    there, here = (packet.addr(a) for a in ADDRESS[6])
    case = lab.flow(packet.UDP, 6, 1, mark)
    for tos, want in ((0x50, {'rx_unopened': 1}), (0x5f, {'rx_unopened': 1}),
                      (0xac, {}), (0x40, {}), (0, {})):
        before = lab.control.stats()
        lab.tap.send(packet.ip(there, here, packet.UDP, packet.udp(
            there, here, 99, 98, bytes(60)), tos=tos))
        time.sleep(0.05)
        change = difference(before, lab.control.stats())
        if change != want:
            wrong.append('%#x: %s, want %s' % (tos, change, want))
    report(not wrong, 'the new mark is a mark, the old one is none',
           '\n'.join(wrong))
    case.delete()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    parser.add_argument('--mac', required=True, help="of the module's side")
    lab = Lab(parser.parse_args())
    lab.sstctl('set', 'rekey-packets', '12')
    for family, side in itertools.product((4, 6), (1, 2)):
        for proto, run in ((packet.UDP, udp_to_peer),
                           (packet.UDP, udp_from_peer),
                           (packet.TCP, tcp_to_peer),
                           (packet.TCP, tcp_from_peer)):
            case = lab.flow(proto, family, side)
            run(case)
            case.delete()
    for family, proto in itertools.product((4, 6), (packet.TCP, packet.UDP)):
        empty(lab, proto, family)
    for family, keep in itertools.product((4, 6), (False, True)):
        classes(lab, family, keep)
    other_mark(lab)
    return 0


if __name__ == '__main__':
    sys.exit(main())
