/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ACCOUNT_H
#define _SST_ACCOUNT_H

#include <linux/cred.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

/*
 * On whose account it goes what the running process asks for. Within a user
 * namespace of his own a user has many ids; the one counts that he has outside of
 * all of them. What root set up for others is not on root's.
 */
static inline kuid_t sst_account_user(void)
{
	const struct user_namespace *ns = current_user_ns();
	kuid_t user = current_euid();

	for (; ns->parent; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			user = ns->owner;
	return user;
}

#endif /* _SST_ACCOUNT_H */
