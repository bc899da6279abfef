/*-------------------------------------------------------------------------
 *
 * fuzz_forms.c
 *	  The record reader with every format and shape of records.
 *
 * These are failures:
 *	 - records, verdict or envelope depend on the pieces a body comes in;
 *	 - a record is not valid JSON by itself, or larger than allowed;
 *	 - CSV that was read has other values for a naive reader of the whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/form.h"
#include "data/record.h"
#include "fuzz.h"

#include "utils/memutils.h"

/* A limit that many records break, and one that none does. */
#define SMALL_RECORD	24
#define LARGE_RECORD	(1024 * 1024)

static const size_t pieces[] = {1, 2, 3, 7, 16, 1000};

typedef struct FormText
{
	DloadFormat format;
	const char *path;
	const char *key;
	const char *key_path;
	const char *names;			/* one letter each */
	const char *names_path;
	const char *value_path;
	const char *copied;
	const char *coded;
	DloadCoding coding;
	char		delimiter;
	bool		headless;
	const char *null;
} FormText;

static const FormText forms[] = {
	{DLOAD_FORMAT_NDJSON, "$"},
	{DLOAD_FORMAT_NDJSON, "$",.coded = "c",.coding = DLOAD_CODING_JSON},
	{DLOAD_FORMAT_CSV, "$"},
	{DLOAD_FORMAT_TSV, "$"},
	{DLOAD_FORMAT_CSV, "$",.delimiter = ';',.null = "\\N"},
	{DLOAD_FORMAT_CSV, "$",.names = "ab",.headless = true},
	{DLOAD_FORMAT_JSON, "data",.key = "\"k\""},
	{DLOAD_FORMAT_JSON, "$",.key = "\"a\"",.copied = "t"},
	{DLOAD_FORMAT_JSON, "$",.key_path = "key"},
	{DLOAD_FORMAT_JSON, "data",.names = "ab"},
	{DLOAD_FORMAT_JSON, "data",.names_path = "names"},
	{DLOAD_FORMAT_JSON, "data",.names_path = "s[*].n",.value_path = "f[*].v",
	.copied = "t"},
	{DLOAD_FORMAT_JSON, "data",.copied = "t",.coded = "c",
	.coding = DLOAD_CODING_JSON},
	{DLOAD_FORMAT_JSON, "data",.coded = "b[*]",.coding = DLOAD_CODING_BASE64},
	{DLOAD_FORMAT_JSON, "data",.coded = "g",.coding = DLOAD_CODING_GZIPJSON},
};

static DloadPath *
parse(const char *text)
{
	DloadError	err;

	return text != NULL ? dload_path_parse(text, &err) : NULL;
}

static void
make_form(DloadForm *form, const FormText *text)
{
	char	  **names = NULL;
	int			nnames = text->names != NULL ? strlen(text->names) : 0;

	memset(form, 0, sizeof(*form));
	if (nnames > 0)
		names = palloc(nnames * sizeof(char *));
	for (int i = 0; i < nnames; i++)
		names[i] = psprintf("\"%c\"", text->names[i]);
	form->format = text->format;
	form->key = text->key != NULL ? pstrdup(text->key) : NULL;
	form->key_path = parse(text->key_path);
	if (text->format == DLOAD_FORMAT_JSON)
	{
		form->nnames = nnames;
		form->names = names;
	}
	else
	{
		form->ncolumns = nnames;
		form->columns = names;
	}
	form->names_path = parse(text->names_path);
	form->value_path = parse(text->value_path);
	if (text->copied != NULL)
	{
		form->ncopied = 1;
		form->copied = palloc(sizeof(DloadCopiedValue));
		form->copied->name = pstrdup("\"a\"");
		form->copied->path = parse(text->copied);
	}
	if (text->coded != NULL)
	{
		/* twice, so that what one rule wrote is read by the next */
		form->ncoded = 2;
		form->coded = palloc(2 * sizeof(DloadCodedValue));
		for (int i = 0; i < 2; i++)
		{
			form->coded[i].path = parse(i == 0 ? text->coded : "a");
			form->coded[i].coding = i == 0 ? text->coding :
				DLOAD_CODING_BASE64JSON;
		}
	}
	form->delimiter = text->delimiter;
	form->headless = text->headless;
	form->null = text->null != NULL ? pstrdup(text->null) : NULL;
}

static void
take(DloadSpan record, size_t max_record, StringInfo out)
{
	DloadError	err;

	if (record.len > max_record)
		dload_fuzz_fail("a record is too large", out, NULL);
	if (!dload_json_validate(record, &err))
		dload_fuzz_fail("a record is not valid", out, NULL);
	appendBinaryStringInfo(out, record.data, record.len);
	appendStringInfoChar(out, '\n');
}

/* Records that waited for the end of their page. */
static bool
take_raw(DloadReader *r, DloadSpan *raw, int nraw, size_t max_record,
		 StringInfo out, DloadError *err)
{
	for (int i = 0; i < nraw; i++)
	{
		DloadSpan	record;

		if (!dload_reader_reshape(r, raw[i], &record, err))
			return false;
		take(record, max_record, out);
	}
	return true;
}

/* All that a reader hands out; "piece" 0: the body is whole. */
static bool
read_form(DloadReader *r, size_t max_record, const char *body, size_t len,
		  size_t piece, StringInfo out)
{
	bool		ahead = piece > 0 && dload_reader_looks_ahead(r);
	DloadSpan  *raw = palloc((len + 1) * sizeof(DloadSpan));
	int			nraw = 0;
	size_t		fed = 0;
	DloadSpan	record;
	DloadError	err = {0};
	MemoryContext page = AllocSetContextCreate(CurrentMemoryContext, "page",
											   ALLOCSET_DEFAULT_SIZES);

	if (piece == 0)
		dload_reader_open_in(r, page, dload_fuzz_exact(body, len), len);
	else
		dload_reader_reset(r);
	for (;;)
	{
		switch (dload_reader_next(r, &record, &err))
		{
			case DLOAD_READ_RECORD:
				if (ahead)
					raw[nraw++] = dload_span(dload_fuzz_exact(record.data,
															  record.len),
											 record.len);
				else
					take(record, max_record, out);
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
				if (take_raw(r, raw, nraw, max_record, out, &err))
				{
					record = dload_reader_envelope(r);
					appendBinaryStringInfo(out, record.data, record.len);
					return true;
				}
				/* FALLTHROUGH */
			case DLOAD_READ_ERROR:
				/* of two faults either may be met first */
				appendStringInfo(out, "error: %s",
								 max_record == SMALL_RECORD ? "" :
								 err.message);
				return false;
		}
	}
}

/* A value of a record: what it stands for. */
static void
append_value(const DloadToken *token, StringInfo out)
{
	if (token->type == DLOAD_TOKEN_STRING)
	{
		appendStringInfoChar(out, 's');
		/* the naive reader knows of no code 0 */
		if (dload_token_decode(token, out) == DLOAD_DECODE_NUL)
			appendStringInfoChar(out, '\0');
	}
	appendStringInfoChar(out, '\1');
}

/* The values of all records, without names. */
static void
csv_values(StringInfo records, StringInfo out)
{
	const char *p = records->data;
	const char *end = p + records->len;

	while (p < end)
	{
		const char *newline = memchr(p, '\n', end - p);
		DloadScanner s;
		DloadToken	token;

		dload_scanner_init(&s, p, newline - p, true);
		dload_scanner_next(&s, &token);
		while (dload_scanner_next(&s, &token) == DLOAD_TOKEN_KEY)
		{
			dload_scanner_next(&s, &token);
			append_value(&token, out);
		}
		appendStringInfoChar(out, '\2');
		p = newline + 1;
	}
}

/* The same from the CSV, by the shortest way. */
static void
naive_csv(const char *p, const char *end, const DloadForm *form,
		  StringInfo out)
{
	char		delimiter = form->delimiter ? form->delimiter :
		form->format == DLOAD_FORMAT_TSV ? '\t' : ',';
	bool		skip = !form->headless;

	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end)
	{
		bool		more = true;
		int			mark = out->len;

		if (*p == '\n' || *p == '\r')
		{
			p++;
			continue;
		}
		while (more)
		{
			bool		quoted = p < end && *p == '"';
			StringInfoData text;

			initStringInfo(&text);
			p += quoted;
			while (p < end)
			{
				if (quoted && *p == '"' && p + 1 < end && p[1] == '"')
					p++;
				else if (quoted ? *p == '"' : (*p == delimiter ||
											   *p == '\n' || *p == '\r'))
					break;
				appendStringInfoChar(&text, *p++);
			}
			p += quoted;
			if (quoted || text.len != strlen(form->null ? form->null : "") ||
				memcmp(text.data, form->null ? form->null : "",
					   text.len) != 0)
				appendStringInfoChar(out, 's');
			else
				text.len = 0;
			/* decoding stops at the first code 0 */
			if (memchr(text.data, '\0', text.len) != NULL)
				text.len = strlen(text.data) + 1;
			appendBinaryStringInfo(out, text.data, text.len);
			appendStringInfoChar(out, '\1');
			more = p < end && *p == delimiter;
			p += more;
		}
		appendStringInfoChar(out, '\2');
		if (skip)
			out->len = mark;
		skip = false;
	}
}

void
dload_fuzz_form(int number, bool small, const char *body, size_t len)
{
	const FormText *text = &forms[number % lengthof(forms)];
	size_t		max_record = small ? SMALL_RECORD : LARGE_RECORD;
	DloadForm	form;
	DloadReader *whole_reader,
			   *part_reader;
	StringInfoData whole,
				parts;
	bool		good;

	make_form(&form, text);
	initStringInfo(&whole);
	initStringInfo(&parts);
	whole_reader = dload_reader_create_form(parse(text->path), &form,
											max_record);
	good = read_form(whole_reader, max_record, body, len, 0, &whole);
	if (form.format >= DLOAD_FORMAT_CSV && good)
	{
		StringInfoData ours,
					naive;

		initStringInfo(&ours);
		initStringInfo(&naive);
		csv_values(&whole, &ours);
		naive_csv(body, body + len, &form, &naive);
		if (ours.len != naive.len ||
			memcmp(ours.data, naive.data, naive.len) != 0)
			dload_fuzz_fail("values of CSV differ", &ours, &naive);
	}
	if (dload_reader_needs_body(whole_reader))
		return;
	/* one reader for all, as in a read of several pages */
	for (int i = 0; i < lengthof(pieces); i++)
	{
		/* names of rows are remembered from page to page */
		if (i == 0 || form.names_path != NULL)
			part_reader = dload_reader_create_form(parse(text->path), &form,
												   max_record);
		resetStringInfo(&parts);
		if (read_form(part_reader, max_record, body, len, pieces[i],
					  &parts) != good ||
			parts.len != whole.len ||
			memcmp(parts.data, whole.data, whole.len) != 0)
		{
			fprintf(stderr, "in pieces of %zu\n", pieces[i]);
			dload_fuzz_fail("pieces matter", &whole, &parts);
		}
	}
}
