// SPDX-License-Identifier: GPL-2.0
/* What the handlers of several commands do with a request. */
#include <linux/in.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "netlink_request.h"
#include "pernet.h"

/**
 * sst_netlink_net() - the namespace that a request is about
 * @info: the request
 *
 * Return: what SST knows of the namespace of the socket.
 */
struct sst_net *sst_netlink_net(struct genl_info *info)
{
	return sst_pernet(genl_info_net(info));
}

/**
 * sst_netlink_say() - answer a request with words that are not in place
 * @info: the request
 * @what: words that stay where they are
 *
 * The macros for a message want a literal in place.
 */
void sst_netlink_say(struct genl_info *info, const char *what)
{
	do_trace_netlink_extack(what);
	if (info->extack)
		info->extack->_msg = what;
}

/**
 * sst_netlink_missing() - say that a request lacks an attribute
 * @info: the request
 * @attr: the attribute
 * @what: words that stay where they are
 *
 * Return: -EINVAL.
 */
int sst_netlink_missing(struct genl_info *info, u16 attr, const char *what)
{
	sst_netlink_say(info, what);
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
	return -EINVAL;
}

/**
 * sst_netlink_require() - does a request have what it must carry?
 * @info: the request
 * @needs: what it must carry, in the order in which it is missed
 * @n: number of @needs
 *
 * Return: 0, or -EINVAL after the words about the first that is missing.
 */
int sst_netlink_require(struct genl_info *info,
			const struct sst_netlink_need *needs, unsigned int n)
{
	const struct sst_netlink_need *need;

	for (need = needs; need < needs + n; need++) {
		if (info->attrs[need->attr])
			continue;
		if (need->or_attr && info->attrs[need->or_attr])
			continue;
		return sst_netlink_missing(info, need->attr, need->what);
	}
	return 0;
}

/**
 * sst_netlink_get_proto() - read the number of a transport protocol
 * @info: the request
 * @attr: attribute that holds it
 * @proto: where it goes
 *
 * Return: 0, or -EPROTONOSUPPORT for all but TCP and UDP.
 */
int sst_netlink_get_proto(struct genl_info *info, const struct nlattr *attr,
			  u8 *proto)
{
	*proto = nla_get_u8(attr);
	if (*proto != IPPROTO_TCP && *proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "proto must be 6 (TCP) or 17 (UDP)");
		return -EPROTONOSUPPORT;
	}
	return 0;
}

/**
 * sst_netlink_get_name() - read a name that is to be given
 * @info: the request
 * @attr: attribute that holds it; its policy bounds its length
 * @name: where it goes, with a zero at its end
 *
 * Return: 0, or -EINVAL for a name that could not be told apart in a list.
 */
int sst_netlink_get_name(struct genl_info *info, const struct nlattr *attr,
			 char name[SST_NAME_MAX + 1])
{
	const char *c;

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

/**
 * sst_netlink_is_unicast() - may this be the address of a single host?
 * @addr: address
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: false for multicast, broadcast, unspecified and v4-mapped addresses.
 */
bool sst_netlink_is_unicast(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV4)
		return !ipv4_is_multicast(addr->ip) &&
		       !ipv4_is_zeronet(addr->ip) &&
		       !ipv4_is_lbcast(addr->ip);
	return !ipv6_addr_is_multicast(&addr->in6) &&
	       !ipv6_addr_any(&addr->in6) && !ipv6_addr_v4mapped(&addr->in6);
}

/**
 * sst_netlink_is_loopback() - does this address never leave the host?
 * @addr: address
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: true for loopback addresses, which are exempt from SST.
 */
bool sst_netlink_is_loopback(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV4)
		return ipv4_is_loopback(addr->ip);
	return ipv6_addr_loopback(&addr->in6);
}

/**
 * sst_netlink_wipe_attr() - erase a secret in a request
 * @info: the request
 * @type: attribute that holds secrets
 *
 * Whatever became of the request, no secret stays behind in it, not even in an
 * attribute that stands there twice.
 */
void sst_netlink_wipe_attr(const struct genl_info *info, int type)
{
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		if (nla_type(attr) == type)
			memzero_explicit(nla_data(attr), nla_len(attr));
}
