/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_KEYS_H
#define SSTCTL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sst_netlink.h>

#include "parse.h"

/*
 * Secrets. They come from a file or standard input, stay in locked memory and
 * are wiped. Functions return 0, or -1 after saying on stderr what is wrong.
 */

/* Prepare libsodium and see to it that no secret gets into a core file. */
int keys_init(void);

/* Keep @len bytes out of swap, when the limits allow it. */
void keys_lock(void *mem, size_t len);

/* Wipe a secret. */
void keys_wipe(void *mem, size_t len);

/* Read the secret in the file @name, or on standard input when that is "-". */
int keys_read(const char *name, uint8_t key[SST_KEY_SIZE]);

/* The same for a secret key, of which not all are taken. */
int keys_read_secret_key(const char *name, uint8_t key[SST_KEY_SIZE]);

/* The same for a pre-shared key. */
int keys_read_psk(const char *name, struct sst_psk *psk);

/* Make a new secret and print it in base64. */
int keys_generate(void);

/* The public key of a secret key. */
void keys_public(uint8_t public_key[SST_KEY_SIZE],
		 const uint8_t secret[SST_KEY_SIZE]);

/* Read a secret key on standard input and print its public key in base64. */
int keys_print_public(void);

/* Can anything be agreed on with this public key? No words when it cannot. */
bool keys_is_usable(const uint8_t public_key[SST_KEY_SIZE]);

/* Make a pre-shared key and write two new files, one for each side. */
int keys_generate_pair(const char *const names[2]);

#endif /* SSTCTL_KEYS_H */
