// SPDX-License-Identifier: GPL-2.0
/* The control plane of the peers: handlers of peer-add, peer-del, peer-get. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "derived.h"
#include "life.h"
#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* Room in bytes that one peer takes in a message. */
#define PEER_MSG_SIZE	(nla_total_size(SST_NAME_MAX + 1) + \
			 SST_ADDRESSES_MAX * \
			 nla_total_size(sizeof(struct in6_addr)) + \
			 nla_total_size(SST_PUBLIC_SIZE) + \
			 3 * nla_total_size(sizeof(u8)) + \
			 2 * nla_total_size(sizeof(__be16)) + \
			 4 * nla_total_size(sizeof(u32)) + \
			 2 * nla_total_size_64bit(sizeof(u64)))

/* What peer-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need peer_needs[] = {
	{ SST_A_PEER_NAME, 0, "name is missing" },
	{ SST_A_PEER_PSK, SST_A_PEER_PUBLIC_KEY,
	  "key is missing; give public-key, or psk and side" },
};

/* And one with a pre-shared key. */
static const struct sst_netlink_need psk_needs[] = {
	{ SST_A_PEER_IPV4, SST_A_PEER_IPV6,
	  "address is missing; give ipv4 or ipv6, up to 16 in all" },
	{ SST_A_PEER_SIDE, 0,
	  "side is missing; one host takes 1, the other one 2" },
};

static int parse_address(struct genl_info *info, const struct nlattr *attr,
			 struct sst_peer_address *address)
{
	if (nla_type(attr) == SST_A_PEER_IPV4) {
		address->family = NFPROTO_IPV4;
		address->addr.ip = nla_get_in_addr(attr);
	} else {
		address->family = NFPROTO_IPV6;
		address->addr.in6 = nla_get_in6_addr(attr);
	}
	if (address->family == NFPROTO_IPV6 &&
	    ipv6_addr_v4mapped(&address->addr.in6)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this is an IPv4 address in IPv6 form; give it as ipv4");
		return -EADDRNOTAVAIL;
	}
	if (!sst_netlink_is_unicast(&address->addr, address->family)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "address must be a unicast address; give one of the peer itself");
		return -EADDRNOTAVAIL;
	}
	if (sst_netlink_is_loopback(&address->addr, address->family)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "loopback addresses are exempt from SST; give one that others reach the peer by");
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int add_address(struct genl_info *info, const struct nlattr *attr,
		       struct sst_peer_params *params)
{
	struct sst_peer_address *address;
	unsigned int i;
	int err;

	if (params->n_addresses == SST_ADDRESSES_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a peer has at most 16 addresses");
		return -EINVAL;
	}
	address = &params->addresses[params->n_addresses];
	err = parse_address(info, attr, address);
	if (err)
		return err;
	for (i = 0; i < params->n_addresses; i++) {
		if (memcmp(&params->addresses[i], address, sizeof(*address)))
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this address is given twice; give it once");
		return -EINVAL;
	}
	params->n_addresses++;
	return 0;
}

/* An address attribute may stand there many times; the table has one of them. */
static int parse_addresses(struct genl_info *info,
			   struct sst_peer_params *params)
{
	const struct nlattr *attr;
	int err, rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != SST_A_PEER_IPV4 &&
		    nla_type(attr) != SST_A_PEER_IPV6)
			continue;
		err = add_address(info, attr, params);
		if (err)
			return err;
	}
	return 0;
}

static int parse_psk(struct genl_info *info, struct sst_peer_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = sst_netlink_require(info, psk_needs, ARRAY_SIZE(psk_needs));
	if (err)
		return err;
	if (attrs[SST_A_PEER_WIRE_PORT] || attrs[SST_A_PEER_WIRE_PORT_LAST]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[SST_A_PEER_WIRE_PORT] ?:
				    attrs[SST_A_PEER_WIRE_PORT_LAST],
				    "wire-port goes with public-key only; with a psk leave it out");
		return -EINVAL;
	}
	if (attrs[SST_A_PEER_IDENTITY]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_PEER_IDENTITY],
				    "identity goes with public-key only; a psk proves both hosts, leave it out");
		return -EINVAL;
	}
	params->kind = SST_PEER_PSK;
	params->key = nla_data(attrs[SST_A_PEER_PSK]);
	params->side = nla_get_u8(attrs[SST_A_PEER_SIDE]);
	return 0;
}

static int parse_wire_ports(struct genl_info *info,
			    struct sst_peer_params *params)
{
	const struct nlattr *first = info->attrs[SST_A_PEER_WIRE_PORT];
	const struct nlattr *last = info->attrs[SST_A_PEER_WIRE_PORT_LAST];

	if (last && !first) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "wire-port-last needs wire-port, the first of the range");
		return -EINVAL;
	}
	if (!first)
		return 0;
	if (!params->n_addresses) {
		NL_SET_ERR_MSG_ATTR(info->extack, first,
				    "no flow is opened with a peer without address; leave out wire-port or give an address");
		return -EINVAL;
	}
	if (!last)
		last = first;
	if (ntohs(nla_get_be16(last)) < ntohs(nla_get_be16(first))) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "wire-port-last must not be smaller than wire-port");
		return -EINVAL;
	}
	params->wire_ports = SST_CONFIG_PORTS(ntohs(nla_get_be16(first)),
					      ntohs(nla_get_be16(last)));
	return 0;
}

static int parse_identity(struct genl_info *info,
			  struct sst_peer_params *params)
{
	const struct nlattr *attr = info->attrs[SST_A_PEER_IDENTITY];

	params->identity = attr ? nla_get_u8(attr) : SST_IDENTITY_MODE_NONE;
	if (params->identity != SST_IDENTITY_MODE_NONE &&
	    !params->n_addresses) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "identity is about flows with the addresses of the peer; give one, or leave it out and set init-from to listed");
		return -EINVAL;
	}
	return 0;
}

static int parse_public_key(struct genl_info *info,
			    struct sst_peer_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	if (attrs[SST_A_PEER_SIDE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_PEER_SIDE],
				    "side goes with psk only; with a public-key who opens is side 1, leave it out");
		return -EINVAL;
	}
	err = parse_wire_ports(info, params);
	if (err)
		return err;
	err = parse_identity(info, params);
	if (err)
		return err;
	params->kind = SST_PEER_PUBLIC;
	params->key = nla_data(attrs[SST_A_PEER_PUBLIC_KEY]);
	return 0;
}

static int parse_key(struct genl_info *info, struct sst_peer_params *params)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[SST_A_PEER_PSK] && attrs[SST_A_PEER_PUBLIC_KEY]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_PEER_PUBLIC_KEY],
				    "a peer has one key; give either public-key, or psk and side");
		return -EINVAL;
	}
	return attrs[SST_A_PEER_PSK] ? parse_psk(info, params) :
				       parse_public_key(info, params);
}

static int parse_peer(struct genl_info *info, struct sst_peer_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = sst_netlink_require(info, peer_needs, ARRAY_SIZE(peer_needs));
	if (err)
		return err;
	err = sst_netlink_get_name(info, attrs[SST_A_PEER_NAME], params->name);
	if (err)
		return err;
	err = parse_addresses(info, params);
	if (err)
		return err;
	params->suite = attrs[SST_A_PEER_SUITE] ?
			nla_get_u8(attrs[SST_A_PEER_SUITE]) :
			SST_SUITE_CHACHA20_POLY1305;
	return parse_key(info, params);
}

static int explain_key_clash(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[SST_A_PEER_PSK])
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_PEER_PSK],
				    "another peer has this psk; each pair of hosts needs one of its own, generate a new one");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_PEER_PUBLIC_KEY],
				    "another peer has this public-key; delete it first, and give all addresses of the host to one peer");
	return -EEXIST;
}

static int explain_clash(struct genl_info *info, enum sst_peer_clash clash)
{
	switch (clash) {
	case SST_PEER_CLASH_NONE:
		return 0;
	case SST_PEER_CLASH_NAME:
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_PEER_NAME],
				    "another peer has this name; delete it first or choose another name");
		return -EEXIST;
	case SST_PEER_CLASH_KEY:
		return explain_key_clash(info);
	case SST_PEER_CLASH_FULL:
		NL_SET_ERR_MSG(info->extack,
			       "this namespace has 65536 peers; delete some");
		return -ENOSPC;
	case SST_PEER_CLASH_NOMEM:
		break;
	}
	return -ENOMEM;
}

/* What the first flow to a new peer needs is made now. */
static void prepare(struct sst_net *sn, const char *name)
{
	const struct sst_peer *peer;

	rcu_read_lock();
	peer = sst_peers_by_name(&sn->peers, name);
	if (peer)
		sst_prepare_peer(sn, peer->id);
	rcu_read_unlock();
}

/* A host key may yet be added; until then nothing is proved. */
static void warn_of_identity(struct sst_net *sn, struct genl_info *info,
			     const struct sst_peer_params *params)
{
	bool has_key;

	if (params->kind != SST_PEER_PUBLIC ||
	    params->identity == SST_IDENTITY_MODE_NONE)
		return;
	rcu_read_lock();
	has_key = sst_hosts_next(&sn->hosts, 0);
	rcu_read_unlock();
	if (!has_key)
		NL_SET_ERR_MSG(info->extack,
			       "there is no host key: nothing is proved to this peer before one is added");
}

static int add_peer(struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct sst_peer_params params = {};
	enum sst_peer_clash clash;
	int err;

	err = parse_peer(info, &params);
	if (err)
		return err;
	err = sst_pernet_activate(sn);
	if (err) {
		NL_SET_ERR_MSG(info->extack,
			       "cannot register the packet hooks; see whether memory is short");
		return err;
	}
	clash = sst_peers_add(&sn->peers, &params);
	if (clash == SST_PEER_CLASH_NONE) {
		prepare(sn, params.name);
		warn_of_identity(sn, info, &params);
	}
	return explain_clash(info, clash);
}

int sst_nl_peer_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = add_peer(info);

	sst_netlink_wipe_attr(info, SST_A_PEER_PSK);
	return err;
}

static int need_name(struct genl_info *info, const char **name)
{
	struct nlattr *attr = info->attrs[SST_A_PEER_NAME];

	if (!attr)
		return sst_netlink_missing(info, SST_A_PEER_NAME,
					   "name is missing");
	*name = nla_data(attr);
	return 0;
}

static int no_such_peer(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_PEER_NAME],
			    "no peer has this name; a dump of peer-get shows all");
	return -ENOENT;
}

int sst_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	const struct sst_peer *peer;
	const char *name;
	int err;
	u32 id;

	err = need_name(info, &name);
	if (err)
		return err;
	rcu_read_lock();
	peer = sst_peers_by_name(&sn->peers, name);
	id = peer ? peer->id : 0;
	rcu_read_unlock();
	if (!id)
		return no_such_peer(info);
	/* While the peer is there, its name is in the reports. */
	sst_life_end_peer(sn, id);
	sst_peers_del(&sn->peers, name, &id);
	/*
	 * A packet that found the peer just before may yet make a flow, or an
	 * association.
	 */
	synchronize_rcu();
	sst_life_end_peer(sn, id);
	sst_derived_flush(sn, id);
	return 0;
}

static int put_addresses(struct sk_buff *msg, const struct sst_peer *peer)
{
	unsigned int i;
	int err;

	for (i = 0; i < peer->n_links; i++) {
		const struct sst_peer_address *address;

		address = sst_peer_address(peer, i);
		if (address->family == NFPROTO_IPV4)
			err = nla_put_in_addr(msg, SST_A_PEER_IPV4,
					      address->addr.ip);
		else
			err = nla_put_in6_addr(msg, SST_A_PEER_IPV6,
					       &address->addr.in6);
		if (err)
			return err;
	}
	return 0;
}

static int put_public_key(struct sk_buff *msg, const struct sst_peer *peer)
{
	if (nla_put(msg, SST_A_PEER_PUBLIC_KEY, sizeof(peer->public),
		    peer->public) ||
	    nla_put_u8(msg, SST_A_PEER_IDENTITY, peer->identity))
		return -EMSGSIZE;
	if (peer->wire_ports &&
	    (nla_put_be16(msg, SST_A_PEER_WIRE_PORT,
			  htons(peer->wire_ports >> 16)) ||
	     nla_put_be16(msg, SST_A_PEER_WIRE_PORT_LAST,
			  htons(peer->wire_ports & 0xffff))))
		return -EMSGSIZE;
	return 0;
}

/* What the peer is known by. No secret is among it. */
static int put_key(struct sk_buff *msg, const struct sst_peer *peer)
{
	if (nla_put_u8(msg, SST_A_PEER_SUITE, peer->suite))
		return -EMSGSIZE;
	if (peer->kind == SST_PEER_PUBLIC)
		return put_public_key(msg, peer);
	return nla_put_u8(msg, SST_A_PEER_SIDE, peer->assoc.side);
}

/* Seconds since something happened, if it has. */
static int put_since(struct sk_buff *msg, int type, u64 last)
{
	if (!last)
		return 0;
	return nla_put_u32(msg, type, div_u64(get_jiffies_64() - last, HZ));
}

static int put_use(struct sk_buff *msg, const struct sst_peer *peer)
{
	if (nla_put_u32(msg, SST_A_PEER_FLOWS, atomic_read(&peer->flows)) ||
	    nla_put_u32(msg, SST_A_PEER_ASSOCS, atomic_read(&peer->assocs)) ||
	    put_since(msg, SST_A_PEER_HANDSHAKE_AGE,
		      READ_ONCE(peer->handshake)) ||
	    put_since(msg, SST_A_PEER_RX_IDLE, READ_ONCE(peer->rx_last)) ||
	    nla_put_u64_64bit(msg, SST_A_PEER_TX_BYTES,
			      atomic64_read(&peer->tx_bytes), SST_A_PEER_PAD) ||
	    nla_put_u64_64bit(msg, SST_A_PEER_RX_BYTES,
			      atomic64_read(&peer->rx_bytes), SST_A_PEER_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_peer(struct sk_buff *msg, const struct sst_peer *peer)
{
	if (nla_put_string(msg, SST_A_PEER_NAME, peer->name) ||
	    put_addresses(msg, peer) ||
	    put_key(msg, peer) ||
	    put_use(msg, peer))
		return -EMSGSIZE;
	return 0;
}

int sst_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	const struct sst_peer *peer;
	struct sk_buff *msg;
	const char *name;
	int err;

	err = need_name(info, &name);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, PEER_MSG_SIZE);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	peer = sst_peers_by_name(&sn->peers, name);
	err = peer ? put_peer(msg, peer) : no_such_peer(info);
	rcu_read_unlock();
	return sst_netlink_reply_send(info, msg, err);
}

/* The cursor is the number of a peer, as that of the flows' dump. */
static int put_next_peer(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_peer *peer;
	int err;

	peer = sst_peers_next(&sn->peers, cb->args[0]);
	if (!peer)
		return -ENOENT;
	err = put_peer(skb, peer);
	if (!err)
		cb->args[0] = peer->id + 1;
	return err;
}

int sst_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sst_netlink_dump(skb, cb, put_next_peer);
}
