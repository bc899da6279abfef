/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  The incremental cursor.
 *
 * Values are kept as the API wrote them.  They are compared as numbers when
 * both are JSON numbers, as instants when both read as a date and time, and
 * byte by byte otherwise.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/cursor.h"

#include "data/type.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

typedef enum ValueKind
{
	VALUE_NONE,
	VALUE_NUMBER,
	VALUE_TIME,
	VALUE_TEXT
} ValueKind;

typedef struct Value
{
	ValueKind	kind;
	char	   *text;			/* as the API wrote it */
	Datum		number;			/* numeric */
	TimestampTz time;
	bool		string;			/* a JSON string */
} Value;

struct DloadCursor
{
	MemoryContext context;
	MemoryContext compare;		/* reset per record */
	bool		append;
	bool		descending;
	bool		ascending;
	bool		overflowed;
	Value		committed;
	HTAB	   *boundary;		/* hashes of records at or after committed */
	Value		start;			/* of the window, lag subtracted */
	Value		clock;			/* start of the window by the server's clock */
	Value		held;			/* highest seen in the window, but no later
								 * than clock: the next committed value */
	HTAB	   *seen;			/* hashes of records at or after held */
};

/*
 * Is this text a JSON number?  Cursor values in the catalog have lost their
 * quotes: a string of digits is compared as a number too, which orders ids of
 * equal length alike and those of different length better.
 */
static bool
looks_numeric(const char *s, size_t len)
{
	size_t		i = (len > 0 && s[0] == '-') ? 1 : 0;
	size_t		digits = 0;
	bool		point = false;

	for (; i < len; i++)
	{
		if (s[i] >= '0' && s[i] <= '9')
			digits++;
		else if (s[i] == '.' && !point && digits > 0)
			point = true;
		else
			return false;
	}
	return digits > 0 && digits <= 100;
}

static Datum
parse_numeric(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/* Fill a value from text; the text is copied to the current context. */
static void
value_set(Value *v, const char *text, size_t len)
{
	v->text = pnstrdup(text, len);
	v->string = false;
	if (looks_numeric(text, len))
	{
		v->kind = VALUE_NUMBER;
		v->number = parse_numeric(v->text);
	}
	else if (dload_parse_instant(text, len, &v->time))
		v->kind = VALUE_TIME;
	else
		v->kind = VALUE_TEXT;
}

/* 1e3 -> 1000; what is too large for it stays as it is. */
static char *
without_exponent(char *number)
{
	char	   *e = strpbrk(number, "eE");

	if (e == NULL || strlen(number) > 100 || abs(atoi(e + 1)) > 100)
		return number;
	return DatumGetCString(DirectFunctionCall1(numeric_out,
											   parse_numeric(number)));
}

static bool
value_from_row(Value *v, const DloadRow *row)
{
	char	   *text;

	if (row->cursor.type == DLOAD_TOKEN_NONE)
		return false;
	text = dload_token_cstring(&row->cursor);
	if (row->cursor.type == DLOAD_TOKEN_NUMBER)
		text = without_exponent(text);
	value_set(v, text, strlen(text));
	v->string = row->cursor.type == DLOAD_TOKEN_STRING;
	return true;
}

/*
 * Can the value be told to be before or after a known one?  Identifiers in
 * strings may be digits now and then, which makes them no numbers.
 */
static bool
comparable(const Value *v, const Value *known)
{
	if (v->kind == known->kind)
		return v->string || !known->string;
	return v->string && (known->string || known->kind == VALUE_TEXT) &&
		v->kind != VALUE_TIME && known->kind != VALUE_TIME;
}

/* Below, equal, above: negative, 0, positive.  Both have a kind. */
static int
value_compare(const Value *a, const Value *b)
{
	if (a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a->number,
												 b->number));
	if (a->kind == VALUE_TIME && b->kind == VALUE_TIME)
		return a->time < b->time ? -1 : a->time > b->time ? 1 : 0;
	return strcmp(a->text, b->text);
}

/* A deep copy in the cursor's context; what "to" had is freed. */
static void
value_copy(DloadCursor *c, Value *to, const Value *from)
{
	MemoryContext old = MemoryContextSwitchTo(c->context);
	Value		before = *to;

	*to = *from;
	if (from->kind != VALUE_NONE)
		value_set(to, from->text, strlen(from->text));
	to->string = from->string;
	if (before.kind != VALUE_NONE)
		pfree(before.text);
	if (before.kind == VALUE_NUMBER)
		pfree(DatumGetPointer(before.number));
	MemoryContextSwitchTo(old);
}

static HTAB *
hash_set(MemoryContext context)
{
	HASHCTL		ctl = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(uint64),
		.hcxt = context
	};

	return hash_create("dload boundary", 256, &ctl,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
load_hashes(HTAB *set, ArrayType *array)
{
	Datum	   *values;
	int			n;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		uint64		hash = (uint64) DatumGetInt64(values[i]);

		hash_search(set, &hash, HASH_ENTER, NULL);
	}
}

static ArrayType *
save_hashes(HTAB *set)
{
	Datum	   *values = palloc(sizeof(Datum) *
								(hash_get_num_entries(set) + 1));
	int			n = 0;
	HASH_SEQ_STATUS scan;
	uint64	   *hash;

	hash_seq_init(&scan, set);
	while ((hash = hash_seq_search(&scan)) != NULL)
		values[n++] = Int64GetDatum((int64) *hash);
	return construct_array(values, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}

/* ISO 8601 in UTC, with "Z". */
static char *
timestamp_text(TimestampTz t)
{
	char		buf[MAXDATELEN + 1];
	int			utc = 0;
	char	   *zone;

	JsonEncodeDateTime(buf, TimestampTzGetDatum(t), TIMESTAMPTZOID, &utc);
	zone = strchr(buf, '+');
	if (zone != NULL)
		strcpy(zone, "Z");
	return pstrdup(buf);
}

bool
dload_cursor_check_lag(const char *lag, DloadError *err)
{
	if (looks_numeric(lag, strlen(lag)))
		return true;
	/* raises for what is no interval; the caller is a DDL-like function */
	(void) DirectFunctionCall3(interval_in, CStringGetDatum(lag),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
	return true;
}

/* cursor - lag */
static void
subtract_lag(Value *v, const char *lag)
{
	if (v->kind == VALUE_NUMBER && looks_numeric(lag, strlen(lag)))
	{
		Datum		r = DirectFunctionCall2(numeric_sub, v->number,
											parse_numeric(lag));
		char	   *text;

		text = DatumGetCString(DirectFunctionCall1(numeric_out, r));
		value_set(v, text, strlen(text));
	}
	else if (v->kind == VALUE_TIME)
	{
		char	   *interval = looks_numeric(lag, strlen(lag)) ?
		psprintf("%s seconds", lag) : pstrdup(lag);
		Datum		i = DirectFunctionCall3(interval_in,
											CStringGetDatum(interval),
											ObjectIdGetDatum(InvalidOid),
											Int32GetDatum(-1));
		char	   *text;

		i = DirectFunctionCall2(timestamptz_mi_interval,
								TimestampTzGetDatum(v->time), i);
		v->time = DatumGetTimestampTz(i);
		text = timestamp_text(v->time);
		value_set(v, text, strlen(text));
	}
}

DloadCursor *
dload_cursor_create(const DloadPipeline *p, const DloadCursorRow *row,
					bool resume)
{
	DloadCursor *c;
	Value		initial = {VALUE_NONE};

	if (p->cursor_path == NULL)
		return NULL;
	c = palloc0(sizeof(DloadCursor));
	c->context = CurrentMemoryContext;
	c->compare = AllocSetContextCreate(CurrentMemoryContext, "dload cursor",
									   ALLOCSET_SMALL_SIZES);
	c->append = strcmp(p->disposition, "append") == 0;
	c->descending = p->cursor_order && strcmp(p->cursor_order, "desc") == 0;
	c->ascending = p->cursor_order && strcmp(p->cursor_order, "asc") == 0;
	c->boundary = hash_set(CurrentMemoryContext);
	c->seen = hash_set(CurrentMemoryContext);

	if (row->value)
		value_set(&c->committed, row->value, strlen(row->value));
	c->committed.string = row->string;
	load_hashes(c->boundary, row->boundary);
	if (resume && row->window_start)
		value_set(&c->start, row->window_start, strlen(row->window_start));
	else if (!resume)
	{
		value_copy(c, &c->start, &c->committed);
		if (p->lag && c->start.kind != VALUE_NONE)
			subtract_lag(&c->start, p->lag);
		if (p->initial_value)
			value_set(&initial, p->initial_value, strlen(p->initial_value));
		if (initial.kind != VALUE_NONE &&
			(c->start.kind == VALUE_NONE ||
			 value_compare(&initial, &c->start) > 0))
			c->start = initial;
	}
	if (resume && row->window_clock)
		value_set(&c->clock, row->window_clock, strlen(row->window_clock));
	if (resume && row->pending)
	{
		value_set(&c->held, row->pending, strlen(row->pending));
		load_hashes(c->seen, row->pending_boundary);
	}
	c->held.string = c->start.string = row->string;
	return c;
}

void
dload_cursor_set_clock(DloadCursor *c, TimestampTz server_time)
{
	MemoryContext old;
	char	   *text;

	if (c->clock.kind != VALUE_NONE)
		return;
	old = MemoryContextSwitchTo(c->context);
	text = timestamp_text(server_time);
	value_set(&c->clock, text, strlen(text));
	MemoryContextSwitchTo(old);
}

const char *
dload_cursor_start(const DloadCursor *c)
{
	return c->start.kind == VALUE_NONE ? NULL : c->start.text;
}

char *
dload_cursor_start_text(const DloadCursor *c, const DloadRequestSpec *spec,
						bool *bare)
{
	if (c->start.kind == VALUE_NONE)
		return NULL;
	return dload_cursor_text(c->start.text, c->start.string, spec, bare);
}

DloadCursorVerdict
dload_cursor_check(DloadCursor *c, const DloadRow *row, char **reason)
{
	MemoryContext old;
	Value		v = {VALUE_NONE};
	const Value *known = c->start.kind != VALUE_NONE ? &c->start : &c->held;
	DloadCursorVerdict verdict = DLOAD_CURSOR_LOAD;

	MemoryContextReset(c->compare);
	old = MemoryContextSwitchTo(c->compare);
	if (!value_from_row(&v, row))
		verdict = c->append ? DLOAD_CURSOR_MISSING : DLOAD_CURSOR_LOAD;
	else if (known->kind != VALUE_NONE && !comparable(&v, known))
		verdict = DLOAD_CURSOR_INVALID;
	else if (c->start.kind != VALUE_NONE && value_compare(&v, &c->start) < 0)
		verdict = DLOAD_CURSOR_OLD;
	else if (c->append &&
			 hash_search(c->boundary, &row->hash, HASH_FIND, NULL) != NULL)
		verdict = DLOAD_CURSOR_SEEN;
	MemoryContextSwitchTo(old);
	if (verdict == DLOAD_CURSOR_MISSING)
		*reason = pstrdup("record has no value at cursor_path");
	else if (verdict == DLOAD_CURSOR_INVALID)
		*reason = psprintf("value \"%s\" at cursor_path cannot be compared"
						   " with \"%s\"",
						   v.text, known->text);
	return verdict;
}

static void
forget_hashes(HTAB *set)
{
	HASH_SEQ_STATUS scan;
	uint64	   *hash;

	hash_seq_init(&scan, set);
	while ((hash = hash_seq_search(&scan)) != NULL)
		hash_search(set, hash, HASH_REMOVE, NULL);
}

/*
 * Follow the highest value, held back to the clock, and keep the hashes of
 * what lies at or after it.  When the held value rises, everything kept so far
 * lies before it: it was either equal to the old one, or the old one was the
 * clock, which nothing passes.
 */
void
dload_cursor_see(DloadCursor *c, const DloadRow *row)
{
	Value		v = {VALUE_NONE};
	const Value *capped = &v;
	MemoryContext old;

	MemoryContextReset(c->compare);
	old = MemoryContextSwitchTo(c->compare);
	if (value_from_row(&v, row))
	{
		if (v.kind == VALUE_TIME && c->clock.kind == VALUE_TIME &&
			value_compare(&v, &c->clock) > 0)
			capped = &c->clock;
		if (c->held.kind == VALUE_NONE ||
			value_compare(capped, &c->held) > 0)
		{
			value_copy(c, &c->held, capped);
			forget_hashes(c->seen);
		}
		if (c->append && value_compare(&v, &c->held) >= 0)
		{
			if (hash_get_num_entries(c->seen) >= DLOAD_MAX_BOUNDARY)
				c->overflowed = true;
			else
				hash_search(c->seen, &row->hash, HASH_ENTER, NULL);
		}
	}
	MemoryContextSwitchTo(old);
}

bool
dload_cursor_overflowed(const DloadCursor *c)
{
	return c->overflowed;
}

bool
dload_cursor_may_end_read(const DloadCursor *c)
{
	return c->descending && c->start.kind != VALUE_NONE;
}

bool
dload_cursor_page_is_old(const DloadCursor *c, int64 nold, int64 ndated)
{
	return c->descending && ndated > 0 && nold == ndated;
}

/*
 * The held value becomes the committed one, unless that would go back, as it
 * may when the clock of another of the API's machines is behind.  What was
 * loaded is remembered even then.
 */
static void
commit_held(DloadCursor *c)
{
	if (c->held.kind == VALUE_NONE)
		return;
	if (c->committed.kind == VALUE_NONE ||
		value_compare(&c->held, &c->committed) > 0)
	{
		value_copy(c, &c->committed, &c->held);
		forget_hashes(c->boundary);
	}
	load_hashes(c->boundary, save_hashes(c->seen));
}

void
dload_cursor_save(DloadCursor *c, DloadCursorRow *row, bool complete,
				  bool settled)
{
	if (complete || settled || c->ascending)
		commit_held(c);
	row->value = c->committed.text;
	row->string = c->committed.string || c->held.string;
	row->boundary = save_hashes(c->boundary);
	row->pending = complete ? NULL : c->held.text;
	row->pending_boundary = complete ? construct_empty_array(INT8OID) :
		save_hashes(c->seen);
	row->window_start = complete ? NULL : c->start.text;
	row->window_clock = complete ? NULL : c->clock.text;
}
