// SPDX-License-Identifier: GPL-2.0
#include "list.h"

#include <stdlib.h>
#include <string.h>

void *list_add(struct list *list, size_t size)
{
	size_t room;
	char *items;

	if (list->count == list->room) {
		room = list->room ? 2 * list->room : 16;
		items = reallocarray(list->items, room, size);
		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	items = list->items;
	return memset(items + size * list->count++, 0, size);
}

void list_free(struct list *list)
{
	free(list->items);
	*list = (struct list){ .items = NULL };
}
