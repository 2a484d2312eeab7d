/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_IPC_INTERNAL_H
#define SSTCTL_IPC_INTERNAL_H

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "list.h"
#include "parse.h"

/*
 * What ipc.c does for the files that know one kind of message each: ipc_flow.c,
 * ipc_config.c, ipc_peer.c and so on. Nobody else includes this.
 */

/* A message of the kernel's reply. Returns 0 or a negative errno. */
typedef int (*ipc_reply_fn)(const struct nlmsghdr *nlh, void *data);
/* list_free(), or what frees the elements, too. */
typedef void (*ipc_drop_fn)(struct list *list);

/**
 * struct ipc_words - words of the command line for attributes of requests
 * @word: by attribute number; NULL where a request has no such attribute
 * @count: size of @word
 */
struct ipc_words {
	const char *const *word;
	unsigned int count;
};

/* Keep the words for an error. Returns @err. */
int ipc_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int ipc_malformed(void);

/**
 * ipc_begin() - connect when that was not done, and begin a request
 * @nlh: gets the request, to which attributes can be added
 * @cmd: SST_CMD_*
 * @flags: NLM_F_ACK or NLM_F_DUMP
 * @words: for messages about attributes; NULL when there will be none
 */
int ipc_begin(struct nlmsghdr **nlh, uint8_t cmd, uint16_t flags,
	      const struct ipc_words *words);

/* Send the request and hand each message of the reply to @fn, if any. */
int ipc_talk(const struct nlmsghdr *request, ipc_reply_fn fn, void *data);

/* Where in the last request the attribute is that the error was about, or 0. */
uint32_t ipc_error_offset(void);
/* Let the socket send a request of this length, when it may. */
void ipc_room(size_t len);

/* A request with a secret stands between these two. */
void ipc_secret_begin(void);
void ipc_secret_end(void);

/**
 * ipc_list() - ask for a list and keep all of it
 * @cmd: SST_CMD_*_GET
 * @parse: fills an element of the list from a message
 * @size: size of an element
 * @drop: frees a list of them, and leaves it empty
 * @list: gets the elements; empty when this fails
 */
int ipc_list(uint8_t cmd, ipc_reply_fn parse, size_t size, ipc_drop_fn drop,
	     struct list *list);

int ipc_flow_parse(const struct nlmsghdr *nlh, struct sst_flow *flow);

static inline uint16_t ipc_get_be16(const struct nlattr *attr)
{
	return ntohs(mnl_attr_get_u16(attr));
}

static inline void ipc_put_be16(struct nlmsghdr *nlh, uint16_t type, uint16_t port)
{
	mnl_attr_put_u16(nlh, type, htons(port));
}

/* The caller has checked the length. */
void ipc_get_addr(const struct nlattr *attr, int family, struct sst_addr *addr);
void ipc_put_addr(struct nlmsghdr *nlh, uint16_t ipv4, uint16_t ipv6,
		  const struct sst_addr *addr);
/* False when it is not the name of a peer or a host key. */
bool ipc_get_name(const struct nlattr *attr, char name[SST_NAME_MAX + 1]);

#endif /* SSTCTL_IPC_INTERNAL_H */
