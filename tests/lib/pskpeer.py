#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: pre-shared keys.

The first flow of two addresses opens by OPEN with N, the next ones by OPEN on
the association that was made.  Every case has a peer of its own, with an
address and a key.  Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import itertools
import time

import peercase
from peercase import wait_until


class Lab(peercase.Lab):
    """The two namespaces."""

    def __init__(self, args):
        super().__init__(args)
        # Those of which no observer can tell the hour.
        self.lost = itertools.count(200)


class Case(peercase.Case):
    """A peer with a pre-shared key; either end may have either side."""

    def make_keys(self):
        ends = ['.m.psk', '.psk']
        if not self.number % 2:
            ends.reverse()
        self.lab.sstctl('genpsk', *(self.base + end for end in ends))

    def module_keys(self):
        return 'psk', self.base + '.m.psk'

    def keys(self):
        return '--psk', self.base + '.psk'


def plain(lab, family):
    """Either role, nothing goes wrong."""
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'peer opens ' + proto.upper(), family)
        peercase.opens_two(case, proto, '--count', '4', '--size', '8-1400')
        case.report('it was fresh', not case.change().get('rx_held'))
    case = Case(lab, 'peer serves', family)
    summary = peercase.serves(case)
    case.report('it was fresh', len(case.events('fresh')) == 1
                and not case.events('held'), summary['events'])


def lost_accepts(lab, family):
    """The first answers get lost."""
    peercase.loses_accepts(Case(lab, 'ACCEPT is lost', family))
    case = Case(lab, 'ACCEPT is lost', family).serve(
        '--lose-accept', '1', '--count', '1')
    good = case.stream()
    summary = case.finish()
    # Either the SYN comes again, in an opening of its own, or its answer.
    case.report('TCP is answered the second time', good and summary['ok']
                and summary['counts'].get('tx_accept_lost') == 1
                and case.change().get('tx_restarted', 0) <= 1, summary)


def silent_peer(lab, family):
    """The first openings are not heard."""
    peercase.hears_nothing(Case(lab, 'nobody hears', family), 0.9, 2.9)
    case = Case(lab, 'nobody hears', family).serve(
        '--silent-first', '2', '--count', '1')
    good = case.stream()
    summary = case.finish()
    case.report('TCP starts over, twice', good and summary['ok']
                and case.change().get('tx_restarted') == 2, summary)


def silent_module(lab, family):
    """The module does not know the peer yet."""
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'module learns of the peer late, '
                    + proto.upper(), family, known=False)
        # It goes on until the module has learned, however long that takes.
        case.open(proto, '--count', '1000', '--interval', '0.3',
                  '--enough', '3')
        wait_until(lambda: case.events('start-over'))
        case.introduce()
        summary = case.finish()
        case.report('the peer starts over and gets through', summary['ok']
                    and (proto == 'tcp' or summary['echoed'] >= 3), summary)


def wrong_clock_serves(lab, family, offset):
    """The peer's clock is an hour off."""
    case = Case(lab, 'peer serves, clock off by %d s' % offset,
                family).serve('--clock-offset', str(offset), '--count', '2')
    with case.socket() as sock:
        good = case.ask(sock) == 1
        good = case.stream() and good
        summary = case.finish()
    case.report('UDP and TCP', good and summary['ok'] and not case.drops(),
                summary)


def module_confirms_first(lab, family, text, *words, lost=False):
    """What is not fresh waits at the module until it is confirmed."""
    for proto in ('udp', 'tcp'):
        peercase.is_held(Case(
            lab, '%s, %s' % (text, proto.upper()), family,
            number=next(lab.lost) if lost else None), proto, *words)


def cases(lab):
    """All of them."""
    idle = [peercase.Idle(lab, family, Case) for family in (4, 6)]
    for family in (4, 6):
        plain(lab, family)
        silent_peer(lab, family)
    lost_accepts(lab, 4)
    silent_module(lab, 6)
    for family in (4, 6):
        peercase.confirms_first(Case(lab, 'peer with window 0', family))
    for one in idle:
        one.finish()
    peercase.peer_forgets(Case(lab, 'the peer has restarted', 4))
    peercase.module_forgets(Case(lab, 'the module has forgotten', 4))
    for offset in (3600, -3600):
        wrong_clock_serves(lab, 4, offset)
        module_confirms_first(
            lab, 6, 'peer with a clock off by %d s' % offset,
            '--clock-offset', str(offset))
    now = int(time.time())
    for year, family, there in (('1970', 4, 100), ('2100', 6, 4102444800)):
        module_confirms_first(lab, family, 'peer in ' + year,
                              '--clock-offset', str(there - now), lost=True)
    lab.sstctl('set', 'opening-window', '0')
    for family in (4, 6):
        module_confirms_first(lab, family, 'module with window 0')


if __name__ == '__main__':
    peercase.run(__doc__, Lab, cases)
