// SPDX-License-Identifier: GPL-2.0
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"
#include "parse.h"

int keys_init(void)
{
	static const struct rlimit none;

	/* Failure changes nothing for the caller: there is only less care. */
	(void)setrlimit(RLIMIT_CORE, &none);
	if (sodium_init() < 0) {
		out_error("libsodium does not start");
		return -1;
	}
	return 0;
}

void keys_lock(void *mem, size_t len)
{
	/* An unprivileged user may have no locked memory left: go on without. */
	(void)sodium_mlock(mem, len);
}

void keys_wipe(void *mem, size_t len)
{
	/*
	 * Not unlocked: that works by pages, and another secret may stand in
	 * the same page. The process ends soon.
	 */
	sodium_memzero(mem, len);
}

static bool open_to_others(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO);
}

int keys_read(const char *name, uint8_t key[SST_KEY_SIZE])
{
	/* Not stdio: its buffer would keep a copy. */
	char text[SST_KEY_SIZE * 4];
	const char *why = NULL;
	size_t len = 0;
	ssize_t n;
	int fd;

	if (!strcmp(name, "-")) {
		fd = STDIN_FILENO;
		name = "standard input";
	} else {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0) {
			out_error("key file '%s': %s", name, strerror(errno));
			return -1;
		}
		if (open_to_others(fd))
			out_warning("key file '%s' is accessible to others: try 'chmod o= FILE'",
				    name);
	}

	keys_lock(text, sizeof(text));
	while (len < sizeof(text)) {
		n = read(fd, text + len, sizeof(text) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			why = strerror(errno);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (!why)
		why = parse_key(text, len, key);
	keys_wipe(text, sizeof(text));
	if (fd != STDIN_FILENO)
		close(fd);
	if (!why)
		return 0;
	out_error("key file '%s': %s", name, why);
	return -1;
}

int keys_generate(void)
{
	char text[sodium_base64_ENCODED_LEN(SST_KEY_SIZE,
					    sodium_base64_VARIANT_ORIGINAL)];
	uint8_t key[SST_KEY_SIZE];
	size_t len, done = 0;
	ssize_t n;

	if (open_to_others(STDOUT_FILENO))
		out_warning("writing to a file that is accessible to others: set 'umask 077' first");

	keys_lock(text, sizeof(text));
	keys_lock(key, sizeof(key));
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(text, sizeof(text), key, sizeof(key),
			  sodium_base64_VARIANT_ORIGINAL);
	len = strlen(text);
	text[len++] = '\n';
	while (done < len) {
		n = write(STDOUT_FILENO, text + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	keys_wipe(text, sizeof(text));
	keys_wipe(key, sizeof(key));
	if (done == len)
		return 0;
	out_error("cannot write the key: %s", strerror(errno));
	return -1;
}
