# SPDX-License-Identifier: GPL-2.0
"""Measurements of the benchmark, and what can be said of them.

A file has a line for each measurement, in the order in which they were made:

  ROW FAMILY PAIR UNITS PACKETS NANOSECONDS IDLE

One of each pair of a row makes a round; only measurements of the same round are
divided by each other. Facts that are measured once have lines of their own, and so
has what should be known of all of them:

  NAME FAMILY PAIR NUMBER
  # TEXT

A row, and a fact of several pairs, is called NAME-FAMILY.
"""

import statistics
from collections import namedtuple

Sample = namedtuple('Sample', 'units packets ns idle')
# A number for each round, in short.
Spread = namedtuple('Spread', 'median low high')
# One file: rows of samples by pair, facts by pair.
Part = namedtuple('Part', 'about rows facts')


def read(lines):
    """A Part."""
    part = Part([], {}, {})
    for number, line in enumerate(lines, 1):
        words = line.split()
        name = '-'.join(words[:2])
        if words and words[0] == '#':
            part.about.append(line[1:].strip())
        elif len(words) == 7:
            part.rows.setdefault(name, {}).setdefault(words[2], []).append(
                Sample(*map(int, words[3:])))
        elif len(words) == 4:
            part.facts.setdefault(name, {})[words[2]] = float(words[3])
        else:
            raise ValueError('line %d has neither four nor seven words: %s'
                             % (number, line.strip()))
    for name, pairs in part.rows.items():
        if len(set(map(len, pairs.values()))) != 1:
            raise ValueError('row %s: rounds are missing' % name)
    return part


def from_json(data):
    """The Part that was written as such."""
    return Part(data['about'], {
        row: {pair: [Sample(*s) for s in samples]
              for pair, samples in pairs.items()}
        for row, pairs in data['rows'].items()}, data['facts'])


def spread(numbers):
    """Median, smallest, largest."""
    numbers = list(numbers)
    return Spread(statistics.median(numbers), min(numbers), max(numbers))


def rate(sample):
    """Units in a second, the time included in which nobody had work."""
    return sample.units * 1e9 / sample.ns


def cost(sample):
    """Nanoseconds (where instructions are counted: instructions) for a packet,
    or a unit where packets are not known, without the time of no work."""
    return (sample.ns - sample.idle) / (sample.packets or sample.units)


def ratio(ours, others):
    """Of the rates, round by round."""
    return spread(rate(our) / rate(other)
                  for our, other in zip(ours, others))


def scaling(one, several):
    """How many times as fast it is on several processors, by round."""
    return [rate(s) / rate(o) for o, s in zip(one, several)]


def text(value, form='%.3f'):
    """A Spread as people read it. One number where all are the same in these
    digits."""
    if form % value.low == form % value.high:
        return form % value.median
    return '%s (%s-%s)' % tuple(form % v for v in value)
