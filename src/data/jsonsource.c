/*-------------------------------------------------------------------------
 *
 * jsonsource.c
 *	  Source of records: a JSON document -> records and envelope.
 *
 * The source walks along the records' path, one *level* per step, holding
 * nothing but the level and the subscript reached at each of them.  A value
 * that the path does not lead into is skipped whole and copied to the
 * envelope; one at the path's end is skipped whole and handed out.  Between
 * two calls the walk is a state, so the bytes may end anywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/source.h"

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
	WALK_MAP,					/* a key or the end of the map of records */
	WALK_MAP_VALUE,				/* the record behind a key of it */
	WALK_SKIP_PLAIN,			/* the rest of a container off the path */
	WALK_SKIP_RECORD,			/* the rest of a record */
	WALK_DONE					/* white space until the end */
} WalkState;

typedef enum SourceFault
{
	FAULT_NONE,
	FAULT_RECORD_SIZE,
	FAULT_ENVELOPE_SIZE
} SourceFault;

typedef struct JsonSource
{
	DloadSource base;
	const DloadPath *path;
	bool		mapped;			/* an object at its end is a map of records */
	bool		bare;			/* a list at the root is that of the records */
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
	bool		in_map;			/* inside the map of records */
	int			level;
	int64		subscript[DLOAD_MAX_PATH_STEPS];

	StringInfoData envelope;
	StringInfoData key;			/* of the record in a map, quoted */
	int64		count;
	bool		found;
	SourceFault fault;			/* other than what the scanner reports */
} JsonSource;

static void
json_reset(DloadSource *source)
{
	JsonSource *r = (JsonSource *) source;

	dload_scanner_init(&r->scanner, r->buf != NULL ? r->buf : "", 0, false);
	r->len = 0;
	r->dropped = 0;
	r->opened = false;
	r->state = WALK_VALUE;
	r->in_records = false;
	r->in_map = false;
	r->level = 0;
	resetStringInfo(&r->envelope);
	resetStringInfo(&r->key);
	r->count = 0;
	r->found = false;
	r->fault = FAULT_NONE;
}

static void
json_open(DloadSource *source, const char *body, size_t len)
{
	JsonSource *r = (JsonSource *) source;

	json_reset(source);
	r->opened = true;
	dload_scanner_init(&r->scanner, body, len, true);
}

static inline bool
skipping(const JsonSource *r)
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
make_room(JsonSource *r, size_t first, size_t more)
{
	size_t		live = r->len - first;
	size_t		size = Max(2 * (live + more), DLOAD_FIRST_BYTES);
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

static void
json_feed(DloadSource *source, const char *data, size_t len)
{
	JsonSource *r = (JsonSource *) source;
	size_t		cur = r->buf != NULL ? r->scanner.cur - r->buf : 0;
	size_t		moved;

	Assert(!r->opened && !r->scanner.final);
	if (len == 0)
		return;
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

static void
json_finish(DloadSource *source)
{
	JsonSource *r = (JsonSource *) source;
	DloadScanner *s = &r->scanner;

	if (!r->opened)
		dload_scanner_refill(s, s->cur, s->end - s->cur, true);
}

/* Add to the envelope, with a comma where one belongs. */
static void
keep(JsonSource *r, const char *data, size_t len)
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
keep_bracket(JsonSource *r, char bracket)
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
keep_token(JsonSource *r)
{
	DloadSpan	span = token_span(&r->token);

	keep(r, span.data, span.len);
	if (r->token.type == DLOAD_TOKEN_KEY && r->fault == FAULT_NONE)
		appendStringInfoChar(&r->envelope, ':');
}

/* Is the value at "level" where the records are? */
static inline bool
at_records(const JsonSource *r)
{
	return r->level == r->path->nsteps;
}

/*
 * Do the records leave a trace in the envelope?  Not where each of them is
 * an element that [*] led to: there may be very many.
 */
static bool
leaves_trace(const JsonSource *r)
{
	return r->path->nsteps == 0 ||
		r->path->steps[r->path->nsteps - 1].kind != DLOAD_STEP_ANY;
}

/* A value off the path is complete.  With level -1 it was the root. */
static void
plain_done(JsonSource *r)
{
	r->state = r->level < 0 ? WALK_DONE : WALK_INSIDE;
}

/* The value at "level" is complete: back into the container around it. */
static void
value_done(JsonSource *r)
{
	r->level--;
	plain_done(r);
}

static void
record_done(JsonSource *r)
{
	if (r->in_map)
		r->state = WALK_MAP;
	else if (r->in_records)
		r->state = WALK_RECORDS;
	else
		value_done(r);
}

/* Enter WALK_SKIP_* for the container that r->token opens. */
static void
skip_as(JsonSource *r, WalkState state)
{
	r->state = state;
	if (!r->opened)
		r->held = r->token.text.data - r->buf;
}

/* A value off the path, whose first token is r->token. */
static void
take_plain(JsonSource *r)
{
	if (dload_is_container(&r->token))
		skip_as(r, WALK_SKIP_PLAIN);
	else
	{
		keep_token(r);
		plain_done(r);
	}
}

/* A record, whose first token is r->token.  True if that is all of it. */
static bool
take_record(JsonSource *r)
{
	if (dload_is_container(&r->token))
	{
		skip_as(r, WALK_SKIP_RECORD);
		return false;
	}
	record_done(r);
	return true;
}

/* The value at the path's end.  True if it is a record and complete. */
static bool
take_records(JsonSource *r)
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
	if (r->mapped && r->token.type == DLOAD_TOKEN_OBJECT_START)
	{
		r->in_map = true;
		r->state = WALK_MAP;
		return false;
	}
	if (r->token.type != DLOAD_TOKEN_ARRAY_START)
		return take_record(r);
	r->in_records = true;
	r->state = WALK_RECORDS;
	return false;
}

/* A key of the map of records, or its end. */
static void
take_map_key(JsonSource *r)
{
	DloadSpan	span;

	if (r->token.type == DLOAD_TOKEN_OBJECT_END)
	{
		r->in_map = false;
		value_done(r);
		return;
	}
	span = token_span(&r->token);
	if (span.len > r->max_record)
	{
		r->fault = FAULT_RECORD_SIZE;
		return;
	}
	resetStringInfo(&r->key);
	appendBinaryStringInfo(&r->key, span.data, (int) span.len);
	r->state = WALK_MAP_VALUE;
}

/*
 * An element of the list of records, or its end.  What writes maps as objects
 * may write those with the keys 0, 1, 2 and the empty one as lists.
 */
static bool
take_element(JsonSource *r)
{
	if (r->token.type == DLOAD_TOKEN_ARRAY_END)
	{
		r->in_records = false;
		value_done(r);
		return false;
	}
	if (r->mapped)
	{
		resetStringInfo(&r->key);
		appendStringInfo(&r->key, "\"" INT64_FORMAT "\"", r->count);
	}
	return take_record(r);
}

/*
 * The value at "level", whose first token is r->token.  True if it is a
 * complete record.
 */
static bool
take_value(JsonSource *r)
{
	bool		object;

	if (at_records(r) ||
		(r->bare && r->level == 0 && r->token.type == DLOAD_TOKEN_ARRAY_START))
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
take_inside(JsonSource *r)
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
take_token(JsonSource *r)
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
			return take_element(r);
		case WALK_MAP:
			take_map_key(r);
			return false;
		case WALK_MAP_VALUE:
			return take_record(r);
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
check_pending(JsonSource *r)
{
	const char *from = skipping(r) ? r->token.text.data : r->scanner.cur;
	size_t		pending = r->scanner.end - from;

	if (r->state == WALK_SKIP_RECORD || r->state == WALK_RECORDS ||
		r->state == WALK_MAP || r->state == WALK_MAP_VALUE ||
		(r->state == WALK_VALUE && at_records(r)))
	{
		if (pending > r->max_record)
			r->fault = FAULT_RECORD_SIZE;
	}
	else if (pending + r->envelope.len > DLOAD_MAX_ENVELOPE_BYTES)
		r->fault = FAULT_ENVELOPE_SIZE;
}

static DloadReadResult
report_fault(const JsonSource *r, DloadError *err)
{
	if (r->fault == FAULT_RECORD_SIZE)
		return dload_record_too_large(r->max_record, err);
	dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					"response has more than %d kB outside its records",
					DLOAD_MAX_ENVELOPE_BYTES / 1024);
	dload_error_detail(err, "The path to the records is \"%s\".",
					   dload_path_text(r->path));
	dload_error_hint(err, "Check that the path leads to the records.");
	return DLOAD_READ_ERROR;
}

static DloadReadResult
report_syntax(const JsonSource *r, DloadError *err)
{
	int64		offset = 0;

	if (!r->opened && r->buf != NULL)
		offset = r->dropped + (r->scanner.begin - r->buf);
	dload_scanner_error(&r->scanner, offset, err);
	return DLOAD_READ_ERROR;
}

static DloadReadResult
json_next(DloadSource *source, DloadSpan *record, DloadError *err)
{
	JsonSource *r = (JsonSource *) source;

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
					return DLOAD_READ_RECORD;
				}
				r->fault = FAULT_RECORD_SIZE;
				break;
		}
	}
	return report_fault(r, err);
}

DloadSpan
dload_json_source_envelope(const DloadSource *source)
{
	const JsonSource *r = (const JsonSource *) source;

	return dload_span(r->envelope.data, r->envelope.len);
}

bool
dload_json_source_found(const DloadSource *source)
{
	return ((const JsonSource *) source)->found;
}

void
dload_json_source_release(DloadSource *source)
{
	JsonSource *r = (JsonSource *) source;

	if (r->buf != NULL)
		pfree(r->buf);
	r->buf = NULL;
	r->len = r->size = 0;
	dload_scanner_refill(&r->scanner, "", 0, true);
}

DloadSpan
dload_json_source_key(const DloadSource *source)
{
	const JsonSource *r = (const JsonSource *) source;

	return dload_span(r->key.data, r->key.len);
}

DloadSource *
dload_json_source(const DloadPath *path, size_t max_record, bool mapped,
				  bool bare)
{
	static const DloadSourceKind kind = {
		json_reset, json_open, json_feed, json_finish, json_next
	};
	JsonSource *r = palloc0(sizeof(JsonSource));

	r->base.kind = &kind;
	r->path = path;
	r->mapped = mapped;
	r->bare = bare;
	r->max_record = max_record;
	r->context = CurrentMemoryContext;
	initStringInfo(&r->envelope);
	initStringInfo(&r->key);
	json_reset(&r->base);
	return &r->base;
}
