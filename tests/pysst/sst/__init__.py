# SPDX-License-Identifier: GPL-2.0
"""A second implementation of the SST/1 protocol, for tests.

Written from the protocol text alone, so that an error in the kernel module
is not repeated here.  Built so far, in scope `ports`: DATA packets of
manually keyed flows, and flows opened by OPEN and ACCEPT on a pre-shared key
(sections 2 to 6).  Of INIT, COOKIE and N there are only layouts and key
derivation.

  kdf.py      HChaCha20, HKDF, associations, flow and packet keys (section 5)
  trailer.py  meta word, trailer layouts, strict checks (section 4)
  suite.py    the one-block construction and the RFC 8439 AEAD (section 4)
  packet.py   IPv4, IPv6, TCP, UDP; checksums; the mark (sections 2 and 3)
  frag.py     fragments: making and gathering them
  flow.py     flows: counters, rotation, replay windows (section 5)
  codec.py    seal and open whole packets
  opening.py  OPEN, INIT and ACCEPT: trailers and whole packets (sections 4, 5)
  hpke.py     HPKE base mode, export only (RFC 9180)
  hostkey.py  host keys, the keys of an INIT (section 7)
  cookie.py   cookies, proofs, COOKIE trailers (section 8)
  known.py    published vectors in files
  assoc.py    pre-shared keys: text form, ids (section 5)
  roles.py    initiator and responder of one flow (section 6)
  endpoint.py a host: tables, freshness, glare (section 6)
  keys.py     the JSON keys file that every command reads
  observer.py opened flows in a capture
  pcap.py     capture files
  mutate.py   hostile variants of a sealed packet
  link.py     raw packets on an interface, with ARP and ND
  minitcp.py  a small TCP for the live peer
"""
