# SPDX-License-Identifier: GPL-2.0
"""A path between hosts A and B that is in the test's hands.

The network is that of topo_hrh with forwarding switched off in R: what a host
sends waits until pump() carries it over, and a rule may keep, change or double
it.  Hosts, attacker and observer are one process, so nothing depends on speed.
"""

import argparse
import json
import os
import select
import socket
import struct
import subprocess
import time

import nets
from nets import report

# pylint: disable=wrong-import-position
from sst import link, opening, packet, pcap, trailer  # noqa: E402

ADDRESS = {'a': {4: '10.0.1.1', 6: 'fd00:1::1'},
           'b': {4: '10.0.2.1', 6: 'fd00:2::1'}}
FOREIGN = {'a': {4: '10.0.1.99', 6: 'fd00:1::99'},
           'b': {4: '10.0.2.99', 6: 'fd00:2::99'}}
MACS = {'a': ('02:00:00:00:01:01', '02:00:00:00:01:fe'),
        'b': ('02:00:00:00:02:01', '02:00:00:00:02:fe')}
OTHER = {'a': 'b', 'b': 'a'}
# Longer than the 200 ms after which an empty ACCEPT goes.
SETTLED = 0.4
LOOK = 0.02
# What nobody else listens to: flows that are opened for their association.
ACQUAINTANCE = 5999


def arguments():
    """What every test of this kind is given."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    parser.add_argument('--public', action='store_true',
                        help='A knows B by its public key, B.key')
    return parser.parse_args()


def kind(data):
    """OPEN, ACCEPT or DATA of a sealed packet; None of another one."""
    parsed = packet.Packet(data)
    meta = opening.peek(parsed.segment) if parsed.is_transport else None
    return meta.type if meta else None


def is_empty(data):
    """Does it carry flag E?"""
    return bool(opening.peek(packet.Packet(data).segment).flags & trailer.E)


def is_opening(data):
    """OPEN or INIT?"""
    return kind(data) in opening.OPENINGS


def parts_of(data):
    """An OPEN, INIT or ACCEPT, taken apart."""
    return opening.take_apart(packet.Packet(data), False, True)


def makes_association(data):
    """Is it an INIT, or an OPEN with N?"""
    return is_opening(data) and 'enc_i' in parts_of(data).fields


def salt_of(data):
    """salt_i or enc_i of an OPEN or INIT."""
    fields = parts_of(data).fields
    return fields.get('salt_i') or fields['enc_i']


def changed(data, src=None, sport=None, dport=None, dst=None):
    """The same packet with other addresses or ports."""
    out = bytearray(data)
    parsed = packet.Packet(data)
    source, dest = src or parsed.src, dst or parsed.dst
    at = 12 if parsed.version == 4 else 8
    out[at:at + 2 * len(source)] = source + dest
    for where, port in ((0, sport), (2, dport)):
        if port:
            out[parsed.l4 + where:parsed.l4 + where + 2] = \
                port.to_bytes(2, 'big')
    if parsed.version == 4:
        packet.fix_ip4_checksum(out)
    packet.fix_transport(out, source, dest, parsed.proto, parsed.l4)
    return bytes(out)


def backwards(tup):
    """The tuple of an answer."""
    proto, src, sport, dst, dport = tup
    return proto, dst, dport, src, sport


class Middle:
    """The path, and sockets and the module on both hosts.

    on_association says how flows open: on an association that is there, or
    so that they make one.
    """

    def __init__(self, args, on_association=True):
        self.args = args
        self.netns = {'a': args.id + '-A', 'b': args.id + '-B'}
        self.router = args.id + '-R'
        self.taps = {'a': nets.Tap(self.router, 'ra', MACS['a'][0]),
                     'b': nets.Tap(self.router, 'rb', MACS['b'][0])}
        self.rule = None
        self.passed = []            # (sender, packet)
        self.made = []              # namespaces
        self.real = {}              # tuple of an answer to a copy: of which
        self.answered = {}          # what copies of SYNs may still get
        self.on_association = on_association
        self.acquainted = set()     # families with an association
        # What the hosts send.
        self.sink = pcap.Writer(os.path.join(args.tmp, 'wire.pcap'))

    def sstctl(self, host, *words):
        """The command line tool on a host; parsed when it prints JSON."""
        out = subprocess.run(('sstctl', '-n', self.netns[host]) + words,
                             check=True, stdout=subprocess.PIPE).stdout
        return json.loads(out) if '-j' in words else out.decode()

    def flows(self, host):
        """The flows of a host."""
        return self.sstctl(host, '-j', 'flow', 'show')['flows']

    def states(self, host, port):
        """What is known of the flows with a real port, for messages."""
        return [[flow[name] for name in (
            'role', 'state', 'local_port', 'remote', 'remote_port',
            'peer_port', 'wire_local_port', 'wire_remote_port')]
                for flow in self.flows(host)
                if port in (flow['local_port'], flow['remote_port'])]

    def counter(self, host, name):
        """One counter of a host."""
        return self.sstctl(host, '-j', 'stats')['counters'][name]

    def peer(self, host, name, psk):
        """Make the other host known."""
        self.sstctl(host, 'peer', 'add', name, 'address', ','.join(
            ADDRESS[OTHER[host]].values()), 'psk',
            os.path.join(self.args.tmp, psk))

    def forget(self):
        """No association is left: the next flow makes one."""
        for host in 'ab':
            self.sstctl(host, 'assoc', 'flush')
        self.acquainted.clear()

    def named(self, text):
        """What a result is called."""
        return '%s: %s' % ('OPEN' if self.on_association else 'OPEN N', text)

    def prepare(self, family):
        """Whatever the next flow needs to open as it should."""
        if not self.on_association:
            self.forget()
            return
        if family not in self.acquainted:
            self.acquainted.add(family)
            talk = Udp(self, family=family, dport=ACQUAINTANCE)
            talk.exchange()
            talk.close()
        # B has an association when A's confirmation has come.
        self.pump()

    def inject(self, to, data, of=None):
        """A packet of the attacker's, perhaps a changed copy of another."""
        if of:
            self.real[backwards(packet.Packet(data).tuple())] = \
                backwards(packet.Packet(of).tuple())
        self.taps[to].send(data)

    def _record(self, data):
        """As if the attacker were a NAT: the observer knows no copies."""
        parsed = packet.Packet(data)
        if parsed.is_transport and parsed.tuple() in self.real:
            _, src, sport, dst, dport = self.real[parsed.tuple()]
            data = changed(data, src, sport, dport, dst)
        self.sink.write(data, time.time_ns())

    def _carry(self, sender, data):
        self._record(data)
        self.passed.append((sender, data))
        out = self.rule(sender, data) if self.rule else None
        for one in [data] if out is None else out:
            self.taps[OTHER[sender]].send(one)

    def pump(self, until=None, limit=10):
        """Carry packets until a condition holds, or nothing moves any more.

        Returns False when the condition did not come true in time. What counts
        is the time in which we looked and nothing came: the whole machine may
        have stood still between two looks.
        """
        end = time.monotonic() + 10 * limit
        left, quiet = limit, SETTLED
        while True:
            if until and until():
                return True
            if left <= 0 or time.monotonic() > end \
                    or not until and quiet <= 0:
                return not until
            select.select([tap.sock for tap in self.taps.values()], [], [],
                          LOOK)
            carried = [(sender, data) for sender, tap in self.taps.items()
                       for data in tap.passed(False)]
            for sender, data in carried:
                self._carry(sender, data)
            left -= 0 if carried else LOOK
            quiet = SETTLED if carried else quiet - LOOK

    def take(self, host, limit=10):
        """The next opening of a host, taken off the path; the rest is lost."""
        start = len(self.passed)

        def found():
            return [data for sender, data in self.passed[start:]
                    if sender == host and is_opening(data)]
        before, self.rule = self.rule, lambda sender, data: []
        self.pump(found, limit)
        self.rule = before
        return found()[0]

    def socket(self, host, sort, family=4, port=0, peer=None):
        """A socket bound to the host's address; peer connects it."""
        link.enter_netns(self.netns[host])
        sock = socket.socket(socket.AF_INET if family == 4
                             else socket.AF_INET6, sort)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((ADDRESS[host][family], port))
        if peer:
            sock.connect_ex((ADDRESS[OTHER[host]][family], peer))
        return sock

    def udp(self, host, *args, **kwargs):
        """A UDP socket."""
        return self.socket(host, socket.SOCK_DGRAM, *args, **kwargs)

    def tcp(self, host, *args, **kwargs):
        """A TCP socket.  What it leaves behind ends at once."""
        sock = self.socket(host, socket.SOCK_STREAM, *args, **kwargs)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack('ii', 1, 0))
        return sock

    def restart(self, psk='b.psk'):
        """B is another machine now: same addresses and keys, nothing known.

        A still has associations with the old one; see forget().
        """
        name = '%s-B%d' % (self.args.id, len(self.made) + 2)
        device = 'rb%d' % (len(self.made) + 2)
        self.made.append(name)
        mac, router = MACS['b']
        script = [
            'ip netns add %s' % name,
            'ip -n %s link set lo up' % name,
            'ip link add name eth0 netns %s address %s type veth peer name'
            ' %s netns %s address %s' % (name, mac, device, self.router,
                                         router),
            'ip netns exec %s sysctl -qw net.ipv6.conf.all.accept_dad=0'
            ' net.ipv6.conf.default.accept_dad=0'
            ' net.ipv6.conf.eth0.accept_dad=0'
            ' net.ipv6.conf.eth0.addr_gen_mode=1'
            ' net.ipv6.conf.eth0.router_solicitations=0' % name,
            'ip netns exec %s sysctl -qw net.ipv6.conf.%s.addr_gen_mode=1' % (
                self.router, device),
            'ip netns exec %s ethtool -K eth0 tx off sg off tso off gso off'
            ' gro off' % name,
            'ip -n %s addr add 10.0.2.1/24 dev eth0' % name,
            'ip -n %s addr add fd00:2::1/64 dev eth0 nodad' % name,
            'ip -n %s link set eth0 up' % name,
            'ip -n %s link set %s up' % (self.router, device)]
        for hop in ('10.0.2.254', 'fd00:2::fe'):
            script += ['ip -n %s neigh replace %s lladdr %s dev eth0 nud'
                       ' permanent' % (name, hop, router),
                       'ip -n %s route add default via %s' % (name, hop)]
        link.enter_netns(self.router)
        for line in script:
            subprocess.run(line.split(), check=True,
                           stdout=subprocess.DEVNULL)
        self.netns['b'] = name
        self.taps['b'] = nets.Tap(self.router, device, mac)
        self.introduce_b(psk)
        after_start()

    def introduce_b(self, psk):
        """B's keys and policy."""
        key = os.path.join(self.args.tmp, 'B.key')
        if os.path.exists(key):
            self.sstctl('b', 'host', 'add', 'server', 'key', key)
        if not self.args.public:
            self.peer('b', 'a', psk)
        self.sstctl('b', 'policy', 'add', 'out', 'require')

    def close(self):
        """Remove what was made."""
        self.sink.close()
        for name in self.made:
            subprocess.run(('ip', 'netns', 'delete', name), check=False)


def after_start():
    """Openings drawn in the second in which a host began are not fresh."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.02)


def drain(sock):
    """Datagrams that wait at a socket: (payload, sender's port)."""
    out = []
    while True:
        try:
            data, where = sock.recvfrom(65536)
        except (BlockingIOError, ConnectionError):
            return out
        out.append((data, where[1]))


def read(sock):
    """What a connection has, or the error that it got."""
    out = b''
    while True:
        try:
            part = sock.recv(65536)
        except BlockingIOError:
            return out
        except OSError as error:
            return error
        if not part:
            return out
        out += part


class Udp:
    """A client on one host, a server on the other; the server logs all."""

    def __init__(self, mid, client='a', family=4, sport=0, dport=53,
                 server=None):
        self.mid = mid
        if dport != ACQUAINTANCE:
            mid.prepare(family)
        self.family, self.dport, self.side = family, dport, client
        self.name = 'UDP over IPv%d' % family
        self.log = []
        self.server = server or mid.udp(OTHER[client], family, dport)
        self.client = mid.udp(client, family, sport, peer=dport)
        self.port = self.client.getsockname()[1]
        self.where = (ADDRESS[client][family], self.port)
        self.number = 0

    def payload(self):
        """One that was never sent before."""
        self.number += 1
        return b'%d of %d ' % (self.number, self.port) + os.urandom(8)

    def ask(self):
        """Send a datagram, which waits on the path."""
        data = self.payload()
        self.client.send(data)
        return data

    def collect(self):
        """The server takes what came."""
        new = drain(self.server)
        self.log += new
        return new

    def arrived(self, data):
        """Has the server got this?"""
        self.collect()
        return any(data == one for one, _ in self.log)

    def answer(self, limit=2):
        """The server sends to the client; does it arrive?"""
        data = self.payload()
        self.server.sendto(data, self.where)
        got = []

        def here():
            got.extend(one for one, _ in drain(self.client))
            return data in got
        return self.mid.pump(here, limit)

    def exchange(self, limit=2):
        """There and back."""
        data = self.ask()
        return self.mid.pump(lambda: self.arrived(data), limit) \
            and self.answer(limit)

    def strange(self):
        """Payloads that either end got and should not have."""
        new = [data for data, _ in self.collect()]
        return new + [data for data, _ in drain(self.client)]

    def doubled(self):
        """Payloads that the server got more than once."""
        self.collect()
        all_data = [data for data, _ in self.log]
        return {data for data in all_data if all_data.count(data) > 1}

    def close(self):
        """Give the sockets back."""
        self.client.close()
        self.server.close()

    def restart(self):
        """The server is on another machine now."""
        self.server.close()
        self.server = self.mid.udp('b', self.family, self.dport)


class Tcp:
    """The same with a connection."""

    def __init__(self, mid, client='a', family=4, sport=0, dport=80,
                 connect=True):
        self.mid = mid
        mid.prepare(family)
        self.family, self.sport, self.dport = family, sport, dport
        self.side = client
        self.name = 'TCP over IPv%d' % family
        self.listener = mid.tcp(OTHER[client], family, dport)
        self.listener.listen(8)
        self.client = self.server = self.where = None
        if connect:
            self.connect()

    def begin(self):
        """Send the SYN, which waits on the path."""
        self.client = self.mid.tcp(self.side, self.family, self.sport,
                                   peer=self.dport)

    def accepted(self):
        """Has the server got the connection?"""
        try:
            self.server, self.where = self.listener.accept()
            self.server.setblocking(False)
        except BlockingIOError:
            return False
        return True

    def finish(self, limit=2):
        """Carry on until the connection is there."""
        return self.mid.pump(self.accepted, limit)

    def connect(self, limit=2):
        """Open a connection; False when it does not come."""
        self.begin()
        return self.finish(limit)

    def exchange(self, limit=2):
        """There and back."""
        for src, dst in ((self.client, self.server),
                         (self.server, self.client)):
            data = os.urandom(100)
            try:
                src.send(data)
            except OSError:
                return False
            got = []

            def here(dst=dst, data=data, got=got):
                part = read(dst)
                got.append(part if isinstance(part, bytes) else b'?')
                return b''.join(got) == data
            if not self.mid.pump(here, limit):
                return False
        return True

    def strange(self):
        """What should not have come: bytes, errors, connections."""
        out = [part for part in (read(self.client), read(self.server))
               if part != b'']
        try:
            out.append(self.listener.accept()[1])
        except BlockingIOError:
            pass
        return out

    def restart(self):
        """The server is on another machine now."""
        self.listener.close()
        self.listener = self.mid.tcp('b', self.family, self.dport)
        self.listener.listen(8)


__all__ = ['ADDRESS', 'FOREIGN', 'Middle', 'OTHER', 'SETTLED', 'Tcp', 'Udp',
           'after_start', 'arguments', 'backwards', 'changed', 'drain',
           'is_empty', 'is_opening', 'kind', 'link', 'makes_association',
           'nets', 'opening', 'packet', 'parts_of', 'read', 'report', 'salt_of',
           'trailer']
