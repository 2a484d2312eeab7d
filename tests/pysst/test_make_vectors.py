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

    def test_new(self):
        """INIT with each flag and OPEN N, from both sides, on each kind of
        packet; a COOKIE for each INIT."""
        seen = collections.Counter()
        table = make_vectors.new_table()
        for got in table:
            version = packet.Packet(got['open_sealed']).version
            kind = version, got['proto'], got['type'], got['flags']
            seen[kind] += 1
            seen[kind + (got['initiator_side'],)] += 1
            self.assertNotEqual(got['open_orig'], got['open_sealed'])
            self.assertEqual(any(got['proof']), got['type'] == trailer.INIT
                             and bool(got['flags'] & trailer.C))
        for version in (4, 6):
            for proto in (6, 17):
                for flags in (0, 2, 4, 6):
                    self.assertTrue(seen[version, proto, trailer.INIT,
                                         flags])
                for side in (1, 2):
                    self.assertTrue(seen[version, proto, trailer.OPEN,
                                         trailer.N, side])
        for field in ('a', 'id', 'enc_i', 'enc_r', 't', 'accept_key'):
            self.assertEqual(len({got[field] for got in table}), len(table))


if __name__ == '__main__':
    unittest.main()
