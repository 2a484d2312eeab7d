#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send hand-made messages to the sst generic netlink family.

  nlraw.py MESSAGE            print the kernel's answer
  nlraw.py --table FILE       the same for each row of a table; prints, divided
                              by tabs: description, wanted answer, answer

A table has rows "DESCRIPTION | MESSAGE | ANSWER"; lines that start with '#' and
empty lines are left out. All rows use one socket.

A message is a command (flow-add, config-set, ... or cmd:NUMBER), then words that
are done in their order:

  v4, v6              all that a good flow-add needs, with a new key
  NAME=VALUE          attribute with this value, in the place of one before
  +NAME=VALUE         the same, but one before stays
  -NAME               without this attribute
  NAME:HEX +NAME:HEX  as NAME=, with these bytes as payload
  attr:NUMBER:HEX     attribute by number
  nested:NAME         set NLA_F_NESTED;  netorder:NAME: NLA_F_NET_BYTEORDER
  len:NAME:NUMBER     claim this attribute length (header included)
  junk:HEX            bytes after the last attribute
  cut:NUMBER          leave out so many bytes at the end
  dump                set NLM_F_DUMP;  flags:NUMBER: these flags too
  reserved:NUMBER     reserved field of the generic netlink header
  no-header           leave out the generic netlink header, too

Values of key, psk, public-key and secret-key: "new" is random, "same" that of the
message before, else hex digits.

An answer is "ok" or the name of the error; then, if there is one, the message in
quotes; then the attribute that the kernel points at, in parentheses.
"""
import errno
import ipaddress
import os
import re
import socket
import struct
import sys

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../include/uapi/linux/sst_netlink.h')

SOL_NETLINK = 270
NETLINK_GENERIC = 16
NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 10, 11, 12
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLA_F_NESTED, NLA_F_NET_BYTEORDER = 0x8000, 0x4000
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
ERR_MSG, ERR_OFFS, ERR_MISS_TYPE = 1, 2, 5


def enums():
    """All names of the uapi header that stand in an enum, with their values."""
    names = {}
    with open(HEADER, encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    for body in re.findall(r'enum[^{};]*{([^}]*)}', text):
        value = 0
        for item in filter(None, (i.strip() for i in body.split(','))):
            name, _, number = (s.strip() for s in item.partition('='))
            value = int(number, 0) if number else value
            names[name] = value
            value += 1
    return names


ENUM = enums()
SETS = {
    p: {n[len('SST_A_' + p):].lower().replace('_', '-'): v for n, v in ENUM.items()
        if n.startswith('SST_A_' + p)}
    for p in ('FLOW_', 'STATS_', 'CONFIG_', 'PEER_', 'POLICY_', 'HOST_', 'ASSOC_',
              'WISH_')
}
COMMANDS = {n[8:].lower().replace('_', '-'): v for n, v in ENUM.items()
            if n.startswith('SST_CMD_')}

U8 = {'proto', 'side', 'scope', 'mark', 'suite', 'mark-mask', 'mark-value', 'dscp',
      'direction', 'prefix-len', 'verdict', 'cookies', 'init-from', 'identity'}
BE16 = {'local-port', 'remote-port', 'wire-local-port', 'wire-remote-port', 'port',
        'port-last', 'wire-port', 'wire-port-last'}
KEYS = {'key', 'psk', 'public-key', 'secret-key'}

GOOD = ['proto=6', 'local-port=40000', 'remote-port=80', 'wire-local-port=31417',
        'wire-remote-port=27182', 'side=1', 'key=new']
GOOD_ADDR = {
    'v4': ['local-ipv4=10.0.1.1', 'remote-ipv4=10.0.2.1'],
    'v6': ['local-ipv6=fd00:1::1', 'remote-ipv6=fd00:2::1'],
}


class Socket:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(5)
        for opt in (NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK):
            self.sock.setsockopt(SOL_NETLINK, opt, 1)
        self.seq = 0
        self.key = os.urandom(32)
        self.family = self.find_family()

    def find_family(self):
        name = pad(struct.pack('=HH', 8, CTRL_ATTR_FAMILY_NAME) + b'sst\0')
        genl = struct.pack('=BBH', CTRL_CMD_GETFAMILY, 1, 0)
        for kind, _, body in self.talk(GENL_ID_CTRL, NLM_F_ACK, genl + name):
            if kind == GENL_ID_CTRL:
                attrs = dict(parse_attrs(body[4:]))
                return struct.unpack('=H', attrs[CTRL_ATTR_FAMILY_ID])[0]
        sys.exit('nlraw: no sst family: is the module loaded?')

    def talk(self, kind, flags, body):
        """Send, and return all messages of the answer: type, flags, body."""
        self.seq += 1
        self.sock.send(struct.pack('=IHHII', 16 + len(body), kind,
                                   NLM_F_REQUEST | flags, self.seq, 0) + body)
        out = []
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except socket.timeout:
                return out
            while len(data) >= 16:
                length, mtype, mflags, seq, _ = struct.unpack_from('=IHHII', data)
                if seq == self.seq:
                    out.append((mtype, mflags, data[16:length]))
                    if mtype in (NLMSG_ERROR, NLMSG_DONE):
                        return out
                data = data[(length + 3) & ~3:]

    def answer(self, text):
        kind, flags, body, attr_set, offsets = self.build(text)
        for mtype, mflags, reply in self.talk(kind, flags, body):
            if mtype in (NLMSG_ERROR, NLMSG_DONE):
                return describe(mtype, mflags, reply, attr_set, offsets)
        return 'no answer'

    def build(self, text):
        words = text.split()
        command = words.pop(0)
        if command.startswith('cmd:'):
            number, prefix = int(command[4:]), 'FLOW_'
        else:
            number = COMMANDS[command]
            prefix = command.split('-', maxsplit=1)[0].upper() + '_'
            if command == 'shutdown':
                prefix = 'POLICY_'
        numbers = SETS[prefix]
        attrs = []      # [name, number, payload, claimed length or None]
        last_key = self.key
        flags, reserved, junk, cut, header = NLM_F_ACK, 0, b'', 0, True
        for base in GOOD_ADDR:
            if base in words:
                i = words.index(base)
                words[i:i + 1] = GOOD + GOOD_ADDR[base]

        def put(name, payload, again):
            entry = [name, numbers[name], payload, None]
            same = [i for i, a in enumerate(attrs) if a[0] == name]
            if same and not again:
                attrs[same[0]] = entry
            else:
                attrs.append(entry)

        def find(name):
            return next(a for a in attrs if a[0] == name)

        for word in words:
            head, _, rest = word.partition(':')
            if word == 'dump':
                flags |= NLM_F_DUMP
            elif word == 'no-header':
                header = False
            elif head == 'flags':
                flags |= int(rest, 0)
            elif head == 'reserved':
                reserved = int(rest, 0)
            elif head == 'junk':
                junk += bytes.fromhex(rest)
            elif head == 'cut':
                cut = int(rest)
            elif head == 'attr':
                num, _, payload = rest.partition(':')
                attrs.append([word, int(num), bytes.fromhex(payload), None])
            elif head == 'nested':
                find(rest)[1] |= NLA_F_NESTED
            elif head == 'netorder':
                find(rest)[1] |= NLA_F_NET_BYTEORDER
            elif head == 'len':
                name, _, length = rest.partition(':')
                find(name)[3] = int(length)
            elif word.startswith('-'):
                attrs = [a for a in attrs if a[0] != word[1:]]
            elif '=' in word:
                name, _, value = word.partition('=')
                again = name.startswith('+')
                name = name.lstrip('+')
                put(name, self.payload(name, value, last_key), again)
            else:
                put(head.lstrip('+'), bytes.fromhex(rest), head.startswith('+'))

        body = struct.pack('=BBH', number, 1, reserved) if header else b''
        offsets = {}
        for name, num, payload, length in attrs:
            offsets[16 + len(body)] = name
            length = 4 + len(payload) if length is None else length
            body += pad(struct.pack('=HH', length, num) + payload)
        body += junk
        if cut:
            body = body[:-cut]
        return self.family, flags, body, numbers, offsets

    def payload(self, name, value, last_key):
        if name in ('name', 'peer', 'cgroup'):
            return value.encode() + b'\0'
        if name in KEYS:
            if value == 'new':
                self.key = os.urandom(32)
            elif value == 'same':
                self.key = last_key
            else:
                self.key = bytes.fromhex(value)
            return self.key
        if name.endswith(('ipv4', 'ipv6')):
            return ipaddress.ip_address(value).packed
        number = int(value, 0)
        if name in U8:
            return struct.pack('=B', number)
        if name in BE16:
            return struct.pack('!H', number)
        if name == 'cgroup-id':
            return struct.pack('=Q', number)
        return struct.pack('=I', number)


def pad(data):
    return data + bytes(-len(data) % 4)


def parse_attrs(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def describe(mtype, mflags, reply, attr_set, offsets):
    err = struct.unpack_from('=i', reply)[0] if len(reply) >= 4 else 0
    # Python has two names for this number; the kernel's headers have this one.
    name = 'EOPNOTSUPP' if -err == errno.EOPNOTSUPP else errno.errorcode.get(-err)
    out = ['ok' if err >= 0 else name or str(-err)]
    # NLMSG_DONE has the number only; an error has a message header as well.
    skip = 4
    if mtype == NLMSG_ERROR:
        skip = 20
        if err and not mflags & NLM_F_CAPPED:
            skip += struct.unpack_from('=I', reply, 4)[0] - 16
    attrs = dict(parse_attrs(reply[skip:])) if mflags & NLM_F_ACK_TLVS else {}
    if ERR_MSG in attrs:
        out.append('"' + attrs[ERR_MSG].rstrip(b'\0').decode() + '"')
    if ERR_OFFS in attrs:
        offset = struct.unpack('=I', attrs[ERR_OFFS])[0]
        out.append(f'({offsets.get(offset, "elsewhere")})')
    if ERR_MISS_TYPE in attrs:
        number = struct.unpack('=I', attrs[ERR_MISS_TYPE])[0]
        name = [n for n, v in attr_set.items() if v == number]
        out.append(f'(missing {name[0] if name else number})')
    return ' '.join(out)


def rows(path):
    with open(path, encoding='utf-8') as f:
        for line in f:
            line = line.strip()
            if line and not line.startswith('#'):
                yield [c.strip() for c in line.split('|')]


def main():
    args = sys.argv[1:]
    if len(args) == 2 and args[0] == '--table':
        sock = Socket()
        for description, message, want in rows(args[1]):
            print(description, want, sock.answer(message), sep='\t', flush=True)
    elif args and not args[0].startswith('--'):
        print(Socket().answer(' '.join(args)))
    else:
        print(__doc__)
        sys.exit(args not in (['--help'], []))


if __name__ == '__main__':
    main()
