// SPDX-License-Identifier: GPL-2.0
#include "sstctl.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc.h"
#include "keys.h"
#include "out.h"

struct sst_options options;

static const char usage[] =
	"Usage: sstctl [-n NETNS] [-4|-6] [-j] [-p] COMMAND\n"
	"\n"
	"Commands:\n"
	"  show      an overview of all that there is\n"
	"  genpsk    make a pre-shared key for two hosts\n"
	"  genkey    make a secret key for this host\n"
	"  pubkey    print the public key of a secret key\n"
	"  host      add, del, show the keys of this host\n"
	"  peer      add, del, show hosts that share a key with this one, or whose\n"
	"            public key is known\n"
	"  policy    add, del, show, flush rules about what has to be under SST\n"
	"  apply     replace all rules by those of a file, at once\n"
	"  explain   which rule decides about a flow, and what becomes of it\n"
	"  run       run a program under SST that knows nothing of it\n"
	"  wish      show the cgroups whose sockets ask for SST\n"
	"  assoc     show, flush what was agreed on with other hosts\n"
	"  flow      add, del, show, flush flows; make their secrets\n"
	"  stats     the counters of the network namespace\n"
	"  set, get  the tunables of the network namespace\n"
	"  monitor   print events as they happen\n"
	"  top       the flows that carry most, refreshing\n"
	"  doctor    look for what is wrong, here and on the path to a peer\n"
	"  shutdown  end SST in the network namespace\n"
	"  sockopt   attach, detach the option SO_SST at level SOL_SOCKET\n"
	"  help      'sstctl help COMMAND' says more about one\n"
	"\n"
	"Options:\n"
	"  -n, --netns NETNS  work in this network namespace: a name of ip-netns(8)\n"
	"                     or a path\n"
	"  -4, -6             IPv4 or IPv6 only\n"
	"  -j, --json         print JSON\n"
	"  -p, --pretty       with -j: line breaks and indentation\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n"
	"\n"
	"Words may be shortened as long as they stay unique: 'sstctl f s'.\n"
	"Exit status: 0 done, 1 wrong usage, 2 refused by the kernel, 3 'doctor' found a\n"
	"problem.\n";

int help(const char *text)
{
	fputs(text, stdout);
	return EXIT_OK;
}

int is_help(int argc, char **argv)
{
	return argc > 0 && (!strcmp(argv[0], "help") || !strcmp(argv[0], "-h") ||
			    !strcmp(argv[0], "--help"));
}

static int cmd_help(int argc, char **argv);

static const struct sst_command commands[] = {
	{ "show", cmd_show },
	{ "genpsk", cmd_genpsk },
	{ "genkey", cmd_genkey },
	{ "pubkey", cmd_pubkey },
	{ "host", cmd_host },
	{ "peer", cmd_peer },
	{ "policy", cmd_policy },
	{ "apply", cmd_apply },
	{ "explain", cmd_explain },
	{ "run", cmd_run },
	{ "wish", cmd_wish },
	{ "assoc", cmd_assoc },
	{ "flow", cmd_flow },
	{ "stats", cmd_stats },
	{ "set", cmd_set },
	{ "get", cmd_get },
	{ "monitor", cmd_monitor },
	{ "top", cmd_top },
	{ "doctor", cmd_doctor },
	{ "shutdown", cmd_shutdown },
	{ "sockopt", cmd_sockopt },
	{ "help", cmd_help },
};

static int cmd_help(int argc, char **argv)
{
	char *words[] = { (char *)"help", NULL };
	int i;

	if (!argc)
		return help(usage);
	i = parse_word(argv[0], commands, ARRAY_SIZE(commands),
		       sizeof(commands[0]));
	if (i < 0 || argc > 1) {
		out_context(NULL);
		return out_usage("'%s' is not a command", argv[argc - 1]);
	}
	return commands[i].run == cmd_help ? help(usage) : commands[i].run(1, words);
}

int dispatch(const struct sst_command *table, size_t count, int argc, char **argv)
{
	char names[128] = "";
	size_t i;
	int found;

	found = parse_word(argv[0], table, count, sizeof(*table));
	if (found >= 0)
		return table[found].run(argc - 1, argv + 1);
	if (found == WORD_UNKNOWN)
		return out_usage("'%s' is not a command", argv[0]);
	for (i = 0; i < count; i++) {
		if (strncmp(table[i].name, argv[0], strlen(argv[0])) != 0)
			continue;
		if (names[0])
			strncat(names, " or ", sizeof(names) - strlen(names) - 1);
		strncat(names, table[i].name, sizeof(names) - strlen(names) - 1);
	}
	return out_usage("'%s' may be %s", argv[0], names);
}

int kernel_status(int rc)
{
	if (rc) {
		out_error("%s", ipc_error());
		return EXIT_KERNEL;
	}
	if (ipc_warning()[0])
		out_warning("%s", ipc_warning());
	return EXIT_OK;
}

static int enter_netns(const char *name)
{
	char path[PATH_MAX];
	int err, fd, n;

	n = snprintf(path, sizeof(path), "%s%s",
		     strchr(name, '/') ? "" : "/var/run/netns/", name);
	if (!name[0] || n < 0 || (size_t)n >= sizeof(path)) {
		out_error("network namespace '%s': not a name or path", name);
		return EXIT_USAGE;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		out_error("network namespace '%s': %s", name, strerror(errno));
		return EXIT_USAGE;
	}
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (!err)
		return EXIT_OK;
	if (err == EINVAL) {
		out_error("network namespace '%s': not a network namespace", name);
		return EXIT_USAGE;
	}
	out_error("network namespace '%s': %s", name, strerror(err));
	return EXIT_KERNEL;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *netns = NULL;
	bool json = false, pretty = false;
	int opt, status;

	/* One line of our own for each mistake instead of getopt's. */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:n:46jpVh", longopts, NULL)) != -1) {
		switch (opt) {
		case 'n':
			netns = optarg;
			break;
		case '4':
		case '6':
			if (options.family &&
			    options.family != (opt == '4' ? AF_INET : AF_INET6))
				return out_usage("-4 and -6 exclude each other");
			options.family = opt == '4' ? AF_INET : AF_INET6;
			break;
		case 'j':
			json = true;
			break;
		case 'p':
			pretty = true;
			break;
		case 'V':
			puts("sstctl " SSTCTL_VERSION);
			return out_finish() ? EXIT_OK : EXIT_USAGE;
		case 'h':
			help(usage);
			return out_finish() ? EXIT_OK : EXIT_USAGE;
		case ':':
			return out_usage("option '%s' needs a value",
					 argv[optind - 1]);
		default:
			/* Short options may stand together: name the one. */
			if (optopt)
				return out_usage("option '-%c' is unknown", optopt);
			return out_usage("option '%s' is unknown", argv[optind - 1]);
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc)
		return out_usage("a command is missing");

	out_init(json, pretty);
	if (keys_init())
		return EXIT_KERNEL;
	if (netns) {
		status = enter_netns(netns);
		if (status)
			return status;
	}
	status = dispatch(commands, ARRAY_SIZE(commands), argc, argv);
	ipc_close();
	if (!out_finish() && !status)
		status = EXIT_USAGE;
	return status;
}
