# SPDX-License-Identifier: GPL-2.0
"""A small TCP: one connection, no timestamps, no SACK, no window scaling.

Positions in a stream are counted from 0 (the SYN) without wrapping; data
begins at 1.  On the wire they are added to the initial sequence number.
"""

import random
import struct
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

LISTEN, SYN_SENT, SYN_RECEIVED, OPEN, RESET, DONE = (
    'listen', 'syn-sent', 'syn-received', 'open', 'reset', 'done')

WINDOW = 65535
RTO_MIN = 0.2
RTO_MAX = 8.0


def parse(segment):
    """(seq, ack, flags, window, options, payload) of a TCP segment."""
    seq, ack, offset, flags, window = struct.unpack_from('>IIBBH', segment,
                                                         4)
    size = (offset >> 4) * 4
    return seq, ack, flags, window, segment[20:size], segment[size:]


def mss_option(options):
    """The MSS in TCP options, or None."""
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2:
            break
        if kind == 2 and options[at + 1] == 4 and at + 4 <= len(options):
            return int.from_bytes(options[at + 2:at + 4], 'big')
        at += options[at + 1]
    return None


def _near(reference, number):
    """The position nearest to `reference` that is `number` modulo 2^32."""
    step = (number - reference) & 0xffffffff
    return reference + (step - (1 << 32) if step >> 31 else step)


class Connection:
    """One TCP connection.

    emit(seq, ack, flags, window, options, payload) sends a segment;
    on_data(bytes) takes what arrived in order.
    """

    def __init__(self, emit, on_data, active, mss=1200,
                 clock=time.monotonic, isn=None):
        self._emit = emit
        self._on_data = on_data
        self._clock = clock
        self.active = active
        self.mss = mss
        self._own_mss = mss
        self.state = SYN_SENT if active else LISTEN
        self._isn = random.getrandbits(32) if isn is None else isn
        self._irs = 0
        # Sending: everything before una is acknowledged, the buffer begins
        # at position `base`.
        self._una = self._next = self._max = 0
        self._buffer = bytearray()
        self._base = 1
        self._fin = False
        self._peer_window = mss
        self._cwnd = 10 * mss
        self._ssthresh = 1 << 30
        self._duplicates = 0
        self._recover = 0
        self._rto = 1.0
        self._srtt = None
        self._rttvar = 0.0
        self._timed = None
        self._deadline = None
        # Receiving.
        self._rcv = 0
        self._early = {}
        self._fin_at = None
        self.fin_received = False
        self.retransmitted = 0
        self.segments_out = 0
        self.segments_in = 0

    # Application side

    def start(self):
        """Send the first SYN."""
        if self.state == SYN_SENT:
            self._send_syn()

    def send(self, data):
        """Queue data."""
        self._buffer += data

    def close(self):
        """Send FIN after what is queued."""
        self._fin = True

    @property
    def queued(self):
        """Bytes not yet acknowledged."""
        return len(self._buffer)

    @property
    def finished(self):
        """Both directions closed and acknowledged, or reset."""
        return self.state in (RESET, DONE)

    # Wire side

    def _put(self, position, flags, payload=b'', options=b''):
        ack = 0
        if flags & ACK:
            ack = self._irs + self._rcv & 0xffffffff
        self.segments_out += 1
        self._emit(self._isn + position & 0xffffffff, ack, flags, WINDOW,
                   options, payload)

    def _send_syn(self):
        flags = SYN if self.state == SYN_SENT else SYN | ACK
        if self._max:
            self.retransmitted += 1
        self._put(0, flags, options=struct.pack('>BBH', 2, 4, self._own_mss))
        self._next = self._max = 1
        self._arm()

    def _arm(self):
        self._deadline = self._clock() + self._rto

    def _ack_now(self):
        self._put(self._next, ACK)

    @property
    def _end(self):
        """The position behind the last queued byte."""
        return self._base + len(self._buffer)

    def segment(self, raw):
        """Take a segment from the wire."""
        seq, ack, flags, window, options, payload = parse(raw)
        self.segments_in += 1
        if self.state == LISTEN:
            self._listen(seq, flags, window, options)
            return
        if self.state == RESET:
            return
        if self.state == SYN_SENT:
            self._syn_sent(seq, ack, flags, window, options)
            return
        position = _near(self._rcv, seq - self._irs)
        if flags & RST:
            if self._rcv <= position < self._rcv + WINDOW:
                self.state = RESET
            return
        if flags & SYN:
            if self.state == SYN_RECEIVED:
                self._send_syn()
            else:
                self._ack_now()
            return
        if not flags & ACK:
            return
        self._acknowledge(_near(self._una, ack - self._isn), window,
                          bool(payload) or flags & FIN)
        if self.state == SYN_RECEIVED:
            return
        if payload or flags & FIN:
            self._data(position, payload, flags & FIN)
            self._ack_now()
        self._output()
        self._check_done()

    def _learn_mss(self, options):
        # RFC 9293: without the option 536 is assumed.
        self.mss = min(self._own_mss, mss_option(options) or 536)

    def _listen(self, seq, flags, window, options):
        if flags & (SYN | ACK | RST | FIN) != SYN:
            return
        self._irs, self._rcv = seq, 1
        self._learn_mss(options)
        self._peer_window = window
        self.state = SYN_RECEIVED
        self._send_syn()

    def _syn_sent(self, seq, ack, flags, window, options):
        if ack != self._isn + 1 & 0xffffffff or not flags & ACK:
            return
        if flags & RST:
            self.state = RESET
            return
        if not flags & SYN:
            return
        self._irs, self._rcv = seq, 1
        self._learn_mss(options)
        self._peer_window = window
        self._una = 1
        self._deadline = None
        self._rto = 0.5
        self.state = OPEN
        self._ack_now()
        self._output()

    def _sample(self, value):
        """RFC 6298."""
        if self._srtt is None:
            self._srtt, self._rttvar = value, value / 2
        else:
            self._rttvar += (abs(self._srtt - value) - self._rttvar) / 4
            self._srtt += (value - self._srtt) / 8
        self._rto = min(RTO_MAX, max(RTO_MIN, self._srtt
                                     + 4 * self._rttvar))

    def _acknowledge(self, position, window, carries):
        if position > self._max:
            return
        if position > self._una:
            if self.state == SYN_RECEIVED:
                self.state = OPEN
                self._rto = 0.5
            gone = min(position, self._end) - self._base
            if gone > 0:
                del self._buffer[:gone]
                self._base += gone
            self._una = position
            self._next = max(self._next, position)
            self._duplicates = 0
            if self._timed and position >= self._timed[0]:
                self._sample(self._clock() - self._timed[1])
                self._timed = None
            if self._cwnd < self._ssthresh:
                self._cwnd += self.mss
            else:
                self._cwnd += max(1, self.mss * self.mss // self._cwnd)
            if position < self._recover:
                self._again()
            if self._next > self._una:
                self._arm()
            else:
                self._deadline = None
        elif (position == self._una and self._next > self._una
              and not carries and window == self._peer_window):
            self._duplicates += 1
            if self._duplicates == 3:
                self._ssthresh = max((self._next - self._una) // 2,
                                     2 * self.mss)
                self._cwnd = self._ssthresh
                self._recover = self._max
                self._again()
        if position >= self._una:
            self._peer_window = window

    def _again(self):
        """Retransmit the first segment that is not acknowledged."""
        self._timed = None
        self.retransmitted += 1
        if self._una < self._end:
            at = self._una - self._base
            data = bytes(self._buffer[at:at + self.mss])
            self._put(self._una, ACK | PSH, data)
        else:
            self._put(self._una, ACK | FIN)
        self._arm()

    def _data(self, position, payload, fin):
        if fin:
            self._fin_at = position + len(payload)
        if position + len(payload) > self._rcv:
            if position > self._rcv + WINDOW:
                return
            kept = self._early.get(position, b'')
            if len(payload) > len(kept):
                self._early[position] = payload
        moved = True
        while moved and self._early:
            moved = False
            for at in sorted(self._early):
                if at > self._rcv:
                    break
                data = self._early.pop(at)[self._rcv - at:]
                if data:
                    self._rcv += len(data)
                    self._on_data(data)
                moved = True
        if self._fin_at is not None and self._rcv == self._fin_at:
            self._rcv += 1
            self.fin_received = True

    def _output(self):
        """Send what the windows allow."""
        if self.state not in (OPEN, DONE):
            return
        while True:
            left = self._end - self._next
            room = self._una + min(self._cwnd, self._peer_window) \
                - self._next
            if left > 0:
                size = min(self.mss, left, room)
                # No small segments while others are on the way.
                if size <= 0 or (size < min(self.mss, left)
                                 and self._next > self._una):
                    break
                at = self._next - self._base
                data = bytes(self._buffer[at:at + size])
                flags = ACK | (PSH if size == left else 0)
                if self._next < self._max:
                    self.retransmitted += 1
                elif not self._timed:
                    self._timed = self._next + size, self._clock()
                self._put(self._next, flags, data)
                self._next += size
            elif self._fin and self._next == self._end:
                if self._next < self._max:
                    self.retransmitted += 1
                self._put(self._next, ACK | FIN)
                self._next += 1
            else:
                break
            self._max = max(self._max, self._next)
            if self._deadline is None:
                self._arm()
        if (self._deadline is None and self._end > self._next):
            # A closed window: probe it.
            self._arm()

    def _check_done(self):
        if (self.fin_received and self._fin
                and self._una == self._end + 1):
            self.state = DONE

    def poll(self):
        """Timers; returns the seconds until something may be due."""
        now = self._clock()
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            self._rto = min(RTO_MAX, self._rto * 2)
            if self.state in (SYN_SENT, SYN_RECEIVED):
                self._send_syn()
            elif self._una == self._next and self._end > self._next:
                at = self._next - self._base
                self._put(self._next, ACK | PSH,
                          bytes(self._buffer[at:at + 1]))
                self._next += 1
                self._max = max(self._max, self._next)
                self._arm()
            elif self._next > self._una:
                self._ssthresh = max((self._next - self._una) // 2,
                                     2 * self.mss)
                self._cwnd = self.mss
                self._next = self._una
                self._timed = None
                self._recover = 0
                if self._peer_window == 0 and self._buffer:
                    # The probe is repeated, the rest waits.
                    self._put(self._next, ACK | PSH, bytes(
                        self._buffer[:1]))
                    self._next += 1
                    self._arm()
        self._output()
        if self._deadline is None:
            return 0.2
        return max(0.0, min(0.2, self._deadline - self._clock()))
