// SPDX-License-Identifier: GPL-2.0
/* Checks of attributes that the handlers of several commands share. */
#include <linux/in.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "netlink_check.h"

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
 * sst_netlink_set_msg() - say what is wrong, in words from a table
 * @extack: where the words go, or NULL
 * @msg: words that stay where they are
 *
 * The macros for a message want a literal in place.
 */
void sst_netlink_set_msg(struct netlink_ext_ack *extack, const char *msg)
{
	if (extack)
		extack->_msg = msg;
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
