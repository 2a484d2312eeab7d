#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""INITs with an identity that their sender has, or only claims to have.

A knows the public key of B, and B that of A, as peer "alice" without an
address.  Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import itertools
import os
import socket
import sys

import hosts
from hosts import ADDRESS, ACK, until
from inits import Client
from middle import drain
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import hostkey  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402
from sst.trailer import Drop  # noqa: E402

NOBODY = {4: '10.9.1.%d', 6: 'fd00:9::%x'}
PORT = {UDP: 53, TCP: 80}
NAMES = {UDP: 'UDP', TCP: 'TCP'}


class World(hosts.Hosts):
    """A has talks with B, and an attacker sees them."""

    def __init__(self, args):
        super().__init__(args.id)
        self.public = hostkey.parse(args.public)
        self.alice = hostkey.parse(args.alice)
        self.own = hostkey.load(args.bob_key)
        self.strangers = itertools.count(1)
        self.udp, self.tcp = {}, {}
        for fam in (4, 6):
            self.udp[fam] = self.bound('B', fam, UDP, PORT[UDP])
            self.tcp[fam] = self.listener('B', fam, PORT[TCP])
            self.udp[fam].setblocking(False)
            self.tcp[fam].setblocking(False)

    def client(self, fam, proto, **more):
        """An attacker, unless told otherwise."""
        more.setdefault('src', NOBODY[fam] % next(self.strangers))
        return Client(self.public, dst=ADDRESS['B', fam], dport=PORT[proto],
                      proto=proto, **more)

    def send(self, data, wait=0.5):
        """To B; what B sends while we wait."""
        self.tap['B'].passed(False)
        self.inject('B', data)
        return self.tap['B'].passed(False, wait)

    def begin(self, client):
        """INIT; the ACCEPT that answers it."""
        heard = self.send(client.init(b'secret', seq=1000))
        until(lambda: heard.extend(self.tap['B'].passed(False, 0.1))
              or client.answer(heard), 5)
        return client.answer(heard)

    def delivered(self, fam):
        """Datagrams and connections that B's programs got."""
        out = [data for data, _ in drain(self.udp[fam])]
        try:
            out.append(self.tcp[fam].accept()[1])
        except BlockingIOError:
            pass
        return out

    def names(self):
        """Whose flows B has."""
        return [flow.get('peer', '') for flow in self.flows('B')]


def finish(world, client, accept):
    """What confirms the flow, sealed as well as the client can."""
    try:
        client.agree(accept)
        good = True
    except Drop:
        good = False
    if client.flow.proto == UDP:
        data = client.data(empty=True)
    else:
        seq = int.from_bytes(accept.segment[4:8], 'big')
        data = client.data(seq=1001, ack=seq + 1, flags=ACK)
    return good, world.send(data)


def honest(world, fam, proto):
    """Whoever has the secret key."""
    name = '%s over IPv%d' % (NAMES[proto], fam)
    client = world.client(fam, proto, static=world.own)
    accept = world.begin(client)
    before = world.delivered(fam)
    if not report(accept and not before,
                  name + ': nothing is delivered before the identity is'
                  ' proved', '%s %s' % (accept, before)):
        return
    named = 'bob' in world.names()
    good, _ = finish(world, client, accept)
    got = []
    until(lambda: got.extend(world.delivered(fam)) or got, 3)
    report(good and len(got) == 1 and (proto == TCP or got == [b'secret']),
           name + ': it is delivered then, once', '%s %s' % (good, got))
    report(not named and 'bob' in world.names(),
           name + ': and the flow has a name from then on', world.names())
    world.sst('B', 'flow', 'flush')


def claimed(world, fam, proto):
    """Whoever has written down somebody else's public key."""
    name = '%s over IPv%d' % (NAMES[proto], fam)
    client = world.client(fam, proto, claim=world.alice)
    accept = world.begin(client)
    if not report(accept is not None, name + ': anybody may claim an'
                  ' identity'):
        return
    before = world.stats('B')
    finish(world, client, accept)
    change = difference(before, world.stats('B'))
    report(change.get('rx_auth') == 1, name + ': without its secret key'
           ' nothing verifies', change)
    report(not world.delivered(fam) and not any(world.names()),
           name + ': nothing is delivered, no flow has its name',
           world.names())
    world.sst('B', 'flow', 'flush')


class Alice:
    """A socket of A's, and its flow at B."""

    def __init__(self, world, fam):
        self.world, self.fam = world, fam
        self.port = 5000 + fam
        self.sock = world.bound('A', fam, UDP, self.port)
        self.sock.connect((ADDRESS['B', fam], PORT[UDP]))
        self.sock.settimeout(5)

    def echo(self):
        """B's program gets what she sends, and she its answer."""
        data = os.urandom(9)
        self.sock.send(data)
        server = self.world.udp[self.fam]
        got = []
        if not until(lambda: got.extend(drain(server)) or got, 5):
            return False
        server.sendto(data, (ADDRESS['A', self.fam], self.port))
        return got == [(data, self.port)] and self.sock.recv(99) == data

    def flow(self):
        """What B knows of her."""
        names = ('id', 'peer', 'remote_port', 'wire_remote_port',
                 'wire_local_port')
        out = [[flow.get(name) for name in names]
               for flow in self.world.flows('B')
               if flow['remote'] == ADDRESS['A', self.fam]
               and flow['remote_port'] == self.port]
        return out[0] if len(out) == 1 else out


def live(world, fam, whom):
    """Alice's flow, and what others send on its tuples."""
    world.sst('B', 'set', 'init-from', whom)
    name = 'init-from %s, IPv%d' % (whom, fam)
    alice = Alice(world, fam)
    good = alice.echo() and alice.echo()
    flow = alice.flow()
    report(good and flow[1] == 'alice', name + ": alice's flow has her name"
           ' and her port', flow)
    anyone = whom == 'anyone'
    wires = {'wires': tuple(flow[3:5])}
    claim = {'claim': world.alice}
    for text, delivered, more in (
            ('anonymous, on her real tuple', anyone, {}),
            ('in her name, on her real tuple', anyone, claim),
            ('anonymous, on her wire tuple', False, wires),
            ('in her name, on her wire tuple', False, dict(claim, **wires)),
            ("with bob's key, on her real tuple", True,
             {'static': world.own})):
        client = world.client(fam, UDP, src=ADDRESS['A', fam],
                              sport=alice.port, **more)
        accept = client.answer(world.send(client.init(b'forged')))
        if accept:
            finish(world, client, accept)
        got = drain(world.udp[fam])
        report([data for data, _ in got] == [b'forged'] * delivered
               and alice.port not in [port for _, port in got]
               and alice.flow() == flow and alice.echo(),
               '%s: an INIT %s does not touch it' % (name, text),
               '%s\n%s\n%s' % (got, flow, alice.flow()))
    for host in 'AB':
        world.sst(host, 'flow', 'flush')
        world.sst(host, 'assoc', 'flush')


def elsewhere(world, fam, alice):
    """Who has an association of his own, and Alice's address."""
    name = 'IPv%d' % fam
    world.sst('B', 'set', 'init-from', 'anyone')
    world.sst('B', 'peer', 'del', 'alice')
    world.sst('B', 'peer', 'add', 'alice', 'address', ADDRESS['A', fam],
              'public-key', alice, 'identity', 'required')
    client = world.client(fam, UDP)
    accept = world.begin(client)
    good = accept and finish(world, client, accept)[0]
    world.delivered(fam)
    world.send(client.open(b'own'))
    report(good and world.delivered(fam) == [b'own'],
           name + ': anybody opens flows on what he has agreed on')
    before = world.stats('B')
    world.send(client.open(b'forged', ADDRESS['A', fam]))
    change = difference(before, world.stats('B'))
    report(not world.delivered(fam) and change.get('rx_init_refused') == 1,
           name + ": but not from an address whose owner has to prove it",
           change)


class Ruled:
    """Ports of B that only the named peers may open."""

    def __init__(self, world, *peers):
        self.world = world
        world.sst('B', 'set', 'init-from', 'anyone')
        for peer in peers:
            for port in PORT.values():
                world.sst('B', 'policy', 'add', 'in', 'require', 'port',
                          str(port), 'peer', peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.world.sst('B', 'policy', 'flush')
        self.world.sst('B', 'assoc', 'flush')
        self.world.sst('B', 'flow', 'flush')


def refused(world, fam, proto, data, text):
    """What B drops by a rule, without a word."""
    before = world.stats('B')
    heard = world.send(data)
    until(lambda: difference(before, world.stats('B')).get('rx_policy_peer'),
          5)
    heard += world.tap['B'].passed(False, 0.3)
    change = difference(before, world.stats('B'))
    got = world.delivered(fam)
    report(change.get('rx_policy_peer') == 1 and not heard and not got
           and not world.flows('B'), '%s over IPv%d: %s is refused in silence'
           % (NAMES[proto], fam, text),
           '%s %s %s' % (change, heard, got))


def strangers(world, fam, proto):
    """INITs of those whom no rule names."""
    refused(world, fam, proto, world.client(fam, proto).init(b'secret'),
            'an INIT of nobody')
    refused(world, fam, proto,
            world.client(fam, proto, static=os.urandom(32)).init(b'secret'),
            'an INIT with an identity that nobody knows')
    refused(world, fam, proto,
            world.client(fam, proto, claim=world.alice).init(b'secret'),
            "an INIT in alice's name")


def agreed(world, fam, **more):
    """A client who has an association with B, made where no rule asks."""
    client = Client(world.public, dst=ADDRESS['B', fam], dport=54, proto=UDP,
                    src=NOBODY[fam] % next(world.strangers), **more)
    accept = world.begin(client)
    good = accept and finish(world, client, accept)[0]
    world.delivered(fam)
    world.sst('B', 'flow', 'flush')
    client.flow.ports[2] = PORT[UDP]
    return good and client


def associations(world, fam):
    """An association has the name of whom it was made with."""
    client = agreed(world, fam)
    refused(world, fam, UDP, client.open(b'secret'),
            'an OPEN on an association of nobody')
    client = agreed(world, fam, static=world.own)
    world.send(client.open(b'bob'))
    report(world.delivered(fam) == [b'bob'] and world.names() == ['bob'],
           'UDP over IPv%d: what bob sends on his association is delivered at'
           ' once' % fam, world.names())


def fast_open(world, fam):
    """A SYN that TCP would hand over before anything is proved."""
    world.run('B', 'sh', '-c', 'echo 0x207 >/proc/sys/net/ipv4/tcp_fastopen')
    world.tcp[fam].setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    client = world.client(fam, TCP, static=world.own)
    before = world.stats('B')
    heard = world.send(client.init(seq=1000, options=bytes((34, 2))))
    until(lambda: difference(before, world.stats('B')).get('rx_stale'), 5)
    change = difference(before, world.stats('B'))
    report(change.get('rx_stale') == 1 and not world.delivered(fam)
           and not client.answer(heard), 'TCP over IPv%d: Fast Open is no way'
           ' around the proof' % fam, change)
    accept = world.begin(client)
    good = accept and finish(world, client, accept)[0]
    report(good and until(lambda: world.delivered(fam), 3),
           'TCP over IPv%d: the SYN without is answered' % fam)
    world.sst('B', 'flow', 'flush')


def changes(world, fam):
    """Flows that are there stay, new ones ask the rules that are there."""
    client = world.client(fam, UDP, static=world.own)
    good = finish(world, client, world.begin(client))[0]
    good = good and until(lambda: world.delivered(fam) == [b'secret'], 3)
    world.sst('B', 'policy', 'flush')
    for port in PORT.values():
        world.sst('B', 'policy', 'add', 'in', 'require', 'port', str(port),
                  'peer', 'carol')
    world.send(client.data(b'more'))
    report(good and world.delivered(fam) == [b'more'],
           'IPv%d: a flow stays as it is when the rules change' % fam)
    world.sst('B', 'flow', 'flush')
    refused(world, fam, UDP, client.open(b'secret'), 'a new one')


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--public', required=True, help="B's public key")
    parser.add_argument('--alice', required=True, help="A's public key")
    parser.add_argument('--bob-key', required=True, help="the secret key of"
                        " another peer, bob; a file")
    args = parser.parse_args()
    world = World(args)
    world.sst('B', 'set', 'init-from', 'listed')
    for fam, proto in itertools.product((4, 6), (UDP, TCP)):
        honest(world, fam, proto)
        claimed(world, fam, proto)
    for fam, whom in itertools.product((4, 6), ('listed', 'anyone')):
        live(world, fam, whom)
    with Ruled(world, 'alice', 'bob'):
        for fam, proto in itertools.product((4, 6), (UDP, TCP)):
            honest(world, fam, proto)
            claimed(world, fam, proto)
    with Ruled(world, 'carol', 'bob'):
        for fam, proto in itertools.product((4, 6), (UDP, TCP)):
            strangers(world, fam, proto)
        for fam in (4, 6):
            associations(world, fam)
    for fam in (4, 6):
        with Ruled(world, 'bob'):
            changes(world, fam)
        with Ruled(world, 'bob'):
            fast_open(world, fam)
    for fam in (4, 6):
        elsewhere(world, fam, args.alice)
    return 0


if __name__ == '__main__':
    sys.exit(main())
