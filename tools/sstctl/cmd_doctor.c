// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "doctor.h"
#include "finding.h"
#include "out.h"
#include "sstctl.h"
#include "words.h"

/* Nobody uses it, and there is hardly a host where somebody listens. */
#define DISCARD 9

static const char doctor_help[] =
	"Usage: sstctl doctor [key FILE]...\n"
	"       sstctl doctor probe PEER|ADDRESS [port N]\n"
	"\n"
	"Look for what is wrong, and print a line for each thing looked at: 'ok',\n"
	"'warning' or 'problem', and what to do.\n"
	"\n"
	"  key    look at a file with a secret key, too: who can read it, and is it a host\n"
	"         key here?\n"
	"  probe  send packets to a peer, or to an address, and say what the path does to\n"
	"         the mark, the trailer, fragments and DSCP. Needs CAP_NET_RAW.\n"
	"  port   UDP port there to which datagrams of zeros go, in flows under SST; 9\n"
	"         (discard) when left out\n"
	"\n"
	"The exit status is 3 when there is a problem.\n";

static int view_config(struct doctor_view *view)
{
	int rc = ipc_config_get(&view->config);

	return rc ? rc : ipc_stats_get(&view->stats);
}

static int view_lists(struct doctor_view *view)
{
	int rc = ipc_host_list(&view->hosts);

	if (!rc)
		rc = ipc_peer_list(&view->peers);
	if (!rc)
		rc = ipc_policy_list(&view->rules);
	if (!rc)
		rc = ipc_assoc_list(&view->assocs);
	return rc;
}

static int view_open(struct doctor_view *view)
{
	int rc;

	memset(view, 0, sizeof(*view));
	rc = view_config(view);
	return rc ? rc : view_lists(view);
}

static void view_close(struct doctor_view *view)
{
	list_free(&view->hosts);
	list_free(&view->peers);
	rules_free(&view->rules);
	list_free(&view->assocs);
}

static void check_host(const struct doctor_view *view, bool has_module)
{
	if (has_module)
		doctor_version();
	else
		finding(FINDING_PROBLEM, "module", "modprobe sst", "not loaded");
	doctor_kernel();
	doctor_clock();
	doctor_sysctls(has_module ? &view->config : NULL);
	if (!has_module)
		return;
	doctor_hooks(view);
	doctor_hosts(view);
	doctor_peers(view);
	doctor_policy(view);
	doctor_limits(view);
	doctor_counters(view);
}

/* May be shortened, as all words. */
static bool is_word(const char *text, const char *word)
{
	return !parse_word(text, &word, 1, sizeof(word));
}

/* Pairs of "key" and a file. */
static int check_words(int argc, char **argv)
{
	int i, status;

	for (i = 0; i < argc; i += 2) {
		if (!is_word(argv[i], "key"))
			return out_usage("'%s' is not expected", argv[i]);
		if (i + 1 == argc)
			return out_usage("key needs a value");
		status = refuse_secret("key", argv[i + 1]);
		if (status)
			return status;
	}
	return EXIT_OK;
}

static int do_host(int argc, char **argv)
{
	struct doctor_view view;
	int i, rc, status;

	status = check_words(argc, argv);
	if (status)
		return status;
	rc = view_open(&view);
	/* That there is no module is a finding. */
	if (rc && rc != -ENOENT) {
		status = kernel_status(rc);
	} else {
		findings_begin();
		check_host(&view, !rc);
		for (i = 1; i < argc; i += 2)
			doctor_key_file(&view, argv[i]);
		status = findings_end();
	}
	view_close(&view);
	return status;
}

/* The addresses of a peer that -4 or -6 leave. */
static int probe_peer(const struct doctor_view *view, const struct sst_peer *peer,
		      uint16_t port)
{
	unsigned int i, count = 0;

	for (i = 0; i < peer->addrs.count; i++)
		count += !check_family(&peer->addrs.addr[i]);
	if (!count)
		return out_usage("peer '%s' has no such address: give one", peer->name);
	findings_begin();
	for (i = 0; i < peer->addrs.count; i++) {
		if (!check_family(&peer->addrs.addr[i]))
			doctor_path(view, &peer->addrs.addr[i], port);
	}
	return findings_end();
}

static int probe(const struct doctor_view *view, const char *target, uint16_t port)
{
	const struct sst_peer *peer = ipc_peer_by_name(&view->peers, target);
	struct sst_addr addr;
	const char *why;

	if (peer)
		return probe_peer(view, peer, port);
	why = parse_address(target, &addr);
	if (why)
		return out_usage("'%s' is no peer, and as an address: %s", target, why);
	why = check_family(&addr);
	if (why)
		return out_usage("'%s': %s", target, why);
	findings_begin();
	doctor_path(view, &addr, port);
	return findings_end();
}

static int do_probe(int argc, char **argv)
{
	struct sst_ports ports = { DISCARD, DISCARD };
	struct doctor_view view;
	const char *why;
	int rc, status;

	out_context("doctor probe");
	if (is_help(argc, argv))
		return help(doctor_help);
	if (!argc)
		return out_usage("a peer or an address is missing");
	if (argc > 1 && !is_word(argv[1], "port"))
		return out_usage("'%s' is not expected", argv[1]);
	if (argc == 2)
		return out_usage("port needs a value");
	if (argc > 3)
		return out_usage("'%s' is not expected", argv[3]);
	if (argc == 3) {
		why = parse_ports(argv[2], &ports);
		if (!why && ports.last != ports.first)
			why = "give one port";
		if (why)
			return out_usage("port '%s': %s", argv[2], why);
	}
	rc = view_open(&view);
	status = rc ? kernel_status(rc) : probe(&view, argv[0], ports.first);
	view_close(&view);
	return status;
}

int cmd_doctor(int argc, char **argv)
{
	out_context("doctor");
	if (is_help(argc, argv))
		return help(doctor_help);
	if (argc && is_word(argv[0], "probe"))
		return do_probe(argc - 1, argv + 1);
	return do_host(argc, argv);
}
