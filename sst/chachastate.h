/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_CHACHASTATE_H
#define _SST_CHACHASTATE_H

#include <asm/byteorder.h>
#include <crypto/chacha.h>
#include <linux/string.h>

/**
 * sst_chacha_start() - what ChaCha20 and HChaCha20 begin with
 * @state: output; holds the key, wipe it after use
 * @key: key
 * @iv: block counter and nonce, or the input of HChaCha20
 *
 * As chacha_init(), which wants the key as words: most keys are bytes anywhere, and
 * a copy of them in words would be one more to wipe.
 */
static inline void sst_chacha_start(u32 state[CHACHA_STATE_WORDS],
				    const u8 key[CHACHA_KEY_SIZE],
				    const u8 iv[CHACHA_IV_SIZE])
{
	chacha_init_consts(state);
	memcpy(state + 4, key, CHACHA_KEY_SIZE);
	memcpy(state + 12, iv, CHACHA_IV_SIZE);
	le32_to_cpu_array(state + 4, CHACHA_STATE_WORDS - 4);
}

#endif /* _SST_CHACHASTATE_H */
