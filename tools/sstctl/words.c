// SPDX-License-Identifier: GPL-2.0
#include "words.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ipc.h"
#include "keys.h"
#include "out.h"
#include "sstctl.h"

int refuse_secret(const char *word, char *text)
{
	if (!parse_looks_like_key(text))
		return EXIT_OK;
	keys_wipe(text, strlen(text));
	return out_usage("%s%sa secret on the command line can be read by other users, give a file or '-'",
			 word ? word : "", word ? ": " : "");
}

/* The value after a word. */
static int take_value(struct words *words, int w, char *value)
{
	const char *word = words->table[w];
	const char *why;
	int status;

	if (!value)
		return out_usage("%s needs a value", word);
	status = words->open & BIT(w) ? EXIT_OK : refuse_secret(word, value);
	if (status)
		return status;
	why = words->set(words->data, w, value);
	return why ? out_usage("%s '%s': %s", word, value, why) : EXIT_OK;
}

static int take_bare(struct words *words, int w)
{
	const char *why = words->set(words->data, w, NULL);

	return why ? out_usage("%s: %s", words->table[w], why) : EXIT_OK;
}

static int not_expected(const struct words *words, char *text)
{
	int status = refuse_secret(words->secret, text);

	return status ? status : out_usage("'%s' is not expected", text);
}

int words_parse(struct words *words, int argc, char **argv)
{
	int i = 0, status, w;

	while (i < argc) {
		w = parse_word(argv[i], words->table, words->count,
			       sizeof(words->table[0]));
		if (w == WORD_AMBIGUOUS)
			return out_usage("'%s' may be several words", argv[i]);
		if (w == WORD_UNKNOWN || !(words->takes & BIT(w)))
			return not_expected(words, argv[i]);
		if (words->seen & ~words->many & BIT(w))
			return out_usage("%s is given twice", words->table[w]);
		words->seen |= BIT(w);
		i++;
		if (words->bare & BIT(w))
			status = take_bare(words, w);
		else
			status = take_value(words, w, i < argc ? argv[i++] : NULL);
		if (status)
			return status;
	}
	return EXIT_OK;
}

int words_need(const struct words *words, unsigned int needs)
{
	size_t w;

	for (w = 0; w < words->count; w++) {
		if (needs & ~words->seen & BIT(w))
			return out_usage("%s is missing", words->table[w]);
	}
	return EXIT_OK;
}

int check_first_name(const char *secret, int argc, char **argv)
{
	const char *why;
	int status;

	if (!argc)
		return out_usage("name is missing");
	status = refuse_secret(secret, argv[0]);
	if (status)
		return status;
	why = parse_name(argv[0]);
	return why ? out_usage("name '%s': %s", argv[0], why) : EXIT_OK;
}

int delete_each(const char *what, int argc, char **argv,
		const char *(*check)(const char *text),
		int (*del)(const char *text))
{
	int status = EXIT_OK;
	const char *why;
	int i, rc;

	if (!argc)
		return out_usage("%s is missing", what);
	for (i = 0; i < argc; i++) {
		why = check(argv[i]);
		if (why)
			return out_usage("%s '%s': %s", what, argv[i], why);
	}
	for (i = 0; i < argc; i++) {
		rc = del(argv[i]);
		if (!rc)
			continue;
		/* With several of them the message has to say which one it was. */
		if (rc != -ENOENT || argc == 1)
			return kernel_status(rc);
		status = EXIT_KERNEL;
		out_error("%s %s: %s", what, argv[i], ipc_error());
	}
	return status;
}

const char *check_id(const char *text)
{
	uint32_t id;

	return parse_id(text, &id);
}

const char *check_family(const struct sst_addr *addr)
{
	if (!options.family || !addr->family || addr->family == options.family)
		return NULL;
	return options.family == AF_INET ? "not an IPv4 address, which -4 asks for" :
		"not an IPv6 address, which -6 asks for";
}
