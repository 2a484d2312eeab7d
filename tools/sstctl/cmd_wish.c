// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"
#include "out.h"
#include "sstctl.h"

static const char wish_help[] =
	"Usage: sstctl wish show [ID]\n"
	"\n"
	"Show the cgroups whose sockets ask for SST, or one of them. 'sstctl run' makes\n"
	"such cgroups. One whose cgroup was removed still has sockets.\n";

static const char *const verdict_words[] = {
	[SST_VERDICT_CLEAR] = "clear",
	[SST_VERDICT_PREFER] = "prefer",
	[SST_VERDICT_REQUIRE] = "require",
};

static void print_wishes(const struct sst_wish *wishes, size_t count)
{
	size_t i;

	out_open_array("wishes");
	for (i = 0; i < count; i++) {
		out_open_object(NULL);
		out_number("id", "wish ", wishes[i].cgroup_id, " ");
		out_word("verdict", "", verdict_words, ARRAY_SIZE(verdict_words),
			 wishes[i].verdict, " ");
		out_number("user", "user ", wishes[i].user, " ");
		out_path("cgroup", "cgroup ", wishes[i].path, "\n");
		out_close_object();
	}
	out_close_array();
}

static int show_one(const char *text)
{
	struct sst_wish wish;
	uint64_t id = 0;
	const char *why = parse_number(text, UINT64_MAX, &id);
	int rc;

	if (why)
		return out_usage("id '%s': %s", text, why);
	rc = ipc_wish_get(id, &wish);
	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_wishes(&wish, 1);
	out_close_object();
	return EXIT_OK;
}

static int show_all(void)
{
	struct list wishes;
	int rc = ipc_wish_list(&wishes);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_wishes(wishes.items, wishes.count);
	out_close_object();
	list_free(&wishes);
	return EXIT_OK;
}

static int wish_show(int argc, char **argv)
{
	out_context("wish show");
	if (is_help(argc, argv))
		return help(wish_help);
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return argc ? show_one(argv[0]) : show_all();
}

int cmd_wish(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "list", wish_show },
		{ "show", wish_show },
	};

	out_context("wish");
	if (is_help(argc, argv))
		return help(wish_help);
	if (!argc)
		return wish_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}
