# SPDX-License-Identifier: GPL-2.0
"""What was measured, as tables in Markdown."""

import figures
import targets

# Parts whose nanoseconds are instructions.
COUNTED = ('instructions', 'connections', 'idle', 'rules', 'flows')

# What a table of one and of several processors is about: what its numbers are, how
# one is made of a sample, and what the comparison of both is called.
PROCESSORS = {
    'smp': ('Mbit/s', lambda s: 8e-6 * figures.rate(s), 'times as fast'),
    'work': ('instructions per packet', lambda s: s.ns / s.packets,
             'one to several'),
}


def table(heads, lines):
    """Text of a table."""
    return '\n'.join(['| %s |' % ' | '.join(heads), '|' + '---|' * len(heads)]
                     + ['| %s |' % ' | '.join(line) for line in lines]) + '\n'


def compared_to(pairs):
    """The pairs to which others are compared: the first one if no other."""
    names = [name for name in targets.RIVALS if name in pairs]
    return names or list(pairs)[:1]


def words(row):
    """What a unit of a row is called, how many of them are one, and what a rate
    is in."""
    if row.startswith('connect'):
        return 'connection', 1, 'connections/s'
    if row.startswith('ask'):
        return 'exchange', 1, 'exchanges/s'
    return 'packet', 8e-6, 'Mbit/s'


def row_table(part, row, pairs):
    """What each pair did."""
    unit, factor, rates = words(row)
    others = compared_to(pairs)
    heads = [row, '%s per %s' % ('instructions' if part in COUNTED else 'ns',
                               unit), rates]
    return table(heads + ['to ' + other for other in others], [
        [pair,
         figures.text(figures.spread(map(figures.cost, samples)), '%.0f'),
         figures.text(figures.spread(factor * figures.rate(s)
                                     for s in samples), '%.0f')] +
        [figures.text(figures.ratio(samples, pairs[other]))
         for other in others]
        for pair, samples in pairs.items()])


def processors_table(part, row, pairs):
    """On one processor and on several."""
    head, number, compared = PROCESSORS[part]
    lines = []
    names = sorted({name.split('/')[0] for name in pairs},
                   key=[n.split('/')[0] for n in pairs].index)
    counts = sorted({int(name.split('/')[1]) for name in pairs})
    one, all_of_them = counts[0], counts[-1]

    def scaling(name):
        return figures.scaling(pairs['%s/%d' % (name, one)],
                               pairs['%s/%d' % (name, all_of_them)])

    for name in names:
        numbers = [figures.spread(map(number, pairs['%s/%d' % (name, n)]))
                   for n in (one, all_of_them)]
        lines.append([name] + [figures.text(n, '%.0f') for n in numbers] + [
            figures.text(figures.spread(scaling(name)), '%.3f'),
            figures.text(figures.spread(
                ours / plain for ours, plain in
                zip(scaling(name), scaling('plain'))), '%.3f')])
    return table([row, '%s on %d' % (head, one), 'on %d' % all_of_them,
                  compared, 'to plain'], lines)


def fact_tables(facts):
    """All of a part in one table: a line for each pair, a column a fact."""
    if not facts:
        return []
    pairs = []
    for values in facts.values():
        pairs += [pair for pair in values if pair not in pairs]
    return [table([''] + list(facts), [
        [pair] + ['%g' % values[pair] if pair in values else ''
                  for values in facts.values()] for pair in pairs])]


def part_tables(name, part):
    """All tables of a part."""
    return [processors_table(name, row, pairs) if name in PROCESSORS
            else row_table(name, row, pairs)
            for row, pairs in part.rows.items()] + fact_tables(part.facts)


def families(parts, name):
    """Rows, or facts, that have this name: (family, values by pair)."""
    for part in parts.values():
        for kind in (part.rows, part.facts):
            for row, pairs in kind.items():
                if row.rpartition('-')[0] == name:
                    yield row.rpartition('-')[2], pairs


def mark(good):
    """Is it as wanted?"""
    return 'PASS' if good else 'miss'


def goodput_table(parts):
    """Each ratio of goodput that was measured, beside what is wanted. Only of
    the part in which instructions are counted."""
    counted = {name: part for name, part in parts.items()
               if name == 'instructions'}
    lines = []
    for target in targets.GOODPUT:
        for family, pairs in families(counted, target.row):
            if target.pair not in pairs:
                continue
            line = ['%s, IPv%s' % (target.name, family)]
            for rival in targets.RIVALS:
                if rival not in target.least or rival not in pairs:
                    line.append('')
                    continue
                got = figures.ratio(pairs[target.pair], pairs[rival])
                least = target.least[rival]
                line.append('%s; %g: %s' % (figures.text(got), least,
                                            mark(got.median >= least)))
            lines.append(line)
    return table(['goodput'] + ['to ' + r for r in targets.RIVALS],
                 lines) if lines else ''


def other_lines(parts):
    """What else is wanted."""
    for target in targets.RATES:
        for family, pairs in families(parts, target.row):
            if target.pair in pairs and target.other in pairs:
                got = figures.ratio(pairs[target.pair], pairs[target.other])
                yield ['%s, IPv%s' % (target.name, family), figures.text(got),
                       'at least %.3g' % target.least,
                       mark(got.median >= target.least)]
    for target in targets.FACTS:
        for family, pairs in families(parts, target.fact):
            if target.pair in pairs:
                got = pairs[target.pair] - pairs.get(target.other, 0)
                yield ['%s, IPv%s' % (target.name, family), '%g' % got,
                       'at most %g' % target.most, mark(got <= target.most)]


def target_tables(parts):
    """All that is wanted and was measured."""
    others = list(other_lines(parts))
    return [t for t in (
        goodput_table(parts),
        table(['', 'measured', 'wanted', ''], others) if others else '') if t]
