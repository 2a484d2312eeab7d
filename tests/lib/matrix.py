#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Sealed beside plain on all kinds of paths; see matrix.sh.

  matrix.py cells all|pairs [VALUE...]
        the cells, one a line, in the order in which the network has to be
        changed least; only those with all of these values
  matrix.py transfer TOPO-ID PATH MTU RESULTS CELL...
        both transfers of each cell (NUMBER/FAMILY/PROTOCOL) on the network
        as it is; what was measured is written to RESULTS
  matrix.py judge RESULTS SCOPE PSK ASSOCIATIONS CAPTURE-A CAPTURE-B
        a line for each cell, from that and from the captures on the router's
        links to A and to B; each starts with "ok" or "FAIL"; ASSOCIATIONS
        is what tests/lib/keylog wrote
  matrix.py head
        the line above them
"""

import collections
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import nets

# pylint: disable=wrong-import-position
import decode  # noqa: E402
from sst import assoc, link, packet, pcap  # noqa: E402
from sst.keys import KeysFile  # noqa: E402

PATHS = ('direct', 'firewall', 'nat', 'loss')
MTUS = ('1280', '1500', '9000', 'mixed')
OFFLOADS = ('on', 'off')
FAMILIES = ('v4', 'v6')
PROTOS = ('tcp', 'udp')

ADDRESS = {('A', 'v4'): '10.0.1.1', ('A', 'v6'): 'fd00:1::1',
           ('B', 'v4'): '10.0.2.1', ('B', 'v6'): 'fd00:2::1',
           ('R', 'v4'): '10.0.2.254', ('R', 'v6'): 'fd00:2::fe'}

# Wire ports are never below 1024, so each number below it that is seen on the
# path is a real port. The rule of the tests is about SEALED only.
SEALED, PLAIN = 80, 81
CLIENT = {SEALED: 256, PLAIN: 640}

# Of each cell and direction: that many full-size packets each way.
SEGMENTS, DATAGRAMS = 200, 90
BATCH = 15
# Datagrams with smaller numbers leave room for an opening.
OPENINGS = 10
HEADERS = {'v4': 28, 'v6': 48}
# The largest that open a flow: those that make an association.
OPEN, ACCEPT, DATA = 80, 64, 28

# Seconds without any progress after which a transfer has failed.
PATIENCE = 20
# On a path that loses packets: after which a datagram is taken for lost.
LOST = 0.5

# Packets of each cell that are opened with the key: the first and the last.
FIRST, LAST = 40, 20

# What is counted when all is well. Fragments are not among it. The copies that
# netem makes are replays, and "packet too big" is about a sealed packet.
NORMAL = {'tx_sealed', 'tx_open', 'tx_accept', 'tx_empty', 'tx_init',
          'rx_opened', 'rx_open', 'rx_accept', 'rx_empty', 'rx_init',
          'rx_queued', 'rx_split', 'rx_merged', 'rx_held', 'assoc_made'}
NORMAL_LOSS = {'rx_replay', 'tx_restarted', 'assoc_lost'}
# A host that opened anew may hear the answer to its first opening after all.
NORMAL_RESTARTED = {'rx_ended'}
NORMAL_MIXED = {'rx_translated'}

# With path MTU discovery: segments on their way when the news comes are sent
# again, smaller. At most the first window of each direction.
DISCOVERY = 40


def cells(which):
    """(path, mtu, offloads, family, protocol) of all cells, or of sixteen.

    The sixteen have each path with each MTU once. Paths and MTUs are taken
    as the numbers of the field of four elements; the other axes are bits of
    p + m, p + 2m and p + 3m there: an orthogonal array, in which any two
    values of any two axes meet, all pairs of the same axes equally often.
    """
    times = {2: (0, 2, 3, 1), 3: (0, 3, 1, 2)}
    out = []
    for p, path in enumerate(PATHS):
        for m, mtu in enumerate(MTUS):
            if which == 'pairs':
                out.append((path, mtu, OFFLOADS[(p ^ times[2][m]) & 1],
                            FAMILIES[(p ^ m) & 1],
                            PROTOS[(p ^ times[3][m]) & 1]))
                continue
            out += [(path, mtu, off, fam, proto) for off in OFFLOADS
                    for fam in FAMILIES for proto in PROTOS]
    return out


class Failure(Exception):
    """Why a cell fails."""


class Network:
    """The namespaces of topo_hrh and what they count."""

    def __init__(self, topo_id, path, mtu):
        self.name = {x: '%s-%s' % (topo_id, x) for x in 'ABR'}
        self.control = {x: nets.Control(self.name[x]) for x in 'AB'}
        self.path = path
        self.mixed = not mtu.isdigit()
        # "mixed:1400": the smallest link.
        self.mtu = int(mtu.split(':')[-1])
        self.loss = path == 'loss'

    def socket(self, host, fam, proto, port):
        """A socket with a real port."""
        link.enter_netns(self.name[host])
        sock = socket.socket(
            socket.AF_INET if fam == 'v4' else socket.AF_INET6,
            socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ADDRESS[host, fam], port))
        sock.settimeout(PATIENCE)
        return sock

    def retransmitted(self):
        """TCP segments that both hosts sent again, SYNs included."""
        out = 0
        for host in 'AB':
            link.enter_netns(self.name[host])
            with open('/proc/thread-self/net/snmp', encoding='utf-8') as file:
                names, values = (line.split() for line in file
                                 if line.startswith('Tcp:'))
            out += int(values[names.index('RetransSegs')])
        return out

    def firewall(self):
        """Packets that the router found wrong."""
        if self.path != 'firewall':
            return {}
        out = subprocess.run(
            ('ip', 'netns', 'exec', self.name['R'], 'nft', '-j', 'list',
             'counters'), check=True, stdout=subprocess.PIPE).stdout
        return {entry['counter']['name']: entry['counter']['packets']
                for entry in json.loads(out)['nftables']
                if 'counter' in entry}

    def forget(self):
        """No host knows the MTU of the path."""
        if self.mixed:
            for host in 'AB':
                for fam in ('-4', '-6'):
                    subprocess.run(('ip', '-n', self.name[host], fam, 'route',
                                    'flush', 'cache'), check=True)

    def stats(self):
        """All counters of both hosts."""
        return {host: self.control[host].stats() for host in 'AB'}

    def counted(self, before):
        """What the hosts counted since, when nothing is on its way.

        All that was sealed is opened then; where the path drops packets that
        cannot be waited for, but until no counter moves.
        """
        end, last = time.monotonic() + 10, None
        while True:
            now = self.stats()
            change = {host: nets.difference(before[host], now[host])
                      for host in now}
            equal = all(change[x].get('tx_sealed', 0) == taken(change[y])
                        for x, y in ('AB', 'BA'))
            if equal or time.monotonic() > end or (
                    now == last and (self.loss or self.mixed)):
                return change
            last = now
            time.sleep(0.3)


def taken(change):
    """Packets that were opened, those that SST itself made included."""
    return change.get('rx_opened', 0) + change.get('rx_empty', 0)


def stream(src, dst, data):
    """All of it, from one socket to the other."""
    got = bytearray()
    view, sent = memoryview(data), 0
    while len(got) < len(data):
        ready = select.select([dst], [src] if sent < len(data) else [], [],
                              PATIENCE)
        if not ready[0] and not ready[1]:
            raise Failure('stalled after %d of %d bytes' % (
                len(got), len(data)))
        if ready[1]:
            sent += src.send(view[sent:sent + 262144])
        if ready[0]:
            part = dst.recv(262144)
            if not part:
                raise Failure('ended after %d bytes' % len(got))
            got += part
    if got != data:
        raise Failure('data differ')


def tcp(net, fam, number, server):
    """There and back over one connection; bytes and seconds."""
    data = [os.urandom(SEGMENTS * net.mtu) for _ in range(2)]
    listener = net.socket('B', fam, 'tcp', server)
    listener.listen(1)
    client = net.socket('A', fam, 'tcp', CLIENT[server] + number)
    client.connect((ADDRESS['B', fam], server))
    with client, listener.accept()[0] as peer:
        listener.close()
        for sock in (client, peer):
            sock.setblocking(False)
            # What fails ends at once and is not sent again for minutes.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack('ii', 1, 0))
        start = time.monotonic()
        stream(client, peer, data[0])
        stream(peer, client, data[1])
        spent = time.monotonic() - start
        # Each waits for the end of the other.
        for sock in (client, peer):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
        for one, two in ((client, peer), (peer, client)):
            one.shutdown(socket.SHUT_WR)
            two.settimeout(PATIENCE)
            if two.recv(1):
                raise Failure('more than was sent')
    return sum(map(len, data)), spent


class Datagrams:
    """Numbered datagrams from A that B sends back; all are compared."""

    def __init__(self, net, fam, number, server):
        self.net, self.fam = net, fam
        self.room = net.mtu - HEADERS[fam]
        self.server = net.socket('B', fam, 'udp', server)
        self.client = net.socket('A', fam, 'udp', CLIENT[server] + number)
        self.client.connect((ADDRESS['B', fam], server))
        for sock in (self.server, self.client):
            sock.setblocking(False)
            # SO_SNDBUFFORCE, SO_RCVBUFFORCE: room for a batch, whoever is late.
            for name in (32, 33):
                sock.setsockopt(socket.SOL_SOCKET, name, 1 << 24)
        self.pool = os.urandom(self.room + 256)
        self.bytes = 0
        self.seen = {self.server: set(), self.client: set()}

    def body(self, index, back):
        """Number and fill of a datagram there or back."""
        trailer = DATA
        if index < OPENINGS:
            trailer = ACCEPT if back else OPEN
        at = index % 251
        return struct.pack('>I', index) \
            + self.pool[at:at + self.room - trailer - 4]

    def take(self, sock, data):
        """Compare one that came; returns its number."""
        index = struct.unpack('>I', data[:4])[0] if len(data) > 3 else 0
        if data != self.body(index, sock is self.client):
            raise Failure('a datagram differs')
        if index in self.seen[sock]:
            # IP may double them, the path does; SST takes one only.
            if not self.net.loss or self.server.getsockname()[1] == SEALED:
                raise Failure('a datagram came twice')
        else:
            self.seen[sock].add(index)
            self.bytes += len(data)
        return index

    def round(self, indexes, patience):
        """Send these; how long was waited for those that did not come."""
        for index in indexes:
            self.client.send(self.body(index, False))
        while not self.seen[self.client].issuperset(indexes):
            start = time.monotonic()
            ready = select.select([self.server, self.client], [], [],
                                  patience)[0]
            if not ready:
                return time.monotonic() - start
            for sock in ready:
                data, where = sock.recvfrom(65536)
                index = self.take(sock, data)
                if sock is self.server:
                    sock.sendto(self.body(index, True), where)
        return 0

    def close(self):
        """Both sockets."""
        self.client.close()
        self.server.close()


def udp(net, fam, number, server):
    """There and back, as large as the path allows; bytes and seconds.

    The first exchange leaves room for the trailers of an opening. The
    second half counts for the speed.
    """
    talk = Datagrams(net, fam, number, server)
    try:
        for index in range(OPENINGS if net.loss else 1):
            talk.round([index], 1 if net.loss else PATIENCE)
            if talk.seen[talk.client]:
                break
        else:
            raise Failure('no answer to the first datagram')
        spent = 0
        for first in range(OPENINGS, OPENINGS + DATAGRAMS, BATCH):
            start = time.monotonic()
            idle = talk.round(range(first, first + BATCH),
                              LOST if net.loss else PATIENCE)
            if first < OPENINGS + DATAGRAMS // 2:
                # All that is done once is done by then.
                talk.bytes = 0
            else:
                spent += time.monotonic() - start - idle
        for sock, name in ((talk.server, 'there'), (talk.client, 'back')):
            came = sum(index >= OPENINGS for index in talk.seen[sock])
            if came < DATAGRAMS * (0.85 if net.loss else 1):
                raise Failure('%d of %d datagrams came %s' % (
                    came, DATAGRAMS, name))
    finally:
        talk.close()
    return talk.bytes, spent


def run(net, fam, proto, number, server):
    """One transfer: what came of it."""
    net.forget()
    stats, again, wall = net.stats(), net.retransmitted(), net.firewall()
    out = {'reason': '', 'goodput': 0}
    try:
        size, spent = (tcp if proto == 'tcp' else udp)(
            net, fam, number, server)
        out['goodput'] = size * 8 / 1e6 / spent
    except (Failure, OSError) as why:
        out['reason'] = str(why) or type(why).__name__
    out['counted'] = net.counted(stats)
    out['retransmitted'] = net.retransmitted() - again
    out['firewall'] = nets.difference(wall, net.firewall())
    return out


def transfer(topo_id, path, mtu, results, names):
    """The plain transfers first, then those over SST."""
    net = Network(topo_id, path, mtu)
    out = []
    for name in names:
        number, fam, proto = name.split('/')
        out.append({'number': int(number), 'fam': fam, 'proto': proto,
                    'path': path, 'mixed': net.mixed})
    for key, server in (('plain', PLAIN), ('sealed', SEALED)):
        for cell in out:
            cell[key] = run(net, cell['fam'], cell['proto'], cell['number'],
                            server)
    with open(results, 'w', encoding='utf-8') as file:
        json.dump(out, file)


def quoted(parsed):
    """(the cell and the ports that an ICMP error quotes, whether it says that
    a packet was too big), or None."""
    segment, error = parsed.segment, parsed.segment[:2]
    if parsed.version == 4:
        if error[0] not in (3, 4, 5, 11, 12):
            return None
        big, at = error == b'\3\4', 8 + (segment[8] & 15) * 4
        proto = segment[8 + 9]
    else:
        if error[0] > 127:
            return None
        big, at, proto = error[0] == 2, 8 + 40, segment[8 + 6]
    if proto not in Wire.PROTO or len(segment) < at + 4:
        return None
    return (('v%d' % parsed.version, Wire.PROTO[proto]),
            struct.unpack_from('>HH', segment, at), big)


class Wire:
    """What a capture shows of each cell of a group.

    Ports and fragments are looked at in every packet. The first and the last
    packets over SST, and all ICMP errors, are checked by the decoder.
    """

    PROTO = {packet.TCP: 'tcp', packet.UDP: 'udp'}

    def __init__(self, path, scope, keys, hosts):
        self.scope = scope
        self.packets = collections.Counter()    # (cell, 'plain' or 'sealed')
        self.too_big = collections.Counter()
        self.wrong = collections.defaultdict(collections.Counter)
        self.seen = collections.Counter()       # opened by the decoder
        self.decoder = decode.Decoder(
            KeysFile({'flows': []}), check_icmp=True, hosts=hosts,
            real_ports=range(1024), **keys) if keys else None
        rows = list(self.scan(path))
        total = collections.Counter(cell for cell, *_ in rows)
        number = collections.Counter()
        for cell, when, data in rows:
            number[cell] += 1
            if self.decoder and (cell is None or number[cell] <= FIRST
                                 or number[cell] > total[cell] - LAST):
                self.decode(cell, when, data)

    def decode(self, cell, when, data):
        """Findings of the decoder belong to the cell of the packet."""
        before = self.decoder.found.counts.copy()
        if cell:
            # Offloads: the device would fill in the checksum.
            data = bytearray(data)
            decode.fill_partial(data, packet.Packet(data))
        self.decoder.feed(when, bytes(data))
        for kind, count in (self.decoder.found.counts - before).items():
            self.wrong[cell][kind] += count
        self.seen[cell] += 1

    def scan(self, path):
        """(cell, time, packet) of what is not plain; no cell: ICMP."""
        for when, data, cut in pcap.Reader(path).packets():
            if cut:
                # Offloads, in the clear: the headers are enough.
                data = bytearray(data)
                packet.fix_lengths(data, 20 if data[0] >> 4 == 4 else 40)
            parsed = packet.Packet(data)
            if parsed.proto not in self.PROTO:
                if parsed.proto not in (packet.ICMP, packet.ICMPV6):
                    continue
                error = quoted(parsed)
                if error:
                    cell, ports, big = error
                    kind = 'plain' if PLAIN in ports else 'sealed'
                    self.too_big[cell, kind] += big
                    if kind == 'plain':
                        continue
                yield None, when, data
                continue
            cell = 'v%d' % parsed.version, self.PROTO[parsed.proto]
            if parsed.fragment:
                self.wrong[cell]['fragment'] += 1
                continue
            if PLAIN in parsed.ports:
                self.packets[cell, 'plain'] += 1
                continue
            self.packets[cell, 'sealed'] += 1
            if min(parsed.ports) < 1024:
                self.wrong[cell]['port below 1024'] += 1
            # Segments of scope label are as large as those in the clear, and
            # there is nothing but their headers to look at.
            if cut and (self.scope, cell[1]) != ('label', 'tcp'):
                self.wrong[cell]['too long'] += 1
                continue
            yield cell, when, data


def verdict(cell, wires):
    """Everything that is wrong with a cell."""
    key = cell['fam'], cell['proto']
    plain, sealed = cell['plain'], cell['sealed']
    loss = cell['path'] == 'loss'
    normal = NORMAL | (NORMAL_LOSS if loss else set()) \
        | (NORMAL_MIXED if cell['mixed'] else set())
    for name in ('plain', 'sealed'):
        if cell[name]['reason']:
            yield '%s: %s' % (name, cell[name]['reason'])
        for what, count in cell[name]['firewall'].items():
            yield '%s: router: %s=%d' % (name, what, count)
    if any(plain['counted'].values()):
        yield 'plain: SST was not idle'
    for host, other in ('AB', 'BA'):
        change = sealed['counted'][host]
        late = NORMAL_RESTARTED if loss and 'tx_restarted' in change \
            else set()
        for what in sorted(set(change) - normal - late):
            yield '%s %s=%d' % (host, what, change[what])
        # The router says which ones it dropped for their size: once for all
        # segments of a large packet of scope label.
        opened = taken(sealed['counted'][other])
        large = wires[host].too_big[key, 'sealed']
        lost = change.get('tx_sealed', 0) - opened - large
        once = large and (wires[host].scope, key[1]) == ('label', 'tcp')
        if not loss and not 0 <= lost <= (DISCOVERY if once else 0):
            yield '%s sealed %d, %s opened %d, %d were too big' % (
                host, change.get('tx_sealed', 0), other, opened, large)
    opened = sealed['counted']['A']
    if not opened.get('tx_init') and not opened.get('tx_open'):
        yield 'no flow was opened'
    again = sealed['retransmitted'] - plain['retransmitted']
    if not loss and again > (DISCOVERY if cell['mixed'] else 0):
        yield '%d more retransmissions' % again
    for link_to, wire in wires.items():
        for what, count in {**wire.wrong[key], **wire.wrong[None]}.items():
            yield 'link to %s: %s=%d' % (link_to, what, count)
        for name in ('plain', 'sealed'):
            if not wire.packets[key, name]:
                yield 'link to %s: no %s packet' % (link_to, name)
        if wire.decoder and wire.seen[key] < min(
                FIRST, wire.packets[key, 'sealed']):
            yield 'link to %s: too few decoded' % link_to


COLUMNS = '%-4s %3s %-8s %5s %-3s %-2s %-3s %7s %7s %5s %11s %9s %7s  %s'


def line(name, cell, wires):
    """One row of the table."""
    key = cell['fam'], cell['proto']
    why = '; '.join(verdict(cell, wires))
    speed = [cell[x]['goodput'] for x in ('plain', 'sealed')]
    ratio = '%.2f' % (speed[1] / speed[0]) if all(speed) else '-'
    pair = []
    for values in (
            [wires['A'].packets[key, x] for x in ('plain', 'sealed')],
            [cell[x]['retransmitted'] for x in ('plain', 'sealed')],
            [sum(w.too_big[key, x] for w in wires.values())
             for x in ('plain', 'sealed')]):
        pair.append('%d/%d' % tuple(values))
    if cell['proto'] == 'udp':
        pair[1] = '-'
    return COLUMNS % (('FAIL' if why else 'ok', cell['number'])
                      + tuple(name) + ('%.1f' % speed[0], '%.1f' % speed[1],
                                       ratio) + tuple(pair) + (why,))


def judge(results, scope, psk, associations, cap_a, cap_b):
    """All rows of a group."""
    with open(results, encoding='utf-8') as file:
        group = json.load(file)
    nat = group[0]['path'] == 'nat'
    pairs = {side: [frozenset(packet.addr(ADDRESS[x, fam]) for x in (a, 'B'))
                    for fam in FAMILIES]
             for side, a in (('A', 'A'), ('B', 'R'))}
    keys = {'psks': [assoc.Psk.load(psk)],
            'associations': decode.read_associations(associations)}
    # Behind a router that translates nothing the packets are the same.
    wires = {'A': Wire(cap_a, scope, keys, pairs['A']),
             'B': Wire(cap_b, scope, keys if nat else None, pairs['B'])}
    names = cells('all')
    for cell in group:
        print(line(names[cell['number']], cell, wires), flush=True)


def main():
    """The command line."""
    what, args = sys.argv[1], sys.argv[2:]
    if what == 'cells':
        every = cells('all')
        for cell in cells(args[0]):
            if set(args[1:]) <= set(cell):
                print(every.index(cell), *cell)
    elif what == 'transfer':
        transfer(*args[:4], args[4:])
    elif what == 'judge':
        judge(*args)
    else:
        print((COLUMNS % ('', 'no', 'path', 'MTU', 'off', 'IP', '', 'plain',
                          'SST', 'ratio', 'packets', 'resent', 'too big',
                          '')).rstrip())


main()
