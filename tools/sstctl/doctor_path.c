// SPDX-License-Identifier: GPL-2.0
/*
 * What the path to a host does with packets of SST. Three sources:
 *
 *   flows	opened by ordinary sockets. One that becomes live shows that mark
 *		and trailer arrive, and that the answer does
 *   echoes	are no business of SST, so they arrive at any host: with the mark
 *		and without it
 *   hops	routers that quote what they got (probe_hops.h)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "doctor.h"
#include "finding.h"
#include "out.h"
#include "probe_flow.h"
#include "probe_hops.h"

#define SMALL 8

enum mark_fate {
	MARK_UNKNOWN,
	MARK_PASSES,
	MARK_CLEARED,
	MARK_DROPPED,
};

/**
 * struct path_view - all that was seen of a path
 * @family: "IPv4" or "IPv6"
 * @host: text of the address
 * @is_ipv6: the mark is in the traffic class
 * @small: of a flow that began with a small datagram
 * @oversize: payload of a datagram that leaves in fragments, 0 when there is none
 * @large: of a flow that began with such a one; when @small is live
 * @error: errno, when @small could not be tried
 * @fragments_in_flow: fragments on a live flow arrived; when @large is not live
 * @fragments_plain: those of echo requests did; likewise
 * @echoes: of echo requests
 * @path: what routers said
 * @mtu: of the device
 */
struct path_view {
	const char *family;
	char host[INET6_ADDRSTRLEN];
	bool is_ipv6;
	enum probe_flow_result small;
	size_t oversize;
	enum probe_flow_result large;
	int error;
	bool fragments_in_flow;
	bool fragments_plain;
	struct probe_echoes echoes;
	struct probe_path path;
	unsigned int mtu;
};

/* "hop 2 (10.0.4.2)" */
static const char *hop_text(const struct probe_path *path, unsigned int index,
			    char *text, size_t size)
{
	const struct sst_addr *addr = &path->hop[index].addr;
	char host[INET6_ADDRSTRLEN] = "?";

	inet_ntop(addr->family, addr->bytes, host, sizeof(host));
	snprintf(text, size, "hop %u (%s)", index + 1, host);
	return text;
}

/*
 * Where the header of this kind changed: "between hop 1 (...) and hop 2 (...)".
 * False when it did not, as far as can be seen.
 */
static bool find_change(const struct probe_path *path, enum probe_kind kind,
			char *text, size_t size)
{
	char before[80] = "this host", at[80];
	unsigned int i;

	for (i = 0; i < path->count; i++) {
		const struct probe_seen *seen = &path->hop[i].seen[kind];

		if (!seen->answered)
			continue;
		hop_text(path, i, at, sizeof(at));
		if (!seen->same) {
			snprintf(text, size, "between %s and %s", before, at);
			return true;
		}
		memcpy(before, at, sizeof(before));
	}
	return false;
}

/*
 * Behind which hop nothing with the mark arrives, though other packets do: only
 * routers count, a host with SST drops marked packets that it cannot open.
 */
static bool find_drop(const struct probe_path *path, char *text, size_t size)
{
	unsigned int i, last = 0;
	bool missed = false;

	for (i = 0; i < path->count && !path->hop[i].is_end; i++) {
		if (path->hop[i].seen[PROBE_MARKED].answered) {
			last = i + 1;
			missed = false;
		} else if (path->hop[i].seen[PROBE_PLAIN].answered) {
			missed = true;
		}
	}
	if (last)
		hop_text(path, last - 1, text, size);
	else
		snprintf(text, size, "this host");
	return missed;
}

/* Did the host at the end get a marked datagram as it was sent? */
static bool end_saw_mark(const struct probe_path *path)
{
	const struct probe_hop *end;

	if (!path->count)
		return false;
	end = &path->hop[path->count - 1];
	return end->is_end && end->seen[PROBE_MARKED].answered &&
	       end->seen[PROBE_MARKED].same;
}

/* ---- the mark ---- */

static void report_cleared(const struct path_view *view, const char *where,
			   bool dscp_changes)
{
	if (!view->is_ipv6)
		finding(FINDING_PROBLEM, "mark",
			"have its owner let the reserved flag of IPv4 pass; or use IPv6, or a tunnel",
			"%s to %s: the reserved flag is cleared %s", view->family,
			view->host, where);
	else if (dscp_changes)
		finding(FINDING_PROBLEM, "mark",
			"have its owner trust the DSCP; or use IPv4, or a tunnel",
			"%s to %s: the mark is cleared %s, as are other DSCP",
			view->family, view->host, where);
	else
		finding(FINDING_PROBLEM, "mark",
			"'sstctl set mark-value' to another one, on all hosts",
			"%s to %s: the mark is cleared %s, other DSCP pass",
			view->family, view->host, where);
}

static void report_dropped(const struct path_view *view, const char *where)
{
	finding(FINDING_PROBLEM, "mark",
		view->is_ipv6 ?
		"have its owner let them pass; or 'sstctl set mark-value' to another one, on all hosts" :
		"have its owner let the reserved flag of IPv4 pass; or use IPv6, or a tunnel",
		"%s to %s: packets with the mark are dropped behind %s, others pass",
		view->family, view->host, where);
}

static enum mark_fate judge_mark(const struct path_view *view)
{
	char where[200], dscp[200];
	bool live = view->small == PROBE_FLOW_LIVE;

	if (!live && find_change(&view->path, PROBE_MARKED, where, sizeof(where))) {
		report_cleared(view, where, find_change(&view->path, PROBE_DSCP,
							dscp, sizeof(dscp)));
		return MARK_CLEARED;
	}
	if (!live && (find_drop(&view->path, where, sizeof(where)) ||
		      (view->echoes.plain && !view->echoes.marked))) {
		report_dropped(view, where);
		return MARK_DROPPED;
	}
	if (!live && !view->echoes.marked && !end_saw_mark(&view->path)) {
		finding(FINDING_WARNING, "mark",
			"run this on the other host, too, or capture packets there",
			"%s to %s: cannot be seen, the host answers nothing",
			view->family, view->host);
		return MARK_UNKNOWN;
	}
	finding(FINDING_OK, "mark", NULL, "%s to %s: arrives", view->family, view->host);
	return MARK_PASSES;
}

/* ---- what needs the peer ---- */

static void judge_answer(const struct path_view *view, enum mark_fate mark)
{
	switch (view->small) {
	case PROBE_FLOW_LIVE:
		finding(FINDING_OK, "trailer", NULL,
			"%s to %s: arrives whole, and so does the answer",
			view->family, view->host);
		break;
	case PROBE_FLOW_NO_KEY:
		finding(FINDING_PROBLEM, "key", "add it with 'sstctl peer add'",
			"%s to %s: no peer has this address", view->family,
			view->host);
		break;
	case PROBE_FLOW_FAILED:
		finding(FINDING_PROBLEM, "route", view->error == EPERM ?
			"let the firewall of this host pass it, see 'nft list ruleset'" :
			"see 'ip route get'",
			"%s to %s: nothing can be sent: %s", view->family, view->host,
			strerror(view->error));
		break;
	case PROBE_FLOW_SILENT:
		/* Why is known, then. */
		if (mark == MARK_CLEARED || mark == MARK_DROPPED)
			break;
		finding(FINDING_PROBLEM, "trailer",
			"look at 'sstctl stats' of the other host: rx_no_key: the keys differ; rx_short, rx_auth: the path changes packets; nothing: they are lost, or SST is not active there",
			"%s to %s: nobody answers an opening", view->family,
			view->host);
		break;
	}
}

static void judge_fragments(const struct path_view *view)
{
	if (view->large == PROBE_FLOW_LIVE)
		finding(FINDING_OK, "fragments", NULL, "%s to %s: pass",
			view->family, view->host);
	else if (view->fragments_in_flow)
		finding(FINDING_WARNING, "fragments",
			"begin with datagrams that fit",
			"%s to %s: a router puts them together and loses the mark: the first datagram of a flow must fit into %u bytes",
			view->family, view->host, view->mtu);
	else if (view->fragments_plain)
		finding(FINDING_PROBLEM, "fragments",
			"have programs send datagrams that fit, or those with the mark let pass",
			"%s to %s: do not pass with the mark, others do", view->family,
			view->host);
	else
		finding(FINDING_PROBLEM, "fragments",
			"have programs send datagrams that fit",
			"%s to %s: do not pass", view->family, view->host);
}

/* ---- what does not ---- */

static void judge_dscp(const struct path_view *view, enum mark_fate mark)
{
	char where[200];
	bool seen = false;
	unsigned int i;

	for (i = 0; i < view->path.count; i++)
		seen |= view->path.hop[i].seen[PROBE_DSCP].answered;
	/* Where the mark of IPv6 is cleared that was said. */
	if (!seen || (view->is_ipv6 && mark == MARK_CLEARED))
		return;
	if (find_change(&view->path, PROBE_DSCP, where, sizeof(where)))
		finding(FINDING_WARNING, "dscp",
			view->is_ipv6 ?
			"nothing while the mark passes; 'dscp keep' carries it in the trailer" :
			"nothing with 'dscp clear', the default; 'dscp keep' has no effect there",
			"%s to %s: the path strips DSCP %s", view->family, view->host,
			where);
	else
		finding(FINDING_OK, "dscp", NULL, "%s to %s: passes", view->family,
			view->host);
}

static void judge_mtu(const struct path_view *view)
{
	if (!view->echoes.plain)
		return;
	if (view->echoes.full)
		finding(FINDING_OK, "mtu", NULL,
			"%s to %s: %u bytes pass, or somebody says what does",
			view->family, view->host, view->mtu);
	else
		finding(FINDING_PROBLEM, "mtu",
			"let ICMP 'too big' pass, or lower the MTU of the route",
			"%s to %s: packets of %u bytes vanish, and nobody says so",
			view->family, view->host, view->mtu);
}

/* ---- looking ---- */

static void look_at_flows(struct path_view *view, const struct probe_link *link,
			  uint16_t port)
{
	struct probe_flow small, large;
	size_t size = probe_oversize(link->to.family, link->mtu);

	view->oversize = size;
	view->small = probe_flow_open(&small, &link->to, port, SMALL);
	view->error = errno;
	if (view->small == PROBE_FLOW_LIVE && size) {
		view->large = probe_flow_open(&large, &link->to, port, size);
		probe_flow_close(&large);
		if (view->large != PROBE_FLOW_LIVE) {
			view->fragments_in_flow = probe_flow_is_refused(&small, size);
			view->fragments_plain = probe_is_echoed(link, size);
		}
	}
	probe_flow_close(&small);
}

void doctor_path(const struct doctor_view *view, const struct sst_addr *addr,
		 uint16_t port)
{
	struct path_view path = { .is_ipv6 = addr->family == AF_INET6 };
	uint8_t mark = (uint8_t)view->config.value[SST_A_CONFIG_MARK_VALUE];
	struct probe_link link;
	enum mark_fate fate;
	const char *why;

	path.family = path.is_ipv6 ? "IPv6" : "IPv4";
	inet_ntop(addr->family, addr->bytes, path.host, sizeof(path.host));
	why = probe_link_open(&link, addr);
	if (why) {
		finding(FINDING_PROBLEM, "route", "see 'ip route get'",
			"%s to %s: nothing can be sent: %s", path.family, path.host,
			why);
		return;
	}
	path.mtu = link.mtu;
	look_at_flows(&path, &link, port);
	probe_echoes(&link, mark, &path.echoes);
	probe_hops(&link, mark, &path.path);
	probe_link_close(&link);

	fate = judge_mark(&path);
	judge_answer(&path, fate);
	if (path.small == PROBE_FLOW_LIVE && path.oversize)
		judge_fragments(&path);
	judge_dscp(&path, fate);
	judge_mtu(&path);
}
