/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_OUT_H
#define SSTCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/*
 * The one printer. A value is printed by one call in both forms: as JSON under
 * its name, or as text between two pieces of text. Objects and arrays show in
 * JSON only, out_text() in text only.
 */
void out_init(bool json, bool pretty);
bool out_is_json(void);

/* End of output. Returns false, after saying so, when it could not be written. */
bool out_finish(void);
/* End of a line of output that a reader waits for. */
bool out_flush(void);

void out_text(const char *text);
/* In an array, or for the outermost object, @name is NULL. */
void out_open_object(const char *name);
void out_close_object(void);
void out_open_array(const char *name);
void out_close_array(void);

void out_number(const char *name, const char *before, uint64_t value,
		const char *after);
void out_string(const char *name, const char *before, const char *value,
		const char *after);
/* Of a cgroup: whoever made it chose its name. What is not plain becomes '?'. */
void out_path(const char *name, const char *before, const char *path,
	      const char *after);
/* 0x.. in text, a number in JSON. */
void out_hex(const char *name, const char *before, uint64_t value,
	     const char *after);
/* "1d 2h 3m 4s" in text, seconds in JSON. */
void out_duration(const char *name, const char *before, uint64_t seconds,
		  const char *after);
/* ADDRESS:PORT in text, the two names in JSON. */
void out_endpoint(const char *addr_name, const char *port_name,
		  const char *before, const struct sst_endpoint *ep,
		  const char *after);
void out_address(const char *name, const char *before,
		 const struct sst_addr *addr, const char *after);
/* A public key, in base64. */
void out_key(const char *name, const char *before,
	     const uint8_t key[SST_KEY_SIZE], const char *after);
/* What names a key or an association on the wire, in hex digits. */
void out_id(const char *name, const char *before, const uint8_t id[SST_ID_SIZE],
	    const char *after);
/* ADDRESS/LEN */
void out_prefix(const char *name, const char *before,
		const struct sst_prefix *prefix, const char *after);
/* "1.50 KiB" in text, bytes in JSON. */
void out_bytes(const char *name, const char *before, uint64_t bytes,
	       const char *after);
/* words[value], or the number where a newer kernel has a value without one. */
void out_word(const char *name, const char *before, const char *const *words,
	      size_t count, unsigned int value, const char *after);
/* In text @text when it is set, in JSON true or false. */
void out_flag(const char *name, const char *text, bool set);
/* @text in text, null in JSON. */
void out_null(const char *name, const char *text);

/*
 * Words on stderr, one line each: "sstctl: CONTEXT: ...". The context is the
 * command, as it stands in the manual.
 */
void out_context(const char *command);
/* A place in a file, "FILE:LINE", that they are about; NULL: none any more. */
void out_place(const char *place);
void out_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, with the hint to ask for help. Returns the exit status. */
int out_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* SSTCTL_OUT_H */
