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

/* Takes the text of a secret apart, as parse_key() does. */
typedef const char *(*secret_fn)(const char *text, size_t len, void *data);

static int read_secret(const char *name, const char *what, secret_fn fn, void *data)
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
			out_error("%s file '%s': %s", what, name, strerror(errno));
			return -1;
		}
		if (open_to_others(fd))
			out_warning("%s file '%s' is accessible to others: try 'chmod o= FILE'",
				    what, name);
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
		why = fn(text, len, data);
	keys_wipe(text, sizeof(text));
	if (fd != STDIN_FILENO)
		close(fd);
	if (!why)
		return 0;
	out_error("%s file '%s': %s", what, name, why);
	return -1;
}

static const char *take_key(const char *text, size_t len, void *data)
{
	return parse_key(text, len, data);
}

int keys_read(const char *name, uint8_t key[SST_KEY_SIZE])
{
	return read_secret(name, "key", take_key, key);
}

static const char *take_secret_key(const char *text, size_t len, void *data)
{
	const char *why = parse_key(text, len, data);

	/* The kernel takes all others. */
	if (!why && sodium_is_zero(data, SST_KEY_SIZE))
		return "not a secret key: make one with 'sstctl genkey'";
	return why;
}

int keys_read_secret_key(const char *name, uint8_t key[SST_KEY_SIZE])
{
	return read_secret(name, "key", take_secret_key, key);
}

static const char *take_psk(const char *text, size_t len, void *data)
{
	return parse_psk(text, len, data);
}

int keys_read_psk(const char *name, struct sst_psk *psk)
{
	return read_secret(name, "psk", take_psk, psk);
}

/* Not stdio, as above. Returns 0 or an errno. */
static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

#define BASE64_SIZE \
	sodium_base64_ENCODED_LEN(SST_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)

/* A new random secret in base64. */
static void new_secret(char text[BASE64_SIZE])
{
	uint8_t key[SST_KEY_SIZE];

	keys_lock(key, sizeof(key));
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(text, BASE64_SIZE, key, sizeof(key),
			  sodium_base64_VARIANT_ORIGINAL);
	keys_wipe(key, sizeof(key));
}

int keys_generate(void)
{
	char text[BASE64_SIZE];
	size_t len;
	int err;

	if (open_to_others(STDOUT_FILENO))
		out_warning("writing to a file that is accessible to others: set 'umask 077' first");

	keys_lock(text, sizeof(text));
	new_secret(text);
	len = strlen(text);
	text[len++] = '\n';
	err = write_all(STDOUT_FILENO, text, len);
	keys_wipe(text, sizeof(text));
	if (!err)
		return 0;
	out_error("cannot write the key: %s", strerror(err));
	return -1;
}

void keys_public(uint8_t public_key[SST_KEY_SIZE],
		 const uint8_t secret[SST_KEY_SIZE])
{
	/* It fails for no secret key that keys_read_secret_key() takes. */
	(void)crypto_scalarmult_base(public_key, secret);
}

int keys_print_public(void)
{
	uint8_t secret[SST_KEY_SIZE], public_key[SST_KEY_SIZE];
	char text[BASE64_SIZE];
	int rc;

	keys_lock(secret, sizeof(secret));
	rc = keys_read_secret_key("-", secret);
	if (!rc)
		keys_public(public_key, secret);
	keys_wipe(secret, sizeof(secret));
	if (rc)
		return -1;
	sodium_bin2base64(text, sizeof(text), public_key, sizeof(public_key),
			  sodium_base64_VARIANT_ORIGINAL);
	puts(text);
	return 0;
}

bool keys_is_usable(const uint8_t public_key[SST_KEY_SIZE])
{
	/* Whatever scalar it is, a key of small order gives zero. */
	static const uint8_t any[SST_KEY_SIZE] = { 8 };
	uint8_t shared[SST_KEY_SIZE];

	return !crypto_scalarmult(shared, any, public_key);
}

/* Write a new file that holds one side. Leaves none behind when that fails. */
static int write_psk(const char *name, int side, const char *base64)
{
	char text[PSK_LEN + 1];
	int err, fd, len;

	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		out_error("file '%s' exists and stays as it is: give another name",
			  name);
		return -1;
	}
	if (fd < 0) {
		out_error("file '%s': %s", name, strerror(errno));
		return -1;
	}
	keys_lock(text, sizeof(text));
	len = snprintf(text, sizeof(text), PSK_LEAD "%d:%d:%s\n", side,
		       SST_SUITE_CHACHA20_POLY1305, base64);
	err = write_all(fd, text, (size_t)len);
	keys_wipe(text, sizeof(text));
	/* A disk may be found to be full only here. */
	if (close(fd) && !err)
		err = errno;
	if (!err)
		return 0;
	unlink(name);
	out_error("file '%s': %s", name, strerror(err));
	return -1;
}

int keys_generate_pair(const char *const names[2])
{
	char base64[BASE64_SIZE];
	int rc;

	keys_lock(base64, sizeof(base64));
	new_secret(base64);
	rc = write_psk(names[0], 1, base64);
	if (!rc) {
		rc = write_psk(names[1], 2, base64);
		if (rc)
			unlink(names[0]);
	}
	keys_wipe(base64, sizeof(base64));
	return rc;
}
