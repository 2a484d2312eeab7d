// SPDX-License-Identifier: GPL-2.0
#include "text.h"

#include <stdint.h>

/* As text_char(); @code: the number of the character. */
static size_t decode(const char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)*s;
	size_t len, i;

	*code = first;
	if (first < 0x80)
		return 1;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first < 0xc0 || first >= 0xf8)
		return 0;
	*code &= 0x7fU >> len;
	/* The zero at the end does not continue anything. */
	for (i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	/* One that is longer than need be, a surrogate, or none at all. */
	if (*code < least[len] || (*code & ~0x7ffU) == 0xd800 || *code > 0x10ffff)
		return 0;
	return len;
}

size_t text_char(const char *s)
{
	uint32_t code;

	return decode(s, &code);
}

bool text_is_printable(const char *s)
{
	uint32_t code;
	size_t len;

	for (; *s; s += len) {
		len = decode(s, &code);
		if (!len || code < 0x20 || (code >= 0x7f && code < 0xa0))
			return false;
	}
	return true;
}

void text_clean(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			*s = '?';
	}
}
