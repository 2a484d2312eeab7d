# SPDX-License-Identifier: GPL-2.0
"""Raw IP packets on an Ethernet interface, beside the kernel's own stack.

The addresses used here need not belong to any interface: ARP and neighbour
solicitations for them are answered here, and the local stack, to which they
are foreign, stays silent (as long as it does not forward).
"""

import ctypes
import fcntl
import select
import socket
import struct
import time

from . import packet

_SOL_PACKET = 263
_ADD_MEMBERSHIP = 1
_AUXDATA = 8
_MR_PROMISC = 1
_MR_ALLMULTI = 2
_ETH_P_ALL = 3
_OUTGOING = 4
_CSUM_NOT_READY = 8
_CLONE_NEWNET = 0x40000000

BROADCAST = b'\xff' * 6


def enter_netns(name):
    """Move this process into a network namespace, by name or path."""
    path = name if '/' in name else '/var/run/netns/' + name
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, 'rb') as space:
        if libc.setns(space.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns', path)


def mac(text):
    """"02:00:00:00:00:01" to 6 bytes."""
    out = bytes(int(part, 16) for part in text.split(':'))
    if len(out) != 6:
        raise ValueError('not a MAC address: ' + text)
    return out


def interface_mac(ifname):
    """The hardware address of an interface of this namespace.

    Asked by ioctl, as /sys may show another namespace.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        out = fcntl.ioctl(probe, 0x8927, struct.pack(
            '256s', ifname.encode()[:15]))
    return out[18:24]


def raw_socket(ifname):
    """An AF_PACKET socket bound to an interface."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                         socket.htons(_ETH_P_ALL))
    sock.bind((ifname, _ETH_P_ALL))
    return sock


def ether(dst, src, data):
    """An Ethernet frame around an IP packet."""
    kind = b'\x08\x00' if data[0] >> 4 == 4 else b'\x86\xdd'
    return dst + src + kind + data


def solicited_node(addr):
    """The multicast address on which a neighbour is asked for."""
    return packet.addr('ff02::1:ff00:0')[:13] + addr[13:]


def _icmp6(src, dst, body):
    out = bytearray(body)
    struct.pack_into('>H', out, 2, packet.checksum(
        packet.pseudo_header(src, dst, packet.ICMPV6, len(out)) + out))
    return packet.ipv6(src, dst, packet.ICMPV6, bytes(out), hops=255)


class Link:
    """An interface, our addresses on it, and the way to others.

    next_hop is a fixed MAC for everything; without it the gateway's
    address, or the destination's, is asked for by ARP or ND.
    """

    def __init__(self, ifname, addrs, own_mac=None, next_hop=None,
                 gateway=None):
        self.sock = raw_socket(ifname)
        self.addrs = set(addrs)
        self.mac = own_mac or interface_mac(ifname)
        self.next_hop = next_hop
        self.gateway = gateway
        self._neighbours = {}
        self._waiting = {}
        self._asked = {}
        index = socket.if_nametoindex(ifname)
        kinds = [_MR_ALLMULTI]
        if own_mac:
            kinds.append(_MR_PROMISC)
        for kind in kinds:
            self.sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack(
                'iHH8s', index, kind, 0, b''))
        self.sock.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sock.setblocking(False)

    def send(self, data):
        """Send an IP packet, or keep it until the next hop is known."""
        to = self.next_hop
        if to is None:
            hop = self.gateway or (data[16:20] if data[0] >> 4 == 4
                                   else data[24:40])
            to = self._neighbours.get(hop)
            if to is None:
                queue = self._waiting.setdefault(hop, [])
                if len(queue) < 64:
                    queue.append(data)
                self._ask(hop)
                return
        self._put(ether(to, self.mac, data))

    def _put(self, frame):
        try:
            self.sock.send(frame)
        except BlockingIOError:
            # A full queue loses packets on real links as well.
            pass

    def _ask(self, hop):
        now = time.monotonic()
        if now - self._asked.get(hop, -1) < 0.3:
            return
        self._asked[hop] = now
        source = next((a for a in self.addrs if len(a) == len(hop)), None)
        if source is None:
            return
        if len(hop) == 4:
            self._put(BROADCAST + self.mac + b'\x08\x06' + struct.pack(
                '>HHBBH', 1, 0x800, 6, 4, 1) + self.mac + source + bytes(6)
                + hop)
            return
        group = solicited_node(hop)
        self._put(ether(b'\x33\x33' + group[12:], self.mac, _icmp6(
            source, group, struct.pack('>BBHI', 135, 0, 0, 0) + hop
            + b'\x01\x01' + self.mac)))

    def _learn(self, addr, hardware):
        self._neighbours[addr] = hardware
        for data in self._waiting.pop(addr, ()):
            self._put(ether(hardware, self.mac, data))

    def _arp(self, body):
        if len(body) < 28 or body[:6] != b'\0\x01\x08\0\x06\x04':
            return
        kind = int.from_bytes(body[6:8], 'big')
        sender_mac, sender, target = body[8:14], body[14:18], body[24:28]
        if target not in self.addrs:
            return
        if kind == 1:
            self._put(sender_mac + self.mac + b'\x08\x06' + body[:6]
                      + b'\0\x02' + self.mac + target + sender_mac + sender)
        if any(sender):
            self._learn(sender, sender_mac)

    def _nd(self, hardware, data):
        """True for a neighbour solicitation or advertisement."""
        if len(data) < 64 or data[6] != packet.ICMPV6 \
                or data[40] not in (135, 136):
            return False
        target = data[48:64]
        if data[40] == 136:
            self._learn(target, data[66:72] if data[64:65] == b'\x02'
                        and len(data) >= 72 else hardware)
            return True
        source = data[8:24]
        if target in self.addrs and any(source):
            self._put(ether(hardware, self.mac, _icmp6(
                target, source, struct.pack('>BBHI', 136, 0, 0, 0x60000000)
                + target + b'\x02\x01' + self.mac)))
            self._learn(source, hardware)
        return True

    def receive(self, timeout):
        """(IP packet, True if its checksum is complete) for one of our
        addresses; None after `timeout` seconds or anything else."""
        if timeout > 0:
            select.select([self.sock], [], [], timeout)
        try:
            frame, extra, _, where = self.sock.recvmsg(65600, 64)
        except BlockingIOError:
            return None
        if where[2] == _OUTGOING or len(frame) < 34:
            return None
        ready = True
        for level, kind, body in extra:
            if level == _SOL_PACKET and kind == _AUXDATA:
                ready = not struct.unpack_from('I', body)[0] & _CSUM_NOT_READY
        kind, data = frame[12:14], frame[14:]
        if kind == b'\x08\x06':
            self._arp(data)
        elif kind == b'\x08\x00':
            if data[16:20] in self.addrs:
                if not self.gateway:
                    self._learn(data[12:16], frame[6:12])
                return data, ready
        elif kind == b'\x86\xdd':
            if not self._nd(frame[6:12], data) and data[24:40] in self.addrs:
                return data, ready
        return None

    def fileno(self):
        """For select()."""
        return self.sock.fileno()

    def close(self):
        """Give the socket back."""
        self.sock.close()


def add_arguments(parser):
    """Command line options that lead to a Link."""
    parser.add_argument('--ifname', required=True, help='interface')
    parser.add_argument('--netns', help='network namespace, name or path')
    parser.add_argument('--mac', type=mac, help='own MAC address (default: '
                        'that of the interface)')
    parser.add_argument('--next-hop-mac', type=mac, help='MAC address that '
                        'gets everything (default: asked for)')
    parser.add_argument('--gateway', type=packet.addr, help='address of the '
                        'next hop, if it is not the peer itself')


def from_arguments(args, addrs):
    """Enter the namespace and make the Link."""
    if args.netns:
        enter_netns(args.netns)
    return Link(args.ifname, addrs, args.mac, args.next_hop_mac,
                args.gateway)
