# SPDX-License-Identifier: GPL-2.0
"""Known answers in files beside this package."""

import os

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)


def read_hpke():
    """The parts of hpke-vectors.txt: (section, AEAD id, {name: value}).

    "exports" is a list of (exporter context, exported value).
    """
    out = []
    with open(os.path.join(_FOLDER, 'hpke-vectors.txt'),
              encoding='ascii') as source:
        for line in source:
            words = line.split()
            if line[0] == '#':
                continue
            if line[0] != ' ':
                out.append((words[0], int(words[1]), {'exports': []}))
            elif words[0] == 'export':
                out[-1][2]['exports'].append(tuple(
                    bytes.fromhex(word.strip('-')) for word in words[1:]))
            else:
                out[-1][2][words[0]] = bytes.fromhex(words[1])
    return out
