#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Rules by user and control group, and rules that are replaced under traffic.

Prints a line "pass TEXT" or "fail TEXT" for each result. The rules are those of
the shell script; see there for the ports. Each client has a port of its own, by
which it is known in the capture: "seen PORT sealed|clear TEXT" says how it was.
"""

import argparse
import ctypes
import os
import socket
import struct
import sys
import time

import hosts
from hosts import ADDRESS, RST, SYN, outcome, until
from nets import report

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../tools'))
# pylint: disable=wrong-import-position
import nlraw  # noqa: E402
from sst import packet  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402

ONE_UID, UIDS, GROUP, LISTENER, NOBODY, SWAPPED = 600, 601, 602, 610, 620, 630
CHOSEN = 612
SO_REUSEPORT, ATTACH_REUSEPORT_CBPF = 15, 51
# BPF_RET | BPF_K
RETURN = 6
# NLM_F_DUMP_INTR
DUMP_INTR = 0x10
PART = 8192


class Policy:
    """The hosts, and the results."""

    def __init__(self, args):
        self.args = args
        self.hosts = hosts.Hosts(args.id)
        self.port = 20000

    def join(self, group):
        """Sockets of this process are made in this control group from now."""
        with open(os.path.join(self.args.cgroup, group, 'cgroup.procs'), 'w',
                  encoding='ascii') as procs:
            procs.write(str(os.getpid()))

    def socket_of(self, host, fam, proto, port, *, uid=0, group='.', share=False):
        """A socket of a user in a group, which has a port."""
        self.hosts.enter(host)
        self.join(group)
        os.seteuid(uid)
        try:
            sock = socket.socket(hosts.FAMILY[fam], hosts.KIND[proto])
        finally:
            os.seteuid(0)
            self.join('.')
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            sock.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
        sock.bind((ADDRESS[host, fam], port))
        sock.settimeout(15)
        if host == 'B' and proto == TCP:
            sock.listen(8)
        return sock

    def ask(self, fam, proto, port, server, **whose):
        """A client of A gets an answer: '', or what went wrong."""
        self.port += 1
        client = self.socket_of('A', fam, proto, self.port, **whose)
        where = (ADDRESS['B', fam], port)
        with client:
            if proto == UDP:
                error = outcome(client.sendto, b'ask', where)
                if error:
                    return error
                data, who = server.recvfrom(100)
                server.sendto(data, who)
                return '' if client.recv(100) == b'ask' else 'another answer'
            error = outcome(client.connect, where)
            if error:
                return error
            with server.accept()[0] as conn:
                conn.sendall(b'answer')
            return '' if hosts.received(client, 6) == b'answer' else 'none'

    def clients(self):
        """Who is who: sealed or clear, as the rules say."""
        cases = (
            (ONE_UID, True, 'the user of a rule', {'uid': 1000}),
            (ONE_UID, False, 'another user', {'uid': 1001}),
            (ONE_UID, False, 'root, who is just another user', {}),
            (UIDS, False, 'below a range', {'uid': 1999}),
            (UIDS, True, 'the first of a range', {'uid': 2000}),
            (UIDS, True, 'the last of a range', {'uid': 2009}),
            (UIDS, False, 'behind a range', {'uid': 2010}),
            (GROUP, True, 'the group of a rule', {'group': 'app'}),
            (GROUP, True, 'a group below', {'group': 'app/below'}),
            (GROUP, False, 'a group beside', {'group': 'other'}),
            (GROUP, False, 'no group', {}),
        )
        for fam in (4, 6):
            for proto in (TCP, UDP):
                for port, sealed, text, whose in cases:
                    name = 'IPv%d, %s, %s' % (
                        fam, 'TCP' if proto == TCP else 'UDP', text)
                    with self.socket_of('B', fam, proto, port) as server:
                        error = self.ask(fam, proto, port, server, **whose)
                    report(not error, name + ': gets an answer', error)
                    print('seen', self.port, 'sealed' if sealed else 'clear',
                          name)

    def listeners(self):
        """B requires SST of what one user listens on."""
        h = self.hosts
        for fam in (4, 6):
            for proto in (TCP, UDP):
                name = 'IPv%d, %s: ' % (fam, 'TCP' if proto == TCP else 'UDP')
                with self.socket_of('B', fam, proto, LISTENER) as server:
                    error = self.ask(fam, proto, LISTENER, server)
                report(not error, name + 'clear for what root listens on',
                       error)
                grown = h.watch('B', 'rx_required')
                with self.socket_of('B', fam, proto, LISTENER, uid=3000):
                    h.inject('B', h.forged(
                        'B', fam, proto, 999, LISTENER,
                        **({'flags': SYN} if proto == TCP else {})))
                    report(grown.by(1), name + 'closed for what the user of a '
                           'rule listens on')

    def chosen(self):
        """Sockets of two groups share a port, and a program chooses."""
        h = self.hosts
        # "The first", which is one that the rule is not about.
        code = ctypes.create_string_buffer(struct.pack('=HBBI', RETURN, 0, 0, 0))
        for fam in (4, 6):
            socks = [self.socket_of('B', fam, UDP, CHOSEN, group=group,
                                    share=True)
                     for group in ['other'] * 8 + ['app']]
            report(self.answered(fam, socks), 'IPv%d: who gets a datagram '
                   'decides where no program does' % fam)
            socks[0].setsockopt(socket.SOL_SOCKET, ATTACH_REUSEPORT_CBPF,
                                struct.pack('HP', 1, ctypes.addressof(code)))
            grown = h.watch('B', 'rx_required')
            for port in range(900, 920):
                h.inject('B', h.forged('B', fam, UDP, port, CHOSEN))
            report(grown.by(20), 'IPv%d: where a program chooses, it is closed '
                   'for all' % fam, grown())
            for sock in socks:
                sock.close()

    def answered(self, fam, socks):
        """Do clear datagrams come to those that the rule is not about?"""
        h = self.hosts
        for port in range(900, 920):
            h.inject('B', h.forged('B', fam, UDP, port, CHOSEN))
        seen = [until(lambda s=sock: not outcome(s.recv, 100, socket.MSG_DONTWAIT), 1)
                for sock in socks]
        return any(seen[:-1]) and not seen[-1]

    def nobody(self):
        """What no socket sends goes by the strictest rule that may be about
        it."""
        h = self.hosts
        for fam in (4, 6):
            for port, text in ((NOBODY, 'a rule about a user holds'),
                               (NOBODY + 1, 'an exception for a user does not '
                                'let out')):
                grown = h.watch('A', 'tx_no_flow')
                h.tap['A'].passed(False, 0.1)
                h.inject('A', h.forged('A', fam, TCP, port, 900, flags=SYN))
                held = grown.by(1)
                resets = [data for data in h.tap['A'].passed(False, 0.2)
                          if self.is_reset(data)]
                report(held and not resets, 'IPv%d: %s a reset that no socket '
                       'sends' % (fam, text))
            h.inject('A', h.forged('A', fam, TCP, NOBODY + 2, 900, flags=SYN))
            report(until(lambda: any(
                map(self.is_reset, h.tap['A'].passed(False, 0.2)))),
                'IPv%d: where no rule is about it, it leaves' % fam)

    @staticmethod
    def is_reset(data):
        """Is this packet one?"""
        parsed = packet.Packet(data)
        return parsed.proto == TCP and parsed.segment[13] & RST

    def listed(self):
        """A list during which all rules were replaced says that it is of no
        state that ever was; another one does not."""
        self.hosts.enter('A')
        kernel = nlraw.Socket()
        kind, flags, body = kernel.build('policy-get dump')[:3]
        for swap in (False, True):
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                               nlraw.NETLINK_GENERIC) as sock:
                sock.send(struct.pack(
                    '=IHHII', 16 + len(body), kind,
                    nlraw.NLM_F_REQUEST | flags, 1, 0) + body)
                parts = [self.part(sock)]
                if swap:
                    self.hosts.sst('A', 'apply', self.args.file)
                while nlraw.NLMSG_DONE not in [kind for kind, _ in parts[-1]]:
                    parts.append(self.part(sock))
            told = any(flags & DUMP_INTR for part in parts
                       for _, flags in part)
            report(told == swap and len(parts) > 3, 'a list %s' % (
                'during which all rules are replaced says so' if swap else
                'of one table'), '%d parts, %s' % (len(parts), told))

    @staticmethod
    def part(sock):
        """Of a dump, which comes in parts of this size: types and flags."""
        data = sock.recv(PART)
        out = []
        while len(data) >= 16:
            length, kind, flags = struct.unpack_from('=IHH', data)
            out.append((kind, flags))
            data = data[(length + 3) & ~3:]
        return out

    def swaps(self):
        """How often they were replaced."""
        with open(self.args.file, encoding='ascii') as lines:
            return len(lines.readlines())

    def swapped(self):
        """Connections and datagrams while tables are replaced, for some time
        and some replacements."""
        end = time.monotonic() + self.args.seconds
        wrong, count = [], 0
        servers = {(fam, proto): self.socket_of('B', fam, proto, SWAPPED)
                   for fam in (4, 6) for proto in (TCP, UDP)}
        while time.monotonic() < end \
                or self.swaps() < 6 and time.monotonic() < end + 120:
            for (fam, proto), server in servers.items():
                error = self.ask(fam, proto, SWAPPED, server)
                count += 1
                if error:
                    wrong.append('%d: %s' % (self.port, error))
        report(count > 20 and not wrong,
               'while tables are replaced, each of the flows is carried',
               '%d, %s' % (count, wrong))
        print('# %d flows opened' % count)


def main():
    """The command line: the phase is the one that the script is in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--cgroup', help='folder of control groups')
    parser.add_argument('--seconds', type=float, default=6)
    parser.add_argument('phase', choices=('clients', 'listeners', 'chosen',
                                          'nobody', 'listed', 'swapped'))
    parser.add_argument('--file', help='rules that replace all others; with '
                        'a line for each time that they were replaced')
    args = parser.parse_args()
    getattr(Policy(args), args.phase)()
    return 0


if __name__ == '__main__':
    sys.exit(main())
