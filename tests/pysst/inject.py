#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send packets of a capture, or mutations of one, on an interface.

Without --dst-mac and --src-mac the Ethernet header is taken from the
capture if it has one; the source is then the interface's own address.
"""

import argparse
import json
import sys
import time

from sst import link, mutate, pcap


def chosen(args):
    """(linktype, order, frames) that --index selects."""
    reader = pcap.Reader(args.pcap)
    frames = [frame for _, frame, _ in reader
              if pcap.ip_packet(reader.linktype, frame, reader.order)]
    if args.index is not None:
        frames = [frames[i] for i in args.index]
    if not frames:
        raise ValueError('no IP packet in %s' % args.pcap)
    return reader, frames


def variants(args, data, other):
    """(name, packet, expected) for one captured packet."""
    state = mutate.State(args.kri, args.previous, args.seen)
    if args.reflect:
        return list(mutate.reflect(data))
    if args.harmless:
        return list(mutate.harmless(data))
    if args.mutate is None:
        return [mutate.Mutation('captured', data, mutate.REPLAY
                                if args.seen else frozenset())]
    out = list(mutate.mutations(data, state, other))
    if 'all' not in args.mutate:
        out = [item for item in out
               if any(item.name.startswith(p) for p in args.mutate)]
    return out


def run(args):
    """Build everything, then send it."""
    if args.netns:
        link.enter_netns(args.netns)
    reader, frames = chosen(args)
    packets = [pcap.ip_packet(reader.linktype, frame, reader.order)
               for frame in frames]
    out = []
    for i, (frame, data) in enumerate(zip(frames, packets)):
        dst, src = args.dst_mac, args.src_mac
        if reader.linktype == pcap.EN10MB:
            dst = dst or frame[:6]
        if dst is None:
            raise ValueError('--dst-mac is needed for this capture')
        src = src or link.interface_mac(args.ifname)
        other = packets[(i + 1) % len(packets)]
        if len(other) == len(data):
            other = None
        for item in variants(args, data, other):
            out.append((item, link.ether(dst, src, item.data)))
    sent = 0
    if not args.list:
        sock = link.raw_socket(args.ifname)
        start = time.monotonic()
        for _ in range(args.count):
            for _, frame in out:
                if args.rate:
                    wait = start + sent / args.rate - time.monotonic()
                    if wait > 0:
                        time.sleep(wait)
                sock.send(frame)
                sent += 1
        sock.close()
    limits = {}
    for item, _ in out:
        for name in item.expected:
            low, high = limits.get(name, (0, 0))
            limits[name] = (low + (len(item.expected) == 1), high + 1)
    json.dump({'sent': sent, 'expected': {
        name: {'min': low * args.count, 'max': high * args.count}
        for name, (low, high) in sorted(limits.items())},
        'variants': [{'name': item.name, 'expected': sorted(item.expected)}
                     for item, _ in out]}, sys.stdout)
    print()
    return 0


def main(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pcap', required=True, help='capture to send from')
    parser.add_argument('--ifname', required=True)
    parser.add_argument('--netns', help='network namespace, name or path')
    parser.add_argument('--dst-mac', type=link.mac)
    parser.add_argument('--src-mac', type=link.mac)
    parser.add_argument('--index', type=int, action='append', metavar='N',
                        help='only the Nth IP packet, from 0; repeatable')
    parser.add_argument('--count', type=int, default=1,
                        help='how often all is sent')
    parser.add_argument('--rate', type=float, default=0,
                        help='packets a second (default: at once)')
    parser.add_argument('--mutate', action='append', metavar='PREFIX',
                        help='send mutations with such names instead, or '
                        '"all"; repeatable')
    parser.add_argument('--harmless', action='store_true',
                        help='send what a path may do instead')
    parser.add_argument('--reflect', action='store_true',
                        help='send it back to its sender')
    parser.add_argument('--kri', type=int, default=0,
                        help="the receiver's current kri, for --mutate")
    parser.add_argument('--previous', action='store_true',
                        help='kri - 1 is still accepted')
    parser.add_argument('--seen', action='store_true',
                        help='the receiver has had the packets already')
    parser.add_argument('--list', action='store_true', help='send nothing')
    args = parser.parse_args(argv)
    try:
        return run(args)
    except (OSError, ValueError, IndexError, pcap.PcapError) as error:
        print('inject.py: %s: %s' % (type(error).__name__, error),
              file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
