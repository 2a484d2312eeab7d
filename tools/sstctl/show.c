// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <netinet/in.h>
#include <stdio.h>

#include "out.h"
#include "sstctl.h"

bool flow_family_wanted(const struct sst_flow *flow)
{
	return !options.family || flow->local.addr.family == options.family;
}

/* Value 0 and what a newer kernel may add have no name: print the number. */
static void print_enum(const char *name, const char *before,
		       const char *const *words, size_t count, uint8_t value)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", value);
	out_string(name, before,
		   value < count && words[value] ? words[value] : number, "");
}

void flow_print_name(const struct sst_flow *flow)
{
	const char *proto = flow->proto == IPPROTO_TCP ? "tcp" :
			    flow->proto == IPPROTO_UDP ? "udp" : "unknown";

	out_number("id", "", flow->id, "");
	out_string("proto", " ", proto, "");
	out_endpoint("local", "local_port", " local ", &flow->local, "");
	out_endpoint("remote", "remote_port", " remote ", &flow->remote, "");
	out_number("wire_local_port", " wire ", flow->wire_local, "");
	out_number("wire_remote_port", ":", flow->wire_remote, "");
}

void flow_print_rest(const struct sst_flow *flow, bool lines)
{
	static const char *const scopes[] = {
		[SST_SCOPE_PORTS] = "ports",
	};
	static const char *const suites[] = {
		[SST_SUITE_CHACHA20_POLY1305] = "chacha20-poly1305",
	};
	static const char *const states[] = {
		[SST_FLOW_STATE_LIVE] = "live",
		[SST_FLOW_STATE_EXHAUSTED] = "exhausted",
	};
	const char *sep = lines ? "\n    " : " ";

	out_text(sep);
	out_number("side", "side ", flow->side, "");
	print_enum("scope", " scope ", scopes, ARRAY_SIZE(scopes), flow->scope);
	print_enum("suite", " suite ", suites, ARRAY_SIZE(suites), flow->suite);
	print_enum("state", " state ", states, ARRAY_SIZE(states), flow->state);
	out_duration("age", " age ", flow->age, "");

	out_text(sep);
	out_open_object("tx");
	out_number("kri", "tx key ", flow->tx_kri, "");
	out_number("seq", " seq ", flow->tx_seq, "");
	out_number("packets", " packets ", flow->tx_packets, "");
	out_number("bytes", " bytes ", flow->tx_bytes, "");
	out_close_object();

	out_text(sep);
	out_open_object("rx");
	out_number("kri", "rx key ", flow->rx_kri, "");
	out_number("packets", " packets ", flow->rx_packets, "");
	out_number("bytes", " bytes ", flow->rx_bytes, "");
	if (flow->has_rx_idle)
		out_duration("idle", " idle ", flow->rx_idle, "");
	else
		out_null("idle", " idle never");
	out_close_object();
}
