# SPDX-License-Identifier: GPL-2.0
"""The keys file: JSON, one list of manually keyed flows.

    [{"proto": "udp", "a_addr": "192.0.2.1", "a_port": 4000,
      "b_addr": "192.0.2.2", "b_port": 53, "a_wire": 20001,
      "b_wire": 20002, "key": "<64 hex digits>", "a_side": 1,
      "scope": "payload", "name": "optional"}]

or an object {"flows": [...], "mark6": {"mask": 252, "value": 172}}.
a_port and b_port are the real ports.  scope is ports if left out.  "side" is taken for "a_side" too.
"""

import json

from . import kdf, packet
from .flow import Flow

_PROTO = {'tcp': packet.TCP, 'udp': packet.UDP, 6: packet.TCP,
          17: packet.UDP}


def _number(value):
    return int(value, 0) if isinstance(value, str) else int(value)


class KeysFile:
    """A parsed keys file."""

    def __init__(self, content):
        if isinstance(content, list):
            content = {'flows': content}
        self.entries = content['flows']
        mark = content.get('mark6', {})
        self.mark = packet.Mark(_number(mark.get('mask', 0xfc)),
                                _number(mark.get('value', 0xac)))

    @classmethod
    def load(cls, path):
        """From a file."""
        with open(path, encoding='utf-8') as source:
            return cls(json.load(source))

    @staticmethod
    def a_side(entry):
        """The side of host a."""
        side = int(entry.get('a_side', entry.get('side', 1)))
        if side not in (1, 2):
            raise ValueError('side is 1 or 2')
        return side

    def flow(self, index, me=None, **kwargs):
        """Flow number `index`; `me` is 'a', 'b' or None (an observer)."""
        entry = self.entries[index]
        ends = {self.a_side(entry): 'a', 3 - self.a_side(entry): 'b'}
        side = None
        for number, letter in ends.items():
            if letter == me:
                side = number
        one, two = ends[1], ends[2]
        key = bytes.fromhex(entry['key'])
        if len(key) != 32:
            raise ValueError('a key has 32 bytes')
        return Flow(
            _PROTO[entry['proto']],
            entry[one + '_addr'], int(entry[one + '_port']),
            entry[two + '_addr'], int(entry[two + '_port']),
            int(entry[one + '_wire']), int(entry[two + '_wire']), key,
            side=side, name=entry.get('name', 'flow%d' % index),
            scope=kdf.SCOPES[entry.get('scope', 'ports')], **kwargs)

    def flows(self, me=None, **kwargs):
        """All flows, in order."""
        return [self.flow(i, me, **kwargs) for i in range(len(self.entries))]
