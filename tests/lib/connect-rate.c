// SPDX-License-Identifier: GPL-2.0
/*
 * How many short connections one host makes to another in a second: connect,
 * write a byte, close. Over plain TCP, and over TLS 1.3.
 *
 *   connect-rate serve PORT PROCESSES CERTIFICATE KEY
 *   connect-rate ask WHAT ADDRESS PORT CONNECTIONS PROCESSES SOURCE one|new
 *
 * The server takes clear connections at PORT and TLS at PORT + 1, with so many
 * processes each. The client divides its connections among its processes, whose
 * own preparations are not timed, and prints how many there were and how many
 * nanoseconds they took. All come from the IPv4 address SOURCE, with "new" each
 * from the next one. "resumed" gets a ticket first, in each process, and always
 * uses the newest: over TLS the client reads until the server has closed,
 * because tickets come behind the handshake. It trusts the certificate in
 * $CERTIFICATE only.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define BACKLOG		1024
/* No call waits longer, in seconds. */
#define PATIENCE	30

/* One process's connections. */
struct client {
	struct sockaddr_in to;
	struct sockaddr_in from;
	uint32_t step;
	SSL_CTX *tls;
	bool resume;
	SSL_SESSION *ticket;
};

static void fail_tls(const char *what)
{
	ERR_print_errors_fp(stderr);
	errx(1, "%s", what);
}

/* The cryptography that SST has, where there is a choice. */
static SSL_CTX *new_tls(const SSL_METHOD *method)
{
	SSL_CTX *tls = SSL_CTX_new(method);

	if (!tls || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) ||
	    !SSL_CTX_set_ciphersuites(tls, "TLS_CHACHA20_POLY1305_SHA256") ||
	    !SSL_CTX_set1_groups_list(tls, "X25519"))
		fail_tls("TLS");
	return tls;
}

static struct sockaddr_in address(const char *text, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_port = htons(atoi(port));
	if (inet_pton(AF_INET, text, &addr.sin_addr) != 1)
		errx(2, "%s is no IPv4 address", text);
	return addr;
}

static void set(int sock, int level, int name, const void *value, socklen_t len)
{
	if (setsockopt(sock, level, name, value, len))
		err(1, "setsockopt");
}

/* A byte goes at once, and no call waits forever. */
static void prepare(int sock)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int on = 1;

	set(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	set(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	set(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* The server. */

static void answer_clear(int sock)
{
	char byte;

	if (read(sock, &byte, 1) != 1)
		warn("server");
	/* The client closes first. */
	if (read(sock, &byte, 1))
		warn("server: close");
}

static void answer_tls(int sock, SSL_CTX *tls)
{
	SSL *ssl = SSL_new(tls);
	char byte;

	if (!ssl || !SSL_set_fd(ssl, sock) || SSL_accept(ssl) != 1 ||
	    SSL_read(ssl, &byte, 1) != 1)
		ERR_print_errors_fp(stderr);
	if (read(sock, &byte, 1))
		warn("server: close");
	SSL_free(ssl);
}

static void answer_all(int listener, SSL_CTX *tls)
{
	int sock;

	for (;;) {
		sock = accept(listener, NULL, NULL);
		if (sock < 0)
			err(1, "accept");
		prepare(sock);
		if (tls)
			answer_tls(sock, tls);
		else
			answer_clear(sock);
		close(sock);
	}
}

static void serve_port(int port, int processes, SSL_CTX *tls)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	addr.sin_port = htons(port);
	set(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, BACKLOG))
		err(1, "port %d", port);
	while (processes--) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			answer_all(listener, tls);
		}
	}
	close(listener);
}

static int serve(char **args)
{
	int port = atoi(args[0]), processes = atoi(args[1]);
	/* Made before the processes are: they share the keys of the tickets. */
	SSL_CTX *tls = new_tls(TLS_server_method());

	if (SSL_CTX_use_certificate_file(tls, args[2], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, args[3], SSL_FILETYPE_PEM) != 1)
		fail_tls("certificate");
	serve_port(port, processes, NULL);
	serve_port(port + 1, processes, tls);
	/* Who ends this process ends all. */
	pause();
	return 0;
}

/* The client. */

/* TLS 1.3 hands out tickets when it likes to. */
static int keep_ticket(SSL *ssl, SSL_SESSION *ticket)
{
	struct client *client = SSL_get_app_data(ssl);

	SSL_SESSION_free(client->ticket);
	client->ticket = ticket;
	return 1;
}

static void ask_clear(int sock)
{
	char byte = 'x';

	if (write(sock, &byte, 1) != 1)
		err(1, "write");
}

static void ask_tls(struct client *client, int sock)
{
	SSL *ssl = SSL_new(client->tls);
	bool resume = client->resume && client->ticket;
	char byte = 'x';

	if (!ssl || !SSL_set_fd(ssl, sock) || !SSL_set_app_data(ssl, client) ||
	    (resume && !SSL_set_session(ssl, client->ticket)) ||
	    SSL_connect(ssl) != 1 || SSL_write(ssl, &byte, 1) != 1)
		fail_tls("no connection");
	/* What comes are tickets, then the end. */
	if (shutdown(sock, SHUT_WR) || SSL_read(ssl, &byte, 1) > 0)
		errx(1, "more than tickets came");
	if (SSL_session_reused(ssl) != resume)
		errx(1, "a session was%s resumed", resume ? " not" : "");
	/* TCP tells the end. A session that has none is not resumed. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
}

static void ask_once(struct client *client)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	prepare(sock);
	/* The port is chosen by connect(), which knows the destination. */
	set(sock, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(sock, (struct sockaddr *)&client->from, sizeof(client->from)))
		err(1, "bind");
	if (connect(sock, (struct sockaddr *)&client->to, sizeof(client->to)))
		err(1, "connect");
	if (client->tls)
		ask_tls(client, sock);
	else
		ask_clear(sock);
	close(sock);
	client->from.sin_addr.s_addr =
		htonl(ntohl(client->from.sin_addr.s_addr) + client->step);
}

static void use_tls(struct client *client)
{
	client->tls = new_tls(TLS_client_method());
	/* To check the certificate is part of a handshake. */
	if (!SSL_CTX_load_verify_locations(client->tls, getenv("CERTIFICATE"),
					   NULL))
		fail_tls("no $CERTIFICATE");
	/* The server closes without a word: TCP tells the end. */
	SSL_CTX_set_options(client->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_verify(client->tls, SSL_VERIFY_PEER, NULL);
	if (!client->resume)
		return;
	SSL_CTX_set_session_cache_mode(client->tls,
				       SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client->tls, keep_ticket);
}

/* Ready when it has written, off when it reads the end. */
static void ask_some(struct client client, int connections, int ready, int go)
{
	char byte = 0;

	if (client.resume)
		ask_once(&client);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1))
		err(1, "pipe");
	while (connections--)
		ask_once(&client);
	exit(0);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static bool wait_all(void)
{
	bool good = true;
	int status;

	while (wait(&status) > 0)
		good &= !status;
	return good;
}

/* Nanoseconds from the start signal until the last one has ended. */
static int64_t ask_at_once(struct client *client, int connections,
			   int processes)
{
	int each = connections / processes;
	int ready[2], go[2], i;
	int64_t began;
	char byte;

	if (pipe(ready) || pipe(go))
		err(1, "pipe");
	for (i = 0; i < processes; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			close(ready[0]);
			close(go[1]);
			ask_some(*client, each, ready[1], go[0]);
		}
		client->from.sin_addr.s_addr =
			htonl(ntohl(client->from.sin_addr.s_addr) +
			      client->step * each);
	}
	close(ready[1]);
	for (i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			errx(1, "not ready");
	began = now();
	close(go[1]);
	if (!wait_all())
		errx(1, "a connection failed");
	return now() - began;
}

static int ask(char **args)
{
	int connections = atoi(args[3]), processes = atoi(args[4]);
	struct client client = {
		.to = address(args[1], args[2]),
		.from = address(args[5], "0"),
		.step = !strcmp(args[6], "new"),
		.resume = !strcmp(args[0], "resumed"),
	};

	if (strcmp(args[0], "clear"))
		use_tls(&client);
	printf("%d %lld\n", connections / processes * processes,
	       (long long)ask_at_once(&client, connections, processes));
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 6 && !strcmp(argv[1], "serve"))
		return serve(argv + 2);
	if (argc == 9 && !strcmp(argv[1], "ask"))
		return ask(argv + 2);
	errx(2, "see the head of connect-rate.c");
}
