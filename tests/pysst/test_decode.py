# SPDX-License-Identifier: GPL-2.0
"""Captures: reading, decoding, comparing."""

import contextlib
import io
import json
import os
import random
import struct
import tempfile
import time
import unittest

import decode
from helpers import ADDR4, ADDR6, KEY, PORTS, WIRES, original
from sst import codec, frag, mutate, packet, pcap
from sst.keys import KeysFile

MACS = b'\x02\0\0\0\0\x01\x02\0\0\0\0\x02'


def keys_content():
    """Two flows; in the second host a has side 2."""
    return {'flows': [
        {'proto': 'udp', 'a_addr': ADDR4[0], 'a_port': PORTS[0],
         'b_addr': ADDR4[1], 'b_port': PORTS[1], 'a_wire': WIRES[0],
         'b_wire': WIRES[1], 'key': KEY.hex(), 'a_side': 1},
        {'proto': 'tcp', 'a_addr': ADDR6[0], 'a_port': 443,
         'b_addr': ADDR6[1], 'b_port': 41000, 'a_wire': 30001,
         'b_wire': 30002, 'key': KEY[::-1].hex(), 'side': 2,
         'name': 'web'}]}


class Captures(unittest.TestCase):
    """pcap.py."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        """A file in a directory that goes away."""
        return os.path.join(self.dir.name, name)

    def test_link_types(self):
        """Each link type, both byte orders."""
        data = packet.ipv4(bytes(4), bytes(4), 17, packet.udp(
            bytes(4), bytes(4), 1, 2, b'x'))
        six = packet.ipv6(bytes(16), bytes(16), 17, packet.udp(
            bytes(16), bytes(16), 1, 2, b'x'))
        for order in '<>':
            def tlv(kind, body, order=order):
                out = struct.pack(order + 'HH', 4 + len(body), kind) + body
                return out + bytes(-len(out) % 4)
            for link, frame, want in (
                    (pcap.RAW, data, data),
                    (pcap.EN10MB, MACS + b'\x08\0' + data, data),
                    (pcap.EN10MB, MACS + b'\x86\xdd' + six, six),
                    (pcap.EN10MB, MACS + b'\x81\0\0\x05\x08\0' + data,
                     data),
                    (pcap.EN10MB, MACS + b'\x08\x06' + data, None),
                    (pcap.LINUX_SLL, bytes(14) + b'\x08\0' + data, data),
                    (pcap.LINUX_SLL2, b'\x86\xdd' + bytes(18) + six, six),
                    (pcap.NFLOG, b'\x02\0\0\x05' + tlv(1, b'1234')
                     + tlv(10, b'prefix\0') + tlv(9, data), data),
                    (pcap.NFLOG, b'\x02\0\0\x05' + tlv(1, b'1234'), None)):
                path = self.path('x.pcap')
                with pcap.Writer(path, link, order) as sink:
                    sink.write(frame, 1700000000123456000)
                got = list(pcap.Reader(path).packets())
                if want is None:
                    self.assertEqual(got, [])
                else:
                    self.assertEqual(got, [(1700000000123456000, want,
                                            False)])

    def test_not_a_capture(self):
        """Errors are named."""
        for content in (b'', bytes(24), b'\x0a\x0d\x0d\x0a' + bytes(30)):
            with open(self.path('y'), 'wb') as sink:
                sink.write(content)
            with self.assertRaises(pcap.PcapError):
                pcap.Reader(self.path('y'))


class Decoding(unittest.TestCase):
    """decode.py."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.keys_path = self.path('keys.json')
        with open(self.keys_path, 'w', encoding='utf-8') as sink:
            json.dump(keys_content(), sink)
        self.keys = KeysFile(keys_content())
        self.ends = {}
        for end in 'ab':
            self.ends[end] = codec.Codec(self.keys.flows(
                end, rotate_packets=4))

    def path(self, name):
        """A file in a directory that goes away."""
        return os.path.join(self.dir.name, name)

    def clear(self, index, end, payload, **kwargs):
        """An original packet."""
        flow = self.keys.flow(index, end)
        return original(flow, flow.side, payload, **kwargs)

    def traffic(self, count=24):
        """(original, wire) pairs, all flows, both ways."""
        rand = random.Random(7)
        out = []
        for i in range(count):
            end = 'ab'[i & 1]
            index = i >> 1 & 1
            clear = self.clear(index, end, rand.randbytes(i * 3))
            out.append((clear, self.ends[end].seal(clear)))
        return out

    def write(self, name, packets, link=pcap.RAW):
        """A capture file."""
        with pcap.Writer(self.path(name), link) as sink:
            for i, data in enumerate(packets):
                sink.write(data, 10 ** 9 * i)
        return self.path(name)

    def run_main(self, *argv):
        """(exit status, summary)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = decode.main(list(argv))
        return status, json.loads(out.getvalue())

    def decode(self, packets, *extra):
        """Decode a list of wire packets."""
        path = self.write('wire.pcap', packets)
        return self.run_main('decode', path, '--keys', self.keys_path,
                             '--out', self.path('out.pcap'), *extra)

    def test_clean(self):
        """A sound capture decodes to the originals."""
        pairs = self.traffic()
        wires = [wire for _, wire in pairs]
        status, out = self.decode(wires + [wires[3]])
        self.assertEqual(status, 0, out)
        self.assertTrue(out['ok'])
        self.assertEqual(out['sealed'], 25)
        got = [d for _, d, _ in pcap.Reader(self.path('out.pcap')).packets()]
        self.assertEqual(got, [clear for clear, _ in pairs])
        udp, tcp = out['flows']
        self.assertEqual(udp['a>b']['counters'],
                         {'0': [[0, 3]], '1': [[0, 1]]})
        self.assertEqual(tcp['name'], 'web')
        self.assertEqual(tcp['b>a']['packets'], 7)
        self.assertEqual(tcp['b>a']['duplicates'], 1)
        self.assertEqual(tcp['a>b']['duplicates'], 0)
        ref = self.write('ref.pcap', [clear for clear, _ in pairs])
        status, out = self.run_main('compare', self.path('out.pcap'), ref,
                                    '--ordered')
        self.assertEqual(status, 0, out)
        self.assertEqual(out['decoded'], 24)

    def one_violation(self, packets, kind, *extra):
        """Decode; exactly one kind of violation."""
        status, out = self.decode(packets, *extra)
        self.assertEqual(status, 1)
        got = set(out['violations'])
        if kind != 'too-few-sealed':
            got.discard('too-few-sealed')
        self.assertEqual(got, {kind}, out['examples'])

    def test_violations(self):
        """Each kind is found."""
        pairs = self.traffic()
        wires = [wire for _, wire in pairs]
        status, out = self.decode(wires + [pairs[0][0]])
        self.assertEqual(out['violations'], {'real-port': 1, 'clear': 1})
        flow = self.keys.flow(0)
        src, dst = flow.addrs[1], flow.addrs[2]
        stray = packet.ipv4(src, dst, 17, packet.udp(src, dst, 7, 8, b'x'))
        self.one_violation(wires + [stray], 'clear')
        marked = packet.ipv4(src, dst, 17, packet.udp(src, dst, 7, 8, b'x'),
                             frag=0xc000)
        self.one_violation(wires + [marked], 'unknown-tuple')
        bleached = bytearray(wires[0])
        bleached[6] &= 0x7f
        packet.fix_ip4_checksum(bleached)
        self.one_violation([bytes(bleached)], 'unmarked')
        status, out = self.decode([bytes(bleached)], '--mark', 'openings')
        self.assertEqual(status, 0)
        broken = bytearray(wires[2])
        broken[-40] ^= 1
        self.one_violation([bytes(broken)], 'rx_checksum')
        self.one_violation([], 'too-few-sealed')
        for mutation in mutate.mutations(wires[0], mutate.State(seen=False)):
            status, out = self.decode([mutation.data], '--min-sealed', '0')
            # A passive observer knows no kri window: those fail the tag.
            want = {r.replace('rx_kri_far', 'rx_auth').replace(
                'rx_kri_old', 'rx_auth') for r in mutation.expected}
            self.assertLessEqual(set(out['violations']), want,
                                 mutation.name)
            self.assertEqual(status, 1)

    def test_counter_reuse(self):
        """One counter, two packets."""
        flow = self.keys.flow(0)
        packets = [codec.seal_data(flow, 1, self.clear(0, 'a', data), 0, 5)
                   for data in (b'one', b'two')]
        self.one_violation(packets, 'counter-reuse')

    def test_wrong_sealed_ports(self):
        """The box names other ports."""
        flow = self.keys.flow(0)
        data = codec.seal_data(flow, 1, self.clear(0, 'a', b'x'), 0, 5,
                               ports=b'abcd')
        self.one_violation([data], 'rx_ports')

    def test_allowed_host(self):
        """Unsealed packets of a named host."""
        pairs = self.traffic()
        status, out = self.decode([pairs[0][0], pairs[0][1]],
                                  '--allow-host', ADDR4[0])
        self.assertEqual(status, 0)
        self.assertEqual(out['allowed'], 1)

    def test_icmp(self):
        """An ICMP error quoting a real port, when asked for."""
        pairs = self.traffic()
        flow = self.keys.flow(0)
        quote = packet.ipv4(flow.addrs[2], flow.addrs[1], 1,
                            b'\x03\x03' + bytes(6) + pairs[0][0][:28])
        self.one_violation([pairs[0][1], quote], 'icmp-real-port',
                           '--check-icmp')
        self.assertEqual(self.decode([pairs[0][1], quote])[0], 0)

    def test_fragments(self):
        """Each must be marked; the whole is decoded."""
        clear = self.clear(0, 'a', bytes(3000))
        parts = frag.fragments(self.ends['a'].seal(clear), 1400)
        status, out = self.decode(parts)
        self.assertEqual((status, out['sealed'], out['fragments']),
                         (0, 1, 3))
        bad = bytearray(parts[1])
        bad[6] &= 0x7f
        packet.fix_ip4_checksum(bad)
        self.one_violation([parts[0], bytes(bad), parts[2]],
                           'fragment-unmarked')
        bad = bytearray(parts[1])
        bad[6] &= 0xbf
        packet.fix_ip4_checksum(bad)
        self.one_violation([parts[0], bytes(bad), parts[2]],
                           'fragment-without-df')
        ref = self.write('ref.pcap', [clear])
        self.decode(parts)
        self.assertEqual(self.run_main(
            'compare', self.path('out.pcap'), ref)[0], 0)

    def test_compare(self):
        """TTL, partial checksums, missing, extra, order."""
        pairs = self.traffic()
        self.decode([wire for _, wire in pairs])
        ref = []
        for clear, _ in pairs:
            parsed = packet.Packet(clear)
            out = bytearray(clear)
            out[8 if parsed.version == 4 else 7] += 2
            at = parsed.l4 + packet.csum_offset(parsed.proto)
            struct.pack_into('>H', out, at, packet.ones_sum(
                packet.pseudo_header(parsed.src, parsed.dst, parsed.proto,
                                     len(parsed.segment))))
            if parsed.version == 4:
                packet.fix_ip4_checksum(out)
            ref.append(bytes(out))
        path = self.write('ref.pcap', ref)
        base = ('compare', self.path('out.pcap'), path)
        status, out = self.run_main(*base, '--ttl-delta', '2',
                                    '--keys', self.keys_path)
        self.assertEqual((status, out['partial_checksums']), (0, 24))
        self.assertEqual(self.run_main(*base)[0], 1)
        self.assertEqual(self.run_main(*base, '--ignore', 'ttl')[0], 0)
        self.assertEqual(self.run_main(*base, '--ttl-delta', '2',
                                       '--strict-checksum')[0], 1)
        status, out = self.run_main(*base, '--ttl-delta', '2', '--src',
                                    ADDR4[0])
        self.assertEqual((status, out['reference']), (0, 6))

        self.write('ref.pcap', ref[:-1])
        two = base + ('--ttl-delta', '2')
        status, out = self.run_main(*two)
        self.assertEqual((status, out['extra'], out['missing']), (1, 1, 0))
        self.assertEqual(self.run_main(*two, '--allow-extra', '1')[0], 0)
        self.write('ref.pcap', ref + ref[:1])
        status, out = self.run_main(*two)
        self.assertEqual((status, out['extra'], out['missing']), (1, 0, 1))
        self.assertEqual(self.run_main(*two, '--allow-missing', '1')[0], 0)
        self.write('ref.pcap', ref[::-1])
        self.assertEqual(self.run_main(*two)[0], 0)
        self.assertEqual(self.run_main(*two, '--ordered')[0], 1)
        ref[4] = ref[4][:-1] + b'\x00'
        self.write('ref.pcap', ref)
        self.assertEqual(self.run_main(*two)[0], 1)
        self.write('ref.pcap', [])
        self.assertEqual(self.run_main(*two, '--allow-extra', '99')[0], 1)

    def test_wrong_use(self):
        """Unreadable files give status 2."""
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(decode.main(
                ['decode', '/nonexistent', '--keys', self.keys_path]), 2)
            self.assertEqual(decode.main(
                ['decode', self.keys_path, '--keys', self.keys_path]), 2)

    def test_fast_enough(self):
        """50000 packets in a minute."""
        wires = [wire for _, wire in self.traffic(1000)]
        decoder = decode.Decoder(self.keys)
        start = time.process_time()
        for wire in wires:
            decoder.feed(0, wire)
        self.assertLess(time.process_time() - start, 1.2 * 2)
        self.assertTrue(decoder.finish()['ok'])


if __name__ == '__main__':
    unittest.main()
