// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"

static const char assoc_help[] =
	"Usage: sstctl assoc show [ID]\n"
	"       sstctl assoc flush\n"
	"\n"
	"An association is what this host and another one agreed on with keys that are\n"
	"drawn for it and forgotten. It comes to be with the first flow between the two\n"
	"hosts; those after it need no public-key work while it lives.\n";

static const char show_help[] =
	"Usage: sstctl assoc show [ID]\n"
	"\n"
	"Show one association, or all of them, the oldest first.\n";

static const char flush_help[] =
	"Usage: sstctl assoc flush\n"
	"\n"
	"Forget all associations of the network namespace. Flows go on; the next one\n"
	"makes a new association.\n";

static int show_one(const char *text)
{
	struct sst_assoc assoc;
	uint8_t id[SST_ID_SIZE];
	const char *why = parse_assoc_id(text, id);
	int rc;

	if (why)
		return out_usage("id '%s': %s", text, why);
	rc = ipc_assoc_get(id, &assoc);
	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_assocs(&assoc, 1);
	out_close_object();
	return EXIT_OK;
}

static int show_all(void)
{
	struct list assocs;
	int rc = ipc_assoc_list(&assocs);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_assocs(assocs.items, assocs.count);
	out_close_object();
	list_free(&assocs);
	return EXIT_OK;
}

static int assoc_show(int argc, char **argv)
{
	out_context("assoc show");
	if (is_help(argc, argv))
		return help(show_help);
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return argc ? show_one(argv[0]) : show_all();
}

static int assoc_flush(int argc, char **argv)
{
	out_context("assoc flush");
	if (is_help(argc, argv))
		return help(flush_help);
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	return kernel_status(ipc_assoc_flush());
}

int cmd_assoc(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "flush", assoc_flush },
		{ "list", assoc_show },
		{ "show", assoc_show },
	};

	out_context("assoc");
	if (is_help(argc, argv))
		return help(assoc_help);
	if (!argc)
		return assoc_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}
