# SPDX-License-Identifier: GPL-2.0
"""SO_SST for tests: the structures of include/uapi/linux/sst.h."""

import ctypes
import os
import socket
import struct

SO_SST, SO_SST_PEER = 0x5354, 0x5355
OFF, PREFER, REQUIRE = 0, 1, 2
PEER_KEY = 1
NONE, OPENING, SEALED, ENDED = range(4)
NOBODY, MANUAL, PSK, PUBLIC = range(4)
INITIATOR, RESPONDER = 2, 3
LEVEL = {socket.AF_INET: socket.SOL_IP, socket.AF_INET6: socket.IPPROTO_IPV6}

SOCKOPT = struct.Struct('=IIQ32s')
GOT = struct.Struct('=5B3xI4xQQ32s32s')
INFO_SIZE = SOCKOPT.size + GOT.size
ADDRESS_SIZE = 128

libc = ctypes.CDLL(None, use_errno=True)


class Info:
    """A struct sst_sockinfo."""

    def __init__(self, data):
        self.mode, self.asked_scope, self.flags, self.asked_key = \
            SOCKOPT.unpack_from(data)
        (self.state, self.scope, self.suite, self.role, self.known,
         self.key_age, self.opened, self.assoc_made, self.key, name) = \
            GOT.unpack_from(data, SOCKOPT.size)
        self.name = name.rstrip(b'\0').decode()
        self.rest = data[SOCKOPT.size:]

    def __repr__(self):
        return 'state %d, scope %d, suite %d, role %d, known %d, name "%s"' % (
            self.state, self.scope, self.suite, self.role, self.known,
            self.name)


def asks(sock, mode, scope=0, flags=0, key=b''):
    """setsockopt() with a structure."""
    sock.setsockopt(LEVEL[sock.family], SO_SST,
                    SOCKOPT.pack(mode, scope, flags, key))


def info(sock, level=None):
    """What the socket asked for and got."""
    data = sock.getsockopt(level or LEVEL[sock.family], SO_SST, 512)
    assert len(data) == INFO_SIZE
    return Info(data)


def sockaddr(address):
    """As recvfrom() gives it, in the bytes of a sockaddr_storage."""
    host, port = address[:2]
    if ':' in host:
        data = struct.pack('=H', socket.AF_INET6) + struct.pack(
            '>HI16s', port, 0, socket.inet_pton(socket.AF_INET6, host)) + \
            struct.pack('=I', address[3] if len(address) > 3 else 0)
    else:
        data = struct.pack('=H', socket.AF_INET) + struct.pack(
            '>H4s', port, socket.inet_pton(socket.AF_INET, host))
    return data.ljust(ADDRESS_SIZE, b'\0')


def ask_peer(sock, peer, local=b'', length=None):
    """SO_SST_PEER with the bytes of two addresses; raises OSError. Returns what
    was written, and the length."""
    query = (peer.ljust(ADDRESS_SIZE, b'\0') +
             local.ljust(ADDRESS_SIZE, b'\0')).ljust(512, b'\xee')
    room = ctypes.create_string_buffer(query, 512)
    size = ctypes.c_int(512 if length is None else length)
    if libc.getsockopt(sock.fileno(), LEVEL[sock.family], SO_SST_PEER, room,
                       ctypes.byref(size)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return room.raw, size.value


def peer_info(sock, peer, local=None):
    """What the socket got with a peer; addresses as Python has them."""
    data, size = ask_peer(sock, sockaddr(peer),
                          sockaddr(local) if local else b'')
    assert size == 2 * ADDRESS_SIZE + INFO_SIZE
    return Info(data[2 * ADDRESS_SIZE:size])
