// SPDX-License-Identifier: GPL-2.0
/* Module, kernel, clock and sysctls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "doctor.h"
#include "finding.h"

/* The first line of a file. False when there is none. */
static bool read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	bool read;

	if (!file)
		return false;
	read = fgets(text, (int)size, file);
	fclose(file);
	if (read)
		text[strcspn(text, "\n")] = '\0';
	return read;
}

void doctor_version(void)
{
	char version[64];

	if (!read_line("/sys/module/sst/version", version, sizeof(version)))
		finding(FINDING_WARNING, "module", "mount sysfs on /sys",
			"loaded, but its version cannot be seen");
	else if (strcmp(version, SSTCTL_VERSION) != 0)
		finding(FINDING_WARNING, "module",
			"install module and sstctl of the same version",
			"version %s is loaded, this sstctl is " SSTCTL_VERSION,
			version);
	else
		finding(FINDING_OK, "module", NULL, "loaded, version %s", version);
}

/* What the tests run on. */
void doctor_kernel(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	if (sscanf(name.release, "%u.%u", &major, &minor) == 2 && major == 6 &&
	    (minor == 1 || minor == 12))
		finding(FINDING_OK, "kernel", NULL, "%s", name.release);
	else
		finding(FINDING_WARNING, "kernel", "use Debian's 6.1 or 6.12",
			"%s is not one of those that the module is tested on",
			name.release);
}

/* Openings carry the time: a clock that is far off costs a round trip for each. */
void doctor_clock(void)
{
	struct timex timex = { .modes = 0 };
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	if (tm.tm_year + 1900 < 2025 || tm.tm_year + 1900 > 2099)
		finding(FINDING_PROBLEM, "clock", "set it, by NTP for instance",
			"it says %d", tm.tm_year + 1900);
	else if (adjtimex(&timex) == TIME_ERROR || timex.status & STA_UNSYNC)
		finding(FINDING_WARNING, "clock", "start an NTP service",
			"not synchronized; when it is off by more than opening-window, openings wait for a round trip");
	else
		finding(FINDING_OK, "clock", NULL, "synchronized");
}

static bool read_number(const char *name, long *value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	if (!read_line(path, text, sizeof(text)))
		return false;
	*value = strtol(text, NULL, 10);
	return true;
}

/* Is @port in a list like "8080,9148-9150"? */
static bool in_list(const char *list, long port)
{
	long first, last;
	char *end;

	while (*list) {
		first = strtol(list, &end, 10);
		last = *end == '-' ? strtol(end + 1, &end, 10) : first;
		if (port >= first && port <= last)
			return true;
		if (*end != ',')
			return false;
		list = end + 1;
	}
	return false;
}

/* A clear socket that takes a wire port for its own stands in the way of openings. */
static bool wire_ports_are_free(const struct sst_config *config)
{
	long first = config->value[SST_A_CONFIG_WIRE_PORT];
	long last = config->value[SST_A_CONFIG_WIRE_PORT_LAST];
	char range[64], reserved[4096] = "";
	long low, high, port;

	if (!first || !read_line("/proc/sys/net/ipv4/ip_local_port_range", range,
				 sizeof(range)) ||
	    sscanf(range, "%ld %ld", &low, &high) != 2)
		return true;
	read_line("/proc/sys/net/ipv4/ip_local_reserved_ports", reserved,
		  sizeof(reserved));
	for (port = first; port <= last; port++) {
		if (port >= low && port <= high && !in_list(reserved, port))
			return false;
	}
	return true;
}

void doctor_sysctls(const struct sst_config *config)
{
	bool good = true;
	long value;

	if (read_number("net/ipv4/ip_no_pmtu_disc", &value) && value) {
		finding(FINDING_WARNING, "sysctl",
			"sysctl -w net.ipv4.ip_no_pmtu_disc=0",
			"net.ipv4.ip_no_pmtu_disc is %ld: no router fragments sealed packets, and this host does not hear what fits",
			value);
		good = false;
	}
	if (read_number("net/ipv4/ipfrag_high_thresh", &value) && !value) {
		finding(FINDING_WARNING, "sysctl",
			"sysctl -w net.ipv4.ipfrag_high_thresh=4194304",
			"net.ipv4.ipfrag_high_thresh is 0: no datagram in fragments is received");
		good = false;
	}
	if (config && !wire_ports_are_free(config)) {
		finding(FINDING_WARNING, "sysctl",
			"add the range to net.ipv4.ip_local_reserved_ports",
			"wire-port lies in net.ipv4.ip_local_port_range: clients of this host may take these ports");
		good = false;
	}
	if (good)
		finding(FINDING_OK, "sysctl", NULL, "no known trap");
}

void doctor_hooks(const struct doctor_view *view)
{
	if (view->config.value[SST_A_CONFIG_ACTIVE])
		finding(FINDING_OK, "hooks", NULL, "active in this network namespace");
	else
		finding(FINDING_WARNING, "hooks",
			"see 'sstctl peer help' and 'sstctl policy help'",
			"nothing is set up in this network namespace: its packets are left alone");
}
