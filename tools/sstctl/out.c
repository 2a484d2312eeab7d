// SPDX-License-Identifier: GPL-2.0
#include "out.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sstctl.h"
#include "text.h"

static struct {
	bool json;
	bool pretty;
	/* JSON: depth of nesting, and whether a comma is due before a value. */
	int depth;
	bool comma;
	const char *command;
	const char *place;
} out;

void out_init(bool json, bool pretty)
{
	out.json = json;
	out.pretty = pretty;
}

bool out_is_json(void)
{
	return out.json;
}

bool out_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	out_error("cannot write: %s", strerror(errno));
	return false;
}

bool out_finish(void)
{
	return out_flush();
}

void out_text(const char *text)
{
	if (!out.json)
		fputs(text, stdout);
}

static void json_indent(void)
{
	int i;

	if (!out.pretty || !out.depth)
		return;
	putchar('\n');
	for (i = 0; i < out.depth; i++)
		fputs("    ", stdout);
}

/* JSON is UTF-8: what is not becomes the character that stands for that. */
static void json_string(const char *s)
{
	size_t len;

	putchar('"');
	for (; *s; s += len ? len : 1) {
		len = text_char(s);
		if (!len)
			fputs("\\ufffd", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (len == 1 && (*s < 0x20 || *s == 0x7f))
			printf("\\u%04x", (unsigned int)*s);
		else
			fwrite(s, 1, len, stdout);
	}
	putchar('"');
}

/* What stands before each value: comma, new line, name. */
static void json_lead(const char *name)
{
	if (out.comma)
		putchar(',');
	json_indent();
	if (name) {
		json_string(name);
		fputs(out.pretty ? ": " : ":", stdout);
	}
	out.comma = true;
}

static void json_open(const char *name, char bracket)
{
	if (!out.json)
		return;
	json_lead(name);
	putchar(bracket);
	out.depth++;
	out.comma = false;
}

static void json_close(char bracket)
{
	bool empty = !out.comma;

	if (!out.json)
		return;
	out.depth--;
	if (!empty)
		json_indent();
	if (!empty && out.pretty && !out.depth)
		putchar('\n');
	putchar(bracket);
	out.comma = true;
	if (!out.depth) {
		putchar('\n');
		out.comma = false;
	}
}

void out_open_object(const char *name)
{
	json_open(name, '{');
}

void out_close_object(void)
{
	json_close('}');
}

void out_open_array(const char *name)
{
	json_open(name, '[');
}

void out_close_array(void)
{
	json_close(']');
}

void out_number(const char *name, const char *before, uint64_t value,
		const char *after)
{
	if (out.json) {
		json_lead(name);
		printf("%" PRIu64, value);
	} else {
		printf("%s%" PRIu64 "%s", before, value, after);
	}
}

void out_hex(const char *name, const char *before, uint64_t value,
	     const char *after)
{
	if (out.json)
		out_number(name, before, value, after);
	else
		printf("%s0x%02" PRIx64 "%s", before, value, after);
}

void out_string(const char *name, const char *before, const char *value,
		const char *after)
{
	if (out.json) {
		json_lead(name);
		json_string(value);
	} else {
		printf("%s%s%s", before, value, after);
	}
}

void out_path(const char *name, const char *before, const char *path,
	      const char *after)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s", path);
	text_clean(text);
	out_string(name, before, text, after);
}

void out_duration(const char *name, const char *before, uint64_t seconds,
		  const char *after)
{
	static const struct {
		unsigned int seconds;
		char letter;
	} unit[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	const char *space = "";
	size_t i;

	if (out.json) {
		out_number(name, before, seconds, after);
		return;
	}
	fputs(before, stdout);
	for (i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		uint64_t n = seconds / unit[i].seconds;

		/* Zero is shown only when nothing else is: "0s". */
		if (!n && (unit[i].seconds != 1 || *space))
			continue;
		printf("%s%" PRIu64 "%c", space, n, unit[i].letter);
		seconds %= unit[i].seconds;
		space = " ";
	}
	fputs(after, stdout);
}

static void address_text(const struct sst_addr *addr, char text[INET6_ADDRSTRLEN])
{
	if (!addr->family ||
	    !inet_ntop(addr->family, addr->bytes, text, INET6_ADDRSTRLEN))
		strcpy(text, "?");
}

void out_address(const char *name, const char *before,
		 const struct sst_addr *addr, const char *after)
{
	char text[INET6_ADDRSTRLEN];

	address_text(addr, text);
	out_string(name, before, text, after);
}

void out_key(const char *name, const char *before,
	     const uint8_t key[SST_KEY_SIZE], const char *after)
{
	char text[sodium_base64_ENCODED_LEN(SST_KEY_SIZE,
					    sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), key, SST_KEY_SIZE,
			  sodium_base64_VARIANT_ORIGINAL);
	out_string(name, before, text, after);
}

void out_id(const char *name, const char *before, const uint8_t id[SST_ID_SIZE],
	    const char *after)
{
	char text[2 * SST_ID_SIZE + 1];

	sodium_bin2hex(text, sizeof(text), id, SST_ID_SIZE);
	out_string(name, before, text, after);
}

void out_prefix(const char *name, const char *before,
		const struct sst_prefix *prefix, const char *after)
{
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];

	address_text(&prefix->addr, addr);
	snprintf(text, sizeof(text), "%s/%u", addr, prefix->len);
	out_string(name, before, text, after);
}

void out_bytes(const char *name, const char *before, uint64_t bytes,
	       const char *after)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (out.json) {
		out_number(name, before, bytes, after);
	} else if (bytes < 1024) {
		printf("%s%" PRIu64 " B%s", before, bytes, after);
	} else {
		for (; value >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
			value /= 1024;
		printf("%s%.2f %s%s", before, value, units[i], after);
	}
}

void out_word(const char *name, const char *before, const char *const *words,
	      size_t count, unsigned int value, const char *after)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", value);
	out_string(name, before,
		   value < count && words[value] ? words[value] : number, after);
}

void out_endpoint(const char *addr_name, const char *port_name,
		  const char *before, const struct sst_endpoint *ep,
		  const char *after)
{
	char text[INET6_ADDRSTRLEN];

	address_text(&ep->addr, text);
	if (out.json) {
		out_string(addr_name, "", text, "");
		out_number(port_name, "", ep->port, "");
	} else if (ep->addr.family == AF_INET6) {
		printf("%s[%s]:%u%s", before, text, ep->port, after);
	} else {
		printf("%s%s:%u%s", before, text, ep->port, after);
	}
}

void out_null(const char *name, const char *text)
{
	if (out.json) {
		json_lead(name);
		fputs("null", stdout);
	} else {
		fputs(text, stdout);
	}
}

void out_flag(const char *name, const char *text, bool set)
{
	if (out.json) {
		json_lead(name);
		fputs(set ? "true" : "false", stdout);
	} else if (set) {
		fputs(text, stdout);
	}
}

void out_context(const char *command)
{
	out.command = command;
}

void out_place(const char *place)
{
	out.place = place;
}

static void say(const char *kind, bool hint, const char *fmt, va_list ap)
{
	char text[512];
	char *p;

	vsnprintf(text, sizeof(text), fmt, ap);
	/* What the user wrote is quoted: it must not break the line. */
	for (p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	/* Output and messages often go to the same place: keep their order. */
	fflush(stdout);
	fprintf(stderr, "sstctl: %s%s", out.command ? out.command : "",
		out.command ? ": " : "");
	fprintf(stderr, "%s%s%s%s", out.place ? out.place : "",
		out.place ? ": " : "", kind, text);
	/* Who wrote a file is helped by the place. */
	if (hint && !out.place)
		fprintf(stderr, ": try 'sstctl %s%shelp'",
			out.command ? out.command : "", out.command ? " " : "");
	fputc('\n', stderr);
}

void out_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", false, fmt, ap);
	va_end(ap);
}

void out_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", false, fmt, ap);
	va_end(ap);
}

int out_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", true, fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}
