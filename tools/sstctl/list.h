/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_LIST_H
#define SSTCTL_LIST_H

#include <stddef.h>

/**
 * struct list - elements of one size, one after the other
 * @items: the elements
 * @count: number of them
 * @room: number that fit
 */
struct list {
	void *items;
	size_t count;
	size_t room;
};

/* A new element at the end, all zero, or NULL when memory is short. */
void *list_add(struct list *list, size_t size);
void list_free(struct list *list);

#endif /* SSTCTL_LIST_H */
