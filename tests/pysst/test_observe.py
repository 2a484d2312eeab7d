# SPDX-License-Identifier: GPL-2.0
"""Captures of opened flows, and the live peer's two new commands."""

import contextlib
import io
import json
import os
import random
import select
import socket
import tempfile
import time
import unittest

import decode
import peer
from helpers import ADDR4, ADDR6, Clock
from sst import assoc, endpoint, frag, hostkey, link, opening, packet, pcap
from sst.trailer import ACCEPT, N, OPEN, TCP, UDP

KEY = bytes(range(0x40, 0x60))
NOW = 1767225600
PORT, SERVICE = 40000, 53


class Folder(unittest.TestCase):
    """A folder with both hosts' key files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.psks = [assoc.Psk(side, KEY) for side in (1, 2)]
        for psk in self.psks:
            with open(self.path('psk%d' % psk.side), 'w',
                      encoding='ascii') as sink:
                sink.write(psk.text())

    def path(self, name):
        """A file in it."""
        return os.path.join(self.folder, name)


class Observing(Folder):
    """decode.py with --psk and --assoc."""

    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.wires = []
        self.clears = []
        rand = random.Random(3).randbytes
        self.hosts = [endpoint.Endpoint(
            [psk], lambda wire: self.wires.append((self.wall(), wire)),
            clock=self.clock, wall=self.wall, rand=rand, start=0)
            for psk in self.psks]

    def wall(self):
        """Unix time of both hosts."""
        return NOW + self.clock.now

    def connect(self, proto, version=4, number=0, service=SERVICE):
        """A flow of a host."""
        addrs = [packet.addr(a) for a in
                 (ADDR4 if version == 4 else ADDR6)]
        return self.hosts[number].connect(proto, addrs[number], PORT,
                                          addrs[1 - number], service)

    def send(self, flow, payload=b'', flags=0x18):
        """A packet of a flow arrives at the other host."""
        proto, src, sport, dst, dport = flow.real_tuple(flow.side)
        segment = packet.udp(src, dst, sport, dport, payload) \
            if proto == UDP else packet.tcp(
                src, dst, sport, dport, len(self.clears), 2, flags,
                payload=payload)
        clear = packet.ip(src, dst, proto, segment)
        self.clears.append(clear)
        flow.host.send(clear, flow)
        self.arrived = len(self.wires) - 1
        return self.arrive(2 - flow.side)[0].flow

    def arrive(self, number):
        """What was emitted since arrives at a host, answers at the other.

        What the first one gets.
        """
        out = None
        while self.arrived < len(self.wires):
            got = self.hosts[number].receive(self.wires[self.arrived][1])
            out = got if out is None else out
            self.arrived += 1
            number = 1 - number
        return out

    def exchange(self, proto, version=4, number=0, service=SERVICE):
        """Six packets: (initiator's end, responder's end).

        One more if it is over UDP and makes an association.
        """
        one = self.connect(proto, version, number, service)
        two = self.send(one, b'' if proto == TCP else b'hi', 2)
        self.send(two, b'' if proto == TCP else b'ho', 0x12)
        for _ in range(2):
            self.send(one, b'there')
            self.send(two, b'back')
        return one, two

    def write(self, name, packets):
        """A capture file from (Unix time, packet) pairs."""
        with pcap.Writer(self.path(name)) as sink:
            for when, data in packets:
                sink.write(data, int(when) * 10 ** 9)
        return self.path(name)

    def run_main(self, *argv):
        """(exit status, summary)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = decode.main(list(argv))
        return status, json.loads(out.getvalue())

    def secrets(self):
        """Those of all associations; the file."""
        with open(self.path('assoc'), 'w', encoding='ascii') as sink:
            sink.writelines(assoc.line(made) + '\n'
                            for host in self.hosts for made in host.learned)
        return self.path('assoc')

    def decode(self, packets, *extra, side=1, secrets=True):
        """Decode (Unix time, packet) pairs."""
        return self.run_main(
            'decode', self.write('wire.pcap', packets), '--psk',
            self.path('psk%d' % side), '--out', self.path('out.pcap'),
            '--list', self.path('list'), *extra,
            *(('--assoc', self.secrets()) if secrets else ()))

    def violations(self, extra, *argv):
        """The sound capture with more packets behind it."""
        now = self.wall()
        status, out = self.decode(
            self.wires + [(now, data) for data in extra], *argv)
        self.assertEqual(status, 1)
        return out['violations']

    def test_clean(self):
        """All flows decode to the originals, with either host's key."""
        for version in (4, 6):
            for proto in (UDP, TCP):
                for number in (0, 1):
                    self.exchange(proto, version, number)
        for side in (1, 2):
            status, out = self.decode(self.wires, '--real-port', '53',
                                      '--check-icmp', side=side)
            self.assertEqual(status, 0, out)
            self.assertEqual(out['sealed'], 50)
            got = [d for _, d, _ in pcap.Reader(
                self.path('out.pcap')).packets()]
            self.assertEqual(got, self.clears)
        self.assertEqual(len(out['flows']), 8)
        first = out['flows'][0]
        self.assertEqual((first['open'], first['accept']), (1, 1))
        self.assertEqual(first['a>b']['counters'], {'0': [[0, 2]]})
        self.assertEqual(first['a>b']['empty'], 1)
        self.assertEqual(
            [flow['made'] for flow in out['flows']],
            [made.assoc_id.hex() if made else None for made in (
                self.hosts[0].learned[0], None, None, None,
                self.hosts[0].learned[1], None, None, None)])
        self.assertEqual(first['b>a']['payload_bytes'], 8)
        self.assertEqual(first['name'], '192.0.2.1:40000 > 192.0.2.2:53')
        with open(self.path('list'), encoding='utf-8') as source:
            lines = source.read().splitlines()
        self.assertEqual(len(lines), 50)
        for number, words in ((0, 'OPEN flags N tc 0x0 kri 0 seq 0 real '
                               '40000 > 53 time 1767226600 ok'),
                              (1, 'ACCEPT flags N tc 0x0 kri 0 seq 0 real '
                               '53 > 40000 ok'),
                              (2, 'DATA flags E tc 0x0 kri 0 seq 0 real '
                               '40000 > 53 ok'),
                              (5, 'DATA flags - tc 0x0 kri 0 seq 2 real '
                               '40000 > 53 ok'),
                              (7, 'OPEN flags - tc 0x0 kri 0 seq 0 real '
                               '40000 > 53 time 1767226600 ok'),
                              (8, 'ACCEPT flags - tc 0x0 kri 0 seq 0 real '
                               '53 > 40000 ok')):
            self.assertTrue(lines[number].endswith(words), lines[number])
        ref = self.write('ref.pcap', [(0, c) for c in self.clears])
        self.assertEqual(self.run_main(
            'compare', self.path('out.pcap'), ref, '--ordered', '--port',
            '53')[0], 0)
        status, out = self.run_main('compare', self.path('out.pcap'), ref,
                                    '--port', '54')
        self.assertEqual((status, out['reference']), (1, 0))

    def test_life(self):
        """Start over, re-opening hours later, an empty ACCEPT."""
        one = self.connect(UDP)
        self.send(one, b'1')
        self.clock.now += 1
        two = self.send(one, b'2')
        self.clock.now += 0.5
        self.hosts[1].poll()
        # The first attempt is answered, too, but nobody wants it any more.
        self.assertEqual(len(self.wires), 4)
        self.arrived = 3
        self.arrive(0)
        self.assertEqual(len(self.wires), 5)
        for _ in range(4 * 3600 // 100):
            self.clock.now += 100
            self.send(one, b'x')
            self.send(two, b'y')
        status, out = self.decode(self.wires)
        self.assertEqual(status, 0, out['examples'])
        self.assertEqual([f['open'] for f in out['flows']], [1, 145])
        # The attempt that was given up got an empty ACCEPT as well.
        self.assertEqual([f['accept'] for f in out['flows']], [1, 145])
        self.assertEqual(out['flows'][1]['a>b']['empty'], 1)

    def test_fragments(self):
        """An opening in fragments, the only one of its hosts."""
        self.send(self.connect(UDP), bytes(3000))
        parts = frag.fragments(self.wires[0][1], 1400)
        status, out = self.decode([(NOW, part) for part in parts])
        self.assertEqual((status, out['sealed'], out['fragments']),
                         (0, 1, 3))

    def test_rotation(self):
        """Packet keys of later kri."""
        for host in self.hosts:
            host.rotate_packets = 3
        one, two = self.exchange(UDP)
        for _ in range(10):
            self.send(one, b'x')
            self.send(two, b'x')
        status, out = self.decode(self.wires)
        self.assertEqual(status, 0)
        self.assertEqual(out['flows'][0]['a>b']['kris'], 5)

    def test_counter_reuse(self):
        """Under the OPEN key, the ACCEPT key and a packet key."""
        one, two = self.exchange(UDP)
        same = [wire for _, wire in self.wires]
        status, out = self.decode(self.wires + self.wires)
        self.assertEqual((status, out['flows'][0]['a>b']['duplicates']),
                         (0, 3))
        self.assertEqual(out['sealed'], 2 * len(same))
        one.confirmed, one.attempt.counter = False, 0
        self.send_blind(one)
        two.accepting, two.accept_counter = True, 0
        self.send_blind(two)
        one.confirmed = True
        one.sender.seq = 0
        self.send_blind(one)
        status, out = self.decode(self.wires)
        self.assertEqual(out['violations'], {'counter-reuse': 3})
        self.assertEqual([e['detail'].split()[-5]
                          for e in out['examples']],
                         ['OPEN', 'ACCEPT', 'DATA'])

    def send_blind(self, flow):
        """A packet that nobody gets."""
        clear = packet.ip(flow.addrs[flow.side], flow.addrs[3 - flow.side],
                          UDP, packet.udp(
                              flow.addrs[flow.side],
                              flow.addrs[3 - flow.side],
                              flow.ports[flow.side],
                              flow.ports[3 - flow.side], b'another'))
        flow.host.send(clear, flow)

    def test_real_ports(self):
        """In clear packets, marked ones, ICMP quotes."""
        self.exchange(UDP, service=443)
        src, dst = (packet.addr(a) for a in ADDR4)
        stray = packet.ipv4(src, dst, UDP, packet.udp(src, dst, 9, 853))
        self.assertEqual(self.violations([stray]), {'clear': 1})
        self.assertEqual(self.violations([stray], '--real-port', '853'),
                         {'clear': 1, 'real-port': 1})
        # The real tuple of a flow is found without being named.
        self.assertEqual(self.violations([self.clears[0]]),
                         {'clear': 1, 'real-port': 1})
        for quoted, extra, bad in (
                (stray, (), False), (stray, ('--real-port', '853'), True),
                (self.clears[0], ('--check-icmp',), True),
                (self.clears[1], ('--check-icmp',), True),
                (self.clears[0], (), False)):
            icmp = packet.ipv4(dst, src, packet.ICMP,
                               b'\x03\x03' + bytes(6) + quoted[:28])
            status, out = self.decode(self.wires + [(NOW, icmp)], *extra)
            self.assertEqual(out['violations'],
                             {'icmp-real-port': 1} if bad else {})
            self.assertEqual(status, int(bad))

    def test_icmp6(self):
        """The same for IPv6."""
        self.exchange(TCP, 6)
        src, dst = (packet.addr(a) for a in ADDR6)
        icmp = packet.ipv6(dst, src, packet.ICMPV6, b'\x01\x04' + bytes(6)
                           + self.clears[0][:60])
        self.assertEqual(self.violations([icmp], '--check-icmp'),
                         {'icmp-real-port': 1})

    def test_cannot_open(self):
        """Marked packets that are of no flow, or broken."""
        new = self.exchange(UDP)
        plain = self.exchange(UDP, 4, 1)
        src, dst = (packet.addr(a) for a in ADDR4)
        stray = packet.ipv4(src, dst, UDP, packet.udp(
            src, dst, 9, 10, bytes(90)), frag=0xc000)
        self.assertEqual(self.violations([stray]), {'unknown-tuple': 1})
        # OPEN, ACCEPT, DATA; an ACCEPT with N may be of any association.
        for number, reason in ((0, 'rx_auth'), (1, 'closed'),
                               (3, 'rx_auth'), (7, 'rx_auth'),
                               (8, 'rx_auth'), (9, 'rx_auth')):
            bad = bytearray(self.wires[number][1])
            bad[-1] ^= 1
            packet.fix_transport(bad, bytes(bad[12:16]), bytes(bad[16:20]),
                                 UDP, 20)
            self.assertEqual(self.violations([bytes(bad)]), {reason: 1})
        # Data of a flow whose ACCEPT is not in the capture.
        for number, out in ((1, {'closed': 5}), (8, {'rx_unconfirmed': 4})):
            self.assertEqual(self.decode(
                self.wires[:number] + self.wires[number + 1:])[1][
                    'violations'], out)
        for (one, two), clears, flags, more in (
                (new, self.clears, N, (5,)), (plain, self.clears[6:], 0,
                                              ())):
            content = opening.open_plain(PORT, SERVICE, 1,
                                         one.attempt.time + 1)
            changed = opening.seal_packet(
                one, one.side, clears[0], OPEN, 7, one.attempt.open_key,
                one.assoc_id + one.attempt.whole, content, flags)
            self.assertEqual(self.violations([changed]),
                             {'opening-changed': 1})
            wrong = opening.seal_packet(
                two, two.side, clears[1], ACCEPT, 7, two.accept_key,
                two.whole_r, opening.accept_plain(SERVICE, PORT + 1, *more),
                flags)
            self.assertEqual(self.violations([wrong]), {'rx_ports': 1})
        bleached = bytearray(self.wires[-1][1])
        bleached[6] &= 0x7f
        packet.fix_ip4_checksum(bleached)
        self.assertEqual(self.violations([bytes(bleached)]),
                         {'unmarked': 1})
        self.assertEqual(self.decode(
            self.wires + [(NOW, bytes(bleached))], '--mark', 'openings')[0],
            0)

    def test_plain_on_psk(self):
        """An OPEN without N that names a pre-shared key opens nothing."""
        one, _ = self.exchange(UDP)
        psk, now, salt_i = self.psks[0], int(self.wall()), bytes(16)
        for change, reason in ((0, 'rx_unknown_id'), (1, 'unknown-tuple')):
            one.wires[1] ^= change
            wire = opening.seal_packet(
                one, 1, self.clears[0], OPEN, 0,
                psk.secrets.open_key(1, salt_i), psk.id_at(now) + salt_i,
                opening.open_plain(PORT, SERVICE, 1, now))
            self.assertEqual(self.violations([wire]), {reason: 1})

    def test_other_key(self):
        """Nothing opens; the hosts are only those that are named."""
        self.exchange(UDP)
        with open(self.path('psk3'), 'w', encoding='ascii') as sink:
            sink.write(assoc.Psk(1, bytes(32)).text())
        status, out = self.decode(self.wires, side=3, secrets=False)
        self.assertEqual((status, out['violations']),
                         (1, {'too-few-sealed': 1}))
        status, out = self.decode(self.wires, '--host', ADDR4[0], '--host',
                                  ADDR4[1], '--min-sealed', '0', side=3,
                                  secrets=False)
        self.assertEqual((status, out['violations']),
                         (1, {'unknown-tuple': 7}))
        self.assertEqual(self.decode(
            self.wires, '--psk', self.path('psk1'), side=3)[0], 0)
        # The key opens the box of the opening, the association the rest.
        self.assertEqual(self.decode(self.wires, side=3)[1]['violations'],
                         {'closed': 1})
        self.assertEqual(self.decode(
            self.wires, secrets=False)[1]['violations'], {'closed': 6})

    def test_wire_port(self):
        """One that an initiator may not choose."""
        self.hosts[0].remote_wire = 4500
        self.exchange(UDP)
        status, out = self.decode(self.wires)
        self.assertEqual(out['violations'], {'wire-port': 1})
        self.assertEqual(self.decode(self.wires, '--wire-port',
                                     '4500')[0], 0)

    def test_wrong_use(self):
        """No keys, or bad ones."""
        with contextlib.redirect_stderr(io.StringIO()):
            path = self.write('x.pcap', [])
            self.assertEqual(decode.main(['decode', path]), 2)
            self.assertEqual(decode.main(['decode', path, '--psk', path]),
                             2)


class FakeLink:
    """Two processes and a pair of sockets between them."""

    def __init__(self, sock, addrs):
        self.sock = sock
        self.addrs = addrs
        sock.setblocking(False)

    def send(self, data):
        """An IP packet."""
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            self.sock.send(data)

    def receive(self, timeout):
        """Like link.Link."""
        select.select([self.sock], [], [], max(0, timeout))
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, ConnectionRefusedError):
            return None
        dst = data[16:20] if data[0] >> 4 == 4 else data[24:40]
        return (data, True) if dst in self.addrs else None


class Live(Folder):
    """peer.py connect and serve."""

    def run_pair(self, serve, connect, keys=None):
        """Summaries of both with their exit statuses.

        keys are the options with keys of both.
        """
        socks = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        base = ['--ifname', 'x', '--duration', '120', '--linger', '0.3']
        keys = keys or [('--psk', self.path('psk1')),
                        ('--psk', self.path('psk2'))]
        original = link.from_arguments
        self.addCleanup(setattr, link, 'from_arguments', original)

        def run(number, *words):
            link.from_arguments = lambda args, addrs: FakeLink(
                socks[number], addrs)
            return peer.main([words[0]] + base + list(keys[number]) + [
                '--address', ADDR4[number], '--address', ADDR6[number],
                '--secrets', self.path('secrets%d' % number), '--json',
                self.path('json%d' % number), '--events',
                self.path('events%d' % number)] + list(words[1:]))

        if os.path.exists(self.path('ready')):
            os.unlink(self.path('ready'))
        child = os.fork()
        if not child:
            status = 99
            try:
                status = run(1, 'serve', '--port', '53', '--started-ago',
                             '60', '--ready-file', self.path('ready'),
                             *serve)
            finally:
                os._exit(status)
        while not os.path.exists(self.path('ready')):
            time.sleep(0.01)
        status = run(0, 'connect', '--port', '40000', '--peer-port', '53',
                     *connect)
        other = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for sock in socks:
            sock.close()
        out = []
        for number in (0, 1):
            with open(self.path('json%d' % number),
                      encoding='utf-8') as source:
                out.append(json.load(source))
        return (status, out[0]), (other, out[1])

    def test_echo(self):
        """UDP and TCP, IPv4 and IPv6."""
        for address in (ADDR4[1], ADDR6[1]):
            for proto in ('udp', 'tcp'):
                (one, a), (two, b) = self.run_pair(
                    ('--count', '5' if proto == 'udp' else '1'),
                    ('--proto', proto, '--peer', address, '--count', '5',
                     '--bytes', '20000', '--rotate', '9'))
                self.assertEqual((one, two), (0, 0), (a, b))
                self.assertGreater(b['events']['open-received'], 0)
        with open(self.path('events1'), encoding='utf-8') as source:
            first = json.loads(source.readline())
        self.assertEqual((first['event'], first['real'], first['proto']),
                         ('open-received', [53, 40000], 'tcp'))

    def test_faults(self):
        """Openings not heard, ACCEPTs lost, a wrong clock, no reply."""
        udp = ('--proto', 'udp', '--peer', ADDR4[1])
        (one, a), (two, b) = self.run_pair(
            ('--count', '1', '--silent-first', '1'),
            udp + ('--count', '2', '--interval', '2', '--max-loss', '1'))
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertEqual(a['events']['start-over'], 1)
        self.assertEqual(b['counts']['rx_silent'], 1)
        (one, a), (two, b) = self.run_pair(
            ('--count', '4', '--lose-accept', '2'),
            udp + ('--count', '4', '--interval', '0.2', '--wait', '1',
                   '--max-loss', '2'))
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertGreaterEqual(a['events']['open-sent'], 3)
        (one, a), (two, b) = self.run_pair(
            ('--count', '1'),
            udp + ('--count', '1', '--clock-offset', '-1000'))
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertEqual(b['events']['held'], 1)
        (one, a), (two, b) = self.run_pair(
            ('--count', '1', '--no-reply', '--linger', '2'),
            udp + ('--count', '1', '--no-echo', '--wait', '5'))
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertEqual(b['events']['confirmed'], 1)

    def test_init(self):
        """By INIT, with cookies and identity; then by OPEN."""
        host, own = (hostkey.HostKey(bytes([n]) * 32) for n in (1, 2))
        for name, key in (('host', host), ('own', own)):
            with open(self.path(name), 'w', encoding='ascii') as sink:
                sink.write(hostkey.text(key.private) + '\n')
        keys = [('--peer-key', hostkey.text(host.public), '--identity',
                 self.path('own')),
                ('--host-key', self.path('host'), '--cookies', 'always',
                 '--need-id', '--init-from', hostkey.text(own.public))]
        (one, a), (two, b) = self.run_pair(
            ('--count', '4'),
            ('--proto', 'udp', '--peer', ADDR4[1], '--count', '2',
             '--in-turn', '--port', '40001'), keys)
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertEqual([a['events'][name] for name in (
            'init-sent', 'open-sent', 'cookie')], [2, 1, 1])
        self.assertEqual(b['events']['held'], 1)
        (one, a), (two, b) = self.run_pair(
            ('--count', '2'),
            ('--proto', 'tcp', '--peer', ADDR6[1], '--bytes', '5000',
             '--port', '40001', '--in-turn'), keys)
        self.assertEqual((one, two), (0, 0), (a, b))
        self.assertEqual([a['events'][name] for name in (
            'init-sent', 'open-sent', 'cookie')], [2, 1, 1])
        for summary in (a, b):
            self.assertEqual([made['identity'] for made in
                              summary['associations']],
                             [hostkey.text(own.public)])
        with open(self.path('secrets0'), encoding='ascii') as ours, \
                open(self.path('secrets1'), encoding='ascii') as theirs:
            self.assertEqual(ours.read(), theirs.read())

    def test_failures(self):
        """Exit status 1 when there is no answer."""
        for proto in ('udp', 'tcp'):
            (one, _), (two, _) = self.run_pair(
                ('--count', '1', '--silent-first', '9', '--duration', '1'),
                ('--proto', proto, '--peer', ADDR4[1], '--count', '1',
                 '--wait', '0.2', '--duration', '0.5', '--no-echo'))
            self.assertEqual((one, two), (1, 1))


if __name__ == '__main__':
    unittest.main()
