# SPDX-License-Identifier: GPL-2.0
"""The generated header is up to date and covers what it should."""

import collections
import unittest

import make_vectors
from sst import packet


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


if __name__ == '__main__':
    unittest.main()
