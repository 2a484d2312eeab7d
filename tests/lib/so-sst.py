#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""so-sst.py BLACKHOLE: try SO_SST on sockets of many kinds, at many moments.

Prints a line "case|result|expected result" for each. A result is the value
that getsockopt() gives afterwards, or the name of the error. BLACKHOLE is an
IPv4 address that does not answer. Run it as root in a network namespace with
loopback; ping sockets must be allowed there to group 0.
"""

import contextlib
import ctypes
import errno
import os
import socket
import sys

SO_SST = 0x5354
OFF, PREFER, REQUIRE = 0, 1, 2
IP, IP6 = socket.SOL_IP, socket.IPPROTO_IPV6
V4, V6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
STREAM, DGRAM, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
UDPLITE = 136
MPTCP = 262
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


def name(number):
    # One number has two names.
    return errno.errorcode[number].replace('ENOTSUP', 'EOPNOTSUPP')


def outcome(function, *args):
    """What a call returns, or the name of its error."""
    try:
        return function(*args)
    except OSError as error:
        return name(error.errno)


def say(case, got, want):
    print(f'{case}|{got}|{want}', flush=True)


def put(sock, value, level=IP):
    """setsockopt(); 0 or the name of the error."""
    return outcome(sock.setsockopt, level, SO_SST, value) or 0


def get(sock, level=IP):
    return outcome(sock.getsockopt, level, SO_SST)


def put_get(sock, value, level=IP):
    error = put(sock, value, level)
    return error or get(sock, level)


def with_length(sock, length, level=IP):
    """getsockopt() into @length bytes; (the bytes, the length it says)."""
    room = ctypes.create_string_buffer(b'\xee' * 512, 512)
    size = ctypes.c_int(length)
    if libc.getsockopt(sock.fileno(), level, SO_SST, room, ctypes.byref(size)):
        return name(ctypes.get_errno())
    return room.raw[:8].hex(), size.value


def disconnect(sock):
    """connect() to no family; Python has no words for it."""
    if libc.connect(sock.fileno(), ctypes.create_string_buffer(16), 16):
        raise OSError(ctypes.get_errno(), 'connect')


def as_nobody(function, *args):
    """Result of a call without any capability, from another process."""
    reader, writer = os.pipe()
    if not os.fork():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(writer, str(function(*args)).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    with os.fdopen(reader) as pipe:
        return pipe.read()


def listener(family, value=None):
    sock = socket.socket(family, STREAM)
    if value is not None:
        sock.setsockopt(IP if family == V4 else IP6, SO_SST, value)
    sock.bind(('::' if family == V6 else '127.0.0.1', 0))
    sock.listen()
    return sock


def families():
    say('TCP, IPv4: at first', get(socket.socket(V4, STREAM)), OFF)
    say('UDP, IPv6: at first', get(socket.socket(V6, DGRAM), IP6), OFF)
    for family, level, what in (
            (V4, IP, 'AF_INET, SOL_IP'), (V6, IP6, 'AF_INET6, SOL_IPV6'),
            (V6, IP, 'AF_INET6, SOL_IP')):
        for kind, proto in ((STREAM, 'TCP'), (DGRAM, 'UDP')):
            for value in (PREFER, REQUIRE):
                sock = socket.socket(family, kind)
                say(f'{proto}, {what}: {value}', put_get(sock, value, level),
                    value)
    sock = socket.socket(V6, STREAM)
    put(sock, REQUIRE, IP)
    say('both levels are one option', get(sock, IP6), REQUIRE)
    for kind, proto in ((STREAM, 'TCP'), (DGRAM, 'UDP')):
        sock = socket.socket(V4, kind)
        say(f'{proto}, AF_INET, SOL_IPV6', put(sock, PREFER, IP6),
            'ENOPROTOOPT')
        say(f'{proto}, AF_INET, SOL_IPV6, get', get(sock, IP6),
            'EOPNOTSUPP')
        say(f'{proto}, SOL_SOCKET', put(sock, PREFER, socket.SOL_SOCKET),
            'ENOPROTOOPT')


def types():
    for args, what in (
            ((V4, RAW, socket.IPPROTO_TCP), 'raw TCP'),
            ((V4, RAW, socket.IPPROTO_UDP), 'raw UDP'),
            ((V4, DGRAM, UDPLITE), 'UDP-Lite'),
            ((V4, DGRAM, socket.IPPROTO_ICMP), 'ping')):
        sock = socket.socket(*args)
        say(what, put(sock, PREFER), 'EOPNOTSUPP')
        say(f'{what}, off', put(sock, OFF), 'EOPNOTSUPP')
        say(f'{what}, get', get(sock), 'EOPNOTSUPP')
    for args, what in (((V6, RAW, socket.IPPROTO_UDP), 'raw UDP, IPv6'),
                       ((V6, DGRAM, UDPLITE), 'UDP-Lite, IPv6')):
        say(what, put(socket.socket(*args), PREFER, IP6), 'EOPNOTSUPP')
    say('Unix', put(socket.socket(UNIX, STREAM), PREFER), 'EOPNOTSUPP')
    # A kernel without MPTCP has no such sockets to ask.
    sock = outcome(socket.socket, V4, STREAM, MPTCP)
    got = sock if isinstance(sock, str) else put(sock, PREFER)
    say('MPTCP', 'refused' if got in (
        'ENOPROTOOPT', 'EOPNOTSUPP', 'EPROTONOSUPPORT') else got, 'refused')


def values():
    sock = socket.socket(V4, DGRAM)
    for value in (-1, 3, 4, 0x100, 0x10001, 0x7fffffff, -0x80000000):
        say(f'value {value}', put(sock, value), 'EINVAL')
    say('nothing was set', get(sock), OFF)
    for size in (0, 1, 2, 3, 5, 8, 47):
        say(f'{size} bytes', put(sock, b'\1'.ljust(size, b'\0')[:size]),
            'EINVAL')
    say('nothing was set by these', get(sock), OFF)
    say('4 bytes', put_get(sock, b'\1\0\0\0'), PREFER)
    say('no address', outcome(sock.setsockopt, IP, SO_SST, None, 4), 'EFAULT')
    say('still set', get(sock), PREFER)
    say('SO_SST_PEER is not to be set',
        outcome(sock.setsockopt, IP, SO_SST + 1, 1), 'ENOPROTOOPT')
    say('the option after them', outcome(sock.getsockopt, IP, SO_SST + 2),
        'ENOPROTOOPT')
    say('the option before it', outcome(sock.setsockopt, IP, SO_SST - 1, 1),
        'ENOPROTOOPT')
    # What is written, and the rest that is not.
    for length, want in (
            (-1, 'EINVAL'), (0, 'EINVAL'), (1, 'EINVAL'), (3, 'EINVAL'),
            (4, ('01000000eeeeeeee', 4)), (8, ('0100000001000000', 8)),
            (0x7fffffff, ('0100000001000000', 144))):
        say(f'get, length {length}', with_length(sock, length), want)
    size = ctypes.c_int(4)
    libc.getsockopt(sock.fileno(), IP, SO_SST, None, ctypes.byref(size))
    say('get, no address', name(ctypes.get_errno()), 'EFAULT')


def moments(blackhole):
    sock = socket.socket(V4, STREAM)
    sock.bind(('127.0.0.1', 0))
    say('TCP, bound', put_get(sock, PREFER), PREFER)
    sock.listen()
    say('TCP, listening', put(sock, REQUIRE), 'EISCONN')
    say('TCP, listening, lower', put(sock, OFF), 'EISCONN')
    say('TCP, listening, same', put_get(sock, PREFER), PREFER)

    client = socket.create_connection(sock.getsockname())
    server = sock.accept()[0]
    say('TCP, connected', put(client, PREFER), 'EISCONN')
    say('TCP, connected, same', put_get(client, OFF), OFF)
    say('TCP, accepted', put(server, REQUIRE), 'EISCONN')
    server.close()
    say('TCP, peer has closed', put(client, REQUIRE), 'EISCONN')
    disconnect(client)
    say('TCP, disconnected', put_get(client, REQUIRE), REQUIRE)

    sock = socket.socket(V4, STREAM)
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        sock.connect((blackhole, 9))
    say('TCP, connecting', put(sock, PREFER), 'EISCONN')

    for family, address in ((V4, '127.0.0.1'), (V6, '::1'),
                            (V6, '::ffff:127.0.0.1')):
        sock = socket.socket(family, DGRAM)
        sock.bind((address, 0))
        say(f'UDP, {address}, bound', put_get(sock, PREFER), PREFER)
        sock.sendto(b'', (address, 9))
        sock.connect((address, 9))
        say(f'UDP, {address}, connected', put(sock, REQUIRE), 'EISCONN')
        say(f'UDP, {address}, connected, same', put_get(sock, PREFER), PREFER)
        disconnect(sock)
        say(f'UDP, {address}, disconnected', put_get(sock, REQUIRE), REQUIRE)


def privilege():
    def sock_at(value):
        sock = socket.socket(V4, STREAM)
        sock.setsockopt(IP, SO_SST, value)
        return sock

    for old, new, want in (
            (OFF, PREFER, PREFER), (OFF, REQUIRE, REQUIRE),
            (PREFER, REQUIRE, REQUIRE), (REQUIRE, REQUIRE, REQUIRE),
            (REQUIRE, PREFER, 'EPERM'), (REQUIRE, OFF, 'EPERM'),
            (PREFER, OFF, 'EPERM')):
        sock = sock_at(old)
        say(f'nobody: {old} to {new}', as_nobody(put_get, sock, new), want)
        # The other process had the same socket.
        say(f'nobody: {old} to {new}, now', get(sock),
            old if want == 'EPERM' else new)
        say(f'root: {old} to {new}', put_get(sock_at(old), new), new)
    sock = listener(V4, REQUIRE)
    say('nobody: lower, too late', as_nobody(put, sock, OFF), 'EPERM')
    say('nobody: higher, too late',
        as_nobody(put, listener(V4, PREFER), REQUIRE), 'EISCONN')


def inheritance():
    for family, address, value in (
            (V4, '127.0.0.1', OFF), (V4, '127.0.0.1', PREFER),
            (V4, '127.0.0.1', REQUIRE), (V6, '::1', REQUIRE),
            (V6, '127.0.0.1', REQUIRE)):
        sock = listener(family, value)
        client = socket.create_connection((address, sock.getsockname()[1]))
        child = sock.accept()[0]
        what = f'{address} at {"::" if family == V6 else address}, {value}'
        say(f'accepted, {what}', get(child), value)
        say(f'client, {what}', get(client), OFF)
        for each in (child, client, sock):
            each.close()
    # A connection that waits to be accepted has what its listener had.
    sock = listener(V4, PREFER)
    other = os.dup(sock.fileno())
    say('the same socket, twice', get(socket.socket(fileno=other)), PREFER)


families()
types()
values()
moments(sys.argv[1])
privilege()
inheritance()
