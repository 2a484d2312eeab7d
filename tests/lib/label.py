#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What a capture of connections of scope label, or of unmarked packets, shows.

  label.py stream CAPTURE FROM TO FILE    the segments carry the file, no byte more
  label.py shape CAPTURE FROM TO          kinds of segments, with their marks

A connection begins with a SYN. stream puts together by sequence numbers what FROM
sent in all segments but SYNs, for each connection of the capture. shape prints, for
each connection, how many segments of both ends are SYNs, have an ACCEPT at their
end, are bare, and of each of them how many carry the mark; and the largest one.
"""

import collections
import sys
import os

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', 'pysst'))

# pylint: disable=wrong-import-position
from sst import packet, pcap, trailer  # noqa: E402

SYN, ACK = 2, 16


class Segment:
    """A TCP segment of a capture."""

    def __init__(self, data):
        self.parsed = parsed = packet.Packet(data)
        self.ours = parsed.proto == packet.TCP
        if not self.ours:
            return
        segment = parsed.segment
        self.seq = int.from_bytes(segment[4:8], 'big')
        self.ack = int.from_bytes(segment[8:12], 'big')
        self.flags = segment[13]
        self.payload = segment[(segment[12] >> 4) * 4:]

    def ends_in(self, kind):
        """Does the meta field say that there is such a trailer?"""
        return len(self.payload) >= 44 \
            and self.payload[-24] >> 4 == kind \
            and self.payload[-23:-20] == bytes(3)


def connections(path, one, two):
    """{wire ports of `one`, of `two`: segments of both}, in order."""
    out = collections.OrderedDict()
    hosts = packet.addr(one), packet.addr(two)
    for _, data, _ in pcap.Reader(path).packets():
        segment = Segment(data)
        pair = segment.parsed.src, segment.parsed.dst
        if not segment.ours or pair not in (hosts, hosts[::-1]):
            continue
        ports = segment.parsed.ports
        out.setdefault(ports if pair == hosts else ports[::-1],
                       []).append(segment)
    return out


def stream(segments, source):
    """What `source` sent, but for its SYN and what follows that in it."""
    base, parts = None, {}
    for segment in segments:
        if segment.parsed.src != source:
            continue
        if segment.flags & SYN:
            base = segment.seq + 1
        elif segment.payload:
            at = (segment.seq - base) & 0xffffffff
            if len(parts.get(at, b'')) < len(segment.payload):
                parts[at] = segment.payload
    out = bytearray()
    for at in sorted(parts):
        if at > len(out):
            sys.exit('a hole at %d' % len(out))
        more = parts[at]
        known = len(out) - at
        if out[at:at + len(more)] != more[:known]:
            sys.exit('two segments disagree at %d' % at)
        out += more[known:]
    return bytes(out)


def check_stream(path, source, target, file):
    """One of the connections carries the file."""
    with open(file, 'rb') as content:
        wanted = content.read()
    found = [stream(segments, packet.addr(source)) for segments
             in connections(path, source, target).values()]
    if wanted not in found:
        sys.exit('carried: %s bytes, wanted %d' % (
            [len(one) for one in found], len(wanted)))


def shape(path, source, target):
    """A line for each connection."""
    mark = packet.Mark()
    for segments in connections(path, source, target).values():
        counts = collections.Counter()
        largest = 0
        for segment in segments:
            end = 'a' if segment.parsed.src == packet.addr(source) else 'b'
            kind = 'syn' if segment.flags & SYN else \
                'accept' if segment.ends_in(trailer.ACCEPT) else 'bare'
            marked = segment.parsed.marked(mark)
            counts[end, kind, 'marked' if marked else 'unmarked'] += 1
            if segment.parsed.version == 4 \
                    and not segment.parsed.data[6] & 0x40:
                counts[end, kind, 'without-df'] += 1
            largest = max(largest, len(segment.parsed.data))
        print(' '.join('%s-%s-%s=%d' % (key + (n,))
                       for key, n in sorted(counts.items())),
              'largest=%d' % largest)


def main():
    """The command line."""
    command, *rest = sys.argv[1:]
    {'stream': check_stream, 'shape': shape}[command](*rest)


if __name__ == '__main__':
    main()
