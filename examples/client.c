// SPDX-License-Identifier: GPL-2.0
/*
 * client ADDRESS PORT [KEY]: send a line from standard input by SST, or not at
 * all. KEY is the public key of the server, as "sstctl pubkey" prints it: then
 * nobody else gets the line.
 *
 *	cc -Iinclude -Iinclude/uapi -o client examples/client.c
 */
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include <sst.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *to;
	unsigned char bytes[SST_KEY_SIZE], *key = NULL;
	struct sst_sockinfo info;
	char line[512];
	int fd, error;

	if (argc < 3 || argc > 4)
		errx(2, "usage: client ADDRESS PORT [KEY]");
	if (argc == 4 && sst_read_key(argv[3], key = bytes))
		errx(2, "%s: not a public key", argv[3]);
	error = getaddrinfo(argv[1], argv[2], &hints, &to);
	if (error)
		errx(1, "%s: %s", argv[1], gai_strerror(error));
	fd = socket(to->ai_family, SOCK_STREAM, 0);
	if (fd < 0)
		err(1, "socket");
	if (key ? sst_require_peer(fd, key) : sst_require(fd))
		err(1, "SO_SST");
	if (connect(fd, to->ai_addr, to->ai_addrlen))
		err(1, "connect");
	if (sst_get_info(fd, &info))
		err(1, "SO_SST");
	if (!sst_info_is_protected(&info, key))
		errx(1, "not protected");
	fprintf(stderr, "protected, peer %s\n", info.peer_name);
	if (fgets(line, sizeof(line), stdin) &&
	    write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		err(1, "write");
	close(fd);
	freeaddrinfo(to);
	return 0;
}
