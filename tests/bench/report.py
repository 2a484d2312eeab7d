#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tables, a JSON file and plots of what the benchmark measured.

  report.py FOLDER      FOLDER has PART.txt of each part that was run. Prints the
                        tables, and writes bench.json and *.svg there
  report.py fill DOCUMENT FOLDER...
                        puts the tables between "<!-- bench SERIES PART -->" and
                        "<!-- end -->" in a document; SERIES is that of the kernel
                        after which a folder is called, PART may be "targets".
                        The plots that it shows are copied: plots/SERIES-NAME.svg
"""

import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import figures  # noqa: E402
import svg  # noqa: E402
import tables  # noqa: E402

PARTS = ('instructions', 'native', 'smp', 'work', 'connections', 'wire',
         'idle', 'rules', 'flows', 'memory')
MARKED = re.compile(r'(<!-- bench (\S+) (\S+) -->\n).*?(<!-- end -->)', re.S)
SHOWN = re.compile(r'\]\(plots/([0-9.]+)-(\S+)\.svg\)')


def read_parts(folder):
    """All that were measured."""
    parts = {}
    for name in PARTS:
        path = '%s/%s.txt' % (folder, name)
        if os.path.exists(path):
            with open(path, encoding='ascii') as file:
                parts[name] = figures.read(file)
    return parts


def write_json(path, parts):
    """What was measured, and what can be said of it."""
    out = {}
    for name, part in parts.items():
        out[name] = part._asdict()
        out[name]['ratios'] = {row: {pair: {
            other: figures.ratio(samples, pairs[other])._asdict()
            for other in tables.compared_to(pairs)}
            for pair, samples in pairs.items()}
            for row, pairs in part.rows.items()}
        out[name]['costs'] = {row: {pair: figures.spread(
            map(figures.cost, samples))._asdict()
            for pair, samples in pairs.items()}
            for row, pairs in part.rows.items()}
    with open(path, 'w', encoding='ascii') as file:
        json.dump(out, file, indent=1)
        file.write('\n')


def read_json(path):
    """The parts that were written."""
    with open(path, encoding='ascii') as file:
        return {name: figures.from_json(data)
                for name, data in json.load(file).items()}


def names_of(rows):
    """All pairs of several rows, in their order."""
    out = []
    for pairs in rows.values():
        out += [pair for pair in pairs if pair not in out]
    return out


def plot_bars(folder, name, rows):
    """Two plots of rows: what a packet costs, and the ratios to plain."""
    if not rows:
        return
    names = names_of(rows)
    first = {row: tables.compared_to(pairs)[0] for row, pairs in rows.items()}
    unit = 'instructions' if name.split('-')[0] in tables.COUNTED else 'ns'
    svg.bars('%s/%s-cost.svg' % (folder, name), name,
             '%s per %s' % (unit, tables.words(next(iter(rows)))[0]), names, {
                 row: {pair: figures.spread(map(figures.cost, samples))
                       for pair, samples in pairs.items()}
                 for row, pairs in rows.items()})
    svg.bars('%s/%s-ratio.svg' % (folder, name), name, 'rate, to ' +
             ', '.join(sorted(set(first.values()))), names, {
                 row: {pair: figures.ratio(samples, pairs[first[row]])
                       for pair, samples in pairs.items()}
                 for row, pairs in rows.items()})


def plot_lines(folder, name, rows):
    """What a packet costs among 0, 100, ... of something."""
    kinds = [pair for pair in names_of(rows) if re.search(r'-\d+$', pair)
             and pair.startswith(name)]
    if not kinds:
        return
    svg.lines('%s/%s.svg' % (folder, name), name, 'instructions per packet',
              [int(pair.rpartition('-')[2]) for pair in kinds], {
                  row: [figures.spread(map(figures.cost, pairs[pair]))
                        for pair in kinds] for row, pairs in rows.items()})


def plot(folder, parts):
    """All of them."""
    for name, part in parts.items():
        if name in ('rules', 'flows'):
            plot_lines(folder, name, part.rows)
        elif name not in tables.PROCESSORS:
            # Exchanges are no packets.
            for kind, wanted in (('', False), ('-ask', True)):
                plot_bars(folder, name + kind, {
                    row: pairs for row, pairs in part.rows.items()
                    if row.startswith('ask') == wanted})


def series(folder):
    """6.12 of .../6.12.3-amd64."""
    return '.'.join(os.path.basename(os.path.realpath(folder)).split('.')[:2])


def copy_plots(document, text, folder):
    """Those of a folder that a document shows."""
    to = os.path.join(os.path.dirname(os.path.realpath(document)), 'plots')
    for kernel, name in SHOWN.findall(text):
        plot_file = '%s/%s.svg' % (folder, name)
        if kernel == series(folder) and os.path.exists(plot_file):
            os.makedirs(to, exist_ok=True)
            shutil.copyfile(plot_file, '%s/%s-%s.svg' % (to, kernel, name))


def fill(document, folders):
    """The tables and plots of a document."""
    known = {series(folder): read_json(folder + '/bench.json')
             for folder in folders}

    def replace(found):
        begin, kernel, name, end = found.groups()
        if kernel not in known:
            return found.group(0)
        parts = known[kernel]
        if name == 'targets':
            texts = tables.target_tables(parts)
        elif name in parts:
            texts = ['; '.join(parts[name].about) + '\n'] + \
                tables.part_tables(name, parts[name])
        else:
            return found.group(0)
        return begin + '\n' + '\n'.join(texts) + '\n' + end

    with open(document, encoding='utf-8') as file:
        text = file.read()
    with open(document, 'w', encoding='utf-8') as file:
        file.write(MARKED.sub(replace, text))
    for folder in folders:
        copy_plots(document, text, folder)


def main():
    """The command line."""
    if sys.argv[1] == 'fill':
        fill(sys.argv[2], sys.argv[3:])
        return 0
    folder = sys.argv[1]
    parts = read_parts(folder)
    write_json(folder + '/bench.json', parts)
    plot(folder, parts)
    for name, part in parts.items():
        print('%s: %s\n' % (name, '; '.join(part.about)))
        for text in tables.part_tables(name, part):
            print(text)
    for text in tables.target_tables(parts):
        print(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
