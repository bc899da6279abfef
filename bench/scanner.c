/*-------------------------------------------------------------------------
 *
 * scanner.c
 *	  How fast JSON is read and checked, by kind of document.
 *
 * Called by bench/scanner, which compiles it together with src/data and the
 * fuzzer's stand-in for a backend.  Each round reads each document once by
 * the record reader, as a load does, once token by token, and once by core's
 * parser without callbacks.  What is printed are the medians, in MB per second
 * of CPU time, and the median of the ratios.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "../t/fuzz/fuzz.h"
#include "data/path.h"
#include "data/record.h"

#include "common/jsonapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include <time.h>

#define MAX_ROUNDS 99

static uint64 seed = 1;

/* The same numbers in each run (xorshift). */
static uint32
random_below(uint32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32) (seed >> 32) % n;
}

static const char *
pick(const char *const *words, int n)
{
	return words[random_below(n)];
}

static const char *const words[] = {
	"fix", "the", "parser", "when", "a", "request", "is", "cancelled",
	"documentation", "of", "new", "options", "and", "tests", "for",
	"timeouts", "in", "background", "workers", "merge"
};

static const char *const scripts[] = {
	"данные", "загрузка", "é", "straße", "数据库", "表", "über", "запрос",
	"ελληνικά", "データ", "naïve", "한국어", "😀"
};

static const char *const escapes[] = {
	"\\n", "\\\"", "\\t", "\\\\", "\\/", "\\r\\n"
};

static void
add_text(StringInfo out, const char *const *list, int n, int nwords)
{
	for (int i = 0; i < nwords; i++)
	{
		appendStringInfoString(out, pick(list, n));
		appendStringInfoChar(out, ' ');
	}
}

/* An event as of a large forge: most of what APIs send looks like it. */
static void
add_event(StringInfo out)
{
	uint32		id = random_below(100000000);

	appendStringInfo(out, "{\"id\":\"%u\",\"type\":\"PushEvent\",\"actor\":{"
					 "\"id\":%u,\"login\":\"user-%u\",\"display_login\":"
					 "\"user-%u\",\"url\":\"https://api.example.com/users/"
					 "user-%u\"},\"repo\":{\"id\":%u,\"name\":"
					 "\"owner-%u/repository-%u\",\"fork\":false},\"payload\":{"
					 "\"size\":%u,\"ref\":\"refs/heads/main\",\"commits\":[",
					 id, id / 7, id / 7, id / 7, id / 7, id / 3, id % 977,
					 id % 10007, 1 + id % 3);
	for (uint32 i = 0; i <= id % 3; i++)
	{
		appendStringInfo(out, "%s{\"sha\":\"%08x%08x%08x\",\"message\":\"",
						 i > 0 ? "," : "", id, id * 3, id * 7);
		add_text(out, words, lengthof(words), 3 + random_below(12));
		appendStringInfoString(out, "\",\"distinct\":true}");
	}
	appendStringInfoString(out, "]},\"public\":true,\"org\":null,"
						   "\"created_at\":\"2025-12-19T15:40:31Z\"}");
}

/* The same, laid out for people. */
static void
add_pretty(StringInfo out)
{
	StringInfoData flat;
	int			depth = 1;
	bool		quoted = false;

	initStringInfo(&flat);
	add_event(&flat);
	for (char *p = flat.data; *p != '\0'; p++)
	{
		bool		opens = *p == '{' || *p == '[';
		bool		closes = *p == '}' || *p == ']';

		if (*p == '"')
			quoted = !quoted;
		if (!quoted && closes)
			appendStringInfo(out, "\n%*s", --depth * 4, "");
		appendStringInfoChar(out, *p);
		if (quoted)
			continue;
		depth += opens;
		if (opens || *p == ',')
			appendStringInfo(out, "\n%*s", depth * 4, "");
		else if (*p == ':')
			appendStringInfoChar(out, ' ');
	}
	pfree(flat.data);
}

/* Texts with quotes, line ends and backslashes. */
static void
add_escapes(StringInfo out)
{
	appendStringInfoString(out, "{\"body\":\"");
	for (int i = random_below(30); i >= 0; i--)
	{
		add_text(out, words, lengthof(words), random_below(3));
		appendStringInfoString(out, pick(escapes, lengthof(escapes)));
	}
	appendStringInfoString(out, "\",\"path\":\"C:\\\\dir\\\\file\"}");
}

/* Texts of which each character is written as an escape. */
static void
add_unicode(StringInfo out)
{
	appendStringInfoString(out, "{\"title\":\"");
	for (int i = random_below(40); i >= 0; i--)
	{
		if (random_below(7) == 0)
			appendStringInfoChar(out, ' ');
		else
			appendStringInfo(out, "\\u%04x", 0x400 + random_below(100));
	}
	appendStringInfoString(out, "\"}");
}

static void
add_scripts(StringInfo out)
{
	appendStringInfoString(out, "{\"name\":\"");
	add_text(out, scripts, lengthof(scripts), 1 + random_below(20));
	appendStringInfoString(out, "\"}");
}

static void
add_number(StringInfo out)
{
	uint32		n = random_below(1000000000);

	switch (random_below(8))
	{
		case 0:
			appendStringInfo(out, "%u", n % 100);
			break;
		case 1:
			appendStringInfo(out, "-%u", n % 100000);
			break;
		case 2:
			appendStringInfo(out, "%u", n);
			break;
		case 3:
			appendStringInfo(out, "%u.%02u", n % 10000, n % 97);
			break;
		case 4:
			appendStringInfo(out, "1.%ue-%u", n, n % 20);
			break;
		default:
			appendStringInfo(out, "-%u.%u", n % 180, n);
	}
}

/* Points, measurements: lists of numbers of all kinds. */
static void
add_numbers(StringInfo out)
{
	appendStringInfoChar(out, '[');
	for (int i = 0; i < 20; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		add_number(out);
	}
	appendStringInfoChar(out, ']');
}

/* Flat records of numbers. */
static void
add_measures(StringInfo out)
{
	appendStringInfo(out, "{\"id\":%u,\"time\":%u,\"latitude\":",
					 random_below(10000000), 1700000000 + random_below(1000));
	add_number(out);
	appendStringInfoString(out, ",\"longitude\":");
	add_number(out);
	appendStringInfo(out, ",\"speed\":%u,\"value\":", random_below(200));
	add_number(out);
	appendStringInfoChar(out, '}');
}

/* Nothing but the shortest tokens there are. */
static void
add_tiny(StringInfo out)
{
	static const char *const values[] = {"1", "true", "null", "\"\"", "[]"};

	appendStringInfo(out, "{\"a\":%s,\"b\":%s,\"c\":%s}",
					 pick(values, 5), pick(values, 5), pick(values, 5));
}

static const struct
{
	const char *name;
	void		(*add) (StringInfo out);
}			kinds[] = {
	{"events", add_event}, {"pretty printed", add_pretty},
	{"escapes", add_escapes}, {"\\u escapes", add_unicode},
	{"other scripts", add_scripts}, {"lists of numbers", add_numbers},
	{"records of numbers", add_measures}, {"tiny tokens", add_tiny}
};

static void
make_document(StringInfo out, int kind, int size)
{
	initStringInfo(out);
	appendStringInfoChar(out, '[');
	do
	{
		if (out->len > 1)
			appendStringInfoString(out, kinds[kind].add == add_pretty ?
								   ",\n    " : ",");
		kinds[kind].add(out);
	} while (out->len < size);
	appendStringInfoChar(out, ']');
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void
check(bool ok, const char *who, const char *kind)
{
	if (ok)
		return;
	fprintf(stderr, "%s does not take \"%s\"\n", who, kind);
	exit(1);
}

static bool
read_by_records(DloadReader *reader, const StringInfo doc)
{
	DloadReadResult result;
	DloadSpan	record;
	DloadError	err;

	dload_reader_open(reader, doc->data, doc->len);
	do
		result = dload_reader_next(reader, &record, &err);
	while (result == DLOAD_READ_RECORD);
	return result == DLOAD_READ_END;
}

static bool
read_by_tokens(const StringInfo doc)
{
	DloadScanner s;
	DloadToken	token;

	dload_scanner_init(&s, doc->data, doc->len, true);
	do
		dload_scanner_next(&s, &token);
	while (token.type != DLOAD_TOKEN_END && token.type != DLOAD_TOKEN_ERROR);
	return token.type == DLOAD_TOKEN_END;
}

static bool
read_by_core(const StringInfo doc)
{
	JsonSemAction sem;
	JsonLexContext *lex;

	memset(&sem, 0, sizeof(sem));
	lex = makeJsonLexContextCstringLen(doc->data, doc->len, PG_UTF8, false);
	return pg_encoding_verifymbstr(PG_UTF8, doc->data, doc->len) == doc->len &&
		pg_parse_json(lex, &sem) == JSON_SUCCESS;
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
median(double *values, int n)
{
	qsort(values, n, sizeof(double), compare);
	return values[n / 2];
}

static void
run_kind(DloadReader *reader, int kind, int size, int rounds)
{
	StringInfoData doc;
	const char *name = kinds[kind].name;
	double		records[MAX_ROUNDS];
	double		tokens[MAX_ROUNDS];
	double		core[MAX_ROUNDS];
	double		ratio[MAX_ROUNDS];

	make_document(&doc, kind, size);
	for (int i = 0; i < rounds; i++)
	{
		double		start = cpu_seconds();
		double		mb = doc.len / 1e6;

		check(read_by_records(reader, &doc), "the reader", name);
		records[i] = mb / (cpu_seconds() - start);
		start = cpu_seconds();
		check(read_by_tokens(&doc), "the scanner", name);
		tokens[i] = mb / (cpu_seconds() - start);
		start = cpu_seconds();
		check(read_by_core(&doc), "core", name);
		core[i] = mb / (cpu_seconds() - start);
		ratio[i] = records[i] / core[i];
	}
	printf("| %s | %.0f | %.0f | %.0f | %.1f x |\n", name,
		   median(records, rounds), median(tokens, rounds),
		   median(core, rounds), median(ratio, rounds));
	fflush(stdout);
	dload_fuzz_reset();
}

int
main(int argc, char **argv)
{
	int			rounds = argc > 1 ? atoi(argv[1]) : 15;
	int			size = argc > 2 ? atoi(argv[2]) * 1000000 : 8000000;
	DloadError	err;

	rounds = Max(1, Min(rounds, MAX_ROUNDS));
	printf("| document | records, MB/s | tokens, MB/s | core, MB/s "
		   "| records : core |\n|---|---|---|---|---|\n");
	for (int kind = 0; kind < lengthof(kinds); kind++)
		run_kind(dload_reader_create(dload_path_parse("$", &err), size), kind,
				 size, rounds);
	return 0;
}
