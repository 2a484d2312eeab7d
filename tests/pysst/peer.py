#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A live SST peer over raw sockets, for tests against the kernel module.

It seals and opens with this package.  Its address need not be configured
anywhere: ARP and neighbour solicitations for it are answered here.

connect and serve make flows that open themselves, by INIT on a public key or
by OPEN N on a pre-shared key, and then by OPEN on the association that was
made; the other commands take manually keyed flows.

A manually keyed flow begins at counter 0, once.  A second run on the same
flow must go on behind the first: --start-seq or --start-kri.
"""

import argparse
import collections
import hashlib
import itertools
import json
import os
import random
import signal
import sys
import time

from sst import (assoc, codec, endpoint, frag, hostkey, kdf, link, minitcp,
                 mutate, opening, packet, pcap, trailer)
from sst.keys import KeysFile
from sst.trailer import Drop


class BaseHost:
    """One end on one interface, whatever its flows come from."""

    def __init__(self, args, addrs):
        self.args = args
        self.flows = []
        self.link = link.from_arguments(args, addrs)
        self.gather = frag.Gatherer()
        self.counts = collections.Counter()
        self.idents = itertools.count(1)
        self.record = pcap.Writer(args.record) if args.record else None
        self.stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, *_):
        self.stopped = True

    def clear(self, flow, segment):
        """The clear packet around a segment of a flow."""
        me = flow.side
        out = packet.ip(flow.addrs[me], flow.addrs[3 - me], flow.proto,
                        segment, tos=self.args.tos,
                        **({'ident': next(self.idents) & 0xffff}
                           if len(flow.addrs[me]) == 4 else {}))
        if self.record:
            self.record.write(out, time.time_ns())
        return out

    def put(self, wire):
        """A sealed packet onto the link."""
        if self.args.loss and random.random() < self.args.loss:
            self.counts['tx_lost_on_purpose'] += 1
            return
        for part in frag.fragments(wire, self.args.mtu,
                                   next(self.idents)):
            self.link.send(part)
        self.counts['tx'] += 1

    def whole(self, timeout):
        """(packet with fragments put together, checksum is complete) or
        None."""
        got = self.link.receive(timeout)
        if got is None:
            return None
        data, ready = got
        try:
            parsed = packet.Packet(data)
            if parsed.fragment:
                data = self.gather.add(parsed)
        except packet.ParseError:
            self.counts['unreadable'] += 1
            return None
        return None if data is None else (data, ready)

    def finish(self, ok, **more):
        """Print the summary; the exit status."""
        if self.record:
            self.record.close()
        out = dict(more, ok=bool(ok), counts=dict(self.counts),
                   flows=[{'name': flow.name,
                           'send': [flow.sender.kri, flow.sender.seq],
                           'receive_kri': flow.receiver.current}
                          for flow in self.flows])
        text = json.dumps(out)
        if self.args.json:
            with open(self.args.json, 'w', encoding='utf-8') as sink:
                sink.write(text + '\n')
        else:
            print(text, flush=True)
        return 0 if ok else 1

    def ready(self):
        """Tell a waiting script that the socket is open."""
        if self.args.ready_file:
            with open(self.args.ready_file, 'w', encoding='ascii') as sink:
                sink.write('ready\n')


class Host(BaseHost):
    """Manually keyed flows of one end."""

    def __init__(self, args, proto=None):
        keys = KeysFile.load(args.keys)
        numbers = args.flow if args.flow is not None \
            else range(len(keys.entries))
        flows = []
        for number in numbers:
            flow = keys.flow(number, args.me, rotate_packets=args.rotate,
                             rotate_seconds=args.rotate_seconds)
            if proto is None or flow.proto == proto:
                flow.sender.kri = args.start_kri
                flow.sender.seq = args.start_seq
                flows.append(flow)
        if not flows:
            raise ValueError('no such flow in the keys file')
        self.codec = codec.Codec(flows, keys.mark, args.dscp_keep)
        super().__init__(args, {flow.addrs[flow.side] for flow in flows})
        self.flows = flows

    def send(self, flow, segment, flags=0):
        """Seal a clear segment of a flow and send it."""
        self.put(self.codec.seal(self.clear(flow, segment), flags))

    def receive(self, timeout):
        """(flow, parsed restored packet) or None."""
        got = self.whole(timeout)
        if got is None:
            return None
        try:
            opened = self.codec.open(*got)
        except Drop as drop:
            self.counts[drop.reason] += 1
            return None
        if opened is None:
            self.counts['not_ours'] += 1
            return None
        self.counts['rx'] += 1
        if opened.packet is None:
            self.counts['rx_empty'] += 1
            return None
        return opened.flow, packet.Packet(opened.packet)


class OpeningHost(BaseHost):
    """Flows that open themselves, on pre-shared keys or public keys.

    Each event is a line of JSON on standard output or in --events.
    """

    def __init__(self, args):
        psks = [assoc.Psk.load(path) for path in args.psk]
        self.begin = time.monotonic()
        self.offset = args.clock_offset
        self.sink = open(args.events, 'w', encoding='utf-8') \
            if args.events else None
        self.happened = collections.Counter()
        self.waiting = collections.deque()
        self.silenced = set()
        self.endpoint = endpoint.Endpoint(
            psks, self._out, wall=self.wall, mark=packet.Mark(*args.mark6),
            dscp_keep=args.dscp_keep, window=args.window,
            start=int(self.wall()) - args.started_ago, log=self.event,
            rotate_packets=args.rotate, rotate_seconds=args.rotate_seconds,
            remote_wire=args.peer_wire_port, own_wire=args.wire_port,
            host_keys=[hostkey.HostKey.load(path) for path in args.host_key],
            peers=[hostkey.PublicKey(hostkey.parse(text))
                   for text in args.peer_key],
            identity=hostkey.HostKey.load(args.identity)
            if args.identity else None,
            cookies=args.cookies, cookie_ttl=args.cookie_ttl,
            lifetime=args.lifetime,
            init_from={hostkey.parse(text) for text in args.init_from}
            if args.init_from else 'anyone', need_id=args.need_id,
            scope=kdf.SCOPES[args.scope],
            mark_openings=args.mark == 'openings', labels=args.labels)
        super().__init__(args, set(args.address))

    def wall(self):
        """Unix time as this host has it."""
        return time.time() + self.offset

    def event(self, name, flow, **more):
        """One line."""
        self.happened[name] += 1
        other = 3 - flow.side
        out = {'at': round(time.monotonic() - self.begin, 3), 'event': name,
               'flow': flow.name,
               'role': 'initiator' if flow.initiator else 'responder',
               'proto': 'tcp' if flow.proto == packet.TCP else 'udp',
               'peer': packet.addr_text(flow.addrs[other]),
               'real': [flow.ports[flow.side], flow.ports[other]],
               'wire': [flow.wires[flow.side], flow.wires[other]],
               'salt_i': flow.salt_i.hex()}
        print(json.dumps(dict(out, **more)), file=self.sink or sys.stdout,
              flush=True)

    def connect(self, proto, port):
        """A flow to --peer, --peer-port."""
        own = next((a for a in self.args.address
                    if len(a) == len(self.args.peer)), None)
        if own is None:
            raise ValueError('no --address of the family of --peer')
        flow = self.endpoint.connect(proto, own, port, self.args.peer,
                                     self.args.peer_port)
        self.flows.append(flow)
        return flow

    def _out(self, wire):
        meta = opening.peek(packet.Packet(wire).segment)
        if meta and meta.type == trailer.ACCEPT \
                and self.counts['tx_accept_lost'] < self.args.lose_accept:
            self.counts['tx_accept_lost'] += 1
            return
        self.put(wire)

    def send(self, flow, segment, flags=0):
        """Seal a clear segment of a flow and send it."""
        try:
            self.endpoint.send(self.clear(flow, segment), flow, flags)
        except Drop as drop:
            self.counts[drop.reason] += 1

    def _silent(self, data):
        """True for one of the first openings that --silent-first names."""
        if not self.args.silent_first:
            return False
        salt = self.endpoint.named(packet.Packet(data))
        if salt is None:
            return False
        if len(self.silenced) < self.args.silent_first:
            self.silenced.add(salt)
        return salt in self.silenced

    def receive(self, timeout):
        """(flow, parsed restored packet) or None; runs the timers."""
        self.endpoint.poll()
        if self.waiting:
            return self.waiting.popleft()
        got = self.whole(timeout)
        if got is None:
            return None
        if self._silent(got[0]):
            self.counts['rx_silent'] += 1
            return None
        try:
            delivered = self.endpoint.receive(*got)
        except Drop as drop:
            self.counts[drop.reason] += 1
            return None
        if delivered is None:
            self.counts['not_ours'] += 1
            return None
        self.counts['rx'] += 1
        if not delivered:
            self.counts['rx_empty'] += 1
            return None
        for flow, restored in delivered:
            # After a glare the application keeps the flow it opened.
            flow = flow.predecessor or flow
            if flow not in self.flows:
                self.flows.append(flow)
            self.waiting.append((flow, packet.Packet(restored)))
        return self.waiting.popleft()

    @property
    def accepted(self):
        """True if every flow has got its answer."""
        return all(flow.confirmed or flow.successor
                   and flow.successor.confirmed for flow in self.flows)

    def finish(self, ok, **more):
        """Print the summary; the exit status."""
        if self.sink:
            self.sink.close()
        if self.args.secrets:
            with open(self.args.secrets, 'w', encoding='ascii') as sink:
                sink.writelines(assoc.line(secrets) + '\n'
                                for secrets in self.endpoint.learned)
        return super().finish(ok, events=dict(self.happened), associations=[
            {'id': made.assoc_id.hex(), 'side': made.side,
             'identity': hostkey.text(made.identity)
             if made.identity else None}
            for made in self.endpoint.associations.values()], **more)


def udp_payload(parsed):
    """What the application gets."""
    return parsed.segment[8:]


def send_udp(host, flow, payload):
    """One datagram of a flow."""
    me = flow.side
    host.send(flow, packet.udp(
        flow.addrs[me], flow.addrs[3 - me], flow.ports[me],
        flow.ports[3 - me], payload, host.args.zero_checksum))


def udp_echo(args):
    """Send every datagram back."""
    host = Host(args, packet.UDP)
    host.ready()
    end = time.monotonic() + args.duration
    answered = 0
    while not host.stopped and time.monotonic() < end:
        got = host.receive(0.1)
        if got is None:
            continue
        send_udp(host, got[0], udp_payload(got[1]))
        answered += 1
        if args.count and answered >= args.count:
            break
    return host.finish(answered >= args.count, answered=answered)


def _datagram(number, size):
    head = number.to_bytes(8, 'big')
    body = hashlib.shake_128(head).digest(max(0, size - 8))
    return (head + body)[:max(size, 8)]


def udp_client(args, host=None):
    """Send datagrams and check the echoes."""
    host = host or Host(args, packet.UDP)
    host.ready()
    low, _, high = args.size.partition('-')
    rand = random.Random(args.seed)
    waiting = {}
    sent = echoed = damaged = 0
    total = args.count * len(host.flows)
    end = time.monotonic() + args.duration
    due = time.monotonic()
    last = None
    hold = args.hold
    while not host.stopped and time.monotonic() < end:
        now = time.monotonic()
        if hold and sent:
            if os.path.exists(hold):
                hold = None
            due = now if hold is None else now + 0.02
        if args.in_turn and waiting:
            due = now + 0.001
        if sent < total and now >= due:
            flow = host.flows[sent % len(host.flows)]
            payload = _datagram(sent, rand.randint(int(low),
                                                   int(high or low)))
            waiting[flow.name, sent] = payload
            send_udp(host, flow, payload)
            sent += 1
            due = max(due + args.interval, now - 1)
            last = now
        elif sent == total and (not waiting or args.no_echo
                                or now - last > args.wait):
            break
        if args.enough and echoed >= args.enough:
            break
        got = host.receive(0.0 if sent < total and not args.interval
                           else min(0.05, max(0.001, due - now)
                                    if sent < total else 0.05))
        if got is None:
            continue
        data = udp_payload(got[1])
        key = got[0].name, int.from_bytes(data[:8], 'big')
        if waiting.get(key) == data:
            del waiting[key]
            echoed += 1
        else:
            damaged += 1
    lost = sent - echoed
    if args.enough:
        ok = echoed >= args.enough and not damaged
    else:
        ok = sent == total and not damaged and (args.no_echo
                                                or lost <= args.max_loss)
    if isinstance(host, OpeningHost):
        until = time.monotonic() + (args.wait if args.no_echo else 0)
        while not host.accepted and time.monotonic() < until:
            host.receive(0.05)
        ok = ok and host.accepted
    return host.finish(ok, sent=sent, echoed=echoed, lost=lost,
                       unexpected=damaged)


class Stream:
    """One TCP connection over one flow, and what is done with it."""

    def __init__(self, host, flow, active):
        self.host = host
        self.flow = flow
        self.active = active
        self.received = 0
        self.digest = hashlib.sha256()
        self.done_at = None
        self._closed = False
        self._to_send = 0
        self._position = 0
        self._sent_digest = hashlib.sha256()
        self.connection = minitcp.Connection(
            self._emit, self._data, active, host.args.mss)
        if active:
            self._to_send = host.args.bytes
            self.connection.start()

    def _emit(self, seq, ack, flags, window, options, payload):
        flow, me = self.flow, self.flow.side
        self.host.send(flow, packet.tcp(
            flow.addrs[me], flow.addrs[3 - me], flow.ports[me],
            flow.ports[3 - me], seq, ack, flags, window, options, payload))

    def _data(self, data):
        self.received += len(data)
        self.digest.update(data)
        if not self.active and self.host.args.mode == 'echo':
            self.connection.send(data)
            self._sent_digest.update(data)

    def work(self):
        """Timers, more data, closing; seconds until the next call."""
        con = self.connection
        mode = self.host.args.mode
        if self.active:
            while self._position < self._to_send and con.queued < 262144:
                size = min(65536, self._to_send - self._position)
                data = hashlib.shake_128(
                    self._position.to_bytes(8, 'big')).digest(size)
                con.send(data)
                self._sent_digest.update(data)
                self._position += size
            echoed = mode != 'echo' or self.received >= self._to_send
            # The client ends first once all has come back.
            if not self._closed and self._position == self._to_send \
                    and echoed and (mode != 'source' or con.fin_received):
                self._closed = True
                con.close()
        elif not self._closed:
            if mode == 'source' and self._position == 0:
                self._position = self.host.args.bytes
                data = hashlib.shake_128(b'source').digest(
                    self.host.args.bytes)
                con.send(data)
                self._sent_digest.update(data)
                self._closed = True
                con.close()
            elif con.fin_received:
                self._closed = True
                con.close()
        wait = con.poll()
        if con.finished and self.done_at is None:
            self.done_at = time.monotonic()
        return wait

    def summary(self):
        """For the JSON output."""
        con = self.connection
        return {'flow': self.flow.name, 'state': con.state,
                'sent': self._position if self.active else None,
                'received': self.received,
                'sent_sha256': self._sent_digest.hexdigest(),
                'received_sha256': self.digest.hexdigest(),
                'segments_out': con.segments_out,
                'segments_in': con.segments_in,
                'retransmitted': con.retransmitted}

    @property
    def good(self):
        """Ended in order, with the right data."""
        if self.connection.state != minitcp.DONE:
            return False
        if self.active and self.host.args.mode == 'echo':
            return self.digest.digest() == self._sent_digest.digest()
        return True


def run_streams(host, streams, end):
    """Until all of them are done, or it is too late."""
    while not host.stopped:
        now = time.monotonic()
        if now >= end:
            break
        wait = min(stream.work() for stream in streams.values())
        if all(stream.done_at and now - stream.done_at >= host.args.linger
               for stream in streams.values()):
            break
        got = host.receive(wait)
        rounds = 0
        while got is not None:
            flow, parsed = got
            if flow in streams:
                streams[flow].connection.segment(parsed.segment)
            rounds += 1
            got = host.receive(0) if rounds < 32 else None


def run_tcp(args, active, host=None):
    """Client or server: one connection on each flow."""
    host = host or Host(args, packet.TCP)
    host.ready()
    end = time.monotonic() + args.duration
    done = []
    parts = [[flow] for flow in host.flows] \
        if getattr(args, 'in_turn', False) else [host.flows]
    for flows in parts:
        streams = {flow: Stream(host, flow, active) for flow in flows}
        run_streams(host, streams, end)
        done += streams.values()
    return host.finish(all(s.good for s in done),
                       streams=[s.summary() for s in done])


def connect(args):
    """The initiator: open flows to the peer's real port and use them."""
    if not args.psk and not args.peer_key:
        raise ValueError('--psk or --peer-key is needed')
    host = OpeningHost(args)
    proto = packet.TCP if args.proto == 'tcp' else packet.UDP
    for port in args.port:
        host.connect(proto, port)
    if proto == packet.TCP:
        return run_tcp(args, True, host)
    return udp_client(args, host)


def serve(args):
    """The responder: one service, on UDP and TCP, on each real port."""
    if not args.psk and not args.host_key:
        raise ValueError('--psk or --host-key is needed')
    host = OpeningHost(args)
    host.ready()
    streams = {}
    done = set()
    answered = 0
    enough = None
    end = time.monotonic() + args.duration
    while not host.stopped:
        now = time.monotonic()
        if enough is None and args.count \
                and answered + len(done) >= args.count:
            enough = now
            end = min(end, now + args.linger)
        if now >= end:
            break
        wait = min([0.1] + [stream.work() for stream in streams.values()])
        done.update(flow for flow, s in streams.items() if s.done_at)
        got = host.receive(wait)
        if got is None:
            continue
        flow, parsed = got
        if parsed.ports[1] not in args.port:
            host.counts['no_service'] += 1
        elif flow.proto == packet.UDP:
            if not args.no_reply:
                send_udp(host, flow, udp_payload(parsed))
            answered += 1
        else:
            if flow not in streams:
                streams[flow] = Stream(host, flow, False)
            streams[flow].connection.segment(parsed.segment)
    wanted = [s for f, s in streams.items() if f.confirmed]
    ok = answered + len(done) >= args.count \
        and all(stream.good for stream in wanted)
    return host.finish(ok, answered=answered, connections=len(done),
                       streams=[s.summary() for s in wanted])


def attack_list(flow, original, kri, seq, seen=False, dscp_keep=False,
                mark=None, receiver_kri=None):
    """The genuine packet and all hostile variants made from it.

    Returns (sealed, [Mutation, ...]).  Withheld (seen False) the genuine
    packet still opens after all of them.  The variants with a right tag use
    counters up to seq + 9.
    """
    side = flow.side
    mark = mark or packet.Mark()
    state = mutate.State(kri if receiver_kri is None else receiver_kri,
                         seen=seen)
    sealed = codec.seal_data(flow, side, original, kri, seq,
                             dscp_keep=dscp_keep, mark=mark)
    longer = bytearray(original) + b'!'
    parsed = packet.Packet(original)
    packet.fix_lengths(longer, parsed.l4, parsed.proto)
    packet.fix_transport(longer, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    other = codec.seal_data(flow, side, bytes(longer), kri, seq + 1,
                            dscp_keep=dscp_keep, mark=mark)
    out = list(mutate.mutations(sealed, state, other))
    out += mutate.forgeries(flow, side, original, kri, seq + 5, state)
    return sealed, out


def attack(args):
    """Send hostile variants of packets of one flow."""
    host = Host(args)
    flow = host.flows[0]
    me = flow.side
    src, dst = flow.addrs[me], flow.addrs[3 - me]
    sport, dport = flow.ports[me], flow.ports[3 - me]
    payload = b'attack' * (args.payload // 6 + 1)
    payload = payload[:args.payload]
    if flow.proto == packet.UDP:
        segment = packet.udp(src, dst, sport, dport, payload)
    else:
        segment = packet.tcp(src, dst, sport, dport, 1, 1, 0x10,
                             options=b'\x01\x01\x08\x0a' + bytes(8),
                             payload=payload)
    original = packet.ip(src, dst, flow.proto, segment, tos=args.tos)
    kri, seq = flow.sender.kri, flow.sender.seq
    sealed, variants = attack_list(flow, original, kri, seq, args.seen,
                                   args.dscp_keep, host.codec.mark)
    genuine = mutate.Mutation('genuine', sealed, frozenset())
    if args.harmless:
        # A counter is good once, so each gets its own.
        variants = []
        for i, item in enumerate(mutate.harmless(sealed)):
            again = codec.seal_data(flow, me, original, kri, seq + i,
                                    dscp_keep=args.dscp_keep,
                                    mark=host.codec.mark)
            variants.append(list(mutate.harmless(again))[i])
        seq += len(variants)
    elif args.seen:
        variants.insert(0, genuine)
    else:
        variants.append(genuine)
    if args.only:
        variants = [v for v in variants if v.name == 'genuine'
                    or any(v.name.startswith(p) for p in args.only)]
    flow.sender.seq = seq if args.harmless else seq + 10
    limits = collections.defaultdict(lambda: [0, 0])
    for item in variants:
        for name in item.expected or ('accepted',):
            limits[name][1] += 1
            if len(item.expected) < 2:
                limits[name][0] += 1
    if args.write:
        with pcap.Writer(args.write) as sink:
            for item in variants:
                sink.write(item.data)
    if not args.list:
        host.ready()
        for _ in range(args.repeat):
            for item in variants:
                host.link.send(item.data)
                host.counts['tx'] += 1
                host.receive(args.delay)
        until = time.monotonic() + args.wait
        while time.monotonic() < until:
            host.receive(0.05)
    return host.finish(True, total=len(variants) * args.repeat, expected={
        name: {'min': low * args.repeat, 'max': high * args.repeat}
        for name, (low, high) in sorted(limits.items())},
        variants=[{'name': item.name, 'expected': sorted(item.expected)}
                  for item in variants])


def empty(args):
    """Send packets with flag E: nothing may reach the other stack."""
    host = Host(args)
    host.ready()
    for flow, _ in itertools.product(host.flows, range(args.count)):
        me = flow.side
        src, dst = flow.addrs[me], flow.addrs[3 - me]
        sport, dport = flow.ports[me], flow.ports[3 - me]
        host.send(flow, packet.udp(src, dst, sport, dport)
                  if flow.proto == packet.UDP
                  else packet.tcp(src, dst, sport, dport), trailer.E)
    until = time.monotonic() + args.wait
    while time.monotonic() < until:
        host.receive(0.05)
    return host.finish(True)


def main(argv=None):
    """The command line."""
    common = argparse.ArgumentParser(add_help=False)
    link.add_arguments(common)
    common.add_argument('--rotate', type=int, metavar='N',
                        help='next kri after N packets')
    common.add_argument('--rotate-seconds', type=float, default=3600)
    common.add_argument('--tos', type=lambda t: int(t, 0), default=0)
    common.add_argument('--dscp-keep', action='store_true')
    common.add_argument('--mtu', type=int, default=1500)
    common.add_argument('--loss', type=float, default=0,
                        help='share of packets not sent, to force '
                        'retransmission')
    common.add_argument('--duration', type=float, default=60,
                        help='seconds until giving up')
    common.add_argument('--json', metavar='FILE', help='write the summary '
                        'there')
    common.add_argument('--ready-file', metavar='FILE',
                        help='made once packets are received')
    common.add_argument('--record', metavar='PCAP',
                        help='write the originals that are sealed')

    base = argparse.ArgumentParser(add_help=False, parents=[common])
    base.add_argument('--keys', required=True, help='keys file (JSON)')
    base.add_argument('--me', choices='ab', required=True,
                      help='which host of the keys file we are')
    base.add_argument('--flow', type=int, action='append', metavar='N',
                      help='flow number in the file, from 0; repeatable '
                      '(default: all of the right protocol)')
    base.add_argument('--start-kri', type=int, default=0)
    base.add_argument('--start-seq', type=int, default=0)

    psk = argparse.ArgumentParser(add_help=False, parents=[common])
    psk.add_argument('--psk', action='append', default=[],
                     metavar='FILE', help='pre-shared key as this host has '
                     'it; repeatable, the first one opens')
    psk.add_argument('--host-key', action='append', default=[],
                     metavar='FILE', help='own private key, which takes '
                     'INIT; repeatable')
    psk.add_argument('--peer-key', action='append', default=[],
                     metavar='KEY', help='public key of the other host, in '
                     'base64: opens by INIT; repeatable, tried in turn')
    psk.add_argument('--identity', metavar='FILE', help='own private key '
                     'that INIT proves')
    psk.add_argument('--cookies', choices=('off', 'always'), default='off',
                     help='an INIT needs a proof')
    psk.add_argument('--cookie-ttl', type=int, default=120,
                     metavar='SECONDS')
    psk.add_argument('--init-from', action='append', metavar='KEY',
                     help='identity that may send INIT, in base64; '
                     'repeatable (default: anyone)')
    psk.add_argument('--need-id', action='store_true', help='payload waits '
                     'until the identity is proved')
    psk.add_argument('--lifetime', type=int, default=3600,
                     metavar='SECONDS', help='of the associations that '
                     'others make here')
    psk.add_argument('--secrets', metavar='FILE', help='write the secrets '
                     'of all associations there, for decode.py --assoc')
    psk.add_argument('--address', type=packet.addr, action='append',
                     required=True, metavar='ADDR', help='own address; one '
                     'of each family')
    psk.add_argument('--port', type=int, action='append', required=True,
                     metavar='N', help='own real port; repeatable')
    psk.add_argument('--events', metavar='FILE', help='write a line for '
                     'each event there (default: standard output)')
    psk.add_argument('--clock-offset', type=int, default=0,
                     metavar='SECONDS', help='this host\'s clock is wrong '
                     'by so much: id, time and freshness')
    psk.add_argument('--window', type=int, default=600, metavar='SECONDS',
                     help='fresh is what is not older; 0: confirm-first')
    psk.add_argument('--started-ago', type=int, default=0,
                     metavar='SECONDS', help='openings since then may be '
                     'fresh (default: since now)')
    psk.add_argument('--silent-first', type=int, default=0, metavar='N',
                     help='do not hear the first N openings (salts), so '
                     'that the initiator starts over')
    psk.add_argument('--lose-accept', type=int, default=0, metavar='N',
                     help='lose the first N packets with ACCEPT')
    psk.add_argument('--wire-port', type=int, metavar='N',
                     help='configured wire port of this host')
    psk.add_argument('--peer-wire-port', type=int, metavar='N',
                     help='configured wire port of the other host')
    psk.add_argument('--mark6', type=lambda t: tuple(
        int(part, 0) for part in t.split('/')), default=(0xfc, 0xac),
        metavar='MASK/VALUE', help='of the IPv6 traffic class')
    psk.add_argument('--scope', choices=kdf.SCOPES, default='ports',
                     help='of the flows that this host opens')
    psk.add_argument('--mss', type=int, default=1200)
    psk.add_argument('--mode', choices=('echo', 'sink', 'source'),
                     default='echo', help='TCP, as for tcp-client')
    psk.add_argument('--linger', type=float, default=1,
                     help='seconds to answer a repeated FIN')
    psk.add_argument('--zero-checksum', action='store_true')
    psk.add_argument('--labels', action='store_true',
                     help='take flows of scope label')
    psk.add_argument('--mark', choices=('all', 'openings'), default='all')

    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest='command', required=True)

    one = sub.add_parser('udp-echo', parents=[base])
    one.add_argument('--count', type=int, default=0,
                     help='stop after that many')
    one.add_argument('--zero-checksum', action='store_true')
    one.set_defaults(run=udp_echo)

    one = sub.add_parser('udp-client', parents=[base])
    one.add_argument('--count', type=int, default=10, help='for each flow')
    one.add_argument('--size', default='100', metavar='N[-M]',
                     help='payload bytes, at least 8')
    one.add_argument('--interval', type=float, default=0.002)
    one.add_argument('--wait', type=float, default=2,
                     help='seconds to wait for the last echo')
    one.add_argument('--max-loss', type=int, default=0)
    one.add_argument('--no-echo', action='store_true')
    one.add_argument('--seed', type=int, default=1)
    one.add_argument('--zero-checksum', action='store_true')
    one.set_defaults(run=udp_client, hold=None, enough=0,
                     in_turn=False)

    for name, active in (('tcp-server', False), ('tcp-client', True)):
        one = sub.add_parser(name, parents=[base])
        one.add_argument('--mode', choices=('echo', 'sink', 'source'),
                         default='echo', help='echo: the server sends all '
                         'back; sink: it only reads; source: the server '
                         'sends --bytes and ends first')
        one.add_argument('--bytes', type=int,
                         default=100000 if active else 0)
        one.add_argument('--mss', type=int, default=1200)
        one.add_argument('--linger', type=float, default=1,
                         help='seconds to answer a repeated FIN')
        one.set_defaults(run=lambda args, active=active:
                         run_tcp(args, active))

    one = sub.add_parser('connect', parents=[psk])
    one.add_argument('--proto', choices=('udp', 'tcp'), required=True)
    one.add_argument('--peer', type=packet.addr, required=True,
                     metavar='ADDR')
    one.add_argument('--peer-port', type=int, required=True, metavar='N',
                     help="the other host's real port")
    one.add_argument('--count', type=int, default=10, help='datagrams for '
                     'each flow')
    one.add_argument('--size', default='100', metavar='N[-M]')
    one.add_argument('--interval', type=float, default=0.002,
                     help='seconds between datagrams; more than 15: each '
                     'one re-opens')
    one.add_argument('--hold', metavar='FILE', help='UDP: no more than one '
                     'datagram before this file is there')
    one.add_argument('--enough', type=int, default=0, metavar='N',
                     help='UDP: end with N echoes, however many got lost')
    one.add_argument('--wait', type=float, default=2)
    one.add_argument('--max-loss', type=int, default=0)
    one.add_argument('--no-echo', action='store_true')
    one.add_argument('--seed', type=int, default=1)
    one.add_argument('--bytes', type=int, default=100000, help='TCP')
    one.add_argument('--in-turn', action='store_true', help='the next '
                     'connection when the one before is done, the next '
                     'datagram when the one before has come back')
    one.set_defaults(run=connect)

    one = sub.add_parser('serve', parents=[psk])
    one.add_argument('--count', type=int, default=0, help='stop after so '
                     'many datagrams and connections')
    one.add_argument('--no-reply', action='store_true',
                     help='UDP: the service reads only')
    one.add_argument('--bytes', type=int, default=0, help='TCP, source')
    one.set_defaults(run=serve)

    one = sub.add_parser('attack', parents=[base])
    one.add_argument('--payload', type=int, default=24)
    one.add_argument('--seen', action='store_true',
                     help='send the genuine packet first, not last')
    one.add_argument('--harmless', action='store_true',
                     help='send what a path may do instead')
    one.add_argument('--only', action='append', metavar='PREFIX',
                     help='only variants with such names; repeatable')
    one.add_argument('--list', action='store_true', help='send nothing')
    one.add_argument('--write', metavar='PCAP', help='write the variants')
    one.add_argument('--repeat', type=int, default=1)
    one.add_argument('--delay', type=float, default=0.0005)
    one.add_argument('--wait', type=float, default=0.3)
    one.set_defaults(run=attack)

    one = sub.add_parser('empty', parents=[base])
    one.add_argument('--count', type=int, default=1)
    one.add_argument('--wait', type=float, default=0.3)
    one.set_defaults(run=empty)

    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (OSError, ValueError, KeyError) as error:
        print('peer.py: %s: %s' % (type(error).__name__, error),
              file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
