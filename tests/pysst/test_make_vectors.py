# SPDX-License-Identifier: GPL-2.0
"""The generated header is up to date and covers what it should."""

import collections
import unittest

import make_vectors
from sst import packet, trailer


class Header(unittest.TestCase):
    """make_vectors.py."""

    def test_up_to_date(self):
        """The committed file is what would be written."""
        self.assertEqual(make_vectors.main(['--check']), 0)

    def test_coverage(self):
        """Each kind of packet is there, both ways."""
        seen = collections.Counter()
        for case in make_vectors.cases():
            got = make_vectors.make_case(*case)
            parsed = packet.Packet(got['orig'])
            kind = parsed.version, parsed.proto
            seen[kind + ('side', got['sender_side'])] += 1
            seen[kind + ('odd', len(parsed.data) & 1)] += 1
            seen[kind + ('kri', got['kri'])] += 1
            seen[kind + ('same', got['orig'] == got['restored'])] += 1
        for version in (4, 6):
            for proto in (6, 17):
                for key in (('side', 1), ('side', 2), ('odd', 0),
                            ('odd', 1), ('kri', 0), ('kri', 1),
                            ('kri', 65535), ('same', True),
                            ('same', False)):
                    self.assertTrue(seen[(version, proto) + key], key)

    def test_openings(self):
        """OPEN and ACCEPT of each kind of packet, from both sides."""
        seen = collections.Counter()
        for case in make_vectors.opening_cases():
            got = make_vectors.make_opening(*case)
            version = packet.Packet(got['sealed']).version
            kind = version, got['proto'], got['type']
            seen[kind + ('side', got['initiator_side'])] += 1
            seen[kind + ('psk', got['psk'])] += 1
            seen[kind + ('keep', got['flags_dscp_keep'])] += 1
            seen[kind + ('flags', got['flags'])] += 1
        for version in (4, 6):
            for proto in (6, 17):
                for kind in (trailer.OPEN, trailer.ACCEPT):
                    for key in (('side', 1), ('side', 2), ('psk', 0),
                                ('psk', 1), ('keep', 0), ('keep', 1)):
                        self.assertTrue(seen[(version, proto, kind) + key],
                                        key)
            self.assertTrue(seen[version, 17, trailer.ACCEPT, 'flags',
                                 trailer.E])


if __name__ == '__main__':
    unittest.main()
