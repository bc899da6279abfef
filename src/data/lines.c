/*-------------------------------------------------------------------------
 *
 * lines.c
 *	  Source of records: JSON texts one a line, or behind record separators.
 *
 * Newline-delimited JSON (NDJSON, JSON Lines) has one text in each line; the
 * last line need not end, blank ones do not count.  A body that begins with
 * the record separator (0x1E) is a JSON text sequence (RFC 7464): each text
 * stands between two of them, over as many lines as it likes.  There a number
 * or word at the very end may be the rest of a longer one, so it must be
 * followed by white space.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/bytes.h"
#include "data/source.h"

#define SEPARATOR '\x1e'

typedef struct LinesSource
{
	DloadSource base;
	size_t		max_record;
	DloadInflow in;
	bool		begun;			/* "sequence" is known */
	bool		sequence;		/* with record separators */
	size_t		looked;			/* bytes from in.cur without a delimiter */
	int64		line;			/* of in.cur, from 1 */
} LinesSource;

static void
lines_reset(DloadSource *source)
{
	LinesSource *l = (LinesSource *) source;

	dload_inflow_reset(&l->in);
	l->begun = false;
	l->sequence = false;
	l->looked = 0;
	l->line = 1;
}

static void
lines_open(DloadSource *source, const char *body, size_t len)
{
	lines_reset(source);
	dload_inflow_open(&((LinesSource *) source)->in, body, len);
}

static void
lines_feed(DloadSource *source, const char *data, size_t len)
{
	dload_inflow_feed(&((LinesSource *) source)->in, data, len);
}

static void
lines_finish(DloadSource *source)
{
	((LinesSource *) source)->in.final = true;
}

/* What stands before the first text says what stands between the others. */
static bool
begin_body(LinesSource *l)
{
	if (!dload_inflow_start(&l->in))
		return false;
	if (l->in.cur < l->in.end)
	{
		l->sequence = *l->in.cur == SEPARATOR;
		l->begun = true;
	}
	return true;
}

static bool
report(const LinesSource *l, DloadError *err)
{
	char	   *message = err->message;

	return dload_error_set(err, err->sqlstate, "line " INT64_FORMAT ": %s",
						   l->line, message);
}

/* [begin, end) should be one JSON text; "spaced" if white space follows. */
static bool
check_text(const LinesSource *l, const char *begin, const char *end,
		   bool spaced, DloadError *err)
{
	DloadScanner s;
	DloadToken	value = {0};
	DloadTokenType type;

	/* a byte order mark belongs to the body's first byte only */
	if (*begin == '\xef')
	{
		dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
						"invalid JSON at byte offset 0: expected a value");
		return report(l, err);
	}
	dload_scanner_init(&s, begin, end - begin, true);
	type = dload_scanner_value(&s, &value);
	if (type != DLOAD_TOKEN_ERROR &&
		dload_scanner_next(&s, &value) == DLOAD_TOKEN_END)
	{
		if (!l->sequence || spaced || type == DLOAD_TOKEN_OBJECT_START ||
			type == DLOAD_TOKEN_ARRAY_START || type == DLOAD_TOKEN_STRING)
			return true;
		dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
						"\"%.*s\" may be the beginning of a longer value",
						(int) Min(end - begin, 40), begin);
		return report(l, err);
	}
	dload_scanner_error(&s, 0, err);
	return report(l, err);
}

static int64
count_lines(const char *p, const char *end)
{
	int64		n = 0;

	while ((p = memchr(p, '\n', end - p)) != NULL)
	{
		n++;
		p++;
	}
	return n;
}

/* White space before a text. */
static void
skip_blanks(LinesSource *l)
{
	DloadInflow *in = &l->in;

	while (l->looked == 0 && in->cur < in->end && is_space(*in->cur))
	{
		if (*in->cur == '\n')
			l->line++;
		in->cur++;
	}
}

static DloadReadResult
lines_next(DloadSource *source, DloadSpan *record, DloadError *err)
{
	LinesSource *l = (LinesSource *) source;
	DloadInflow *in = &l->in;

	if (!l->begun && !begin_body(l))
		return DLOAD_READ_MORE;
	for (;;)
	{
		const char *begin;
		const char *stop;
		const char *end;
		bool		separated;

		skip_blanks(l);
		begin = in->cur;
		stop = memchr(begin + l->looked, l->sequence ? SEPARATOR : '\n',
					  in->end - begin - l->looked);
		separated = stop != NULL;
		if (!separated)
			stop = in->end;
		if (stop - begin > l->max_record)
			return dload_record_too_large(l->max_record, err);
		l->looked = stop - begin;
		if (!separated && !in->final)
			return DLOAD_READ_MORE;
		if (!separated && begin == stop)
			return DLOAD_READ_END;

		end = stop;
		while (end > begin && is_space(end[-1]))
			end--;
		if (begin < end && !check_text(l, begin, end, end < stop, err))
			return DLOAD_READ_ERROR;
		l->line += count_lines(begin, stop);
		in->cur = stop;
		if (separated && *in->cur++ == '\n')
			l->line++;
		l->looked = 0;
		if (begin < end)
		{
			*record = dload_span(begin, end - begin);
			return DLOAD_READ_RECORD;
		}
	}
}

DloadSource *
dload_lines_source(size_t max_record)
{
	static const DloadSourceKind kind = {
		lines_reset, lines_open, lines_feed, lines_finish, lines_next
	};
	LinesSource *l = palloc0(sizeof(LinesSource));

	l->base.kind = &kind;
	l->max_record = max_record;
	dload_inflow_init(&l->in);
	lines_reset(&l->base);
	return &l->base;
}
