// SPDX-License-Identifier: GPL-2.0
/*
 * The socket options: SO_SST asks for protection and tells what a connection
 * got, SO_SST_PEER tells it of one peer of a UDP socket.
 */
#include <linux/capability.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/sockptr.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "account.h"
#include "expect.h"
#include "pernet.h"
#include "scope.h"
#include "sock.h"
#include "sockinfo.h"
#include "sockopt.h"

/* What programs know by heart. */
static_assert(sizeof(struct sst_sockopt) == 48);
static_assert(sizeof(struct sst_sockinfo) == 144);
static_assert(sizeof(struct sst_sockpeer) == 400);

/* What the socket asks for now; it is locked. */
static void get_asked(const struct sock *sk, struct sst_sockopt *asked)
{
	memset(asked, 0, sizeof(*asked));
	asked->mode = sst_sock_own_mode(sk);
	asked->scope = sst_sock_own_scope(sk);
	/* Without an entry it is one that was accepted, or fails (expect.c). */
	if (sst_sock_expects(sk) &&
	    (sst_expect_get(&sst_pernet(sock_net(sk))->expects, sk,
			    asked->peer_key) || sk->sk_state == TCP_CLOSE))
		asked->flags = SST_SOCK_PEER_KEY;
}

static bool may_lower(const struct sock *sk)
{
	return ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN);
}

/* Who asks for nothing has the default scope, and not because he wants it. */
static bool is_less_scope(const struct sst_sockopt *new,
			  const struct sst_sockopt *old)
{
	return (old->mode != SST_OFF || old->scope != SST_SCOPE_PORTS) &&
	       !sst_scope_satisfies(new->scope, old->scope);
}

/* A key that was lost is one that nobody has: not to expect it is less, too. */
static bool is_less(const struct sst_sockopt *new, const struct sst_sockopt *old)
{
	return new->mode < old->mode || is_less_scope(new, old) ||
	       (old->flags & SST_SOCK_PEER_KEY &&
		(!(new->flags & SST_SOCK_PEER_KEY) ||
		 memcmp(new->peer_key, old->peer_key, sizeof(old->peer_key))));
}

static int change(struct sock *sk, const struct sst_sockopt *new)
{
	struct sst_expects *expects = &sst_pernet(sock_net(sk))->expects;
	struct sst_sockopt old;
	int err = 0;

	get_asked(sk, &old);
	if (!memcmp(new, &old, sizeof(old)))
		return 0;
	if (is_less(new, &old) && !may_lower(sk))
		return -EPERM;
	/* Neither connected nor listening: an unconnected UDP socket, too. */
	if (sk->sk_state != TCP_CLOSE)
		return -EISCONN;
	if (new->flags & SST_SOCK_PEER_KEY)
		err = sst_expect_set(expects, sk, new->peer_key,
				     sst_account_user());
	else if (sst_sock_expects(sk))
		sst_expect_clear(expects, sk);
	if (err)
		return err;
	sst_sock_set_mode(sk, new->mode);
	sst_sock_set_scope(sk, new->scope);
	return 0;
}

/* An int says nothing of key and scope: those that are there stay, if they can. */
static int change_mode(struct sock *sk, u8 mode)
{
	struct sst_sockopt new;

	get_asked(sk, &new);
	new.mode = mode;
	if (mode == SST_OFF)
		new.scope = SST_SCOPE_PORTS;
	if (mode != SST_REQUIRE) {
		new.flags = 0;
		memset(new.peer_key, 0, sizeof(new.peer_key));
	}
	return change(sk, &new);
}

/* Nothing looks at a socket before this. */
static int make_effective(struct sst_net *sn, const struct sst_sockopt *option)
{
	if (option->mode == SST_OFF && option->scope == SST_SCOPE_PORTS)
		return 0;
	WRITE_ONCE(sn->sockets_ask, true);
	if (option->mode == SST_REQUIRE)
		WRITE_ONCE(sn->sockets_require, true);
	return sst_pernet_activate(sn);
}

/* Is there nothing but zeros behind what this module knows? */
static int check_rest(sockptr_t arg, unsigned int from, unsigned int len)
{
	u8 buf[64];
	unsigned int n;

	for (; from < len; from += n) {
		n = min_t(unsigned int, len - from, sizeof(buf));
		if (copy_from_sockptr_offset(buf, arg, from, n))
			return -EFAULT;
		if (memchr_inv(buf, 0, n))
			return -E2BIG;
	}
	return 0;
}

/* An int says nothing but the mode. */
static int read_option(struct sst_sockopt *option, sockptr_t arg,
		       unsigned int len)
{
	unsigned int size = len == sizeof(option->mode) ? len : sizeof(*option);

	if (len < size)
		return -EINVAL;
	if (len > PAGE_SIZE)
		return -E2BIG;
	memset(option, 0, sizeof(*option));
	if (copy_from_sockptr(option, arg, size))
		return -EFAULT;
	if (!option->scope)
		option->scope = SST_SCOPE_PORTS;
	return check_rest(arg, size, len);
}

static int check_option(const struct sst_sockopt *option)
{
	bool has_key = option->flags & SST_SOCK_PEER_KEY;
	bool has_bytes = memchr_inv(option->peer_key, 0,
				    sizeof(option->peer_key));

	if (option->mode > SST_REQUIRE || option->scope > SST_SCOPE_PAYLOAD ||
	    option->flags & ~(u64)SST_SOCK_PEER_KEY)
		return -EINVAL;
	/* A key without the flag is a mistake; so is one that does not bind. */
	if (has_key ? option->mode != SST_REQUIRE : has_bytes)
		return -EINVAL;
	return 0;
}

/*
 * A TCP socket that the kernel made for another kind of socket may carry nothing:
 * that of AF_SMC is the way round if the peer's adapter can do without IP.
 */
static bool takes_option(const struct sock *sk)
{
	return sst_sock_is_users(sk) && !sk->sk_kern_sock;
}

static int option_set(struct sock *sk, int optname, sockptr_t arg,
		      unsigned int len)
{
	struct sst_sockopt option;
	int err;

	err = read_option(&option, arg, len);
	if (err)
		return err;
	err = check_option(&option);
	if (err)
		return err;
	if (!takes_option(sk))
		return -EOPNOTSUPP;
	/* Not under the socket lock: it waits for locks of netfilter. */
	err = make_effective(sst_pernet(sock_net(sk)), &option);
	if (err)
		return err;
	lock_sock(sk);
	err = len == sizeof(option.mode) ? change_mode(sk, option.mode) :
					   change(sk, &option);
	release_sock(sk);
	return err;
}

/* As much of it as the caller has room for. */
static int write_answer(void __user *user, int *len, const void *answer,
			size_t size)
{
	*len = min_t(size_t, *len, size);
	return copy_to_user(user, answer, *len) ? -EFAULT : 0;
}

static int get_own(struct sock *sk, void __user *user, int *len)
{
	struct sst_sockinfo info = {};

	if (*len < (int)sizeof(info.asked.mode))
		return -EINVAL;
	if (!takes_option(sk))
		return -EOPNOTSUPP;
	lock_sock(sk);
	get_asked(sk, &info.asked);
	sst_sockinfo_connected(sk, &info);
	release_sock(sk);
	return write_answer(user, len, &info, sizeof(info));
}

static int get_peer(struct sock *sk, void __user *user, int *len)
{
	const size_t known = offsetof(struct sst_sockpeer, info);
	struct sst_sockpeer query = {};
	int err;

	if (*len < (int)(known + sizeof(query.info.asked.mode)))
		return -EINVAL;
	if (!sst_sock_is_udp(sk))
		return -EOPNOTSUPP;
	if (copy_from_user(&query, user, known))
		return -EFAULT;
	lock_sock(sk);
	get_asked(sk, &query.info.asked);
	err = sst_sockinfo_peer(sk, &query);
	release_sock(sk);
	return err ?: write_answer(user, len, &query, sizeof(query));
}

static int option_get(struct sock *sk, int optname, void __user *user,
		      int *len)
{
	return optname == SO_SST_PEER ? get_peer(sk, user, len) :
					get_own(sk, user, len);
}

static struct nf_sockopt_ops option_ipv4 = {
	.pf = PF_INET,
	.set_optmin = SO_SST,
	.set_optmax = SO_SST + 1,
	.set = option_set,
	.get_optmin = SO_SST,
	.get_optmax = SO_SST_PEER + 1,
	.get = option_get,
	.owner = THIS_MODULE,
};

static struct nf_sockopt_ops option_ipv6 = {
	.pf = PF_INET6,
	.set_optmin = SO_SST,
	.set_optmax = SO_SST + 1,
	.set = option_set,
	.get_optmin = SO_SST,
	.get_optmax = SO_SST_PEER + 1,
	.get = option_get,
	.owner = THIS_MODULE,
};

/* Last of all: applications call from now on, as soon as this has returned. */
int __init sst_sockopt_init(void)
{
	int err;

	err = nf_register_sockopt(&option_ipv4);
	if (err)
		return err;
	err = nf_register_sockopt(&option_ipv6);
	if (err)
		nf_unregister_sockopt(&option_ipv4);
	return err;
}

/* A call under way holds the module, so there is none. */
void sst_sockopt_exit(void)
{
	nf_unregister_sockopt(&option_ipv6);
	nf_unregister_sockopt(&option_ipv4);
}
