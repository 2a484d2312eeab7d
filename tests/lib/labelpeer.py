#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: scope label.

Either role, with marks on all packets and on openings alone; who does not take
it; and what an attacker can send who sees the wire, but has no key. Every case has
a peer of its own. Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import json
import socket
import subprocess
import time

import nets
import peercase
import pskpeer
from nets import difference
from peercase import MODULE, SERVICE

# pylint: disable=wrong-import-position
from sst import assoc, codec, endpoint, kdf, link, packet  # noqa: E402

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

# For what must come, however slow the machine is.
LIMIT = 30


class Case(pskpeer.Case):
    """A peer with a pre-shared key."""

    def opening_keys(self):
        return '--scope', 'label'

    def scopes(self):
        """Scopes of the module's flows with the peer."""
        found = self.lab.flows(self.addr)
        return sorted({flow['scope'] for flow in found})


class Lab(pskpeer.Lab):
    """The two namespaces."""

    def flows(self, addr):
        """The module's flows with a peer."""
        shown = json.loads(self.sstctl('-j', 'flow', 'show'))
        return [one for one in shown['flows'] if one['remote'] == addr]

    def rules(self, out, into, mark='all'):
        """What the module opens, and what it takes."""
        self.sstctl('policy', 'flush')
        self.sstctl('policy', 'add', 'out', 'require', 'scope', out, 'mark',
                    mark)
        self.sstctl('policy', 'add', 'in', 'require', 'scope', into, 'mark',
                    mark)


def both_roles(lab, family, mark):
    """Nothing goes wrong."""
    lab.rules('label', 'label', mark)
    case = Case(lab, 'mark %s, the peer opens' % mark, family)
    summary = case.open('tcp', *peercase.TWO['tcp'], '--mark',
                        mark).finish()
    case.report('two connections', summary['ok'] and not case.drops()
                and case.scopes() == ['label'], summary, case.scopes())
    case = Case(lab, 'mark %s, the peer serves' % mark, family)
    case.serve('--count', '2', '--labels', '--mark', mark)
    good = case.stream() and case.stream()
    summary = case.finish()
    case.report('two connections', good and summary['ok']
                and not case.drops() and case.scopes() == ['label'], summary,
                case.scopes())


def refused(lab):
    """One of the two does not want it."""
    lab.rules('label', 'ports')
    case = Case(lab, 'the module wants ports', 4)
    case.open('tcp', '--duration', str(LIMIT))
    dropped = wait_for(lambda: case.change().get('rx_scope', 0) >= 1)
    case.stop()
    case.report('it drops the opening', dropped
                and not lab.flows(case.addr))
    lab.rules('label', 'label')
    case = Case(lab, 'the peer takes no label', 4)
    case.serve('--count', '1')
    with socket_of(case) as sock:
        sock.settimeout(2)
        try:
            sock.connect((case.addr, 5000))
            good = False
        except OSError:
            good = True
    summary = case.stop()
    case.report('the connection is not made', good
                and summary['counts'].get('rx_scope', 0) >= 1, summary)


def wait_for(condition):
    """Is it met, in time?"""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def socket_of(case):
    """A TCP socket of the module's host."""
    link.enter_netns(case.lab.module)
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


class Attacker:
    """A host with a key that speaks TCP by hand, and one that only looks on."""

    def __init__(self, case):
        self.case = case
        self.lab = case.lab
        self.tap = nets.Tap(self.lab.peer, 'eth0', '02:00:00:00:03:01')
        self.me = packet.addr(case.addrs[4])
        # Nobody answers for it.
        subprocess.run(['ip', '-n', self.lab.module, 'neigh', 'replace',
                        case.addrs[4], 'lladdr', '02:00:00:00:03:02', 'dev',
                        'eth0', 'nud', 'permanent'], check=True)
        self.module = packet.addr(MODULE[4])
        self.sent = []
        self.endpoint = endpoint.Endpoint(
            [assoc.Psk.load(case.base + '.psk')], self._out,
            start=int(time.time()) - 5, scope=kdf.SCOPE_LABEL)
        self.flow = self.endpoint.connect(
            packet.TCP, self.me, 5000, self.module, SERVICE)
        self.seq, self.ack = 1000, 0

    def _out(self, wire):
        self.sent.append(wire)
        self.tap.send(wire)

    def segment(self, flags, payload=b'', seq=None, ack=None):
        """A clear packet of the connection."""
        seq = self.seq if seq is None else seq
        ack = self.ack if ack is None else ack
        return packet.ip(self.me, self.module, packet.TCP, packet.tcp(
            self.me, self.module, 5000, SERVICE, seq, ack, flags,
            payload=payload))

    def bare(self, flags, payload=b'', marked=True, **numbers):
        """The same with nothing but wire ports: anybody can make it."""
        self.tap.send(codec.label(
            self.flow, self.flow.side, self.segment(
                flags, payload, **numbers), marked=marked))

    def received(self, action):
        """What the module counted of that, as the receiver.

        It repeats its SYN-ACK until the connection is confirmed, be that now.
        """
        before = self.lab.control.stats()
        action()
        time.sleep(0.2)
        change = difference(before, self.lab.control.stats())
        return {name: count for name, count in change.items()
                if name.startswith('rx_')}

    def open(self):
        """Send the SYN, wait for its answer."""
        self.endpoint.send(self.segment(SYN, seq=999, ack=0), self.flow)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            for data in self.tap.passed(False, 0.1):
                parsed = packet.Packet(data)
                if parsed.proto != packet.TCP or parsed.dst != self.me:
                    continue
                for got in self.endpoint.receive(data) or ():
                    segment = packet.Packet(got.packet).segment
                    self.ack = int.from_bytes(segment[4:8], 'big') + 1
                    return
        raise TimeoutError('no answer to the SYN')

    def heard(self, wait=0.0):
        """Segments of the module since the last call."""
        all_of_them = map(packet.Packet, self.tap.passed(False, wait))
        return [one for one in all_of_them
                if one.proto == packet.TCP and one.dst == self.me]

    def payloads(self, good):
        """Flags and payload of what the module sends, until one is good."""
        out = []

        def found():
            for segment in (one.segment for one in self.heard()):
                out.append((segment[13],
                            segment[(segment[12] >> 4) * 4:]))
            return any(good(*one) for one in out)

        return found() or wait_for(found), out


def attacked(lab):
    """Before and after the confirmation."""
    lab.rules('label', 'label')
    case = Case(lab, 'attacker', 4)
    one = Attacker(case)
    # His own copy of somebody's SYN, before that one arrives: he has it first.
    one.open()
    copy = bytearray(one.sent[0])
    early = [
        ('data that acknowledges nothing', PSH | ACK, {'ack': 0}),
        ('a guess', ACK, {'ack': one.ack + 1}),
        ('a reset', RST | ACK, {}),
        ('data without ACK', PSH, {}),
    ]
    for text, flags, numbers in early:
        change = one.received(lambda: one.bare(flags, b'early', **numbers))
        case.report('not confirmed: %s is dropped' % text,
                    change == {'rx_label_early': 1}, change)
    change = one.received(lambda: one.bare(ACK, marked=False))
    case.report('not confirmed: without mark nothing is looked at',
                not any(name in change for name in (
                    'rx_label_early', 'rx_opened')), change)
    # The copy of its SYN from another wire port.
    at = packet.Packet(bytes(copy)).l4
    other = one.flow.wires[one.flow.side] ^ 1
    copy[at:at + 2] = other.to_bytes(2, 'big')
    packet.fix_transport(copy, one.me, one.module, packet.TCP, at)
    change = one.received(lambda: one.tap.send(bytes(copy)))
    answer = [data for data in one.heard(0.5) if data.ports[1] == other]
    case.report('a copy of the SYN on another tuple opens nothing',
                change.get('rx_stale') == 1 and not answer, change, answer)
    one.bare(ACK)
    one.bare(PSH | ACK, b'hello')
    good, answer = one.payloads(
        lambda *got: got == (PSH | ACK, b'hello'))
    case.report('confirmed: data goes both ways without trailer', good,
                answer)
    one.seq += 5
    # T exists for whoever has the key; here no one asks for it.
    original = one.segment(PSH | ACK, b'world', ack=one.ack + 5)
    wire = codec.seal_data(one.flow, one.flow.side, original, 0, 0)
    one.tap.send(wire)
    good, answer = one.payloads(
        lambda _, body: len(body) == 33 and body[:5] == b'world')
    case.report('there is no DATA: its trailer is payload', good, answer)
    one.seq += 33
    change = one.received(lambda: one.bare(SYN, seq=one.seq))
    case.report('a SYN without trailer is dropped', 'rx_opened' not in change
                and any(name in change for name in (
                    'rx_short', 'rx_length', 'rx_type')), change)
    change = one.received(lambda: one.tap.send(one.sent[0]))
    case.report('a late copy of its own SYN is dropped',
                change.get('rx_tuple') == 1, change)
    one.bare(RST | ACK, seq=one.seq + 10000, ack=one.ack + 38)
    one.bare(PSH | ACK, b'on', ack=one.ack + 38)
    good, answer = one.payloads(lambda _, body: body == b'on')
    case.report('a reset out of the window ends nothing', good, answer)
    one.seq += 2
    case.report('the flow is there', len(lab.flows(case.addr)) == 1)


def cases(lab):
    """All of them."""
    for family, mark in ((4, 'all'), (6, 'openings'), (4, 'openings'),
                         (6, 'all')):
        both_roles(lab, family, mark)
    refused(lab)
    attacked(lab)


if __name__ == '__main__':
    peercase.run(__doc__, Lab, cases)
