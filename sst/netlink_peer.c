// SPDX-License-Identifier: GPL-2.0
/* The control plane of the peers: handlers of peer-add, peer-del, peer-get. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "life.h"
#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* Room in bytes that one peer takes in a message. */
#define PEER_MSG_SIZE	(nla_total_size(SST_NAME_MAX + 1) + \
			 SST_ADDRESSES_MAX * \
			 nla_total_size(sizeof(struct in6_addr)) + \
			 2 * nla_total_size(sizeof(u8)) + \
			 2 * nla_total_size(sizeof(u32)))

/* What peer-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need peer_needs[] = {
	{ SST_A_PEER_NAME, 0, "name is missing" },
	{ SST_A_PEER_IPV4, SST_A_PEER_IPV6,
	  "address is missing; give ipv4 or ipv6, up to 16 in all" },
	{ SST_A_PEER_PSK, 0, "psk is missing" },
	{ SST_A_PEER_SIDE, 0,
	  "side is missing; one host takes 1, the other one 2" },
};

static int parse_name(struct genl_info *info, char *name)
{
	struct nlattr *attr = info->attrs[SST_A_PEER_NAME];
	const char *c;

	/* The policy bounds its length. */
	nla_strscpy(name, attr, SST_NAME_MAX + 1);
	for (c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ',')
			break;
	if (c == name || *c) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "name must be 1 to 31 printable ASCII characters without blank and comma");
		return -EINVAL;
	}
	return 0;
}

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

static int parse_peer(struct genl_info *info, struct sst_peer_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = sst_netlink_require(info, peer_needs, ARRAY_SIZE(peer_needs));
	if (err)
		return err;
	err = parse_name(info, params->name);
	if (err)
		return err;
	err = parse_addresses(info, params);
	if (err)
		return err;
	params->psk = nla_data(attrs[SST_A_PEER_PSK]);
	params->side = nla_get_u8(attrs[SST_A_PEER_SIDE]);
	params->suite = attrs[SST_A_PEER_SUITE] ?
			nla_get_u8(attrs[SST_A_PEER_SUITE]) :
			SST_SUITE_CHACHA20_POLY1305;
	return 0;
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
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_PEER_PSK],
				    "another peer has this psk; each pair of hosts needs one of its own, generate a new one");
		return -EEXIST;
	case SST_PEER_CLASH_FULL:
		NL_SET_ERR_MSG(info->extack,
			       "this namespace has 65536 peers; delete some");
		return -ENOSPC;
	case SST_PEER_CLASH_NOMEM:
		break;
	}
	return -ENOMEM;
}

static int add_peer(struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct sst_peer_params params = {};
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
	return explain_clash(info, sst_peers_add(&sn->peers, &params));
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
	/* A packet that found the peer just before may yet make a flow. */
	synchronize_rcu();
	sst_life_end_peer(sn, id);
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

/* A peer as attributes. No secret is among them. */
static int put_peer(struct sk_buff *msg, const struct sst_peer *peer)
{
	u64 rx_last = READ_ONCE(peer->rx_last);

	if (nla_put_string(msg, SST_A_PEER_NAME, peer->name) ||
	    put_addresses(msg, peer) ||
	    nla_put_u8(msg, SST_A_PEER_SIDE, peer->assoc.side) ||
	    nla_put_u8(msg, SST_A_PEER_SUITE, peer->assoc.suite) ||
	    nla_put_u32(msg, SST_A_PEER_FLOWS, atomic_read(&peer->flows)))
		return -EMSGSIZE;
	if (rx_last &&
	    nla_put_u32(msg, SST_A_PEER_RX_IDLE,
			div_u64(get_jiffies_64() - rx_last, HZ)))
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
