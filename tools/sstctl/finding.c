// SPDX-License-Identifier: GPL-2.0
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "out.h"
#include "sstctl.h"

static unsigned int count[FINDING_PROBLEM + 1];

void findings_begin(void)
{
	out_open_object(NULL);
	out_open_array("findings");
}

int findings_end(void)
{
	out_close_array();
	if (out_is_json()) {
		out_number("warnings", "", count[FINDING_WARNING], "");
		out_number("problems", "", count[FINDING_PROBLEM], "");
	}
	out_close_object();
	return count[FINDING_PROBLEM] ? EXIT_PROBLEM : EXIT_OK;
}

void finding(enum finding_level level, const char *check, const char *remedy,
	     const char *fmt, ...)
{
	static const char *const levels[] = { "ok", "warning", "problem" };
	char lead[16], text[512];
	va_list ap;

	count[level]++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	out_open_object(NULL);
	if (out_is_json()) {
		out_string("level", "", levels[level], "");
		out_string("check", "", check, "");
	} else {
		snprintf(lead, sizeof(lead), "%-8s ", levels[level]);
		out_text(lead);
		out_text(check);
	}
	out_string("text", ": ", text, "");
	if (remedy)
		out_string("remedy", ". To do: ", remedy, "");
	else
		out_null("remedy", "");
	out_text("\n");
	out_close_object();
	/* Checks that ask the network take their time. */
	out_flush();
}
