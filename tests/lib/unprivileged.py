#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What a user without privilege tries, to weaken SST, to read keys, to use up state
or to crash. Prints a line "pass TEXT" or "fail TEXT" for each attempt.

  unprivileged.py user ADDRESS CGROUP READONLY
                                          as the user, in the network namespace of A
  unprivileged.py deputy CGROUP           as root: a socket that the user made

ADDRESS is that of B, CGROUP a cgroup that the user owns, and in which this runs,
READONLY the same where cgroups are mounted read-only. To
B's ports 600-699 a rule requires SST; 10.0.1.254 is nobody's peer.
"""
import array
import ctypes
import errno
import os
import random
import socket
import struct
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../tools'))
import nlraw  # noqa: E402  pylint: disable=wrong-import-position

SO_SST, OFF, PREFER, REQUIRE = 0x5354, 0, 1, 2
NEWUSER, NEWNET, NEWCGROUP = 0x10000000, 0x40000000, 0x02000000
NOBODY = 65534
IP_RECVERR = 11
STRANGER = '10.0.1.254'
NLMSG_ADD_MEMBERSHIP = 1
ROUNDS = 4000
ROOT = '/sys/fs/cgroup'

libc = ctypes.CDLL(None, use_errno=True)


def report(good, text, more=''):
    """One result."""
    print('pass' if good else 'fail', text, flush=True)
    if not good:
        print('#', more, flush=True)


def outcome(function, *args):
    """The name of the error of a call, or what it returns."""
    try:
        return function(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def expect(text, want, function, *args):
    """An attempt with one answer."""
    got = outcome(function, *args)
    report(got == want, text, f'got {got!r}, want {want!r}')


def in_child(function, *args):
    """What a function returns in a process of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write, repr(outcome(function, *args)).encode())
        except BaseException:  # pylint: disable=broad-except
            os.write(write, traceback.format_exc().encode())
        os._exit(0)  # pylint: disable=protected-access
    os.close(write)
    got = b''
    while True:
        part = os.read(read, 65536)
        if not part:
            break
        got += part
    os.close(read)
    os.waitpid(pid, 0)
    return got.decode()


def expect_child(text, want, function, *args):
    """An attempt in a process of its own."""
    got = in_child(function, *args)
    report(got == repr(want), text, f'got {got}, want {want!r}')


def own_user_namespace(more=0):
    """This process is root there."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(NEWUSER | more):
        raise OSError(ctypes.get_errno(), 'unshare')
    for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {uid} 1'),
                       ('gid_map', f'0 {gid} 1')):
        with open('/proc/self/' + name, 'w', encoding='ascii') as f:
            f.write(text)


def asking(mode, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    """A socket with SO_SST."""
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_IP, SO_SST, mode)
    return sock


def lower(sock, level=socket.SOL_IP, mode=OFF):
    """Try it; what it has afterwards."""
    got = outcome(sock.setsockopt, level, SO_SST, mode)
    return got, sock.getsockopt(socket.SOL_IP, SO_SST)


class Attempts:
    """All of them, in the order of the table in threat-model.md."""

    def __init__(self, address, cgroup, readonly):
        self.address, self.cgroup, self.readonly = address, cgroup, readonly
        self.kernel = nlraw.Socket()

    def wish(self, path, verdict=3, flags=os.O_RDONLY):
        """Ask for one; the answer."""
        handle = os.open(path, flags)
        answer = nlraw.Socket().answer(
            f'wish-add cgroup-fd={handle} verdict={verdict}')
        os.close(handle)
        return answer

    # To weaken

    def options(self):
        """Ways to lower the option."""
        kept = ('EPERM', REQUIRE)
        expect('lower SO_SST', kept, lower, asking(REQUIRE))
        expect('lower it by a step', kept, lower, asking(REQUIRE),
               socket.SOL_IP, PREFER)
        expect('lower it at the other level', kept, lower,
               asking(REQUIRE, socket.AF_INET6), socket.IPPROTO_IPV6)
        expect_child('lower it as root of a user namespace', kept,
                     lambda s: (own_user_namespace(), lower(s))[1],
                     asking(REQUIRE))
        sock = asking(REQUIRE)
        sock.bind(('', 0))
        sock.listen(1)
        expect('lower it on a listener', kept, lower, sock)
        expect_child('lower it in a child, on a duplicate', kept,
                     lambda s: lower(s.dup()), asking(REQUIRE))

    def rules(self):
        """Ways past a rule that requires, to a host without a key."""
        where = (STRANGER, 600)
        expect('connect where a rule requires SST', 'ECONNREFUSED',
               socket.socket().connect, where)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        expect('send where a rule requires SST', 'ENOKEY', udp.sendto, b'x',
               where)
        udp.setsockopt(socket.SOL_IP, SO_SST, PREFER)
        expect('the same after asking for less than the rule', 'ENOKEY',
               udp.sendto, b'x', where)
        udp.setsockopt(socket.SOL_IP, socket.IP_TOS, 0xac)
        expect('the same with the bits of a mark', 'ENOKEY', udp.sendto, b'x',
               where)
        expect('by a raw socket', 'EPERM', socket.socket, socket.AF_INET,
               socket.SOCK_RAW, socket.IPPROTO_RAW)
        expect('by a packet socket', 'EPERM', socket.socket, socket.AF_PACKET,
               socket.SOCK_RAW)

    def wishes(self):
        """A wish, and ways out of it."""
        deeper = self.cgroup + '/deeper'
        os.makedirs(deeper, exist_ok=True)
        report(self.wish(deeper) == 'ok', 'a wish for a cgroup of his own')
        report(self.wish(deeper, 2) == 'ok', 'a weaker one later')
        expect_child('leaves the stronger one in force', 'ENOKEY',
                     self.from_cgroup, deeper)
        below = deeper + '/below'
        os.makedirs(below, exist_ok=True)
        expect_child('leave it by a cgroup below', 'ENOKEY',
                     self.from_cgroup, below)
        expect_child('leave it by the cgroup at the top', 'EACCES',
                     self.from_cgroup, ROOT)
        why = '"the cgroup is not yours; make one in a cgroup ' \
            'that was delegated to you" (cgroup-fd)'
        refused = 'EACCES ' + why
        expect('a wish where cgroups cannot be written', 'EROFS ' + why,
               self.wish, self.readonly)
        for path, name in ((ROOT, 'the cgroup at the top'),
                           (ROOT + '/other', 'the cgroup of another')):
            expect('a wish for ' + name, refused, self.wish, path)
            expect('by a handle that is only a path', refused, self.wish, path,
                   3, os.O_PATH)
            expect_child('as root of a user namespace', refused,
                         lambda p: (own_user_namespace(NEWCGROUP),
                                    self.wish(p))[1], path)

    def from_cgroup(self, path):
        """Go there and send where nobody has a key; wishes require."""
        with open(path + '/cgroup.procs', 'w', encoding='ascii') as procs:
            procs.write('0')
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return sock.sendto(b'x', (STRANGER, 9))

    def netlink(self):
        """Every command that needs privilege."""
        commands = [c for c in nlraw.COMMANDS if c not in (
            'wish-add', 'flow-opened', 'flow-closed', 'flow-rotated',
            'auth-failed', 'flow-exhausted', 'flow-confirmed')]
        dumps = [c + ' dump' for c in commands if c.endswith('-get')]
        wrong = [c for c in commands + dumps
                 if self.kernel.answer(c) not in ('EPERM', 'EOPNOTSUPP')]
        report(len(commands) > 20 and not wrong,
               'every command that changes or shows', str(wrong))
        # Kernels differ in which of the two they say of what there is not.
        expect_child('all of them as root of a user namespace', ['EPERM'],
                     lambda: (own_user_namespace(), sorted(
                         {nlraw.Socket().answer(c) for c in commands + dumps}
                         - {'EOPNOTSUPP'}))[1])
        expect_child('by a socket that was made before there was privilege',
                     'EPERM', lambda: (own_user_namespace(NEWNET),
                                       self.kernel.answer('peer-get dump'))[1])
        expect('listen to events', 'EPERM', self.kernel.sock.setsockopt,
               nlraw.SOL_NETLINK, NLMSG_ADD_MEMBERSHIP, self.events())
        expect_child('see the peers of the host from a namespace of his own',
                     [], lambda: (own_user_namespace(NEWNET),
                                  self.names('peer-get'))[1])

    def events(self):
        """Number of the group of the family."""
        name = nlraw.pad(struct.pack('=HH', 8, 2) + b'sst\0')
        genl = struct.pack('=BBH', nlraw.CTRL_CMD_GETFAMILY, 1, 0)
        for kind, _, body in self.kernel.talk(nlraw.GENL_ID_CTRL, 4,
                                              genl + name):
            if kind != nlraw.GENL_ID_CTRL:
                continue
            groups = dict(nlraw.parse_attrs(body[4:]))[7]
            group = dict(nlraw.parse_attrs(next(
                nlraw.parse_attrs(groups))[1]))
            return struct.unpack('=I', group[2])[0]
        raise LookupError

    def dump(self, command):
        """All messages of a dump."""
        kernel = nlraw.Socket()
        kind, flags, body, _, _ = kernel.build(command + ' dump')
        return [m[2] for m in kernel.talk(kind, flags, body)
                if m[0] == kernel.family]

    def names(self, command):
        """Of what a dump shows, in brief."""
        return [m[4:24] for m in self.dump(command)]

    # To read keys

    def keys(self):
        """Where they might be."""
        expect_child('a key that he gave himself, in dumps', 'gone',
                     self.own_secret)
        for path in ('/sys/kernel/debug', '/sys/kernel/tracing/events/sst',
                     '/proc/kcore', '/dev/mem', '/proc/kmsg'):
            got = outcome(lambda p: os.listdir(p) if os.path.isdir(p)
                          else open(p, 'rb'), path)
            report(got in ('EACCES', 'EPERM', 'ENOENT'), 'look into ' + path,
                   str(got))
        found = [name for name in os.listdir('/proc/net') if 'sst' in name]
        report(not found, 'look for files in /proc/net', str(found))
        sock = asking(REQUIRE)
        wrong = []
        for size in list(range(0, 80)) + [4096, 65536]:
            room = (ctypes.c_char * 65537)(*([b'\xa5'] * 65537))
            length = ctypes.c_uint(size)
            status = libc.getsockopt(sock.fileno(), socket.SOL_IP, SO_SST,
                                     room, ctypes.byref(length))
            used = 0 if status else length.value
            if used > size or set(room[used:]) != {0xa5}:
                wrong.append(size)
        report(not wrong, 'read more of a socket than was asked for',
               str(wrong))

    def own_secret(self):
        """In a namespace where he may install one."""
        own_user_namespace(NEWNET)
        kernel = nlraw.Socket()
        if kernel.answer('flow-add v4') != 'ok':
            return 'not added'
        for command in ('flow-get', 'peer-get', 'assoc-get', 'host-get'):
            for message in self.dump(command):
                if kernel.key in message or kernel.key[:8] in message:
                    return 'in ' + command
        return 'gone'

    # To crash

    def fuzz(self):
        """Structures of all sizes, and nonsense for netlink."""
        rand = random.Random(6)
        sock = asking(REQUIRE)
        for i in range(ROUNDS):
            size = rand.choice((0, 1, 3, 4, 5, 8, 16, 40, 44, 48, 64, 128,
                                4096))
            data = rand.randbytes(size) if i % 2 else \
                struct.pack('=II', rand.randrange(100), rand.randrange(4)) + \
                rand.randbytes(size)
            name = SO_SST + rand.choice((-2, -1, 0, 0, 0, 0, 1, 2))
            level = rand.choice((socket.SOL_IP, socket.IPPROTO_IPV6,
                                 socket.SOL_SOCKET))
            outcome(sock.setsockopt, level, name, data)
            libc.setsockopt(sock.fileno(), level, name,
                            ctypes.c_void_p(rand.choice((0, 8, 2**47, -8))),
                            rand.choice((0, 4, 8, 64, -1, 2**31 - 1)))
            libc.getsockopt(sock.fileno(), level, name,
                            ctypes.c_void_p(rand.choice((0, 8, 2**47, -8))),
                            ctypes.c_void_p(rand.choice((0, 8, -8))))
        report(sock.getsockopt(socket.SOL_IP, SO_SST) == REQUIRE,
               'structures of all sizes, from everywhere')
        expect_child('nonsense for netlink', 'alive', self.nonsense, 0)
        expect_child('the same with privilege in a namespace', 'alive',
                     self.nonsense, NEWNET)

    def nonsense(self, more):
        """Messages that are nearly right."""
        rand = random.Random(more)
        if more:
            own_user_namespace(more)
        kernel = nlraw.Socket()
        kernel.sock.settimeout(0.5)
        for _ in range(ROUNDS // 4):
            body = struct.pack('=BBH', rand.randrange(40), 1, 0)
            for _ in range(rand.randrange(8)):
                data = rand.randbytes(rand.choice((0, 1, 2, 4, 8, 16, 32, 33)))
                body += nlraw.pad(struct.pack(
                    '=HH', 4 + len(data) + rand.choice((0, 0, 0, 0, 1, -1)),
                    rand.randrange(30) | rand.choice((0, 0, 0, 0x8000))) +
                    data)
            outcome(kernel.talk, kernel.family, rand.choice((4, 4, 0x304)),
                    body)
        return 'alive'

    # To use up state

    def state(self):
        """Up to the bounds."""
        answers = []
        for i in range(257):
            path = f'{self.cgroup}/many{i}'
            os.makedirs(path, exist_ok=True)
            answers.append(self.wish(path, 2).split()[0])
        report(answers.count('ok') < 257 and answers[-1] == 'ENOSPC',
               'wishes without end', str(answers[-3:]))
        expect_child('more of them as another user of a user namespace',
                     'ENOSPC', lambda: (own_user_namespace(), self.wish(
                         self.cgroup + '/many256', 2).split()[0])[1])
        wrong = set()
        for i in range(20):
            socks = [asking(REQUIRE, kind=socket.SOCK_DGRAM)
                     for _ in range(900)]
            for j, sock in enumerate(socks):
                got = outcome(sock.sendto, b'x', (
                    f'10.0.{i + 100}.{j % 250 + 1}', 1000 + j))
                if got != 'ENOKEY':
                    wrong.add(got)
            for sock in socks:
                sock.close()
        report(not wrong, '18000 sockets that require, to as many addresses',
               str(wrong))
        seen = set()
        for i in range(3000):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                # Else UDP keeps ENOBUFS to itself.
                sock.setsockopt(socket.SOL_IP, IP_RECVERR, 1)
                seen.add(outcome(sock.sendto, b'x', (self.address,
                                                     600 + i % 100)))
        report(seen == {1, 'ENOBUFS'}, 'flows without end', str(seen))
        for _ in range(30):
            in_child(lambda: (own_user_namespace(NEWNET),
                              asking(REQUIRE))[0])
        report(True, 'namespaces of his own, one after the other')

    def all(self):
        """In order."""
        self.options()
        self.rules()
        self.wishes()
        self.netlink()
        self.keys()
        self.fuzz()
        self.state()


def user(address, cgroup, readonly):
    """All that the user does."""
    Attempts(address, cgroup, readonly).all()


def deputy(cgroup):
    """Root sends on a netlink socket of the user's what he was told to."""
    ours, theirs = socket.socketpair()
    if not os.fork():
        os.setresuid(NOBODY, NOBODY, NOBODY)
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                             nlraw.NETLINK_GENERIC)
        theirs.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                 array.array('i', [sock.fileno()]))])
        os._exit(0)  # pylint: disable=protected-access
    _, data, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    kernel = nlraw.Socket()
    kernel.sock = socket.socket(fileno=array.array('i', data[0][2])[0])
    for opt in (nlraw.NETLINK_CAP_ACK, nlraw.NETLINK_EXT_ACK):
        kernel.sock.setsockopt(nlraw.SOL_NETLINK, opt, 1)
    for path, want in ((ROOT, 'EACCES'), (cgroup, 'ok')):
        handle = os.open(path, os.O_RDONLY)
        got = kernel.answer(f'wish-add cgroup-fd={handle} verdict=2')
        report(got.split()[0] == want, 'a wish for %s on a socket that the '
               'user gave to root' % path, got)
    report(kernel.answer('peer-get dump') == 'EPERM',
           'and a command that needs privilege')
    os.wait()
    ranges()


def ranges():
    """Rules about ranges of users, where a user namespace maps them."""
    rule = 'policy-add direction=1 verdict=3 uid=%d uid-last=%d'
    wrong = 'EINVAL "uid-last must not be smaller than uid, nor beyond the ' \
        'users that the user namespace numbers in a row" (uid-last)'
    none = 'EINVAL "this user namespace has no such user" (uid-last)'
    for text, maps, want in (
            ('in a row', '0 0 30', ['ok', 'ok', none]),
            ('by pieces', '0 0 10\n20 20 10', [wrong, wrong, none])):
        got = mapped(maps, [rule % (0, 5), rule % (5, 25), rule % (0, 40)])
        report(got == repr(want), 'rules where users are mapped ' + text, got)


def mapped(maps, commands):
    """What commands say in a user namespace that maps users like this."""
    begun, begin = os.pipe()
    going, go = os.pipe()
    out, answer = os.pipe()
    pid = os.fork()
    if not pid:
        if libc.unshare(NEWUSER | NEWNET):
            os._exit(1)  # pylint: disable=protected-access
        os.write(begin, b'x')
        os.read(going, 1)
        kernel = nlraw.Socket()
        os.write(answer, repr([kernel.answer(c) for c in commands]).encode())
        os._exit(0)  # pylint: disable=protected-access
    os.read(begun, 1)
    with open(f'/proc/{pid}/uid_map', 'w', encoding='ascii') as f:
        f.write(maps)
    os.write(go, b'x')
    os.waitpid(pid, 0)
    return os.read(out, 4096).decode()


{'user': user, 'deputy': deputy}[sys.argv[1]](*sys.argv[2:])
