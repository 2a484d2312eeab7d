# SPDX-License-Identifier: GPL-2.0
"""How much public-key work the kernel does."""

import os

TRACING = '/sys/kernel/tracing/'
# A multiplication, for whatever purpose; and what each INIT costs first.
MULTIPLICATION, DECAPSULATION = 'sst_x25519', 'sst_init_decap'


class Calls:
    """How often a function of the module was called since this was made.

    The debug kernel has no probes: count is then always None.
    """

    def __init__(self, function):
        self.function = function
        try:
            self._write('kprobe_events', 'p:sst_test/%s sst:%s' % (
                function, function))
        except FileNotFoundError:
            self.function = None
            return
        self._write(self._switch(), '1')

    @staticmethod
    def _write(name, text):
        # Opened to append by open(), it would be sought in, which it refuses.
        file = os.open(TRACING + name, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, text.encode() + b'\n')
        finally:
            os.close(file)

    def _switch(self):
        return 'events/sst_test/%s/enable' % self.function

    @property
    def count(self):
        """So often."""
        if not self.function:
            return None
        with open(TRACING + 'kprobe_profile', encoding='ascii') as file:
            for line in file:
                name, hits, missed = line.split()
                if name == self.function:
                    return int(hits) + int(missed)
        raise LookupError(self.function)

    def close(self):
        """The module cannot go before."""
        if self.function:
            self._write(self._switch(), '0')
            self._write('kprobe_events', '-:sst_test/' + self.function)
