# SPDX-License-Identifier: GPL-2.0
"""Plots as SVG: bars in groups, and lines over a logarithmic axis.

Values are figures.Spread: bars and points stand at the median, a thin line goes
from the smallest to the largest.
"""

import math
from xml.sax.saxutils import escape

# Any order of series has the same colours, which differ in grey, too.
COLOURS = ('#4d4d4d', '#0072b2', '#56b4e9', '#009e73', '#e69f00', '#d55e00',
           '#cc79a7', '#f0e442', '#999999')
WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 44, 84
FONT = 'font-family="sans-serif" font-size="12"'


def ticks(highest, count=5):
    """Round numbers from 0 to at least `highest`."""
    if highest <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(highest / count))
    step *= next(n for n in (1, 2, 5, 10) if n * step * count >= highest)
    return [i * step for i in range(math.ceil(highest / step - 1e-9) + 1)]


def plain_number(value):
    """Without a useless fraction."""
    return '%g' % round(value, 6)


class Plot:
    """A frame with a title and a scale on the left."""

    def __init__(self, title, unit, highest):
        self.ticks = ticks(highest)
        self.parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" '
                      'height="%d" viewBox="0 0 %d %d">'
                      % (WIDTH, HEIGHT, WIDTH, HEIGHT),
                      '<rect width="100%" height="100%" fill="white"/>']
        self.text(LEFT, 20, title, 'start', bold=True)
        self.text(LEFT, 36, unit, 'start')
        for tick in self.ticks:
            y = self.y(tick)
            self.line(LEFT, y, WIDTH - RIGHT, y, '#dddddd')
            self.text(LEFT - 6, y + 4, plain_number(tick), 'end')

    def y(self, value):
        """Where a value is."""
        share = value / self.ticks[-1]
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, what, anchor, bold=False):
        """Words."""
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" %s%s>%s'
                          '</text>' % (x, y, anchor, FONT,
                                       ' font-weight="bold"' if bold else '',
                                       escape(what)))

    def line(self, x, y, x2, y2, colour, width=1):
        """From there to there."""
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" '
                          'stroke="%s" stroke-width="%g"/>'
                          % (x, y, x2, y2, colour, width))

    def rect(self, x, y, width, height, colour):
        """Filled."""
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"'
                          ' fill="%s"/>' % (x, y, width, height, colour))

    def spread(self, x, value):
        """From the smallest to the largest."""
        self.line(x, self.y(value.low), x, self.y(value.high), 'black')

    def legend(self, names):
        """Below all."""
        x, y = LEFT, HEIGHT - 34
        for name, colour in zip(names, COLOURS):
            if x + 24 + 7 * len(name) > WIDTH - RIGHT:
                x, y = LEFT, y + 18
            self.rect(x, y - 9, 10, 10, colour)
            self.text(x + 14, y, name, 'start')
            x += 34 + 7 * len(name)

    def save(self, path):
        """To a file."""
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(self.parts) + '\n</svg>\n')


def highest(values):
    """Of many Spreads, those that are missing left out."""
    return max(value.high for value in values if value)


def bars(path, title, unit, series, groups):
    """A bar for each of the series in each group: {group: {series: Spread}}."""
    plot = Plot(title, unit, highest(
        value for group in groups.values() for value in group.values()))
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    width = room * 0.84 / len(series)
    for number, (label, values) in enumerate(groups.items()):
        left = LEFT + number * room + room * 0.08
        plot.text(left + room * 0.42, HEIGHT - BOTTOM + 18, label, 'middle')
        for place, name in enumerate(series):
            value = values.get(name)
            if not value:
                continue
            x, y = left + place * width, plot.y(value.median)
            plot.rect(x, y, width * 0.9, HEIGHT - BOTTOM - y,
                      COLOURS[place % len(COLOURS)])
            plot.spread(x + width * 0.45, value)
    plot.legend(series)
    plot.save(path)


def lines(path, title, unit, points, series):
    """Over `points`, numbers of which one may be 0: {series: [Spread, ...]}."""
    plot = Plot(title, unit, highest(
        value for values in series.values() for value in values))
    # The axis is logarithmic; 0 is as far from the next as that from ten times
    # as much.
    places = [math.log10(p) if p else math.log10(sorted(points)[1]) - 1
              for p in points]
    scale = (WIDTH - LEFT - RIGHT - 80) / (max(places) - min(places) or 1)
    xs = [LEFT + 40 + (place - min(places)) * scale for place in places]
    for x, point in zip(xs, points):
        plot.text(x, HEIGHT - BOTTOM + 18, '{:,}'.format(point), 'middle')
    for number, values in enumerate(series.values()):
        colour = COLOURS[number % len(COLOURS)]
        ys = [plot.y(value.median) for value in values]
        for i in range(len(xs) - 1):
            plot.line(xs[i], ys[i], xs[i + 1], ys[i + 1], colour, 2)
        for x, y, value in zip(xs, ys, values):
            plot.rect(x - 3, y - 3, 6, 6, colour)
            plot.spread(x, value)
    plot.legend(series)
    plot.save(path)
