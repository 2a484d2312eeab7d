// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "ipc.h"
#include "keys.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char peer_help[] =
	"Usage: sstctl peer show [NAME]\n"
	"       sstctl peer add NAME address ADDR[,ADDR...] psk FILE|-\n"
	"       sstctl peer add NAME [address ADDR[,ADDR...]] public-key KEY\n"
	"                       [wire-port PORT[-PORT]] [identity none|offer|required]\n"
	"       sstctl peer del NAME...\n"
	"\n"
	"A peer is a host with which a pre-shared key is shared, or whose public key is\n"
	"known. 'sstctl genpsk' makes the former, 'sstctl genkey' and 'sstctl pubkey' the\n"
	"latter; 'sstctl policy' says what goes to peers under their protection.\n";

static const char add_help[] =
	"Usage: sstctl peer add NAME address ADDR[,ADDR...] psk FILE|-\n"
	"       sstctl peer add NAME [address ADDR[,ADDR...]] public-key KEY\n"
	"                       [wire-port PORT[-PORT]] [identity none|offer|required]\n"
	"\n"
	"Make a peer known. With psk the same has to be done on that host, with the\n"
	"addresses of this one and the other file of the pair. With public-key the peer\n"
	"needs to know nothing of this host; without address it is only listed there, for\n"
	"'sstctl set init-from listed'.\n"
	"\n"
	"  NAME        1 to 31 characters without blanks and commas\n"
	"  address     up to 16 addresses of the peer, IPv4 and IPv6 as you like\n"
	"  psk         this host's file of the pair that 'sstctl genpsk' made, or '-' for\n"
	"              standard input; it says the side and the suite, too\n"
	"  public-key  what 'sstctl pubkey' prints on the peer\n"
	"  wire-port   the wire ports that the peer takes openings on, as it was told\n"
	"              with 'sstctl set wire-port'; else any from 1024\n"
	"  identity    none: the peer does not learn who this host is. offer: this host\n"
	"              proves its oldest host key. required: and the peer has to prove\n"
	"              its key when it opens flows.\n";

static const char del_help[] =
	"Usage: sstctl peer del NAME...\n"
	"\n"
	"Forget these peers; their flows end. All of them are tried, also when one\n"
	"cannot be removed.\n";

static const char show_help[] =
	"Usage: sstctl peer show [NAME]\n"
	"\n"
	"Show one peer, or all of them by their names.\n";

static const char genpsk_help[] =
	"Usage: sstctl genpsk FILE-1 FILE-2\n"
	"\n"
	"Make a pre-shared key for two hosts and write it to two new files, one for each\n"
	"host. Carry each to its host in a safe way, for 'sstctl peer add ... psk FILE'.\n";

enum peer_word {
	W_ADDRESS,
	W_PSK,
	W_PUBLIC_KEY,
	W_WIRE_PORT,
	W_IDENTITY,
	W_COUNT,
};

static const char *const peer_words[W_COUNT] = {
	[W_ADDRESS] = "address",
	[W_PSK] = "psk",
	[W_PUBLIC_KEY] = "public-key",
	[W_WIRE_PORT] = "wire-port",
	[W_IDENTITY] = "identity",
};

/**
 * struct peer_args - what stood on the command line
 * @params: the peer, without a pre-shared key
 * @psk: name of the file with the pre-shared key
 */
struct peer_args {
	struct sst_peer_params params;
	const char *psk;
};

static const char *set_addresses(const char *value, struct sst_addrs *addrs)
{
	const char *why = parse_addresses(value, addrs);
	unsigned int i;

	for (i = 0; !why && i < addrs->count; i++)
		why = check_family(&addrs->addr[i]);
	return why;
}

static const char *set_public_key(const char *value, uint8_t key[SST_KEY_SIZE])
{
	const char *why = parse_public_key(value, key);

	if (!why && !keys_is_usable(key))
		return "nothing can be agreed on with this key: take what 'sstctl pubkey' prints";
	return why;
}

static const char *set_value(void *data, int word, char *value)
{
	struct peer_args *args = data;

	switch (word) {
	case W_ADDRESS:
		return set_addresses(value, &args->params.addrs);
	case W_PUBLIC_KEY:
		args->params.has_public_key = true;
		return set_public_key(value, args->params.public_key);
	case W_WIRE_PORT:
		return parse_ports(value, &args->params.wire_ports);
	case W_IDENTITY:
		return parse_identity(value, &args->params.identity);
	}
	args->psk = value;
	return NULL;
}

/* The kernel knows what goes together; here is only what it cannot be asked. */
static int check_key_words(const struct words *words)
{
	unsigned int keys = words->seen & (BIT(W_PSK) | BIT(W_PUBLIC_KEY));

	if (!keys)
		return out_usage("psk or public-key is missing");
	if (keys == (BIT(W_PSK) | BIT(W_PUBLIC_KEY)))
		return out_usage("psk and public-key exclude each other");
	return keys == BIT(W_PSK) ? words_need(words, BIT(W_ADDRESS)) : EXIT_OK;
}

static int add_with_psk(const char *name, struct peer_args *args)
{
	struct sst_psk psk;
	int rc;

	keys_lock(&psk, sizeof(psk));
	if (keys_read_psk(args->psk, &psk)) {
		keys_wipe(&psk, sizeof(psk));
		return EXIT_USAGE;
	}
	args->params.psk = &psk;
	rc = ipc_peer_add(name, &args->params);
	args->params.psk = NULL;
	keys_wipe(&psk, sizeof(psk));
	return kernel_status(rc);
}

static int parse_args(int argc, char **argv, struct peer_args *args)
{
	struct words words = {
		.table = peer_words,
		.count = W_COUNT,
		.takes = BIT(W_COUNT) - 1,
		.many = BIT(W_ADDRESS),
		.open = BIT(W_PUBLIC_KEY),
		.secret = peer_words[W_PSK],
		.set = set_value,
		.data = args,
	};
	int status;

	status = check_first_name(words.secret, argc, argv);
	if (!status)
		status = words_parse(&words, argc - 1, argv + 1);
	return status ? status : check_key_words(&words);
}

int peer_parse_public(int argc, char **argv, struct sst_peer_params *params)
{
	struct peer_args args = { .psk = NULL };
	int status = parse_args(argc, argv, &args);

	if (!status && args.psk)
		return out_usage("a configuration holds no secrets: use 'sstctl peer add' by itself");
	*params = args.params;
	return status;
}

static int peer_add(int argc, char **argv)
{
	struct peer_args args = { .psk = NULL };
	int status;

	out_context("peer add");
	if (is_help(argc, argv))
		return help(add_help);
	status = parse_args(argc, argv, &args);
	if (status)
		return status;
	return args.psk ? add_with_psk(argv[0], &args) :
		kernel_status(ipc_peer_add(argv[0], &args.params));
}

static int peer_del(int argc, char **argv)
{
	out_context("peer del");
	if (is_help(argc, argv))
		return help(del_help);
	return delete_each("name", argc, argv, parse_name, ipc_peer_del);
}

static int show_one(const char *name)
{
	struct sst_peer peer = { .name = "" };
	int rc = ipc_peer_get(name, &peer);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_peers(&peer, 1);
	out_close_object();
	return EXIT_OK;
}

static int show_all(void)
{
	struct list peers;
	int rc = ipc_peer_list(&peers);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_peers(peers.items, peers.count);
	out_close_object();
	list_free(&peers);
	return EXIT_OK;
}

static int peer_show(int argc, char **argv)
{
	int status;

	out_context("peer show");
	if (is_help(argc, argv))
		return help(show_help);
	if (!argc)
		return show_all();
	status = check_first_name(peer_words[W_PSK], argc, argv);
	if (status)
		return status;
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return show_one(argv[0]);
}

int cmd_peer(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "add", peer_add },
		{ "delete", peer_del },
		{ "list", peer_show },
		{ "show", peer_show },
	};

	out_context("peer");
	if (is_help(argc, argv))
		return help(peer_help);
	if (!argc)
		return peer_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}

int cmd_genpsk(int argc, char **argv)
{
	const char *names[2];
	int i;

	out_context("genpsk");
	if (is_help(argc, argv))
		return help(genpsk_help);
	if (argc > 2)
		return out_usage("'%s' is not expected", argv[2]);
	if (argc < 2)
		return out_usage("the names of two files are missing");
	for (i = 0; i < 2; i++) {
		if (!strcmp(argv[i], "-"))
			return out_usage("'-' is not a file, and each host gets one of its own");
		names[i] = argv[i];
	}
	return keys_generate_pair(names) ? EXIT_USAGE : EXIT_OK;
}
