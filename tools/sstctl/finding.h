/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_FINDING_H
#define SSTCTL_FINDING_H

/*
 * What "sstctl doctor" finds: a line each, or an object each in the array
 * "findings".
 */

enum finding_level {
	FINDING_OK,
	FINDING_WARNING,	/* works, but not as well as it could */
	FINDING_PROBLEM,	/* something does not work */
};

void findings_begin(void);

/* The exit status: is there a problem? */
int findings_end(void);

/**
 * finding() - print one
 * @level: how bad it is
 * @check: one word for what was looked at
 * @remedy: what to do, or NULL
 * @fmt: what was found, without a full stop
 */
void finding(enum finding_level level, const char *check, const char *remedy,
	     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif /* SSTCTL_FINDING_H */
