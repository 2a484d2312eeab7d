# SPDX-License-Identifier: GPL-2.0
"""Statistics, tables and plots of the benchmark (tests/bench)."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../bench'))
# pylint: disable=wrong-import-position
import figures  # noqa: E402
import report  # noqa: E402
import svg  # noqa: E402
import tables  # noqa: E402
import wire  # noqa: E402

LINES = """# kernel 6.12
tcp-nic 4 plain 1000 10 1000 0
tcp-nic 4 sst-ports 1000 10 2000 500
tcp-nic 4 plain 1000 10 3000 0
tcp-nic 4 sst-ports 1000 10 4000 0
tcp-nic 4 plain 1000 10 1000 0
tcp-nic 4 sst-ports 1000 10 4000 0
wire-udp 4 plain 28.0
wire-udp 4 sst-ports 57
""".splitlines()


class Figures(unittest.TestCase):
    """What can be said of samples."""

    def setUp(self):
        self.part = figures.read(LINES)
        self.pairs = self.part.rows['tcp-nic-4']

    def test_read(self):
        """Samples, facts and remarks."""
        self.assertEqual(self.part.about, ['kernel 6.12'])
        self.assertEqual(list(self.pairs), ['plain', 'sst-ports'])
        self.assertEqual(self.pairs['sst-ports'][0],
                         figures.Sample(1000, 10, 2000, 500))
        self.assertEqual(self.part.facts['wire-udp-4']['sst-ports'], 57)

    def test_bad_lines(self):
        """Neither a sample nor a fact; a round that is not whole."""
        for lines in (['one two three'], [''], LINES[:3] + LINES[4:],
                      ['tcp-nic 4 plain 1000 10 1000 x']):
            with self.assertRaises(ValueError):
                figures.read(lines)

    def test_ratio(self):
        """By round: the medians of both alone would say another number."""
        got = figures.ratio(self.pairs['sst-ports'], self.pairs['plain'])
        self.assertEqual(got, (0.5, 0.25, 0.75))

    def test_cost(self):
        """Without the time of no work; of a unit where there are no packets."""
        self.assertEqual(figures.cost(self.pairs['sst-ports'][0]), 150)
        self.assertEqual(figures.cost(figures.Sample(5, 0, 1000, 0)), 200)

    def test_rate(self):
        """With it."""
        self.assertEqual(figures.rate(self.pairs['sst-ports'][0]), 5e8)

    def test_scaling(self):
        """Of each round."""
        self.assertEqual(figures.scaling(self.pairs['sst-ports'],
                                         self.pairs['plain']),
                         [2, 4 / 3, 4])

    def test_text(self):
        """A range only where it shows."""
        spread = figures.Spread(1.0004, 1.0001, 1.0012)
        self.assertEqual(figures.text(spread), '1.000 (1.000-1.001)')
        self.assertEqual(figures.text(spread, '%.2f'), '1.00')


class Tables(unittest.TestCase):
    """In Markdown."""

    def test_row(self):
        """A line for each pair."""
        part = figures.read(LINES)
        text = tables.part_tables('instructions', part)[0]
        self.assertIn('instructions per packet', text)
        self.assertIn('| sst-ports | 400 (150-400) | 2000 (2000-4000) '
                      '| 0.500 (0.250-0.750) |', text)
        self.assertIn('| ns per packet |', tables.part_tables('native', part)[0])

    def test_smp(self):
        """Scaling, beside that of plain."""
        part = figures.read([
            'smp 4 plain/1 9 3 4000 0', 'smp 4 plain/2 9 3 2500 0',
            'smp 4 sst-ports/1 9 3 6000 0', 'smp 4 sst-ports/2 9 3 3000 0',
        ])
        text = tables.part_tables('smp', part)[0]
        self.assertIn('| times as fast |', text)
        self.assertIn('| 18 | 29 | 1.600 | 1.000 |', text)
        self.assertIn('| 2.000 | 1.250 |', text)
        text = tables.part_tables('work', part)[0]
        self.assertIn('| instructions per packet on 1 |', text)
        self.assertIn('| 1333 | 833 | 1.600 | 1.000 |', text)

    def test_targets(self):
        """As they are, and as they should be."""
        goodput, others = tables.target_tables(
            {'instructions': figures.read(LINES)})
        self.assertIn('0.500 (0.250-0.750); 0.42: PASS', goodput)
        self.assertIn('| 29 | at most 28 | miss |', others)
        self.assertEqual(tables.target_tables({}), [])

    def test_not_native(self):
        """Other parts have other ratios."""
        self.assertEqual(tables.goodput_table({'native': figures.read(LINES)}),
                         '')


class Report(unittest.TestCase):
    """Files."""

    def test_all(self):
        """Tables, JSON, plots, and a document."""
        with tempfile.TemporaryDirectory() as top:
            folder = top + '/6.12.3-amd64'
            os.mkdir(folder)
            with open(folder + '/instructions.txt', 'w',
                      encoding='ascii') as file:
                file.write('\n'.join(LINES))
            with open(top + '/doc', 'w', encoding='ascii') as file:
                file.write('a\n<!-- bench 6.12 instructions -->\nold\n'
                           '<!-- end -->\n<!-- bench 6.1 smp -->\nkept\n'
                           '<!-- end -->\n'
                           '![x](plots/6.12-instructions-cost.svg)\n'
                           '![x](plots/6.1-instructions-cost.svg)\n')
            sys.argv = ['report.py', folder]
            with contextlib.redirect_stdout(io.StringIO()) as out:
                report.main()
            self.assertIn('0.500 (0.250-0.750)', out.getvalue())
            parts = report.read_json(folder + '/bench.json')
            self.assertEqual(parts['instructions'], figures.read(LINES))
            xml.dom.minidom.parse(folder + '/instructions-ratio.svg')
            xml.dom.minidom.parse(folder + '/instructions-cost.svg')
            report.fill(top + '/doc', [folder])
            with open(top + '/doc', encoding='ascii') as file:
                text = file.read()
            self.assertIn('| sst-ports | 400', text)
            self.assertNotIn('old', text)
            self.assertIn('<!-- bench 6.1 smp -->\nkept', text)
            self.assertEqual(os.listdir(top + '/plots'),
                             ['6.12-instructions-cost.svg'])


class Plots(unittest.TestCase):
    """SVG."""

    def test_ticks(self):
        """Round, and enough."""
        self.assertEqual(svg.ticks(1), [0, 0.2, 0.4, 0.6000000000000001, 0.8,
                                        1])
        self.assertEqual(svg.ticks(4), [0, 1, 2, 3, 4])
        for highest in (0.003, 0.3, 0.99, 1.01, 7, 1234, 99999):
            marks = svg.ticks(highest)
            self.assertGreaterEqual(marks[-1], highest)
            self.assertLess(marks[-2], highest)
            self.assertLessEqual(len(marks), 7)

    def test_lines(self):
        """Words are escaped; 0 has a place on a logarithmic axis."""
        with tempfile.TemporaryDirectory() as folder:
            path = folder + '/x.svg'
            svg.lines(path, 'a < b', 'ns', [0, 10, 100],
                      {'s & t': [figures.Spread(n, n, n + 1)
                                 for n in (1, 2, 3)]})
            text = xml.dom.minidom.parse(path)
            words = [t.firstChild.data
                     for t in text.getElementsByTagName('text')]
            self.assertIn('a < b', words)
            self.assertIn('s & t', words)
            self.assertIn('0', words)

    def test_bars(self):
        """A pair that is missing in a group leaves its place empty."""
        with tempfile.TemporaryDirectory() as folder:
            path = folder + '/x.svg'
            one = figures.Spread(1, 1, 1)
            svg.bars(path, 'x', 'ns', ['a', 'b'],
                     {'g': {'a': one}, 'h': {'a': one, 'b': one}})
            # The background, three bars, two in the legend.
            self.assertEqual(len(xml.dom.minidom.parse(
                path).getElementsByTagName('rect')), 6)


class Wire(unittest.TestCase):
    """Bytes beside the payload."""

    def test_length(self):
        """Of both families, padding left out."""
        self.assertEqual(wire.ip_length(b'\x45\0\0\x30' + bytes(90)), 48)
        self.assertEqual(wire.ip_length(b'\x60\0\0\0\0\x08' + bytes(90)), 48)

    def test_overhead(self):
        """A packet."""
        self.assertEqual(wire.overhead([1328, 1328], 2600), 28)


if __name__ == '__main__':
    unittest.main()
