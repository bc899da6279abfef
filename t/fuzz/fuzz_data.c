/*-------------------------------------------------------------------------
 *
 * fuzz_data.c
 *	  libFuzzer harness of the scanner, the record reader and the paths.
 *
 * The first byte of an input chooses what is tried: a path text, one of some
 * paths of records to read the rest with, one of some forms of records (see
 * fuzz_forms.c), or something of src/rest (see fuzz_rest.c).  Beside crashes
 * and what the sanitizers see, these are failures:
 *	 - the verdict differs from that of PostgreSQL's own JSON parser, or the
 *	   values do;
 *	 - records, verdict or envelope depend on the pieces a body comes in, or
 *	   on blanks behind it;
 *	 - an envelope or record is not valid JSON by itself;
 *	 - a guessed path leads nowhere;
 *	 - a path's canonical text does not mean the same path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/path.h"
#include "data/record.h"
#include "fuzz.h"

#include "common/jsonapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

#define PATH_MODE	0x80
#define REST_MODE	0xa0
#define FORM_MODE	0xc0		/* and above */

/* A limit that many records break, and one that none does. */
#define SMALL_RECORD	20
#define LARGE_RECORD	(1024 * 1024)

/* more than the quick way leaves alone */
#define BLANKS			200

static const char *const paths[] = {
	"$", "data", "a", "a.b", "[0]", "[*]", "a[*]", "[*].a", "a[1].b",
	"data.items", "\"\"", "a.a.a"
};
static const size_t pieces[] = {1, 2, 3, 7, 16, 17, 64, 1000};

/* Print why, and stop: libFuzzer keeps the input. */
void
dload_fuzz_fail(const char *why, const StringInfo a, const StringInfo b)
{
	fprintf(stderr, "FAILURE: %s\n", why);
	if (a != NULL)
		fprintf(stderr, "one:   %.*s\n", a->len, a->data);
	if (b != NULL)
		fprintf(stderr, "other: %.*s\n", b->len, b->data);
	abort();
}

static bool
same(const StringInfo a, const StringInfo b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* A copy of exactly that size, so that one byte more is seen. */
char *
dload_fuzz_exact(const void *data, size_t len)
{
	char	   *copy = palloc(len);

	memcpy(copy, data, len);
	return copy;
}

/*
 * The values of a document, one a line
 */

/* Returns false when a string cannot be decoded. */
static bool
our_values(const char *body, size_t len, StringInfo out)
{
	DloadScanner s;
	DloadToken	token;

	dload_scanner_init(&s, body, len, true);
	for (;;)
	{
		switch (dload_scanner_next(&s, &token))
		{
			case DLOAD_TOKEN_KEY:
			case DLOAD_TOKEN_STRING:
				appendStringInfoChar(out, token.type == DLOAD_TOKEN_KEY ?
									 'k' : 's');
				if (dload_token_decode(&token, out) != DLOAD_DECODE_OK)
					return false;
				break;
			case DLOAD_TOKEN_NUMBER:
			case DLOAD_TOKEN_TRUE:
			case DLOAD_TOKEN_FALSE:
			case DLOAD_TOKEN_NULL:
				appendStringInfoChar(out, 'v');
				appendBinaryStringInfo(out, token.text.data, token.text.len);
				break;
			case DLOAD_TOKEN_END:
				return true;
			case DLOAD_TOKEN_MORE:
			case DLOAD_TOKEN_ERROR:
				dload_fuzz_fail("a valid document cannot be scanned", out,
								NULL);
				break;
			default:
				appendStringInfoChar(out, *token.text.data);
		}
		appendStringInfoChar(out, '\n');
	}
}

static void
core_field(void *out, char *name, bool isnull)
{
	appendStringInfo(out, "k%s\n", name);
}

static void
core_scalar(void *out, char *text, JsonTokenType type)
{
	appendStringInfo(out, "%c%s\n", type == JSON_TOKEN_STRING ? 's' : 'v',
					 text);
}

static void
core_object_start(void *out)
{
	appendStringInfoString(out, "{\n");
}

static void
core_object_end(void *out)
{
	appendStringInfoString(out, "}\n");
}

static void
core_array_start(void *out)
{
	appendStringInfoString(out, "[\n");
}

static void
core_array_end(void *out)
{
	appendStringInfoString(out, "]\n");
}

/* Core's verdict, or values if "out" is given. */
static bool
core_parse(const char *body, size_t len, StringInfo out)
{
	JsonSemAction sem;
	char	   *text = pnstrdup(body, len);
	JsonLexContext *lex;

	memset(&sem, 0, sizeof(sem));
	if (pg_encoding_verifymbstr(PG_UTF8, body, len) != (int) len)
		return false;
	if (out != NULL)
	{
		sem.semstate = out;
		sem.object_start = core_object_start;
		sem.object_end = core_object_end;
		sem.array_start = core_array_start;
		sem.array_end = core_array_end;
		sem.object_field_start = core_field;
		sem.scalar = core_scalar;
	}
	lex = makeJsonLexContextCstringLen(text, len, PG_UTF8, out != NULL);
	return pg_parse_json(lex, &sem) == JSON_SUCCESS;
}

static int
max_depth(const char *body, size_t len)
{
	int			depth = 0;
	int			max = 0;

	/* brackets inside strings only make it greater */
	for (size_t i = 0; i < len; i++)
	{
		depth += (body[i] == '{' || body[i] == '[');
		max = Max(max, depth);
	}
	return max;
}

/*
 * Blanks after a document change nothing, but with so many the scanner's
 * quick way is taken to the end of a document, which else it leaves alone.
 */
static char *
with_blanks(const char *body, size_t len)
{
	char	   *copy = palloc(len + BLANKS);

	memcpy(copy, body, len);
	memset(copy + len, ' ', BLANKS);
	return copy;
}

/* The scanner against core's parser. */
static bool
check_scanner(const char *body, size_t len)
{
	DloadError	err;
	DloadError	other;
	bool		ours = dload_json_validate(dload_span(body, len), &err);
	const char *padded = with_blanks(body, len);
	StringInfoData a,
				b;

	if (ours != dload_json_validate(dload_span(padded, len + BLANKS), &other))
		dload_fuzz_fail(ours ? other.message : err.message, NULL, NULL);

	/* we know a byte order mark, and a limit to the depth; core does not */
	if (max_depth(body, len) > DLOAD_MAX_DEPTH ||
		(len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0))
		return ours;
	if (ours != core_parse(body, len, NULL))
		dload_fuzz_fail(ours ? "core rejects it" : err.message, NULL, NULL);
	if (!ours)
		return false;
	initStringInfo(&a);
	initStringInfo(&b);
	ours = our_values(padded, len + BLANKS, &b);
	if (ours != our_values(body, len, &a) || !same(&a, &b))
		dload_fuzz_fail("blanks matter", &a, &b);
	resetStringInfo(&b);
	if (ours != core_parse(body, len, &b))
		dload_fuzz_fail(ours ? "core cannot decode a string" :
						"core decodes a string", &a, &b);
	if (ours && !same(&a, &b))
		dload_fuzz_fail("values differ", &a, &b);
	return true;
}

/*
 * The record reader
 */

/* How a reading ends. */
typedef enum Ending
{
	READ_FAILED,
	READ_NOTHING,				/* the path leads nowhere */
	READ_FOUND
} Ending;

/* All that a reader hands out; "piece" 0: the body is whole. */
static Ending
read_records(const DloadPath *path, size_t max_record, const char *body,
			 size_t len, size_t piece, StringInfo out)
{
	DloadReader *r = dload_reader_create(path, max_record);
	size_t		fed = 0;
	DloadSpan	record;
	DloadError	err;

	if (piece == 0)
		dload_reader_open(r, dload_fuzz_exact(body, len), len);
	for (;;)
	{
		switch (dload_reader_next(r, &record, &err))
		{
			case DLOAD_READ_RECORD:
				if (!dload_json_validate(record, &err))
					dload_fuzz_fail("a record is not valid", out, NULL);
				appendBinaryStringInfo(out, record.data, record.len);
				appendStringInfoChar(out, '\n');
				break;
			case DLOAD_READ_MORE:
				if (fed < len)
				{
					size_t		n = Min(piece, len - fed);

					dload_reader_feed(r, dload_fuzz_exact(body + fed, n), n);
					fed += n;
				}
				else
					dload_reader_finish(r);
				break;
			case DLOAD_READ_END:
				record = dload_reader_envelope(r);
				if (!dload_json_validate(record, &err))
					dload_fuzz_fail("an envelope is not valid", out, NULL);
				appendBinaryStringInfo(out, record.data, record.len);
				return dload_reader_found(r) ? READ_FOUND : READ_NOTHING;
			case DLOAD_READ_ERROR:


				/*
				 * The detail quotes what happens to be in the buffer.  Of two
				 * faults, a record too large and invalid, either may be met
				 * first.
				 */
				appendStringInfo(out, "error: %s", max_record == SMALL_RECORD ?
								 "" : err.message);
				return READ_FAILED;
		}
	}
}

static void
check_reader(const DloadPath *path, size_t max_record, const char *body,
			 size_t len, bool valid)
{
	StringInfoData whole,
				parts;
	Ending		read;

	initStringInfo(&whole);
	initStringInfo(&parts);
	read = read_records(path, max_record, body, len, 0, &whole);
	if (read != read_records(path, max_record, with_blanks(body, len),
							 len + BLANKS, 0, &parts) ||
		(read != READ_FAILED && !same(&whole, &parts)))
		dload_fuzz_fail("blanks matter", &whole, &parts);
	if (read != READ_FAILED && !valid)
		dload_fuzz_fail("invalid JSON was read", &whole, NULL);
	for (int i = 0; i < lengthof(pieces); i++)
	{
		resetStringInfo(&parts);
		if (read != read_records(path, max_record, body, len, pieces[i],
								 &parts) || !same(&whole, &parts))
		{
			fprintf(stderr, "in pieces of %zu\n", pieces[i]);
			dload_fuzz_fail("pieces matter", &whole, &parts);
		}
	}
}

static void
check_detect(const char *body, size_t len, bool valid)
{
	DloadError	err;
	DloadPath  *path = dload_reader_detect(dload_span(body, len), &err);
	StringInfoData out;

	if ((path != NULL) != valid)
		dload_fuzz_fail("detection and validation disagree", NULL, NULL);
	if (path == NULL)
		return;
	initStringInfo(&out);
	if (read_records(path, LARGE_RECORD, body, len, 0, &out) != READ_FOUND)
		dload_fuzz_fail("the detected path leads nowhere", &out, NULL);
}

/* A path is what its canonical text says. */
static void
check_path(const char *text)
{
	static const char doc[] = "{\"a\":[{\"b\":[1,[2],{\"a\":{\"a\":3}}]},"
		"{\"b\":\"x\"}],\"\":{\"data\":[]},\"a\":[[],{\"a\":1}]}";
	DloadError	err;
	DloadPath  *path = dload_path_parse(text, &err);
	DloadPath  *again;
	DloadToken	one,
				other;
	char	   *canonical;
	bool		found;

	if (path == NULL)
		return;
	canonical = dload_path_text(path);
	again = dload_path_parse(canonical, &err);
	if (again == NULL || strcmp(canonical, dload_path_text(again)) != 0)
		dload_fuzz_fail(canonical, NULL, NULL);
	found = dload_path_lookup(path, dload_span(doc, sizeof(doc) - 1), &one);
	if (found != dload_path_lookup(again, dload_span(doc, sizeof(doc) - 1),
								   &other) ||
		(found && one.text.data != other.text.data))
		dload_fuzz_fail("the canonical path leads elsewhere", NULL, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	DloadError	err;
	DloadPath  *path;
	char	   *body;
	bool		valid;
	DloadToken	value;

	if (size == 0)
		return 0;
	if (data[0] == PATH_MODE)
		check_path(pnstrdup((const char *) data + 1, size - 1));
	else if (data[0] >= REST_MODE && data[0] < FORM_MODE)
		dload_fuzz_rest(data[0] - REST_MODE, (const char *) data + 1,
						size - 1);
	else if (data[0] >= FORM_MODE)
		dload_fuzz_form(data[0] & 0x1f, data[0] & 0x20,
						dload_fuzz_exact(data + 1, size - 1), size - 1);
	else
	{
		body = dload_fuzz_exact(data + 1, size - 1);
		path = dload_path_parse(paths[(data[0] & 0x3f) % lengthof(paths)],
								&err);
		valid = check_scanner(body, size - 1);
		check_reader(path, data[0] & 0x40 ? SMALL_RECORD : LARGE_RECORD,
					 body, size - 1, valid);
		check_detect(body, size - 1, valid);
		if (valid)
			(void) dload_path_lookup(path, dload_span(body, size - 1), &value);
	}
	dload_fuzz_reset();
	return 0;
}
