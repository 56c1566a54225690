/*
 * dnsd-checkzone: is this master file a zone that dnsd would serve?
 */
#include <sys/resource.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "log.h"
#include "zonefile.h"

static void
usage(void)
{
	fprintf(stderr, "usage: dnsd-checkzone [-sVx] origin file\n");
	exit(1);
}

/* -x: name, TTL, class, type, and rdata as RFC 3597 writes it. */
static const char *
dump(void *arg, const struct zonefile_rr *rr)
{
	char name[DNS_NAME_TEXT], type[RTYPE_TEXT];
	size_t i;

	(void)arg;
	printf("%s %u IN %s \\# %zu%s", dns_name_text(rr->owner->wire, name),
	    rr->ttl, rtype_text(rr->type, type), rr->len,
	    rr->len == 0 ? "" : " ");
	for (i = 0; i < rr->len; i++)
		printf("%02x", rr->data[i]);
	putchar('\n');
	return NULL;
}

/* Errors are told when the zone is loaded. */
static void
hush(void *arg, const char *file, int line, const char *what)
{
	(void)arg;
	(void)file;
	(void)line;
	(void)what;
}

static void
dump_file(const char *path, const struct dname *origin)
{
	static const struct zonefile_calls calls = { dump, hush, NULL };

	zonefile_read(path, origin->wire, &calls, NULL);
	if (fflush(stdout) == EOF)
		fatal("standard output");
}

/* -s: what it would cost. */
static void
tell_size(const struct load_result *result)
{
	const struct snapshot *s = result->snapshot;
	struct rusage usage;

	if (s != NULL)
		printf("serial %u\nnames %zu\nrrsets %zu\nrecords %zu\n"
		       "delegations %zu\nmemory %zu bytes\n",
		    s->serial, s->names, s->rrsets, s->records, s->cuts,
		    s->bytes);
	printf("files %zu\nerrors %zu\nwarnings %zu\ntime %.3f s\n",
	    result->nfiles, result->errors, result->warnings, result->cpu);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		printf("peak %ld KiB\n", usage.ru_maxrss);
}

/* The zone is loaded as dnsd would load it. */
static int
check_file(const char *path, const struct dname *origin, bool size)
{
	struct load_result result;
	int status;

	load_file(path, origin, &result);
	status = result.snapshot == NULL;
	if (size)
		tell_size(&result);
	load_result_free(&result);
	if (fflush(stdout) == EOF)
		fatal("standard output");
	return status;
}

int
main(int argc, char *argv[])
{
	bool size = false, hex = false;
	struct dname origin;
	uint8_t wire[DNS_NAME];
	int ch;

	log_open("dnsd-checkzone", LOG_TO_STDERR);
	while ((ch = getopt(argc, argv, "sVx")) != -1)
		switch (ch) {
		case 's':
			size = true;
			break;
		case 'V':
			printf("dnsd-checkzone %s\n", VERSION);
			return 0;
		case 'x':
			hex = true;
			break;
		default:
			usage();
		}
	if (argc - optind != 2)
		usage();
	dname_seed();
	/* absolute, with a final dot or without */
	if (dns_name_parse(argv[optind], wire) == 0 ||
	    dname_set(&origin, wire, sizeof(wire)) == -1)
		fatalx("%s: no name of a zone", argv[optind]);
	if (hex)
		dump_file(argv[optind + 1], &origin);
	return check_file(argv[optind + 1], &origin, size);
}
