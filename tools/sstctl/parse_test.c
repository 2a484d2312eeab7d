// SPDX-License-Identifier: GPL-2.0
/* Tests of parse.c and text.c. TAP; see also fuzz/. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "sstctl.h"
#include "text.h"

static int count, failed;

static void result(bool good, const char *what, const char *text)
{
	printf("%sok %d - %s '%s'\n", good ? "" : "not ", ++count, what, text);
	failed += !good;
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "0", 10, true, 0 },
		{ "10", 10, true, 10 },
		{ "11", 10, false, 0 },
		{ "007", 10, true, 7 },
		{ "0xfc", 255, true, 252 },
		{ "0XFC", 255, true, 252 },
		{ "0x100", 255, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "0xffffffffffffffff", UINT64_MAX, true, UINT64_MAX },
		{ "0x10000000000000000", UINT64_MAX, false, 0 },
		{ "", 10, false, 0 },
		{ "0x", 10, false, 0 },
		{ "-1", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1 ", 10, false, 0 },
		{ "1a", 100, false, 0 },
		{ "1e1", 100, false, 0 },
	};
	uint64_t value;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_number(rows[i].text, rows[i].max, &value);
		result(good == rows[i].good && (!good || value == rows[i].value),
		       "number", rows[i].text);
	}
}

static void test_endpoints(void)
{
	static const struct {
		const char *text;
		bool need_port;
		bool good;
		int family;
		unsigned int port;
	} rows[] = {
		{ "10.0.0.1:80", true, true, AF_INET, 80 },
		{ "10.0.0.1:65535", true, true, AF_INET, 65535 },
		{ "10.0.0.1:0x50", true, true, AF_INET, 80 },
		{ "10.0.0.1:65536", true, false, 0, 0 },
		{ "10.0.0.1:0", true, false, 0, 0 },
		{ "10.0.0.1:", true, false, 0, 0 },
		{ "10.0.0.1", true, false, 0, 0 },
		{ "10.0.0.1", false, true, AF_INET, 0 },
		{ "10.0.0.1:", false, false, 0, 0 },
		{ "10.0.0:80", true, false, 0, 0 },
		{ "10.0.0.256:80", true, false, 0, 0 },
		{ "[10.0.0.1]:80", true, false, 0, 0 },
		{ ":80", true, false, 0, 0 },
		{ "host:80", true, false, 0, 0 },
		{ "[2001:db8::1]:443", true, true, AF_INET6, 443 },
		{ "[::ffff:10.0.0.1]:443", true, true, AF_INET6, 443 },
		{ "2001:db8::1", false, true, AF_INET6, 0 },
		{ "[2001:db8::1]", false, true, AF_INET6, 0 },
		{ "[2001:db8::1]", true, false, 0, 0 },
		{ "2001:db8::1:443", true, false, 0, 0 },
		{ "[2001:db8::1", true, false, 0, 0 },
		{ "[2001:db8::1]443", true, false, 0, 0 },
		{ "[2001:db8::1]:", true, false, 0, 0 },
		{ "[fe80::1%eth0]:443", true, false, 0, 0 },
		{ "[]:443", true, false, 0, 0 },
		{ "", true, false, 0, 0 },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:1", true, false, 0, 0 },
	};
	struct sst_endpoint ep;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_endpoint(rows[i].text, rows[i].need_port, &ep);
		result(good == rows[i].good &&
		       (!good || (ep.addr.family == rows[i].family &&
				  ep.port == rows[i].port)),
		       "endpoint", rows[i].text);
	}
	result(!parse_endpoint("1.2.3.4:5", true, &ep) &&
	       !memcmp(ep.addr.bytes, "\1\2\3\4\0\0\0", 8), "bytes of", "1.2.3.4:5");
}

static void test_pairs(void)
{
	static const struct {
		const char *text;
		bool good;
		unsigned int local, remote;
	} rows[] = {
		{ "1:2", true, 1, 2 },
		{ "65535:65535", true, 65535, 65535 },
		{ "0:2", false, 0, 0 },
		{ "1:0", false, 0, 0 },
		{ "1", false, 0, 0 },
		{ "1:", false, 0, 0 },
		{ ":1", false, 0, 0 },
		{ "1:2:3", false, 0, 0 },
		{ "65536:1", false, 0, 0 },
		{ "000000000001:1", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	uint16_t local, remote;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_port_pair(rows[i].text, &local, &remote);
		result(good == rows[i].good &&
		       (!good || (local == rows[i].local && remote == rows[i].remote)),
		       "port pair", rows[i].text);
	}
}

#define B64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_keys(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ B64, true },
		{ B64 "\n", true },
		{ B64 "\r\n", true },
		{ HEX, true },
		{ HEX "\n", true },
		{ "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", true },
		{ "", false },
		{ "\n", false },
		{ B64 "\n\n", false },
		{ B64 " ", false },
		{ " " B64, false },
		{ B64 "\n" B64, false },
		{ HEX "0", false },
		{ "00010203", false },
		/* The padding is missing. */
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", false },
		/* The last bits would be lost. */
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", false },
		/* 33 and 31 bytes. */
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", false },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", false },
		/* The alphabet for URLs. */
		{ "-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false },
		{ "0001020304050607:8090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", false },
		{ "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", false },
	};
	static const char nul[] = B64 "\0";
	uint8_t key[SST_KEY_SIZE], want[SST_KEY_SIZE];
	size_t i;
	bool good;

	for (i = 0; i < SST_KEY_SIZE; i++)
		want[i] = (uint8_t)i;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(key, 0xff, sizeof(key));
		good = !parse_key(rows[i].text, strlen(rows[i].text), key);
		/* A bad text leaves no part of a secret. */
		result(good == rows[i].good &&
		       (good ? !memcmp(key, want, sizeof(key)) :
			       sodium_is_zero(key, sizeof(key))),
		       "key, row", (char[]){ (char)('a' + (int)i), '\0' });
	}
	result(parse_key(nul, sizeof(nul), key) != NULL, "key", "with NUL");
	result(parse_looks_like_key(B64), "looks like a key:", "base64");
	result(parse_looks_like_key(HEX), "looks like a key:", "hex");
	result(parse_looks_like_key("/1y/uI6owckX8ZTZ3F+FPu38f8KR3085JtzdO8E2FNs="),
	       "looks like a key:", "base64 with / in front");
	result(parse_looks_like_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
	       "looks like a key:", "one character short");
	result(!parse_looks_like_key("/etc/sst/keys/a-host.example.key"),
	       "is a file name:", "absolute");
	result(!parse_looks_like_key("flow.key"), "is a file name:", "short");
	result(!parse_looks_like_key("-"), "is a file name:", "-");
}

#define PSK(side, suite) "sst-psk-1:" side ":" suite ":" B64

static void test_psks(void)
{
	static const struct {
		const char *text;
		unsigned int side;	/* 0: bad */
	} rows[] = {
		{ PSK("1", "1"), 1 },
		{ PSK("2", "1") "\n", 2 },
		{ PSK("2", "1") "\r\n", 2 },
		{ PSK("0", "1"), 0 },
		{ PSK("3", "1"), 0 },
		{ PSK("01", "1"), 0 },
		{ PSK("1", "2"), 0 },
		{ PSK("1", "0"), 0 },
		{ PSK("", "1"), 0 },
		{ PSK("1", "1") "\n\n", 0 },
		{ PSK("1", "1") " ", 0 },
		{ " " PSK("1", "1"), 0 },
		{ PSK("1", "1") "\n" PSK("2", "1"), 0 },
		{ "sst-psk-2:1:1:" B64, 0 },
		{ "SST-PSK-1:1:1:" B64, 0 },
		{ "sst-psk-1:1:1;" B64, 0 },
		{ "sst-psk-1:1:1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", 0 },
		{ "sst-psk-1:1:1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", 0 },
		{ "sst-psk-1:1:1:-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 0 },
		{ "sst-psk-1:1:1:" HEX, 0 },
		{ B64, 0 },
		{ "sst-psk-1:", 0 },
		{ "", 0 },
	};
	static const char nul[] = PSK("1", "1") "\0";
	struct sst_psk psk;
	size_t i, k;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&psk, 0xff, sizeof(psk));
		good = !parse_psk(rows[i].text, strlen(rows[i].text), &psk);
		if (good) {
			good = psk.side == rows[i].side && psk.suite == 1;
			for (k = 0; k < SST_KEY_SIZE; k++)
				good &= psk.key[k] == k;
		} else {
			good = !rows[i].side &&
			       sodium_is_zero((uint8_t *)&psk, sizeof(psk));
		}
		result(good, "psk, row", (char[]){ (char)('a' + (int)i), '\0' });
	}
	result(parse_psk(nul, sizeof(nul), &psk) != NULL, "psk", "with NUL");
	result(strlen(PSK("1", "1") "\n") == PSK_LEN, "psk", "length");
	result(parse_looks_like_key(PSK("1", "1")), "looks like a key:", "psk");
	result(!parse_looks_like_key("sst-psk-1.psk"), "is a file name:",
	       "sst-psk-1.psk");
}

static void test_prefixes(void)
{
	static const struct {
		const char *text;
		int family;	/* 0: bad */
		unsigned int len;
	} rows[] = {
		{ "10.0.0.0/8", AF_INET, 8 },
		{ "10.0.0.1", AF_INET, 32 },
		{ "10.0.0.1/32", AF_INET, 32 },
		{ "0.0.0.0/0", AF_INET, 0 },
		{ "128.0.0.0/1", AF_INET, 1 },
		{ "10.0.0.2/31", AF_INET, 31 },
		{ "10.0.0.1/31", 0, 0 },
		{ "10.0.0.1/8", 0, 0 },
		{ "1.0.0.0/0", 0, 0 },
		{ "10.0.0.0/33", 0, 0 },
		{ "10.0.0.0/", 0, 0 },
		{ "10.0.0.0/-1", 0, 0 },
		{ "10.0.0.0/8/8", 0, 0 },
		{ "10.0.0.0/255.0.0.0", 0, 0 },
		{ "10/8", 0, 0 },
		{ "/8", 0, 0 },
		{ "", 0, 0 },
		{ "any", 0, 0 },
		{ "::/0", AF_INET6, 0 },
		{ "fd00::/8", AF_INET6, 8 },
		{ "fd00::1", AF_INET6, 128 },
		{ "fd00::1/128", AF_INET6, 128 },
		{ "fd00::/127", AF_INET6, 127 },
		{ "fd00::1/127", 0, 0 },
		{ "fd00::/7", 0, 0 },
		{ "fd00::/129", 0, 0 },
		{ "fd00::/33", AF_INET6, 33 },
		{ "[fd00::]/8", 0, 0 },
	};
	struct sst_prefix prefix;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_prefix(rows[i].text, &prefix);
		result(good ? prefix.addr.family == rows[i].family &&
			      prefix.len == rows[i].len : !rows[i].family,
		       "prefix", rows[i].text);
	}
}

static void test_ports(void)
{
	static const struct {
		const char *text;
		unsigned int first, last;	/* 0: bad */
	} rows[] = {
		{ "80", 80, 80 },
		{ "80-90", 80, 90 },
		{ "80-80", 80, 80 },
		{ "1-65535", 1, 65535 },
		{ "0x50-0x5a", 80, 90 },
		{ "90-80", 0, 0 },
		{ "0", 0, 0 },
		{ "0-80", 0, 0 },
		{ "80-0", 0, 0 },
		{ "80-65536", 0, 0 },
		{ "80-", 0, 0 },
		{ "-80", 0, 0 },
		{ "-", 0, 0 },
		{ "80-90-100", 0, 0 },
		{ "80:90", 0, 0 },
		{ "80, 90", 0, 0 },
		{ "http", 0, 0 },
		{ "", 0, 0 },
	};
	struct sst_ports ports;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_ports(rows[i].text, &ports);
		result(good ? ports.first == rows[i].first &&
			      ports.last == rows[i].last : !rows[i].first,
		       "ports", rows[i].text);
	}
}

#define EIGHT(n) "10.0." n ".1,10.0." n ".2,10.0." n ".3,10.0." n ".4," \
		 "fd00:" n "::1,fd00:" n "::2,fd00:" n "::3,fd00:" n "::4"

static void test_addresses(void)
{
	static const struct {
		const char *text;
		unsigned int count;	/* 0: bad */
	} rows[] = {
		{ "10.0.0.1", 1 },
		{ "10.0.0.1,fd00::1", 2 },
		{ EIGHT("1") "," EIGHT("2"), 16 },
		{ EIGHT("1") "," EIGHT("2") ",10.0.3.1", 0 },
		{ "10.0.0.1,10.0.0.1", 0 },
		{ "fd00::1,10.0.0.1,fd00:0::1", 0 },
		/* Four bytes that are the same, of two families. */
		{ "10.0.0.1,a00:1::", 2 },
		{ "10.0.0.1,", 0 },
		{ ",10.0.0.1", 0 },
		{ "10.0.0.1,,10.0.0.2", 0 },
		{ "10.0.0.1, 10.0.0.2", 0 },
		{ "10.0.0.1 ", 0 },
		{ "10.0.0.0/24", 0 },
		{ "host", 0 },
		{ "", 0 },
	};
	struct sst_addrs addrs;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		addrs.count = 0;
		good = !parse_addresses(rows[i].text, &addrs);
		result(good ? addrs.count == rows[i].count : !rows[i].count,
		       "addresses", rows[i].text);
	}

	/* They are added to those that are there. */
	addrs.count = 0;
	result(!parse_addresses("10.0.0.1", &addrs) &&
	       !parse_addresses("fd00::1,10.0.0.2", &addrs) &&
	       addrs.count == 3, "more addresses", "fd00::1,10.0.0.2");
	result(parse_addresses("10.0.0.3,10.0.0.1", &addrs) != NULL,
	       "an address again", "10.0.0.1");
	addrs.count = 0;
	result(!parse_addresses(EIGHT("1") "," EIGHT("2"), &addrs) &&
	       parse_addresses("10.0.3.1", &addrs), "one too many", "10.0.3.1");
}

static void test_names(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "b", true },
		{ "host.example", true },
		{ "a-1_(x)\"'!~", true },
		{ "1234567890123456789012345678901", true },
		{ "12345678901234567890123456789012", false },
		{ "", false },
		{ "a b", false },
		{ "a\tb", false },
		{ "a\n", false },
		{ "a,b", false },
		{ "a\177", false },
		{ "\303\244", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		result(!parse_name(rows[i].text) == rows[i].good, "name, row",
		       (char[]){ (char)('a' + (int)i), '\0' });
}

static void test_public_keys(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ B64, true },
		{ HEX, true },
		{ "", false },
		{ B64 "\n", false },
		{ " " B64, false },
		{ B64 "=", false },
		{ HEX "0", false },
		{ "sst-psk-1:1:1:" B64, false },
		{ "host.example", false },
	};
	uint8_t key[SST_KEY_SIZE], want[SST_KEY_SIZE];
	size_t i;
	bool good;

	for (i = 0; i < SST_KEY_SIZE; i++)
		want[i] = (uint8_t)i;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(key, 0xff, sizeof(key));
		good = !parse_public_key(rows[i].text, key);
		result(good == rows[i].good &&
		       (good ? !memcmp(key, want, sizeof(key)) :
			sodium_is_zero(key, sizeof(key))),
		       "public key", rows[i].text);
	}
}

static void test_assoc_ids(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "0123456789abcdef", true },
		{ "0123456789ABCDEF", true },
		{ "0123456789abcde", false },
		{ "0123456789abcdef0", false },
		{ "0123456789abcdeg", false },
		{ "0x23456789abcdef", false },
		{ "01:3456789abcdef", false },
		{ "", false },
	};
	static const uint8_t want[SST_ID_SIZE] = { 1, 0x23, 0x45, 0x67, 0x89,
						   0xab, 0xcd, 0xef };
	uint8_t id[SST_ID_SIZE];
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		good = !parse_assoc_id(rows[i].text, id);
		result(good == rows[i].good &&
		       (!good || !memcmp(id, want, sizeof(id))),
		       "id of an association", rows[i].text);
	}
}

static void test_words(void)
{
	static const char *const words[] = { "set", "stats", "show", "sets" };
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "set", 0 }, { "sets", 3 }, { "st", 1 }, { "stats", 1 },
		{ "sh", 2 }, { "s", WORD_AMBIGUOUS }, { "se", WORD_AMBIGUOUS },
		{ "statss", WORD_UNKNOWN }, { "", WORD_UNKNOWN },
		{ "x", WORD_UNKNOWN }, { "SET", WORD_UNKNOWN },
	};
	uint8_t v = 0;
	uint32_t id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		result(parse_word(rows[i].text, words, ARRAY_SIZE(words),
				  sizeof(words[0])) == rows[i].want,
		       "word", rows[i].text);
	result(!parse_proto("tcp", &v) && v == IPPROTO_TCP, "proto", "tcp");
	result(!parse_proto("u", &v) && v == IPPROTO_UDP, "proto", "u");
	result(parse_proto("sctp", &v) != NULL, "proto", "sctp");
	result(!parse_side("2", &v) && v == 2, "side", "2");
	result(parse_side("3", &v) && parse_side("", &v), "side", "3");
	result(!parse_mark("all", &v) && v == 1, "mark", "all");
	result(!parse_mark("openings", &v) && v == 2, "mark", "openings");
	result(parse_mark("none", &v) != NULL, "mark", "none");
	result(!parse_scope("ports", &v) && v == 1, "scope", "ports");
	result(!parse_scope("label", &v) && v == 2, "scope", "label");
	result(!parse_scope("payload", &v) && v == 3, "scope", "payload");
	result(parse_scope("all", &v) != NULL, "scope", "all");
	result(!parse_suite("1", &v) && v == 1, "suite", "1");
	result(parse_suite("2", &v) != NULL, "suite", "2");
	result(!parse_dscp("keep", &v) && v == SST_DSCP_KEEP, "dscp", "keep");
	result(parse_dscp("0", &v) != NULL, "dscp", "0");
	result(!parse_cookies("load", &v) && v == SST_COOKIE_MODE_LOAD,
	       "cookies", "load");
	result(!parse_cookies("a", &v) && v == SST_COOKIE_MODE_ALWAYS,
	       "cookies", "a");
	result(parse_cookies("on", &v) != NULL, "cookies", "on");
	result(!parse_init_from("nobody", &v) && v == SST_INIT_FROM_NOBODY,
	       "init-from", "nobody");
	result(parse_init_from("0", &v) != NULL, "init-from", "0");
	result(!parse_identity("offer", &v) && v == SST_IDENTITY_MODE_OFFER,
	       "identity", "offer");
	result(parse_identity("", &v) != NULL, "identity", "");
	result(!parse_direction("out", &v) && v == SST_POLICY_DIRECTION_OUT,
	       "direction", "out");
	result(!parse_direction("i", &v) && v == SST_POLICY_DIRECTION_IN,
	       "direction", "i");
	result(parse_direction("both", &v) != NULL, "direction", "both");
	result(!parse_id("4294967295", &id) && id == UINT32_MAX, "id", "4294967295");
	result(parse_id("0", &id) && parse_id("4294967296", &id), "id", "0");
}

static void test_text(void)
{
	static const struct {
		const char *text;
		size_t first;
		bool printable;
		const char *clean;
	} rows[] = {
		{ "", 1, true, "" },
		{ "/a b~", 1, true, "/a b~" },
		{ "\n", 1, false, "?" },
		{ "a\x1b[2J", 1, false, "a?[2J" },
		{ "\x7f", 1, false, "?" },
		{ "\x9b", 0, false, "?" },
		{ "\xc2\x9b", 2, false, "??" },
		{ "\xc3\xa9", 2, true, "??" },
		{ "\xe2\x82\xac", 3, true, "???" },
		{ "\xf0\x9f\x98\x80", 4, true, "????" },
		/* Cut off, too long, a surrogate, too large. */
		{ "\xe2\x82", 0, false, "??" },
		{ "\xf0\x9f\x98", 0, false, "???" },
		{ "\xc3" "a", 0, false, "?a" },
		{ "\xc1\xbf", 0, false, "??" },
		{ "\xe0\x9f\xbf", 0, false, "???" },
		{ "\xed\xa0\x80", 0, false, "???" },
		{ "\xf4\x90\x80\x80", 0, false, "????" },
		{ "\xff\xfe", 0, false, "??" },
	};
	char copy[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(copy, sizeof(copy), "%s", rows[i].text);
		text_clean(copy);
		result(text_char(rows[i].text) == rows[i].first, "character", copy);
		result(text_is_printable(rows[i].text) == rows[i].printable,
		       "printable", copy);
		result(!strcmp(copy, rows[i].clean), "clean", copy);
	}
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_numbers();
	test_endpoints();
	test_pairs();
	test_keys();
	test_public_keys();
	test_assoc_ids();
	test_psks();
	test_prefixes();
	test_ports();
	test_addresses();
	test_names();
	test_words();
	test_text();
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}
