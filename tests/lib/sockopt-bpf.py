#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SO_SST at level SOL_SOCKET, where "sstctl sockopt" is attached. Prints a line
"CASE|RESULT|WANTED" for each."""
import ctypes
import errno
import os
import socket
import struct

SO_SST, REQUIRE = 0x5354, 2
libc = ctypes.CDLL(None, use_errno=True)


def outcome(function, *args):
    """The name of the error, or what is returned."""
    try:
        return function(*args)
    except OSError as error:
        return 'EOPNOTSUPP' if error.errno == errno.EOPNOTSUPP else \
            errno.errorcode.get(error.errno, str(error))


def case(text, want, function, *args):
    """One line."""
    print(text, outcome(function, *args), want, sep='|', flush=True)


def ask(sock, value):
    """Set it; what the socket has then, by the option's own level."""
    sock.setsockopt(socket.SOL_SOCKET, SO_SST, value)
    return sock.getsockopt(socket.SOL_IP, SO_SST)


def make(family=socket.AF_INET, kind=socket.SOCK_STREAM, proto=0):
    """A new socket."""
    return socket.socket(family, kind, proto)


def raw(value, length):
    """By pointer and length; the name of the error."""
    sock = make()
    if libc.setsockopt(sock.fileno(), socket.SOL_SOCKET, SO_SST, value, length):
        return errno.errorcode[ctypes.get_errno()]
    return 0


def lowered():
    """As nobody."""
    sock = make()
    ask(sock, REQUIRE)
    os.setresuid(65534, 65534, 65534)
    try:
        return ask(sock, 0)
    finally:
        os.setresuid(0, 0, 0)


def listening():
    """Too late."""
    sock = make()
    sock.listen(1)
    return ask(sock, REQUIRE)


def large():
    """Another option, whose value is more than a page."""
    sock = make(kind=socket.SOCK_DGRAM)
    sources = b''.join(struct.pack('=H2x4s120x', 2, bytes((10, 9, i // 250,
                                                            i % 250 + 1)))
                       for i in range(40))
    group = struct.pack('=H2x4s120x', 2, bytes((232, 1, 1, 1)))
    sock.setsockopt(socket.SOL_IP, 42, struct.pack('=I4x', 0) + group)
    sock.setsockopt(socket.SOL_IP, 48, struct.pack('=I4x', 0) + group +
                    struct.pack('=II', 1, 40) + sources)
    return 'set'


def buffer():
    """Another option of that level."""
    sock = make()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10000)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def refused():
    """It does what it says."""
    sock = make()
    ask(sock, REQUIRE)
    sock.connect(('10.0.1.254', 9))


def main():
    """All of them."""
    udp = socket.SOCK_DGRAM
    case('TCP', 2, lambda: ask(make(), REQUIRE))
    case('UDP', 2, lambda: ask(make(kind=udp), REQUIRE))
    case('TCP over IPv6', 2, lambda: ask(make(socket.AF_INET6), REQUIRE))
    case('UDP over IPv6', 2, lambda: ask(make(socket.AF_INET6, udp), REQUIRE))
    case('prefer', 1, lambda: ask(make(), 1))
    case('a value that there is not', 'EINVAL', lambda: ask(make(), 3))
    case('too short', 'EINVAL', raw, struct.pack('=H', 1), 2)
    case('no value', 'EFAULT', raw, ctypes.c_void_p(8), 4)
    case('a socket that does not take it', 'EOPNOTSUPP',
         lambda: ask(make(kind=udp, proto=136), REQUIRE))
    case('a local socket', 'EOPNOTSUPP',
         lambda: ask(make(socket.AF_UNIX), REQUIRE))
    case('lower it without privilege', 'EPERM', lowered)
    case('a listener', 'EISCONN', listening)
    case('getsockopt() does not know it', 'ENOPROTOOPT',
         lambda: make().getsockopt(socket.SOL_SOCKET, SO_SST))
    case('it is in force', 'ECONNREFUSED', refused)
    case('another option', 20000, buffer)
    case('one of more than a page', 'set', large)


main()
