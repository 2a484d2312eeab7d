#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tables, a JSON file and plots of what the benchmark measured.

  report.py FOLDER [PART...]   FOLDER has PART.txt of each part that was run;
                               no PART: all of them. Writes bench.json and *.svg
                               there and prints the tables
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402
import targets  # noqa: E402

PARTS = ('instructions',)


def table(heads, lines):
    """In Markdown."""
    print('| %s |\n|%s' % (' | '.join(heads), '---|' * len(heads)))
    for line in lines:
        print('| %s |' % ' | '.join(line))
    print()


def rivals(pairs):
    """The pairs to which others are compared, of those that there are."""
    return [name for name in targets.RIVALS if name in pairs]


def row_table(name, pairs):
    """What each pair did in a row."""
    print('%s, IPv%s, %d rounds\n' % (*name, len(next(iter(pairs.values())))))
    others = rivals(pairs)
    lines = []
    for pair, samples in pairs.items():
        costs = figures.spread(map(figures.busy, samples))
        rates = figures.spread(8e-6 * figures.rate(s) for s in samples)
        lines.append([pair, figures.text(costs, '%.0f'),
                      figures.text(rates, '%.0f')] +
                     [figures.text(figures.ratio(samples, pairs[other]))
                      for other in others])
    table(['', 'ns a packet', 'Mbit/s'] + ['to ' + o for o in others], lines)


def judge(rows):
    """Each target beside what was measured."""
    lines = []
    others = [rival for rival in targets.RIVALS
              if any(rival in pairs for pairs in rows.values())]
    for target in targets.TARGETS:
        for family in target.families:
            pairs = rows.get((target.row, family), {})
            if target.pair not in pairs:
                continue
            cells = []
            for rival in others:
                least = target.least.get(rival)
                if not least or rival not in pairs:
                    cells.append('')
                    continue
                got = figures.ratio(pairs[target.pair], pairs[rival])
                cells.append('%s of %g %s' % (
                    figures.text(got), least,
                    'PASS' if got.median >= least else 'miss'))
            lines.append(['%s, IPv%s' % (target.name, family)] + cells)
    if lines:
        print('Ratios of goodput, beside the least that is wanted:\n')
        table([''] + ['to ' + r for r in others], lines)


def summary(rows):
    """For the JSON file: samples, and ratios to all that is compared to."""
    out = []
    for (row, family), pairs in rows.items():
        for pair, samples in pairs.items():
            out.append({
                'row': row, 'family': int(family), 'pair': pair,
                'samples': [s._asdict() for s in samples],
                'ns_per_packet': figures.spread(
                    map(figures.busy, samples))._asdict(),
                'ratio_to': {
                    other: figures.ratio(samples, pairs[other])._asdict()
                    for other in rivals(pairs)},
            })
    return out


def main():
    """The command line."""
    folder, *wanted = sys.argv[1:]
    out = {}
    for part in wanted or PARTS:
        try:
            with open('%s/%s.txt' % (folder, part), encoding='ascii') as file:
                rows = figures.read(file)
        except FileNotFoundError:
            continue
        for name, pairs in rows.items():
            row_table(name, pairs)
        judge(rows)
        out[part] = summary(rows)
    with open(folder + '/bench.json', 'w', encoding='ascii') as file:
        json.dump(out, file, indent=1)
        file.write('\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
