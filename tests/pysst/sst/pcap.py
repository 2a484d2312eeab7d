# SPDX-License-Identifier: GPL-2.0
"""Capture files in the classic pcap format, either byte order."""

import struct

NULL, EN10MB, RAW, LINUX_SLL, NFLOG = 0, 1, 101, 113, 239
IPV4, IPV6, LINUX_SLL2 = 228, 229, 276
_RAW_BSD = 12

_MAGIC = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}
NFULA_PAYLOAD = 9


class PcapError(Exception):
    """Not a capture file this module reads."""


def nflog_payload(frame, order):
    """The payload TLV (type 9) of an NFLOG frame, or None.

    The header has 4 bytes; a TLV is length 2, type 2 in the byte order of
    the machine that captured, length counting these 4; padded to 4.
    """
    at = 4
    while at + 4 <= len(frame):
        size, kind = struct.unpack_from(order + 'HH', frame, at)
        if size < 4:
            return None
        if kind & 0x7fff == NFULA_PAYLOAD:
            return frame[at + 4:at + size]
        at += size + (-size % 4)
    return None


def ip_packet(linktype, frame, order='<'):
    """The IP packet in a frame (padding may follow it), or None."""
    if linktype in (RAW, _RAW_BSD, IPV4, IPV6):
        return frame
    if linktype == NFLOG:
        return nflog_payload(frame, order)
    if linktype == EN10MB:
        at = 12
        kind = frame[at:at + 2]
        while kind in (b'\x81\x00', b'\x88\xa8'):
            at += 4
            kind = frame[at:at + 2]
        at += 2
    elif linktype == LINUX_SLL:
        kind, at = frame[14:16], 16
    elif linktype == LINUX_SLL2:
        kind, at = frame[0:2], 20
    elif linktype == NULL:
        return frame[4:]
    else:
        raise PcapError('link type %d' % linktype)
    if kind in (b'\x08\x00', b'\x86\xdd'):
        return frame[at:]
    return None


class Reader:
    """Iterates over (time in ns, frame, length on the wire)."""

    def __init__(self, path):
        with open(path, 'rb') as source:
            self._data = source.read()
        if len(self._data) < 24:
            raise PcapError('%s: too short for a capture' % path)
        for order in '<>':
            magic = struct.unpack_from(order + 'I', self._data)[0]
            if magic in _MAGIC:
                self.order = order
                self._unit = _MAGIC[magic]
                break
        else:
            raise PcapError('%s: not a pcap file' % path)
        link = struct.unpack_from(self.order + 'I', self._data, 20)[0]
        self.linktype = link & 0xffff

    def __iter__(self):
        at = 24
        data = self._data
        head = struct.Struct(self.order + 'IIII')
        # A capture that is cut short in its last record was stopped while
        # it was written; the rest is sound.
        while at + 16 <= len(data):
            sec, frac, size, full = head.unpack_from(data, at)
            at += 16
            if at + size > len(data):
                return
            yield sec * 10 ** 9 + frac * self._unit, data[at:at + size], full
            at += size

    def packets(self):
        """Iterates over (time in ns, IP packet, True if it is cut short)."""
        for when, frame, full in self:
            data = ip_packet(self.linktype, frame, self.order)
            if data:
                yield when, data, full > len(frame)


class Writer:
    """Writes a capture file, microseconds, of one link type."""

    def __init__(self, path, linktype=RAW, order='<'):
        self._file = open(path, 'wb')
        self._order = order
        self._file.write(struct.pack(order + 'IHHiIII', 0xa1b2c3d4, 2, 4, 0,
                                     0, 262144, linktype))

    def write(self, frame, when=0):
        """Append a frame; `when` in nanoseconds."""
        self._file.write(struct.pack(
            self._order + 'IIII', when // 10 ** 9,
            when % 10 ** 9 // 1000, len(frame), len(frame)))
        self._file.write(frame)

    def close(self):
        """Finish the file."""
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()
