/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_SSTCTL_H
#define SSTCTL_SSTCTL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit status, as that of ip(8). */
enum {
	EXIT_OK = 0,
	EXIT_USAGE = 1,		/* wrong words, or a file that cannot be used */
	EXIT_KERNEL = 2,	/* the kernel refused */
	EXIT_PROBLEM = 3,	/* doctor found a problem */
};

/**
 * struct sst_options - what stands before the command
 * @family: AF_INET, AF_INET6 or 0 for both
 */
struct sst_options {
	int family;
};

extern struct sst_options options;

/**
 * struct sst_command - a word that names a command
 * @name: the word; parse_word() wants it first
 * @run: gets the words after the name
 */
struct sst_command {
	const char *name;
	int (*run)(int argc, char **argv);
};

/* "help", "-h" or "--help" in any place where a word of a command may stand. */
int is_help(int argc, char **argv);

/* Prints the help text on stdout. Returns the exit status. */
int help(const char *text);

/*
 * Find argv[0] in the table and run it with the words after it. @context is
 * what the words so far are called in messages.
 */
int dispatch(const struct sst_command *table, size_t count, int argc,
	     char **argv);

/* After a call to ipc.c: the exit status, and the message when it failed. */
int kernel_status(int rc);

int cmd_show(int argc, char **argv);
int cmd_genpsk(int argc, char **argv);
int cmd_genkey(int argc, char **argv);
int cmd_pubkey(int argc, char **argv);
int cmd_host(int argc, char **argv);
int cmd_peer(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_wish(int argc, char **argv);
int cmd_assoc(int argc, char **argv);
int cmd_flow(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_shutdown(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_sockopt(int argc, char **argv);

struct sst_config;
struct sst_peer_params;
struct sst_rule;

/*
 * What stands behind "set", "peer add" and "policy add". Each returns the exit
 * status, after saying what is wrong. rule_free() is due in any case.
 */
int config_parse(int argc, char **argv, struct sst_config *config);
int peer_parse_public(int argc, char **argv, struct sst_peer_params *params);
int rule_parse(int argc, char **argv, struct sst_rule *rule);

/* Bit (1 << SST_A_CONFIG_x) of each tunable that can be set. */
uint32_t config_writable(void);

/* What "sstctl apply" takes back, from the kernel. Returns the exit status. */
int print_configuration(void);

/* The tunables whose bit (1 << SST_A_CONFIG_x) is in @wanted, with a line end. */
void print_config(const struct sst_config *config, uint32_t wanted,
		  const char *divider);

#endif /* SSTCTL_SSTCTL_H */
