// SPDX-License-Identifier: GPL-2.0
/* libFuzzer target for parse.c: "make fuzz". */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood, written out, has to be understood as the same again. */
static void check_endpoint(const struct sst_endpoint *ep)
{
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
	struct sst_endpoint again;

	if (!inet_ntop(ep->addr.family, ep->addr.bytes, addr, sizeof(addr)))
		abort();
	snprintf(text, sizeof(text),
		 ep->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u", addr,
		 ep->port ? ep->port : 1U);
	if (parse_endpoint(text, true, &again) ||
	    again.addr.family != ep->addr.family ||
	    memcmp(again.addr.bytes, ep->addr.bytes, sizeof(again.addr.bytes)) ||
	    again.port != (ep->port ? ep->port : 1))
		abort();
}

static void check_key(const char *text, size_t size)
{
	uint8_t key[SST_KEY_SIZE], again[SST_KEY_SIZE];
	char hex[2 * SST_KEY_SIZE + 1];

	if (parse_key(text, size, key)) {
		if (!sodium_is_zero(key, sizeof(key)))
			abort();
		return;
	}
	sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
	if (parse_key(hex, strlen(hex), again) || memcmp(key, again, sizeof(key)))
		abort();
}

/* A public key is what a line of a key file may hold. */
static void check_public_key(const char *text)
{
	uint8_t key[SST_KEY_SIZE], again[SST_KEY_SIZE];

	if (parse_public_key(text, key)) {
		if (!sodium_is_zero(key, sizeof(key)))
			abort();
		return;
	}
	if (parse_key(text, strlen(text), again) || memcmp(key, again, sizeof(key)))
		abort();
}

static void check_psk(const char *text, size_t size)
{
	char base64[64], line[PSK_LEN + 1];
	struct sst_psk psk, again;

	if (parse_psk(text, size, &psk)) {
		if (!sodium_is_zero((const uint8_t *)&psk, sizeof(psk)))
			abort();
		return;
	}
	sodium_bin2base64(base64, sizeof(base64), psk.key, sizeof(psk.key),
			  sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, sizeof(line), PSK_LEAD "%u:%u:%s\n", psk.side, psk.suite,
		 base64);
	if (parse_psk(line, strlen(line), &again) ||
	    memcmp(&psk, &again, sizeof(psk)))
		abort();
}

static void check_prefix(const struct sst_prefix *prefix)
{
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
	struct sst_prefix again;

	if (!inet_ntop(prefix->addr.family, prefix->addr.bytes, addr, sizeof(addr)))
		abort();
	snprintf(text, sizeof(text), "%s/%u", addr, prefix->len);
	if (parse_prefix(text, &again) || again.len != prefix->len ||
	    memcmp(&again.addr, &prefix->addr, sizeof(again.addr)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "set", "stats", "flow", "flows" };
	struct sst_endpoint ep;
	struct sst_prefix prefix;
	uint16_t local, remote;
	struct sst_addrs addrs;
	struct sst_ports ports;
	struct sst_addr addr;
	uint8_t id_bytes[SST_ID_SIZE];
	uint64_t number;
	uint32_t id;
	uint8_t v;
	char *text;

	if (sodium_init() < 0)
		abort();
	check_key((const char *)data, size);
	check_psk((const char *)data, size);

	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!parse_endpoint(text, false, &ep))
		check_endpoint(&ep);
	if (!parse_endpoint(text, true, &ep) && !ep.port)
		abort();
	if (!parse_port_pair(text, &local, &remote) && (!local || !remote))
		abort();
	if (!parse_prefix(text, &prefix))
		check_prefix(&prefix);
	if (!parse_ports(text, &ports) &&
	    (!ports.first || ports.last < ports.first))
		abort();
	addrs.count = 0;
	if (!parse_addresses(text, &addrs) &&
	    (!addrs.count || addrs.count > SST_ADDRESSES_MAX))
		abort();
	if (!parse_name(text) && (!size || strlen(text) > SST_NAME_MAX))
		abort();
	if (!parse_number(text, UINT16_MAX, &number) && number > UINT16_MAX)
		abort();
	if (!parse_id(text, &id) && !id)
		abort();
	if (parse_word(text, words, 4, sizeof(words[0])) >= 4)
		abort();
	parse_address(text, &addr);
	parse_proto(text, &v);
	parse_side(text, &v);
	parse_scope(text, &v);
	parse_suite(text, &v);
	parse_dscp(text, &v);
	parse_direction(text, &v);
	parse_cookies(text, &v);
	parse_init_from(text, &v);
	parse_identity(text, &v);
	parse_assoc_id(text, id_bytes);
	check_public_key(text);
	parse_looks_like_key(text);
	free(text);
	return 0;
}
