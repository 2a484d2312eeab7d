/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SUBJECT_H
#define _SST_SUBJECT_H

#include <linux/types.h>

struct cgroup;
struct sock;

/* How deep a cgroup of a rule or wish may be: no packet looks further than that. */
#define SST_CGROUP_LEVEL_MAX	64

/**
 * struct sst_subject - whose socket it is
 * @uid: user, in the kernel's own numbers
 * @cgroup: control group, or NULL when nothing is known of it
 *
 * Valid for as long as the socket is.
 */
struct sst_subject {
	u32 uid;
	struct cgroup *cgroup;
};

const struct sst_subject *sst_subject_of(struct sst_subject *who,
					 const struct sock *sk);
struct cgroup *sst_subject_group(const struct sst_subject *who, int level);

#endif /* _SST_SUBJECT_H */
