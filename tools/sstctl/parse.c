// SPDX-License-Identifier: GPL-2.0
#include "parse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

int parse_word(const char *text, const void *table, size_t count, size_t size)
{
	size_t len = strlen(text);
	int found = WORD_UNKNOWN;
	const char *word;
	size_t i;

	if (!len)
		return WORD_UNKNOWN;
	for (i = 0; i < count; i++) {
		memcpy(&word, (const char *)table + i * size, sizeof(word));
		if (strncmp(word, text, len) != 0)
			continue;
		/* A whole word wins over longer ones that begin like it. */
		if (!word[len])
			return (int)i;
		found = found == WORD_UNKNOWN ? (int)i : WORD_AMBIGUOUS;
	}
	return found;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Not strtoull(): that takes spaces, signs and, as base 8, numbers with a
 * leading zero.
 */
const char *parse_number(const char *text, uint64_t max, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t n = 0;
	int digit;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return "not a number";
	for (; *text; text++) {
		digit = digit_value(*text);
		if (digit < 0 || (unsigned int)digit >= base)
			return "not a number";
		if (n > (UINT64_MAX - (unsigned int)digit) / base)
			return "the number is too large";
		n = n * base + (unsigned int)digit;
	}
	if (n > max)
		return "the number is too large";
	*value = n;
	return NULL;
}

const char *parse_id(const char *text, uint32_t *id)
{
	uint64_t n;

	if (parse_number(text, UINT32_MAX, &n) || n == 0)
		return "an id is a number from 1 to 4294967295";
	*id = (uint32_t)n;
	return NULL;
}

struct value_word {
	const char *word;
	uint8_t value;
};

#define PARSE_VALUE(text, table, out) \
	parse_value(text, table, sizeof(table) / sizeof((table)[0]), out)

static bool parse_value(const char *text, const struct value_word *table,
			size_t count, uint8_t *value)
{
	int i = parse_word(text, table, count, sizeof(*table));

	if (i < 0)
		return false;
	*value = table[i].value;
	return true;
}

const char *parse_proto(const char *text, uint8_t *proto)
{
	static const struct value_word words[] = {
		{ "tcp", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP },
	};

	return PARSE_VALUE(text, words, proto) ? NULL : "give tcp or udp";
}

const char *parse_side(const char *text, uint8_t *side)
{
	static const struct value_word words[] = { { "1", 1 }, { "2", 2 } };

	return PARSE_VALUE(text, words, side) ? NULL : "give 1 or 2";
}

const char *parse_scope(const char *text, uint8_t *scope)
{
	static const struct value_word words[] = {
		{ "ports", SST_SCOPE_PORTS },
		{ "label", SST_SCOPE_LABEL },
		{ "payload", SST_SCOPE_PAYLOAD },
		{ "1", SST_SCOPE_PORTS },
		{ "2", SST_SCOPE_LABEL },
		{ "3", SST_SCOPE_PAYLOAD },
	};

	return PARSE_VALUE(text, words, scope) ? NULL :
	       "give ports, label or payload";
}

const char *parse_mark(const char *text, uint8_t *mark)
{
	static const struct value_word words[] = {
		{ "all", SST_MARK_ALL },
		{ "openings", SST_MARK_OPENINGS },
	};

	return PARSE_VALUE(text, words, mark) ? NULL : "give all or openings";
}

const char *parse_suite(const char *text, uint8_t *suite)
{
	static const struct value_word words[] = {
		{ "1", SST_SUITE_CHACHA20_POLY1305 },
		{ "chacha20-poly1305", SST_SUITE_CHACHA20_POLY1305 },
	};

	return PARSE_VALUE(text, words, suite) ?
		NULL : "give 1 (chacha20-poly1305)";
}

const char *parse_dscp(const char *text, uint8_t *dscp)
{
	static const struct value_word words[] = {
		{ "clear", SST_DSCP_CLEAR },
		{ "keep", SST_DSCP_KEEP },
	};

	return PARSE_VALUE(text, words, dscp) ? NULL : "give clear or keep";
}

const char *parse_cookies(const char *text, uint8_t *mode)
{
	static const struct value_word words[] = {
		{ "off", SST_COOKIE_MODE_OFF },
		{ "load", SST_COOKIE_MODE_LOAD },
		{ "always", SST_COOKIE_MODE_ALWAYS },
	};

	return PARSE_VALUE(text, words, mode) ?
		NULL : "give off, load or always";
}

const char *parse_init_from(const char *text, uint8_t *from)
{
	static const struct value_word words[] = {
		{ "anyone", SST_INIT_FROM_ANYONE },
		{ "listed", SST_INIT_FROM_LISTED },
		{ "nobody", SST_INIT_FROM_NOBODY },
	};

	return PARSE_VALUE(text, words, from) ?
		NULL : "give anyone, listed or nobody";
}

const char *parse_identity(const char *text, uint8_t *mode)
{
	static const struct value_word words[] = {
		{ "none", SST_IDENTITY_MODE_NONE },
		{ "offer", SST_IDENTITY_MODE_OFFER },
		{ "required", SST_IDENTITY_MODE_REQUIRED },
	};

	return PARSE_VALUE(text, words, mode) ?
		NULL : "give none, offer or required";
}

const char *parse_assoc_id(const char *text, uint8_t id[SST_ID_SIZE])
{
	const char *end = NULL;
	size_t len = 0;

	if (strlen(text) != 2 * SST_ID_SIZE ||
	    sodium_hex2bin(id, SST_ID_SIZE, text, 2 * SST_ID_SIZE, NULL, &len,
			   &end) ||
	    len != SST_ID_SIZE || *end)
		return "an id is 16 hex digits";
	return NULL;
}

const char *parse_direction(const char *text, uint8_t *direction)
{
	static const struct value_word words[] = {
		{ "out", SST_POLICY_DIRECTION_OUT },
		{ "in", SST_POLICY_DIRECTION_IN },
	};

	return PARSE_VALUE(text, words, direction) ? NULL : "give out or in";
}

const char *parse_name(const char *text)
{
	size_t len;

	for (len = 0; text[len]; len++) {
		if (text[len] <= ' ' || text[len] > '~' || text[len] == ',')
			return "a name has letters, digits and signs, no blanks or commas";
	}
	return len >= 1 && len <= SST_NAME_MAX ?
		NULL : "a name has 1 to 31 characters";
}

static const char not_address[] = "not an IPv4 or IPv6 address";

static const char *parse_address_part(const char *text, size_t len,
				      struct sst_addr *addr)
{
	char copy[INET6_ADDRSTRLEN];

	memset(addr, 0, sizeof(*addr));
	if (len >= sizeof(copy))
		return not_address;
	memcpy(copy, text, len);
	copy[len] = '\0';

	if (inet_pton(AF_INET, copy, addr->bytes) == 1)
		addr->family = AF_INET;
	else if (inet_pton(AF_INET6, copy, addr->bytes) == 1)
		addr->family = AF_INET6;
	else
		return not_address;
	return NULL;
}

const char *parse_address(const char *text, struct sst_addr *addr)
{
	return parse_address_part(text, strlen(text), addr);
}

const char *parse_addresses(const char *text, struct sst_addrs *addrs)
{
	struct sst_addr *addr;
	const char *why;
	unsigned int i;
	size_t len;

	for (;; text += len + 1) {
		if (addrs->count == SST_ADDRESSES_MAX)
			return "a peer has at most 16 addresses";
		addr = &addrs->addr[addrs->count];
		len = strcspn(text, ",");
		why = parse_address_part(text, len, addr);
		if (why)
			return why;
		for (i = 0; i < addrs->count; i++) {
			if (!memcmp(&addrs->addr[i], addr, sizeof(*addr)))
				return "an address is given twice";
		}
		addrs->count++;
		if (!text[len])
			return NULL;
	}
}

/* Is any bit set after the first @len? */
static bool has_bits_after(const struct sst_addr *addr, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 8 * sizeof(addr->bytes); i++) {
		if (addr->bytes[i / 8] & (0x80 >> i % 8))
			return true;
	}
	return false;
}

const char *parse_prefix(const char *text, struct sst_prefix *prefix)
{
	size_t addr_len = strcspn(text, "/");
	const char *why;
	uint64_t len, max;

	why = parse_address_part(text, addr_len, &prefix->addr);
	if (why)
		return why;
	max = prefix->addr.family == AF_INET ? 32 : 128;
	len = max;
	if (text[addr_len] && parse_number(text + addr_len + 1, max, &len))
		return max == 32 ? "after '/' comes a number from 0 to 32" :
			"after '/' comes a number from 0 to 128";
	prefix->len = (uint8_t)len;
	if (has_bits_after(&prefix->addr, prefix->len))
		return "the address has bits after the prefix length: make them 0, or leave out /LEN for one host";
	return NULL;
}

static const char *parse_port(const char *text, uint16_t *port)
{
	uint64_t n;

	if (parse_number(text, UINT16_MAX, &n) || n == 0)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)n;
	return NULL;
}

const char *parse_endpoint(const char *text, bool need_port,
			   struct sst_endpoint *ep)
{
	const char *port = NULL;
	const char *end, *colon;
	const char *why;

	ep->port = 0;
	if (*text == '[') {
		text++;
		end = strchr(text, ']');
		if (!end)
			return "the ']' is missing";
		if (end[1] == ':')
			port = end + 2;
		else if (end[1])
			return "after ']' comes :PORT";
		why = parse_address_part(text, (size_t)(end - text), &ep->addr);
		if (!why && ep->addr.family != AF_INET6)
			return "only IPv6 addresses have brackets";
	} else {
		colon = strchr(text, ':');
		if (colon && !strchr(colon + 1, ':')) {
			end = colon;
			port = colon + 1;
		} else {
			/* No colon, or several: an address by itself. */
			end = text + strlen(text);
		}
		why = parse_address_part(text, (size_t)(end - text), &ep->addr);
	}
	if (why)
		return why;
	if (port)
		return parse_port(port, &ep->port);
	if (need_port)
		return ep->addr.family == AF_INET6 ?
			"the port is missing, write [ADDRESS]:PORT" :
			"the port is missing, write ADDRESS:PORT";
	return NULL;
}

/* Two ports with @divider between them. */
static const char *parse_two_ports(const char *text, const char *divider,
				   uint16_t *first, uint16_t *second)
{
	size_t len = (size_t)(divider - text);
	char copy[8];
	const char *why;

	if (len >= sizeof(copy))
		return "a port is a number from 1 to 65535";
	memcpy(copy, text, len);
	copy[len] = '\0';
	why = parse_port(copy, first);
	return why ? why : parse_port(divider + 1, second);
}

const char *parse_port_pair(const char *text, uint16_t *local, uint16_t *remote)
{
	const char *colon = strchr(text, ':');

	return colon ? parse_two_ports(text, colon, local, remote) :
		"write LOCAL-PORT:REMOTE-PORT";
}

const char *parse_ports(const char *text, struct sst_ports *ports)
{
	const char *minus = strchr(text, '-');
	const char *why;

	if (!minus) {
		why = parse_port(text, &ports->first);
		ports->last = ports->first;
		return why;
	}
	why = parse_two_ports(text, minus, &ports->first, &ports->last);
	if (!why && ports->last < ports->first)
		return "the last port is below the first";
	return why;
}

#define KEY_BASE64_LEN 44
#define KEY_HEX_LEN (2 * SST_KEY_SIZE)

const char *parse_uids(const char *text, struct sst_uids *uids)
{
	static const char not_uids[] = "not a number of a user, or two with '-' between them";
	const char *dash = strchr(text, '-');
	char first[16];
	uint64_t n;

	if (!dash)
		dash = text + strlen(text);
	if ((size_t)(dash - text) >= sizeof(first))
		return not_uids;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	/* The largest number means no user. */
	if (parse_number(first, UINT32_MAX - 1, &n))
		return not_uids;
	uids->first = (uint32_t)n;
	if (*dash && parse_number(dash + 1, UINT32_MAX - 1, &n))
		return not_uids;
	uids->last = (uint32_t)n;
	uids->given = true;
	return uids->last < uids->first ? "the last is smaller than the first" : NULL;
}

const char *parse_cgroup(const char *text)
{
	if (text[0] != '/')
		return "a path begins with '/', at the root of the control groups";
	return strlen(text) > SST_CGROUP_MAX ? "longer than 1023 bytes" : NULL;
}

/* Length of the one line in @text without its end. */
static size_t line_len(const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len && text[len - 1] == '\r')
		len--;
	return len;
}

static bool decode_base64(const char *text, size_t len, uint8_t key[SST_KEY_SIZE])
{
	const char *end = NULL;
	size_t bin_len = 0;

	return len == KEY_BASE64_LEN &&
	       !sodium_base642bin(key, SST_KEY_SIZE, text, len, NULL, &bin_len,
				  &end, sodium_base64_VARIANT_ORIGINAL) &&
	       bin_len == SST_KEY_SIZE && end == text + len;
}

static bool decode_hex(const char *text, size_t len, uint8_t key[SST_KEY_SIZE])
{
	const char *end = NULL;
	size_t bin_len = 0;

	return len == KEY_HEX_LEN &&
	       !sodium_hex2bin(key, SST_KEY_SIZE, text, len, NULL, &bin_len,
			       &end) &&
	       bin_len == SST_KEY_SIZE && end == text + len;
}

const char *parse_key(const char *text, size_t len, uint8_t key[SST_KEY_SIZE])
{
	len = line_len(text, len);
	if (decode_base64(text, len, key) || decode_hex(text, len, key))
		return NULL;
	sodium_memzero(key, SST_KEY_SIZE);
	return "not a key: one line of 44 characters of base64 or 64 hex digits is expected";
}

const char *parse_public_key(const char *text, uint8_t key[SST_KEY_SIZE])
{
	size_t len = strlen(text);

	if (decode_base64(text, len, key) || decode_hex(text, len, key))
		return NULL;
	sodium_memzero(key, SST_KEY_SIZE);
	return "not a public key: 44 characters of base64, as 'sstctl pubkey' prints, or 64 hex digits";
}

static const char psk_lead[] = PSK_LEAD;

#define PSK_LEAD_LEN (sizeof(psk_lead) - 1)
/* Characters from the side to the key: "1:1:". */
#define PSK_SIDE_AND_SUITE_LEN 4

const char *parse_psk(const char *text, size_t len, struct sst_psk *psk)
{
	static const char not_psk[] =
		"not a pre-shared key: make a pair with 'sstctl genpsk'";
	const char *numbers, *key;

	memset(psk, 0, sizeof(*psk));
	len = line_len(text, len);
	if (len != PSK_LEAD_LEN + PSK_SIDE_AND_SUITE_LEN + KEY_BASE64_LEN ||
	    memcmp(text, psk_lead, PSK_LEAD_LEN) != 0)
		return not_psk;
	numbers = text + PSK_LEAD_LEN;
	key = numbers + PSK_SIDE_AND_SUITE_LEN;
	if (numbers[1] != ':' || numbers[3] != ':')
		return not_psk;
	if (numbers[0] != '1' && numbers[0] != '2')
		return "the side in it is not 1 or 2";
	if (numbers[2] != '0' + SST_SUITE_CHACHA20_POLY1305)
		return "the suite in it is not known: update sstctl";
	if (!decode_base64(key, KEY_BASE64_LEN, psk->key)) {
		sodium_memzero(psk, sizeof(*psk));
		return "the base64 in it is damaged";
	}
	psk->side = (uint8_t)(numbers[0] - '0');
	psk->suite = (uint8_t)(numbers[2] - '0');
	return NULL;
}

bool parse_looks_like_key(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/=";
	size_t len = strlen(text);

	/* A file may begin like it, but hardly with the ':'. */
	if (!strncmp(text, psk_lead, PSK_LEAD_LEN))
		return true;
	/*
	 * An absolute path is none, though '/' may stand in base64: the first
	 * character of one key in 64 is '/', and such a key is still refused
	 * by its exact length.
	 */
	if (len == KEY_BASE64_LEN && text[len - 1] == '=')
		return strspn(text, alphabet) == len;
	return len >= KEY_BASE64_LEN - 4 && text[0] != '/' &&
	       strspn(text, alphabet) == len;
}
