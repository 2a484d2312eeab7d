// SPDX-License-Identifier: GPL-2.0
/* Whose socket it is: user and control group. */
#include <linux/cgroup.h>
#include <linux/uidgid.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "sock.h"
#include "subject.h"

/**
 * sst_subject_of() - whose socket is this?
 * @who: output
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * A connection that is not yet accepted is that of who listens. Nobody knows
 * whose a time-wait socket is; the kernel's own, from which it resets and
 * acknowledges, is nobody's.
 *
 * Return: @who, or NULL when it is not known.
 */
const struct sst_subject *sst_subject_of(struct sst_subject *who,
					 const struct sock *sk)
{
	sk = sk_const_to_full_sk(sk);
	if (!sst_sock_is_users(sk))
		return NULL;
	who->uid = __kuid_val(READ_ONCE(sk->sk_uid));
	who->cgroup = sst_sock_cgroup(sk);
	return who;
}

/**
 * sst_subject_group() - the control group so far below the root
 * @who: whose socket it is
 * @level: 0 for the root
 *
 * Return: the group that the socket is in, or one above; NULL when it is not so
 * far below.
 */
struct cgroup *sst_subject_group(const struct sst_subject *who, int level)
{
	return who->cgroup ? cgroup_ancestor(who->cgroup, level) : NULL;
}
