/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  The record reader: a page's bytes -> records and envelope.
 *
 * The reader walks along the records' path, one *level* per step, holding
 * nothing but the level and the subscript reached at each of them.  A value
 * that the path does not lead into is skipped whole and copied to the
 * envelope; one at the path's end is skipped whole and handed out.  Between
 * two calls the walk is a state, so the bytes may end anywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/path.h"
#include "data/record.h"

#include "utils/memutils.h"

/* What the walk is about to read. */
typedef enum WalkState
{
	WALK_VALUE,					/* the value that "level" steps led to */
	WALK_PLAIN,					/* a member's value off the path */
	WALK_INSIDE,				/* a key, an element or the end, in the
								 * container at "level" */
	WALK_RECORDS,				/* an element or the end of the list of
								 * records */
	WALK_SKIP_PLAIN,			/* the rest of a container off the path */
	WALK_SKIP_RECORD,			/* the rest of a record */
	WALK_DONE					/* white space until the end */
} WalkState;

typedef enum ReaderFault
{
	FAULT_NONE,
	FAULT_RECORD_SIZE,
	FAULT_ENVELOPE_SIZE
} ReaderFault;

struct DloadReader
{
	const DloadPath *path;
	size_t		max_record;
	MemoryContext context;
	DloadScanner scanner;
	DloadToken	token;			/* the one in work */

	/* own buffer, unused after dload_reader_open */
	char	   *buf;
	size_t		len;
	size_t		size;
	int64		dropped;		/* bytes of the page that stood before buf */
	size_t		held;			/* in WALK_SKIP_*: where in buf it began */
	bool		opened;			/* the body is the caller's */

	WalkState	state;
	bool		in_records;		/* inside the list of records */
	int			level;
	int64		subscript[DLOAD_MAX_PATH_STEPS];

	StringInfoData envelope;
	int64		count;
	bool		found;
	ReaderFault fault;			/* other than what the scanner reports */

	bool		keep;			/* the last record is wanted at the end */
	DloadSpan	last;			/* record handed out last */
	StringInfoData kept;		/* a copy of it, once its bytes have moved */
};

DloadReader *
dload_reader_create(const DloadPath *records_path, size_t max_record)
{
	DloadReader *r = palloc0(sizeof(DloadReader));

	r->path = records_path;
	r->max_record = max_record;
	r->context = CurrentMemoryContext;
	initStringInfo(&r->envelope);
	dload_reader_reset(r);
	return r;
}

void
dload_reader_reset(DloadReader *r)
{
	dload_scanner_init(&r->scanner, r->buf != NULL ? r->buf : "", 0, false);
	r->len = 0;
	r->dropped = 0;
	r->opened = false;
	r->state = WALK_VALUE;
	r->in_records = false;
	r->level = 0;
	resetStringInfo(&r->envelope);
	r->count = 0;
	r->found = false;
	r->fault = FAULT_NONE;
	r->last = dload_span(NULL, 0);
}

void
dload_reader_open(DloadReader *r, const char *body, size_t len)
{
	dload_reader_reset(r);
	r->opened = true;
	dload_scanner_init(&r->scanner, body, len, true);
}

void
dload_reader_keep_last(DloadReader *r)
{
	MemoryContext old;

	if (r->keep)
		return;
	old = MemoryContextSwitchTo(r->context);
	initStringInfo(&r->kept);
	MemoryContextSwitchTo(old);
	r->keep = true;
}

DloadSpan
dload_reader_last(const DloadReader *r)
{
	return r->last;
}

/* The bytes of the last record are about to move. */
static void
save_last(DloadReader *r)
{
	if (r->last.data == NULL || r->last.data == r->kept.data)
		return;
	resetStringInfo(&r->kept);
	appendBinaryStringInfo(&r->kept, r->last.data, (int) r->last.len);
	r->last.data = r->kept.data;
}

static inline bool
skipping(const DloadReader *r)
{
	return r->state == WALK_SKIP_PLAIN || r->state == WALK_SKIP_RECORD;
}

/*
 * Make room for "more" bytes: by dropping the bytes already consumed when
 * they are at least half, so that each byte moves once on the average, or
 * else by growing.  "first" is the first byte still wanted; returns by how
 * much it moved.
 */
static size_t
make_room(DloadReader *r, size_t first, size_t more)
{
	size_t		live = r->len - first;
	size_t		size = Max(2 * (live + more), (size_t) 8192);
	char	   *buf;

	if (more <= r->size - r->len)
		return 0;
	if (first >= live && more <= r->size - live)
		memmove(r->buf, r->buf + first, live);
	else
	{
		buf = MemoryContextAllocHuge(r->context, size);
		if (live > 0)
			memcpy(buf, r->buf + first, live);
		if (r->buf != NULL)
			pfree(r->buf);
		r->buf = buf;
		r->size = size;
	}
	r->len = live;
	r->dropped += first;
	return first;
}

void
dload_reader_feed(DloadReader *r, const char *data, size_t len)
{
	size_t		cur = r->buf != NULL ? r->scanner.cur - r->buf : 0;
	size_t		moved;

	Assert(!r->opened && !r->scanner.final);
	if (len == 0)
		return;
	if (r->keep)
		save_last(r);
	moved = make_room(r, skipping(r) ? r->held : cur, len);
	cur -= moved;
	memcpy(r->buf + r->len, data, len);
	r->len += len;
	dload_scanner_refill(&r->scanner, r->buf + cur, r->len - cur, false);
	if (skipping(r))
	{
		r->held -= moved;
		r->token.text.data = r->buf + r->held;
	}
}

void
dload_reader_finish(DloadReader *r)
{
	DloadScanner *s = &r->scanner;

	if (!r->opened)
		dload_scanner_refill(s, s->cur, s->end - s->cur, true);
}

/* Add to the envelope, with a comma where one belongs. */
static void
keep(DloadReader *r, const char *data, size_t len)
{
	StringInfo	e = &r->envelope;
	char		last = e->len > 0 ? e->data[e->len - 1] : '[';

	if (len + 2 > DLOAD_MAX_ENVELOPE_BYTES - Min(e->len,
												 DLOAD_MAX_ENVELOPE_BYTES))
	{
		r->fault = FAULT_ENVELOPE_SIZE;
		return;
	}

	/*
	 * These three end a piece only as punctuation: strings end in a quote.
	 */
	if (last != '{' && last != '[' && last != ':' &&
		*data != '}' && *data != ']')
		appendStringInfoChar(e, ',');
	appendBinaryStringInfo(e, data, len);
}

static void
keep_bracket(DloadReader *r, char bracket)
{
	keep(r, &bracket, 1);
}

/* A scalar's or skipped container's bytes in the page, quotes included. */
static DloadSpan
token_span(const DloadToken *token)
{
	DloadSpan	span = token->text;

	if (token->type == DLOAD_TOKEN_STRING || token->type == DLOAD_TOKEN_KEY)
	{
		span.data--;
		span.len += 2;
	}
	return span;
}

static void
keep_token(DloadReader *r)
{
	DloadSpan	span = token_span(&r->token);

	keep(r, span.data, span.len);
	if (r->token.type == DLOAD_TOKEN_KEY && r->fault == FAULT_NONE)
		appendStringInfoChar(&r->envelope, ':');
}

/* Is the value at "level" where the records are? */
static inline bool
at_records(const DloadReader *r)
{
	return r->level == r->path->nsteps;
}

/*
 * Do the records leave a trace in the envelope?  Not where each of them is
 * an element that [*] led to: there may be very many.
 */
static bool
leaves_trace(const DloadReader *r)
{
	return r->path->nsteps == 0 ||
		r->path->steps[r->path->nsteps - 1].kind != DLOAD_STEP_ANY;
}

/* A value off the path is complete.  With level -1 it was the root. */
static void
plain_done(DloadReader *r)
{
	r->state = r->level < 0 ? WALK_DONE : WALK_INSIDE;
}

/* The value at "level" is complete: back into the container around it. */
static void
value_done(DloadReader *r)
{
	r->level--;
	plain_done(r);
}

static void
record_done(DloadReader *r)
{
	if (r->in_records)
		r->state = WALK_RECORDS;
	else
		value_done(r);
}

static inline bool
is_container(const DloadToken *token)
{
	return token->type == DLOAD_TOKEN_OBJECT_START ||
		token->type == DLOAD_TOKEN_ARRAY_START;
}

/* Enter WALK_SKIP_* for the container that r->token opens. */
static void
skip_as(DloadReader *r, WalkState state)
{
	r->state = state;
	if (!r->opened)
		r->held = r->token.text.data - r->buf;
}

/* A value off the path, whose first token is r->token. */
static void
take_plain(DloadReader *r)
{
	if (is_container(&r->token))
		skip_as(r, WALK_SKIP_PLAIN);
	else
	{
		keep_token(r);
		plain_done(r);
	}
}

/* A record, whose first token is r->token.  True if that is all of it. */
static bool
take_record(DloadReader *r)
{
	if (is_container(&r->token))
	{
		skip_as(r, WALK_SKIP_RECORD);
		return false;
	}
	record_done(r);
	return true;
}

/* The value at the path's end.  True if it is a record and complete. */
static bool
take_records(DloadReader *r)
{
	bool		trace = leaves_trace(r);

	r->found = true;
	if (r->token.type == DLOAD_TOKEN_NULL)
	{
		if (trace)
			keep_token(r);
		value_done(r);
		return false;
	}
	if (trace)
		keep(r, "[]", 2);
	if (r->token.type != DLOAD_TOKEN_ARRAY_START)
		return take_record(r);
	r->in_records = true;
	r->state = WALK_RECORDS;
	return false;
}

/*
 * The value at "level", whose first token is r->token.  True if it is a
 * complete record.
 */
static bool
take_value(DloadReader *r)
{
	bool		object;

	if (at_records(r))
		return take_records(r);

	object = r->path->steps[r->level].kind == DLOAD_STEP_KEY;
	if (r->token.type == (object ?
						  DLOAD_TOKEN_OBJECT_START : DLOAD_TOKEN_ARRAY_START))
	{
		keep_bracket(r, object ? '{' : '[');
		r->subscript[r->level] = 0;
		r->state = WALK_INSIDE;
		return false;
	}

	/* the path leads no further: an ordinary value of the level above */
	r->level--;
	take_plain(r);
	return false;
}

/*
 * The next token in the container at "level".  True if it is a complete
 * record.
 */
static bool
take_inside(DloadReader *r)
{
	const DloadStep *step = &r->path->steps[r->level];

	switch (r->token.type)
	{
		case DLOAD_TOKEN_OBJECT_END:
			keep_bracket(r, '}');
			value_done(r);
			return false;
		case DLOAD_TOKEN_ARRAY_END:
			/* a list without elements has none that could lack the records */
			if (step->kind == DLOAD_STEP_ANY && r->subscript[r->level] == 0)
				r->found = true;
			keep_bracket(r, ']');
			value_done(r);
			return false;
		case DLOAD_TOKEN_KEY:
			keep_token(r);
			if (dload_token_equals(&r->token, step->key, step->keylen))
			{
				r->level++;
				r->state = WALK_VALUE;
			}
			else
				r->state = WALK_PLAIN;
			return false;
		default:
			if (r->subscript[r->level]++ == step->index ||
				step->kind == DLOAD_STEP_ANY)
			{
				r->level++;
				return take_value(r);
			}
			take_plain(r);
			return false;
	}
}

/*
 * Act on r->token, which was just scanned or skipped.  True if it is a
 * complete record.
 */
static bool
take_token(DloadReader *r)
{
	switch (r->state)
	{
		case WALK_VALUE:
			return take_value(r);
		case WALK_PLAIN:
			take_plain(r);
			return false;
		case WALK_INSIDE:
			return take_inside(r);
		case WALK_RECORDS:
			if (r->token.type != DLOAD_TOKEN_ARRAY_END)
				return take_record(r);
			r->in_records = false;
			value_done(r);
			return false;
		case WALK_SKIP_PLAIN:
			keep_token(r);
			plain_done(r);
			return false;
		case WALK_SKIP_RECORD:
			record_done(r);
			return true;
		case WALK_DONE:
			break;
	}
	return false;
}

/* The bytes ended.  Are those that wait for more already too many? */
static void
check_pending(DloadReader *r)
{
	const char *from = skipping(r) ? r->token.text.data : r->scanner.cur;
	size_t		pending = r->scanner.end - from;

	if (r->state == WALK_SKIP_RECORD || r->state == WALK_RECORDS ||
		(r->state == WALK_VALUE && at_records(r)))
	{
		if (pending > r->max_record)
			r->fault = FAULT_RECORD_SIZE;
	}
	else if (pending + r->envelope.len > DLOAD_MAX_ENVELOPE_BYTES)
		r->fault = FAULT_ENVELOPE_SIZE;
}

static DloadReadResult
report_fault(const DloadReader *r, DloadError *err)
{
	if (r->fault == FAULT_RECORD_SIZE)
	{
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"record is larger than %zu kB",
						r->max_record / 1024);
		dload_error_hint(err, "The limit is the setting "
						 "\"dload.max_record_bytes\".");
	}
	else
	{
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"response has more than %d kB outside its records",
						DLOAD_MAX_ENVELOPE_BYTES / 1024);
		dload_error_detail(err, "The path to the records is \"%s\".",
						   dload_path_text(r->path));
		dload_error_hint(err, "Check that the path leads to the records.");
	}
	return DLOAD_READ_ERROR;
}

static DloadReadResult
report_syntax(const DloadReader *r, DloadError *err)
{
	int64		offset = 0;

	if (!r->opened && r->buf != NULL)
		offset = r->dropped + (r->scanner.begin - r->buf);
	dload_scanner_error(&r->scanner, offset, err);
	return DLOAD_READ_ERROR;
}

DloadReadResult
dload_reader_next(DloadReader *r, DloadSpan *record, DloadError *err)
{
	while (r->fault == FAULT_NONE)
	{
		DloadTokenType type;

		if (skipping(r))
			type = dload_scanner_skip(&r->scanner, &r->token);
		else
			type = dload_scanner_next(&r->scanner, &r->token);
		switch (type)
		{
			case DLOAD_TOKEN_ERROR:
				return report_syntax(r, err);
			case DLOAD_TOKEN_END:
				return DLOAD_READ_END;
			case DLOAD_TOKEN_MORE:
				check_pending(r);
				if (r->fault == FAULT_NONE)
					return DLOAD_READ_MORE;
				break;
			default:
				if (!take_token(r))
					break;
				*record = token_span(&r->token);
				if (record->len <= r->max_record)
				{
					r->count++;
					r->last = *record;
					return DLOAD_READ_RECORD;
				}
				r->fault = FAULT_RECORD_SIZE;
				break;
		}
	}
	return report_fault(r, err);
}

DloadSpan
dload_reader_envelope(const DloadReader *r)
{
	DloadSpan	span;

	span.data = r->envelope.data;
	span.len = r->envelope.len;
	return span;
}

int64
dload_reader_count(const DloadReader *r)
{
	return r->count;
}

bool
dload_reader_found(const DloadReader *r)
{
	return r->found;
}
