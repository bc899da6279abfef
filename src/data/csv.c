/*-------------------------------------------------------------------------
 *
 * csv.c
 *	  Source of records: CSV (RFC 4180), each row as a JSON object.
 *
 * Fields are separated by a comma or another byte; one that is quoted may
 * have separators, line breaks and doubled quotes inside.  A line ends with
 * LF, CR LF or CR, the last one need not; empty lines are skipped.  The first
 * line has the names.  Every row must have as many values as there are names:
 * a file that breaks this rule has most likely broken others.
 *
 * CSV has no types: a value becomes a string, or null where it is the text
 * that means null and is not quoted.
 *
 * The bytes are taken as they come and written into the record at once, so
 * nothing is read twice, wherever a piece ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/source.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/* Far more than a table has columns. */
#define MAX_COLUMNS 16384

typedef enum CsvState
{
	CSV_LINE,					/* at the beginning of a line */
	CSV_FIELD,					/* at the beginning of a field */
	CSV_PLAIN,
	CSV_QUOTED,
	CSV_QUOTE					/* after a quote inside a quoted field */
} CsvState;

typedef struct CsvSource
{
	DloadSource base;
	const DloadForm *form;		/* or NULL */
	size_t		max_record;
	MemoryContext context;
	DloadInflow in;
	bool		tabs;
	char		delimiter;
	char	   *null;			/* as it stands in a record */

	CsvState	state;
	bool		after_cr;		/* a LF here belongs to the line before */
	bool		in_header;
	int64		line;			/* of in.cur, from 1 */
	int64		first_line;		/* of the row in work */

	int			ncolumns;
	char	  **columns;
	MemoryContext header_context;	/* of columns, if not the form's */

	int			field;			/* number of the one in work, from 0 */
	bool		quoted;
	int			mark;			/* in "out", where its value begins */
	StringInfoData out;			/* the row in work, as JSON */
} CsvSource;

static void
csv_reset(DloadSource *source)
{
	CsvSource  *c = (CsvSource *) source;
	const DloadForm *form = c->form;

	dload_inflow_reset(&c->in);
	c->delimiter = form != NULL && form->delimiter != 0 ? form->delimiter :
		c->tabs ? '\t' : ',';
	c->state = CSV_LINE;
	c->after_cr = false;
	c->in_header = form == NULL || !form->headless;
	c->line = c->first_line = 1;
	MemoryContextReset(c->header_context);
	c->ncolumns = form != NULL ? form->ncolumns : 0;
	c->columns = form != NULL ? form->columns : NULL;
	resetStringInfo(&c->out);
}

static void
csv_open(DloadSource *source, const char *body, size_t len)
{
	csv_reset(source);
	dload_inflow_open(&((CsvSource *) source)->in, body, len);
}

static void
csv_feed(DloadSource *source, const char *data, size_t len)
{
	dload_inflow_feed(&((CsvSource *) source)->in, data, len);
}

static void
csv_finish(DloadSource *source)
{
	((CsvSource *) source)->in.final = true;
}

/* A fault that asking again does not mend. */
static bool
malformed(const CsvSource *c, DloadError *err, const char *fault)
{
	return dload_error_set(err, ERRCODE_BAD_COPY_FILE_FORMAT,
						   "line " INT64_FORMAT " of the CSV: %s",
						   c->first_line, fault);
}

static bool
ragged(const CsvSource *c, DloadError *err)
{
	bool		given = c->form != NULL && c->form->ncolumns > 0;

	malformed(c, err, c->field < c->ncolumns ?
			  psprintf("the row has %d values for %d columns",
					   c->field, c->ncolumns) :
			  psprintf("the row has more than %d values for %d columns",
					   c->ncolumns, c->ncolumns));
	return dload_error_hint(err, given ?
							"The names are those of the option \"csv_names\"; "
							"check \"csv_delimiter\" too." :
							"The names are those of the first line; check "
							"\"csv_delimiter\" and \"csv_header\".");
}

/* The first byte of a field is next. */
static bool
begin_field(CsvSource *c, DloadError *err)
{
	if (c->in_header)
	{
		if (c->field >= MAX_COLUMNS)
			return malformed(c, err, "too many names");
	}
	else if (c->field >= c->ncolumns)
		return ragged(c, err);
	else
	{
		appendStringInfoChar(&c->out, c->field == 0 ? '{' : ',');
		appendStringInfoString(&c->out, c->columns[c->field]);
		appendStringInfoChar(&c->out, ':');
	}
	c->mark = c->out.len;
	c->quoted = false;
	appendStringInfoChar(&c->out, '"');
	return true;
}

/* A name in the header is complete. */
static void
add_column(CsvSource *c)
{
	MemoryContext old = MemoryContextSwitchTo(c->header_context);
	char	   *name = c->out.data + c->mark;

	if (strcmp(name, "\"\"") == 0)
		name = psprintf("\"column_%d\"", c->field + 1);
	if (c->field == 0)
		c->columns = palloc(MAX_COLUMNS * sizeof(char *));
	c->columns[c->field] = pstrdup(name);
	MemoryContextSwitchTo(old);
}

/* The byte after a field is next. */
static void
end_field(CsvSource *c)
{
	bool		null = !c->in_header && !c->quoted &&
		strcmp(c->out.data + c->mark + 1, c->null) == 0;

	if (null)
	{
		c->out.len = c->mark;
		appendStringInfoString(&c->out, "null");
	}
	else
		appendStringInfoChar(&c->out, '"');
	if (c->in_header && (c->form == NULL || c->form->ncolumns == 0))
		add_column(c);
	c->field++;
}

/* All names are there.  Of two that are equal one would hide the other. */
static bool
end_header(CsvSource *c, DloadError *err)
{
	char	   *twice;

	c->in_header = false;
	if (c->form != NULL && c->form->ncolumns > 0)
		return true;
	c->ncolumns = c->field;
	twice = dload_form_twice(c->columns, c->ncolumns);
	if (twice == NULL)
		return true;
	malformed(c, err, psprintf("the name %s stands there twice", twice));
	return dload_error_hint(err, "Give other names by the option "
							"\"csv_names\".");
}

/*
 * The line's end is next.  Returns MORE for a line that is no record.
 */
static DloadReadResult
end_row(CsvSource *c, DloadSpan *record, DloadError *err)
{
	bool		header = c->in_header;

	if (pg_encoding_verifymbstr(PG_UTF8, c->out.data,
								c->out.len) != c->out.len)
	{
		malformed(c, err, "invalid UTF-8");
		dload_error_hint(err, "CSV is read in UTF-8 only; ask the API for "
						 "that.");
		return DLOAD_READ_ERROR;
	}
	if (header)
	{
		if (!end_header(c, err))
			return DLOAD_READ_ERROR;
	}
	else if (c->field < c->ncolumns)
	{
		ragged(c, err);
		return DLOAD_READ_ERROR;
	}
	else
		appendStringInfoChar(&c->out, '}');
	c->state = CSV_LINE;
	if (c->out.len > c->max_record)
		return dload_record_too_large(c->max_record, err);
	*record = dload_span(c->out.data, c->out.len);
	return header ? DLOAD_READ_MORE : DLOAD_READ_RECORD;
}

/* Take a line break, if it is one. */
static bool
take_break(CsvSource *c)
{
	char		ch = *c->in.cur;

	if (ch != '\n' && ch != '\r')
	{
		c->after_cr = false;
		return false;
	}
	if (ch == '\r' || !c->after_cr)
		c->line++;
	c->after_cr = ch == '\r';
	c->in.cur++;
	return true;
}

/* Write what stands in a field up to the byte that matters. */
static bool
take_run(CsvSource *c, DloadError *err)
{
	const char *p = c->in.cur;
	const char *end = c->in.end;
	bool		quoted = c->state == CSV_QUOTED;

	while (p < end && *p != '"' &&
		   (quoted || (*p != c->delimiter && *p != '\n' && *p != '\r')))
	{
		/* a CR LF within quotes is one line break */
		if (*p == '\r' || (*p == '\n' && !c->after_cr))
			c->line++;
		c->after_cr = *p == '\r';
		p++;
	}
	if (p > c->in.cur && !quoted)
		c->after_cr = false;
	if (p - c->in.cur > c->max_record ||
		c->out.len + (p - c->in.cur) > c->max_record)
	{
		dload_record_too_large(c->max_record, err);
		return false;
	}
	dload_escape(&c->out, c->in.cur, p - c->in.cur);
	c->in.cur = p;
	return true;
}

/*
 * In a row: take bytes until it ends.  MORE when they end first, or the row
 * is no record.
 */
static DloadReadResult
take_row(CsvSource *c, DloadSpan *record, DloadError *err)
{
	while (c->in.cur < c->in.end)
	{
		char		ch = *c->in.cur;

		switch (c->state)
		{
			case CSV_LINE:
				return DLOAD_READ_MORE;
			case CSV_FIELD:
				if (!begin_field(c, err))
					return DLOAD_READ_ERROR;
				c->state = ch == '"' ? CSV_QUOTED : CSV_PLAIN;
				if (ch == '"')
				{
					c->quoted = true;
					c->in.cur++;
				}
				break;
			case CSV_QUOTED:
				if (!take_run(c, err))
					return DLOAD_READ_ERROR;
				if (c->in.cur == c->in.end)
					break;
				c->in.cur++;
				c->state = CSV_QUOTE;
				break;
			case CSV_QUOTE:
				c->after_cr = false;
				if (ch == '"')
				{
					appendStringInfoString(&c->out, "\\\"");
					c->in.cur++;
					c->state = CSV_QUOTED;
					break;
				}
				if (ch != c->delimiter && ch != '\n' && ch != '\r')
				{
					malformed(c, err, "text after the closing quote of a "
							  "value");
					return DLOAD_READ_ERROR;
				}
				/* FALLTHROUGH */
			case CSV_PLAIN:
				if (!take_run(c, err))
					return DLOAD_READ_ERROR;
				if (c->in.cur == c->in.end)
					break;
				if (*c->in.cur == '"')
				{
					malformed(c, err, "a quote within a value that is not "
							  "quoted");
					return DLOAD_READ_ERROR;
				}
				end_field(c);
				if (*c->in.cur != c->delimiter)
					return end_row(c, record, err);
				c->in.cur++;
				c->state = CSV_FIELD;
				break;
		}
	}
	return DLOAD_READ_MORE;
}

/* There are no more bytes: the last line need not end. */
static DloadReadResult
end_body(CsvSource *c, DloadSpan *record, DloadError *err)
{
	switch (c->state)
	{
		case CSV_LINE:
			return DLOAD_READ_END;
		case CSV_QUOTED:
			dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
							"line " INT64_FORMAT " of the CSV: a quoted value "
							"does not end", c->first_line);
			return DLOAD_READ_ERROR;
		case CSV_FIELD:
			if (!begin_field(c, err))
				return DLOAD_READ_ERROR;
			break;
		default:
			break;
	}
	end_field(c);
	return end_row(c, record, err);
}

static DloadReadResult
csv_next(DloadSource *source, DloadSpan *record, DloadError *err)
{
	CsvSource  *c = (CsvSource *) source;
	DloadInflow *in = &c->in;
	DloadReadResult result;

	if (!dload_inflow_start(in))
		return DLOAD_READ_MORE;
	for (;;)
	{
		if (c->state == CSV_LINE)
		{
			while (in->cur < in->end && take_break(c))
				;
			if (in->cur < in->end)
			{
				c->state = CSV_FIELD;
				c->first_line = c->line;
				c->field = 0;
				resetStringInfo(&c->out);
			}
		}
		if (in->cur < in->end)
			result = take_row(c, record, err);
		else if (in->final)
			result = end_body(c, record, err);
		else
			return DLOAD_READ_MORE;
		if (result != DLOAD_READ_MORE)
			return result;
	}
}

void
dload_csv_source_tabs(DloadSource *source, bool tabs)
{
	((CsvSource *) source)->tabs = tabs;
}

DloadSource *
dload_csv_source(const DloadForm *form, size_t max_record)
{
	static const DloadSourceKind kind = {
		csv_reset, csv_open, csv_feed, csv_finish, csv_next
	};
	CsvSource  *c = palloc0(sizeof(CsvSource));
	StringInfoData null;

	c->base.kind = &kind;
	c->form = form;
	c->max_record = max_record;
	c->context = CurrentMemoryContext;
	c->header_context = AllocSetContextCreate(c->context, "dload csv names",
											  ALLOCSET_SMALL_SIZES);
	dload_inflow_init(&c->in);
	initStringInfo(&c->out);
	initStringInfo(&null);
	if (form != NULL && form->null != NULL)
		dload_escape(&null, form->null, strlen(form->null));
	c->null = null.data;
	csv_reset(&c->base);
	return &c->base;
}
