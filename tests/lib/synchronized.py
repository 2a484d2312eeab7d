#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""synchronized.py yes|no: what the kernel says about its clock, as NTP would."""

import ctypes
import sys

ADJ_MAXERROR, ADJ_ESTERROR, ADJ_STATUS, STA_UNSYNC = 0x4, 0x8, 0x10, 0x40


class Timex(ctypes.Structure):
    """The first members of struct timex; the kernel reads all of it."""
    _fields_ = [('modes', ctypes.c_uint), ('offset', ctypes.c_long),
                ('freq', ctypes.c_long), ('maxerror', ctypes.c_long),
                ('esterror', ctypes.c_long), ('status', ctypes.c_int),
                ('rest', ctypes.c_char * 256)]


timex = Timex(modes=ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS,
              status=0 if sys.argv[1] == 'yes' else STA_UNSYNC)
if ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0:
    sys.exit('adjtimex')
