// SPDX-License-Identifier: GPL-2.0
/* Counters that somebody can do something about. */
#include <inttypes.h>
#include <string.h>

#include "counters.h"
#include "doctor.h"
#include "finding.h"

#define TO_DO "To do: "

void doctor_counters(const struct doctor_view *view)
{
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(sst_counters) / sizeof(sst_counters[0]); i++) {
		const char *remedy = sst_counters[i].remedy;
		uint64_t value = view->stats.value[sst_counters[i].attr];

		if (!value || !remedy)
			continue;
		remedy += strlen(TO_DO);
		if (!strncmp(remedy, "nothing", strlen("nothing")))
			continue;
		found = true;
		finding(FINDING_WARNING, "counter", remedy, "%s is %" PRIu64,
			sst_counters[i].name, value);
	}
	if (!found)
		finding(FINDING_OK, "counter", NULL, "none that asks for anything");
}
