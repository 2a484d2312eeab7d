/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_TEXT_H
#define SSTCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Text that others chose: names of cgroups are any bytes but 0 and '/'. */

/* Bytes of the character that @s begins with; 0 when that is no UTF-8. */
size_t text_char(const char *s);

/* UTF-8, and no control characters in it? */
bool text_is_printable(const char *s);

/* '?' for all that is not printable ASCII: it must not play with a terminal. */
void text_clean(char *s);

#endif /* SSTCTL_TEXT_H */
