/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_WORDS_H
#define SSTCTL_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/*
 * Command lines of words and values, and other things that several commands do
 * with their arguments. What returns an int returns the exit status, after
 * saying what is wrong.
 */

#define BIT(w) (1U << (w))

/**
 * struct words - words that stand in any order
 * @table: the words
 * @count: number of them
 * @takes: BIT() of each word that may stand here
 * @bare: BIT() of each word that has no value after it
 * @many: BIT() of each word that may stand here more than once
 * @open: BIT() of each word whose value looks like a secret and is none
 * @secret: the word whose value is a file with a secret; NULL when there is none
 * @set: takes a value, NULL after a bare word; returns what is wrong with it
 * @data: for @set
 * @seen: BIT() of each word that was there
 */
struct words {
	const char *const *table;
	size_t count;
	unsigned int takes;
	unsigned int bare;
	unsigned int many;
	unsigned int open;
	const char *secret;
	const char *(*set)(void *data, int word, char *value);
	void *data;
	unsigned int seen;
};

int words_parse(struct words *words, int argc, char **argv);
/* Were all the words there that are in @needs? */
int words_need(const struct words *words, unsigned int needs);

/*
 * A secret in the list of processes can be read by others: wipe it there, and
 * do not show it again. @word is the one that it follows, or NULL.
 */
int refuse_secret(const char *word, char *text);

/*
 * Is the name there that the command line has to begin with? @secret is the
 * word that a secret follows.
 */
int check_first_name(const char *secret, int argc, char **argv);

/*
 * Delete each thing that is named. All or nothing as far as the words go; after
 * that all are tried. @what is what a name is called.
 */
int delete_each(const char *what, int argc, char **argv,
		const char *(*check)(const char *text),
		int (*del)(const char *text));

/* For delete_each(). */
const char *check_id(const char *text);

/* What is wrong with an address that -4 or -6 leaves out. */
const char *check_family(const struct sst_addr *addr);

#endif /* SSTCTL_WORDS_H */
