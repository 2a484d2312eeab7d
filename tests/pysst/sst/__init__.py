# SPDX-License-Identifier: GPL-2.0
"""A second implementation of the SST/1 protocol, for tests.

Written from the protocol text alone, so that an error in the kernel module
is not repeated here.  Built so far, in scopes `ports` and `payload`: DATA
packets of manually keyed flows, and flows that open themselves, on pre-shared
keys, on public keys and on associations (sections 2 to 8).

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
  assoc.py    pre-shared keys: text form, ids (section 5); associations
  handshake.py  what an opening is sealed with, and what it makes (section 7)
  roles.py    initiator and responder of one flow (section 6)
  endpoint.py a host: tables, freshness, glare (section 6)
  keys.py     the JSON keys file that every command reads
  observer.py opened flows in a capture
  pcap.py     capture files
  mutate.py   hostile variants of a sealed packet
  link.py     raw packets on an interface, with ARP and ND
  minitcp.py  a small TCP for the live peer
"""
