// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"
#include "keys.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char host_help[] =
	"Usage: sstctl host show [NAME]\n"
	"       sstctl host add NAME key FILE|-\n"
	"       sstctl host del NAME...\n"
	"\n"
	"A host key lets others open flows to this host who know its public key. A host\n"
	"may have several, for a time when the old and the new one are in use.\n";

static const char add_help[] =
	"Usage: sstctl host add NAME key FILE|-\n"
	"\n"
	"Give this host a key. Others make it known with 'sstctl peer add ... public-key'\n"
	"and what 'sstctl host show' has as public-key. Nothing has to be known here of\n"
	"them; see also 'sstctl set init-from'.\n"
	"\n"
	"  NAME  1 to 31 characters without blanks and commas\n"
	"  key   a file that 'sstctl genkey' wrote, or '-' for standard input\n";

static const char del_help[] =
	"Usage: sstctl host del NAME...\n"
	"\n"
	"Forget these keys. What was agreed on with them stays. All of them are tried,\n"
	"also when one cannot be removed.\n";

static const char show_help[] =
	"Usage: sstctl host show [NAME]\n"
	"\n"
	"Show one key of this host, or all of them, the oldest first. Secrets are never\n"
	"shown.\n";

static const char genkey_help[] =
	"Usage: sstctl genkey\n"
	"\n"
	"Print a new secret key for 'sstctl host add'.\n";

static const char pubkey_help[] =
	"Usage: sstctl pubkey <FILE\n"
	"\n"
	"Read a secret key on standard input, as 'sstctl genkey' makes it, and print its\n"
	"public key.\n";

static const char *const host_words[] = { "key" };

static const char *set_value(void *data, int word, char *value)
{
	const char **file = data;

	(void)word;
	*file = value;
	return NULL;
}

static int host_add(int argc, char **argv)
{
	const char *file = NULL;
	struct words words = {
		.table = host_words,
		.count = ARRAY_SIZE(host_words),
		.takes = BIT(0),
		.secret = host_words[0],
		.set = set_value,
		.data = &file,
	};
	uint8_t key[SST_KEY_SIZE];
	int rc, status;

	out_context("host add");
	if (is_help(argc, argv))
		return help(add_help);
	status = check_first_name(words.secret, argc, argv);
	if (!status)
		status = words_parse(&words, argc - 1, argv + 1);
	if (!status)
		status = words_need(&words, words.takes);
	if (status)
		return status;

	keys_lock(key, sizeof(key));
	if (keys_read_secret_key(file, key)) {
		keys_wipe(key, sizeof(key));
		return EXIT_USAGE;
	}
	rc = ipc_host_add(argv[0], key);
	keys_wipe(key, sizeof(key));
	return kernel_status(rc);
}

static int host_del(int argc, char **argv)
{
	out_context("host del");
	if (is_help(argc, argv))
		return help(del_help);
	return delete_each("name", argc, argv, parse_name, ipc_host_del);
}

static int show_one(const char *name)
{
	struct sst_host host = { .name = "" };
	int rc = ipc_host_get(name, &host);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_hosts(&host, 1);
	out_close_object();
	return EXIT_OK;
}

static int show_all(void)
{
	struct list hosts;
	int rc = ipc_host_list(&hosts);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_hosts(hosts.items, hosts.count);
	out_close_object();
	list_free(&hosts);
	return EXIT_OK;
}

static int host_show(int argc, char **argv)
{
	int status;

	out_context("host show");
	if (is_help(argc, argv))
		return help(show_help);
	if (!argc)
		return show_all();
	status = check_first_name(NULL, argc, argv);
	if (status)
		return status;
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return show_one(argv[0]);
}

int cmd_host(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "add", host_add },
		{ "delete", host_del },
		{ "list", host_show },
		{ "show", host_show },
	};

	out_context("host");
	if (is_help(argc, argv))
		return help(host_help);
	if (!argc)
		return host_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}

/* A key goes through standard input and output: nothing else is expected. */
static int refuse_words(char **argv)
{
	int status = refuse_secret(NULL, argv[0]);

	return status ? status : out_usage("'%s' is not expected", argv[0]);
}

int cmd_genkey(int argc, char **argv)
{
	out_context("genkey");
	if (is_help(argc, argv))
		return help(genkey_help);
	if (argc)
		return refuse_words(argv);
	return keys_generate() ? EXIT_USAGE : EXIT_OK;
}

int cmd_pubkey(int argc, char **argv)
{
	out_context("pubkey");
	if (is_help(argc, argv))
		return help(pubkey_help);
	if (argc)
		return refuse_words(argv);
	return keys_print_public() ? EXIT_USAGE : EXIT_OK;
}
