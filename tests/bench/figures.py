# SPDX-License-Identifier: GPL-2.0
"""Measurements of the benchmark, and what can be said of them.

A file has a line for each measurement, in the order in which they were made:

  ROW FAMILY PAIR UNITS PACKETS NANOSECONDS IDLE

One of each pair of a row makes a round; only measurements of the same round are
divided by each other.
"""

import statistics
from collections import namedtuple

Sample = namedtuple('Sample', 'units packets ns idle')
# A number for each round, in short.
Spread = namedtuple('Spread', 'median low high')


def read(lines):
    """Samples by (row, family), then by pair."""
    rows = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] == '#':
            continue
        if len(words) != 7:
            raise ValueError('line %d has not seven words: %s'
                             % (number, line.strip()))
        row = rows.setdefault((words[0], words[1]), {})
        row.setdefault(words[2], []).append(Sample(*map(int, words[3:])))
    for name, pairs in rows.items():
        if len(set(map(len, pairs.values()))) != 1:
            raise ValueError('row %s-%s: rounds are missing' % name)
    return rows


def spread(numbers):
    """Median, smallest, largest."""
    numbers = list(numbers)
    return Spread(statistics.median(numbers), min(numbers), max(numbers))


def rate(sample):
    """Units in a second, the time included in which nobody had work."""
    return sample.units * 1e9 / sample.ns


def busy(sample):
    """Nanoseconds (as instructions are counted: instructions) for a packet, or
    a unit where packets are not known."""
    return (sample.ns - sample.idle) / (sample.packets or sample.units)


def ratio(ours, others):
    """Of the rates, round by round."""
    return spread(rate(our) / rate(other)
                  for our, other in zip(ours, others))


def text(value, form='%.3f'):
    """A Spread as people read it: the digits tell how exact it is."""
    if form % value.low == form % value.high:
        return form % value.median
    return '%s (%s-%s)' % tuple(form % v for v in value)
