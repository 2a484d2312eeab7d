// SPDX-License-Identifier: GPL-2.0
/*
 * so-sst-table TABLE BLACKHOLE: run the cases of so-sst.table, and print what
 * so-sst-table.py prints.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sst.h>

#define NOBODY		65534
#define VALUE_MAX	8192
#define WORD		64
#define WORDS		9

/* A line of the table. */
struct row {
	char family[WORD], type[WORD], level[WORD], moment[WORD], first[WORD];
	char who[WORD], value[WORD], error[WORD], then[WORD];
};

/* A value in memory. */
struct value {
	char bytes[VALUE_MAX];
	const void *at;
	socklen_t len;
};

/* The sockets of a case. */
struct sockets {
	int own, listener, other;
};

static bool is(const char *word, const char *what)
{
	return strcmp(word, what) == 0;
}

static int family_of(const struct row *row)
{
	return is(row->family, "inet") ? AF_INET :
	       is(row->family, "inet6") ? AF_INET6 : AF_UNIX;
}

static int new_socket(const struct row *row)
{
	static const struct {
		const char *type;
		int kind, proto;
	} types[] = {
		{ "tcp", SOCK_STREAM, 0 },
		{ "udp", SOCK_DGRAM, 0 },
		{ "raw", SOCK_RAW, IPPROTO_UDP },
		{ "ping", SOCK_DGRAM, IPPROTO_ICMP },
		{ "udplite", SOCK_DGRAM, IPPROTO_UDPLITE },
		{ "mptcp", SOCK_STREAM, 262 },
		{ "stream", SOCK_STREAM, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is(row->type, types[i].type))
			return socket(family_of(row), types[i].kind,
				      types[i].proto);
	errx(1, "no type %s", row->type);
}

static int level_of(const char *level)
{
	return is(level, "ip") ? SOL_IP :
	       is(level, "ipv6") ? SOL_IPV6 : SOL_SOCKET;
}

static int own_level(const struct row *row)
{
	return family_of(row) == AF_INET6 ? SOL_IPV6 : SOL_IP;
}

static void read_field(struct value *value, const char *field)
{
	struct sst_sockopt *option = (struct sst_sockopt *)value->bytes;
	const char *number = strchr(field, '=');
	long n = number ? strtol(number + 1, NULL, 10) : 0;

	if (strncmp(field, "mode=", 5) == 0)
		option->mode = n;
	else if (strncmp(field, "scope=", 6) == 0)
		option->scope = n;
	else if (strncmp(field, "flags=", 6) == 0)
		option->flags = n;
	else if (strncmp(field, "key=", 4) == 0)
		memset(option->peer_key, n, sizeof(option->peer_key));
	else if (strncmp(field, "size=", 5) == 0)
		value->len = n;
	else if (strncmp(field, "tail=", 5) == 0)
		value->bytes[value->len - 1] = n;
	else
		errx(1, "no field %s", field);
}

static void read_value(struct value *value, const char *text)
{
	char copy[WORD], *field;
	int mode;

	memset(value, 0, sizeof(*value));
	value->at = value->bytes;
	strcpy(copy, text);
	field = strtok(copy, ",");
	if (is(field, "struct")) {
		value->len = sizeof(struct sst_sockopt);
		while ((field = strtok(NULL, ",")))
			read_field(value, field);
	} else if (strncmp(field, "int=", 4) == 0) {
		mode = atoi(field + 4);
		value->len = sizeof(mode);
		memcpy(value->bytes, &mode, sizeof(mode));
	} else if (strncmp(field, "null=", 5) == 0) {
		value->len = atoi(field + 5);
		value->at = NULL;
	} else if (strncmp(field, "bytes=", 6) == 0) {
		value->len = atoi(field + 6);
		value->bytes[0] = 1;
	} else {
		errx(1, "no value %s", text);
	}
}

static int put(int fd, int level, const char *text)
{
	struct value value;

	read_value(&value, text);
	return setsockopt(fd, level, SO_SST, value.at, value.len) ? errno : 0;
}

static int put_as_nobody(int fd, int level, const char *text)
{
	int status;

	if (fork() == 0) {
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		_exit(put(fd, level, text));
	}
	wait(&status);
	return WEXITSTATUS(status);
}

static void first_set(const struct row *row, int fd)
{
	char value[WORD + 4];

	snprintf(value, sizeof(value), "int=%s", row->first);
	if (!is(row->first, "-") && put(fd, own_level(row), value))
		errx(1, "%s cannot be set first", row->first);
}

/* An address of loopback for the family of the case. */
static socklen_t loopback(const struct row *row, struct sockaddr_storage *addr,
			  int port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family_of(row);
	if (addr->ss_family == AF_INET) {
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static void bind_to_loopback(const struct row *row, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = loopback(row, &addr, 0);

	if (bind(fd, (struct sockaddr *)&addr, len))
		err(1, "bind");
}

static void connect_loopback(const struct row *row, struct sockets *s)
{
	struct sockaddr_storage addr;
	socklen_t len = loopback(row, &addr, 9);

	if (is(row->type, "tcp")) {
		s->listener = new_socket(row);
		if (is(row->moment, "accepted"))
			first_set(row, s->listener);
		bind_to_loopback(row, s->listener);
		if (listen(s->listener, 1) ||
		    getsockname(s->listener, (struct sockaddr *)&addr, &len))
			err(1, "listen");
	}
	if (connect(s->own, (struct sockaddr *)&addr, len))
		err(1, "connect");
	if (s->listener >= 0)
		s->other = accept(s->listener, NULL, NULL);
}

static void begin_connect(int fd, const char *blackhole)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(9) };

	inet_pton(AF_INET, blackhole, &addr.sin_addr);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    errno != EINPROGRESS)
		err(1, "connect to %s", blackhole);
}

static void disconnect(int fd)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (connect(fd, &nobody, sizeof(nobody)))
		err(1, "disconnect");
}

static void go_to_moment(const struct row *row, struct sockets *s,
			 const char *blackhole)
{
	const char *m = row->moment;
	int swap;
	char byte;

	if (!is(m, "accepted"))
		first_set(row, s->own);
	if (is(m, "bound") || is(m, "listening"))
		bind_to_loopback(row, s->own);
	if (is(m, "listening") && listen(s->own, 1))
		err(1, "listen");
	if (is(m, "connecting"))
		begin_connect(s->own, blackhole);
	if (is(m, "connected") || is(m, "accepted") || is(m, "closed") ||
	    is(m, "disconnected"))
		connect_loopback(row, s);
	if (is(m, "closed")) {
		close(s->other);
		if (recv(s->own, &byte, 1, 0))
			errx(1, "not closed");
	}
	if (is(m, "disconnected"))
		disconnect(s->own);
	if (is(m, "accepted")) {
		swap = s->own;
		s->own = s->other;
		s->other = swap;
	}
}

static const char *name_of(const struct row *row, int error)
{
	if (is(row->error, "refused") &&
	    (error == ENOPROTOOPT || error == EOPNOTSUPP ||
	     error == EPROTONOSUPPORT))
		return "refused";
	if (error == EOPNOTSUPP)
		return "EOPNOTSUPP";
	return error ? strerrorname_np(error) : "0";
}

static void run(const struct row *row, const char *blackhole)
{
	struct sockets s = { .listener = -1, .other = -1 };
	int error, mode = -1, level = level_of(row->level);
	socklen_t len = sizeof(mode);

	s.own = new_socket(row);
	if (s.own < 0) {
		printf("%s -", name_of(row, errno));
		return;
	}
	go_to_moment(row, &s, blackhole);
	error = is(row->who, "nobody") ? put_as_nobody(s.own, level, row->value) :
					 put(s.own, level, row->value);
	printf("%s ", name_of(row, error));
	if (is(row->then, "-")) {
		printf("-");
	} else {
		if (getsockopt(s.own, own_level(row), SO_SST, &mode, &len))
			err(1, "getsockopt");
		printf("%d", mode);
	}
	close(s.own);
	close(s.listener);
	close(s.other);
}

int main(int argc, char **argv)
{
	FILE *table = argc == 3 ? fopen(argv[1], "r") : NULL;
	unsigned int number = 0;
	char line[512];
	struct row r;

	if (!table)
		errx(2, "usage: so-sst-table TABLE BLACKHOLE");
	while (fgets(line, sizeof(line), table)) {
		number++;
		if (sscanf(line, "%63s %63s %63s %63s %63s %63s %63s %63s %63s",
			   r.family, r.type, r.level, r.moment, r.first, r.who,
			   r.value, r.error, r.then) != WORDS || line[0] == '#')
			continue;
		printf("%u %s %s %s %s %s %s %s|", number, r.family, r.type,
		       r.level, r.moment, r.first, r.who, r.value);
		fflush(stdout);
		run(&r, argv[2]);
		printf("|%s %s\n", r.error, r.then);
		fflush(stdout);
	}
	return 0;
}
