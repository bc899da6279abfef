/*-------------------------------------------------------------------------
 *
 * reshape.c
 *	  Records rewritten: values named, added and decoded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/reshape.h"

#include "utils/memutils.h"

/* Every record gets them again, so they are bounded: in all, and in number. */
#define MAX_COPIED_BYTES	(64 * 1024)
#define MAX_NAMES			16384

struct DloadReshape
{
	const DloadForm *form;
	size_t		max_record;
	MemoryContext context;
	DloadPath  *list;			/* of value_path: what comes before [*] ... */
	DloadPath  *element;		/* ... and after it, or NULL */

	MemoryContext page_context; /* of what the envelope gave */
	int			nnames;
	char	  **names;
	DloadError	error;			/* the envelope lacks what it should give */
	StringInfoData added;		/* members for every record: ,"a":1,"b":2 */

	StringInfoData keyed;
	StringInfoData out;
	StringInfoData decoded;
};

bool
dload_form_reshapes(const DloadForm *form)
{
	return form->key != NULL || dload_form_has_rows(form) ||
		form->ncopied > 0 || form->ncoded > 0;
}

bool
dload_form_needs_envelope(const DloadForm *form)
{
	return form->names_path != NULL || form->ncopied > 0;
}

/* The steps [from, to) of a path; NULL if there are none. */
static DloadPath *
part_of_path(const DloadPath *path, int from, int to)
{
	DloadPath  *part;

	if (from >= to)
		return NULL;
	part = palloc(offsetof(DloadPath, steps) +
				  (to - from) * sizeof(DloadStep));
	part->nsteps = to - from;
	memcpy(part->steps, path->steps + from, (to - from) * sizeof(DloadStep));
	return part;
}

/* The first [*] of a path; nsteps if it has none. */
static int
find_any(const DloadPath *path)
{
	int			i = 0;

	while (i < path->nsteps && path->steps[i].kind != DLOAD_STEP_ANY)
		i++;
	return i;
}

DloadReshape *
dload_reshape_create(const DloadForm *form, size_t max_record)
{
	DloadReshape *r = palloc0(sizeof(DloadReshape));

	r->form = form;
	r->max_record = max_record;
	r->context = CurrentMemoryContext;
	r->page_context = AllocSetContextCreate(r->context, "dload names",
											ALLOCSET_SMALL_SIZES);
	r->nnames = form->nnames;
	r->names = form->names;
	if (form->value_path != NULL)
	{
		int			any = find_any(form->value_path);

		r->list = part_of_path(form->value_path, 0, any);
		r->element = part_of_path(form->value_path, any + 1,
								  form->value_path->nsteps);
	}
	initStringInfo(&r->added);
	initStringInfo(&r->keyed);
	initStringInfo(&r->out);
	initStringInfo(&r->decoded);
	return r;
}

/* A value's bytes, quotes included. */
static DloadSpan
value_span(const DloadToken *token)
{
	if (token->type == DLOAD_TOKEN_STRING)
		return dload_span(token->text.data - 1, token->text.len + 2);
	return token->text;
}

static void
append_span(StringInfo out, DloadSpan span)
{
	appendBinaryStringInfo(out, span.data, (int) span.len);
}

/* -------------------------------------------------------------------------
 * From the envelope
 * -------------------------------------------------------------------------
 */

static bool
no_names(const DloadReshape *r, const char *fault, DloadError *err)
{
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"row_names_path \"%s\" %s",
					dload_path_text(r->form->names_path), fault);
	return dload_error_hint(err, "It should lead to a list of names, or "
							"through a list of objects to the name in each: "
							"columns[*].name.");
}

/* The names of rows: strings of a list, or found by "tail" in its elements. */
static bool
take_names(DloadReshape *r, DloadSpan list, const DloadPath *tail,
		   DloadError *err)
{
	DloadScanner s;
	DloadToken	token;
	DloadTokenType type;
	char	  **names = palloc(MAX_NAMES * sizeof(char *));
	char	   *twice;
	int			nnames = 0;
	size_t		bytes = 0;

	dload_scanner_init(&s, list.data, list.len, true);
	if (dload_scanner_next(&s, &token) != DLOAD_TOKEN_ARRAY_START)
		return no_names(r, "does not lead to a list", err);
	while ((type = dload_scanner_value(&s, &token)) != DLOAD_TOKEN_ARRAY_END &&
		   type != DLOAD_TOKEN_ERROR && type != DLOAD_TOKEN_END)
	{
		if (tail != NULL &&
			!dload_path_lookup(tail, value_span(&token), &token))
			return no_names(r, "leads to an element without a name", err);
		if (token.type != DLOAD_TOKEN_STRING)
			return no_names(r, "leads to a name that is not a string", err);
		bytes += token.text.len;
		if (nnames == MAX_NAMES || bytes > MAX_COPIED_BYTES)
			return no_names(r, "leads to too many names", err);
		names[nnames++] = pnstrdup(token.text.data - 1, token.text.len + 2);
	}
	twice = dload_form_twice(names, nnames);
	if (twice != NULL)
	{
		no_names(r, psprintf("leads to the name %s twice", twice), err);
		return dload_error_hint(err, "Give other names by the option "
								"\"row_names\" instead.");
	}
	r->names = names;
	r->nnames = nnames;
	return true;
}

static bool
read_names(DloadReshape *r, DloadSpan envelope, DloadError *err)
{
	const DloadPath *path = r->form->names_path;
	int			any = find_any(path);
	DloadPath  *head = part_of_path(path, 0, any);
	DloadPath  *tail = part_of_path(path, any + 1, path->nsteps);
	DloadToken	list = {DLOAD_TOKEN_ARRAY_START};

	list.text = envelope;
	if (envelope.len == 0 ||
		(head != NULL && !dload_path_lookup(head, envelope, &list)))
	{
		/* later pages often leave them out */
		return r->nnames > 0 || no_names(r, "leads to nothing", err);
	}
	return take_names(r, value_span(&list), tail, err);
}

char *
dload_reshape_names(const DloadReshape *r)
{
	StringInfoData list;

	if (r->form->names_path == NULL || r->nnames == 0)
		return NULL;
	initStringInfo(&list);
	for (int i = 0; i < r->nnames; i++)
		appendStringInfo(&list, "%c%s", i == 0 ? '[' : ',', r->names[i]);
	appendStringInfoChar(&list, ']');
	return list.data;
}

void
dload_reshape_recall_names(DloadReshape *r, const char *names)
{
	MemoryContext old;
	DloadError	ignored;

	if (r->form->names_path == NULL || r->nnames > 0)
		return;
	old = MemoryContextSwitchTo(r->page_context);
	(void) take_names(r, dload_span(names, strlen(names)), NULL, &ignored);
	MemoryContextSwitchTo(old);
}

static bool
read_copied(DloadReshape *r, DloadSpan envelope, DloadError *err)
{
	for (int i = 0; i < r->form->ncopied; i++)
	{
		const DloadCopiedValue *copied = &r->form->copied[i];
		DloadSpan	value = dload_span("null", 4);
		DloadToken	token;

		if (envelope.len > 0 &&
			dload_path_lookup(copied->path, envelope, &token))
			value = value_span(&token);
		if (value.len > MAX_COPIED_BYTES - Min(r->added.len,
											   MAX_COPIED_BYTES))
		{
			dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							"values copied into each record have more than "
							"%d kB", MAX_COPIED_BYTES / 1024);
			return dload_error_hint(err, "Choose smaller ones for the option "
									"\"envelope_values\".");
		}
		appendStringInfo(&r->added, ",%s:", copied->name);
		append_span(&r->added, value);
	}
	return true;
}

void
dload_reshape_prepare(DloadReshape *r, DloadSpan envelope)
{
	MemoryContext old = MemoryContextSwitchTo(r->page_context);
	bool		good = true;

	memset(&r->error, 0, sizeof(r->error));
	resetStringInfo(&r->added);
	if (r->form->names_path != NULL)
	{
		MemoryContext before = r->page_context;

		/* the names of the page before may still be needed */
		r->page_context = AllocSetContextCreate(r->context, "dload names",
												ALLOCSET_SMALL_SIZES);
		MemoryContextSwitchTo(r->page_context);
		if (r->nnames > 0)
		{
			char	  **names = palloc(r->nnames * sizeof(char *));

			for (int i = 0; i < r->nnames; i++)
				names[i] = pstrdup(r->names[i]);
			r->names = names;
		}
		MemoryContextDelete(before);
		good = read_names(r, envelope, &r->error);
	}
	if (good)
		(void) read_copied(r, envelope, &r->error);
	MemoryContextSwitchTo(old);
}

/* -------------------------------------------------------------------------
 * One record
 * -------------------------------------------------------------------------
 */

static bool
bad_row(const char *fault, int n, DloadError *err)
{
	dload_error_set(err, ERRCODE_DATATYPE_MISMATCH, fault, n);
	return dload_error_hint(err, "The options \"row_names\", "
							"\"row_names_path\" and \"row_value_path\" say "
							"how rows are read.");
}

/* A row of values -> an object, without its closing brace. */
static bool
name_values(DloadReshape *r, DloadSpan record, DloadError *err)
{
	DloadScanner s;
	DloadToken	token = {0};
	DloadTokenType type;
	int			n = 0;

	if (r->list != NULL)
	{
		if (!dload_path_lookup(r->list, record, &token) ||
			token.type != DLOAD_TOKEN_ARRAY_START)
			return bad_row("row has no list of values", 0, err);
		record = token.text;
	}
	dload_scanner_init(&s, record.data, record.len, true);
	if (dload_scanner_next(&s, &token) != DLOAD_TOKEN_ARRAY_START)
		return bad_row("row is not a list of values", 0, err);
	appendStringInfoChar(&r->out, '{');
	while ((type = dload_scanner_value(&s, &token)) != DLOAD_TOKEN_ARRAY_END &&
		   type != DLOAD_TOKEN_ERROR && type != DLOAD_TOKEN_END)
	{
		DloadSpan	value = value_span(&token);

		if (n >= r->nnames)
			return bad_row("row has more values than the %d names", r->nnames,
						   err);
		if (r->element != NULL)
			value = dload_path_lookup(r->element, value, &token) ?
				value_span(&token) : dload_span("null", 4);
		if (n > 0)
			appendStringInfoChar(&r->out, ',');
		appendStringInfoString(&r->out, r->names[n++]);
		appendStringInfoChar(&r->out, ':');
		append_span(&r->out, value);
	}
	return true;
}

/* Does the object's text so far end in its opening brace? */
static bool
is_bare(const StringInfoData *out)
{
	int			i = out->len;

	while (i > 0 && strchr(" \t\r\n", out->data[i - 1]) != NULL)
		i--;
	return i > 0 && out->data[i - 1] == '{';
}

/* Replace the coded strings that "path" leads to, from "step" on. */
typedef struct Decoding
{
	const DloadReshape *r;
	const DloadCodedValue *rule;
	DloadScanner s;
	const char *copied;			/* up to here, into "out" */
	StringInfo	out;
} Decoding;

static void
decode_string(Decoding *d, const DloadToken *token)
{
	DloadSpan	value = value_span(token);
	size_t		max = d->r->max_record;
	int			len;

	appendBinaryStringInfo(d->out, d->copied, (int) (value.data - d->copied));
	len = d->out->len;
	d->copied = value.data;
	if (dload_coding_value(d->rule->coding, token, max - Min(max, len),
						   d->out))
		d->copied += value.len;
	else
		d->out->len = len;
}

/* The value whose first token is *token is reached by "step" steps. */
static void
decode_below(Decoding *d, DloadToken *token, int step)
{
	const DloadPath *path = d->rule->path;
	DloadToken	child;
	int			index = 0;
	bool		object;

	if (step == path->nsteps &&
		dload_coding_takes(d->rule->coding, token->type))
		decode_string(d, token);
	if (token->type != DLOAD_TOKEN_OBJECT_START &&
		token->type != DLOAD_TOKEN_ARRAY_START)
		return;
	object = token->type == DLOAD_TOKEN_OBJECT_START;
	if (step == path->nsteps ||
		object != (path->steps[step].kind == DLOAD_STEP_KEY))
	{
		dload_scanner_skip(&d->s, token);
		return;
	}
	for (;;)
	{
		const DloadStep *on = &path->steps[step];
		bool		mine = on->kind == DLOAD_STEP_ANY || on->index == index;

		if (dload_scanner_next(&d->s, &child) == DLOAD_TOKEN_OBJECT_END ||
			child.type == DLOAD_TOKEN_ARRAY_END ||
			child.type == DLOAD_TOKEN_ERROR)
			return;
		if (object)
		{
			mine = dload_token_equals(&child, on->key, on->keylen);
			dload_scanner_next(&d->s, &child);
		}
		index++;
		if (mine)
			decode_below(d, &child, step + 1);
		else if (dload_is_container(&child))
			dload_scanner_skip(&d->s, &child);
	}
}

/* Apply the rules one after the other. */
static DloadSpan
decode(DloadReshape *r, DloadSpan record)
{
	StringInfo	out = &r->decoded;

	for (int i = 0; i < r->form->ncoded; i++)
	{
		Decoding	d;
		DloadToken	token;

		d.r = r;
		d.rule = &r->form->coded[i];
		d.copied = record.data;
		d.out = out;
		resetStringInfo(out);
		dload_scanner_init(&d.s, record.data, record.len, true);
		dload_scanner_next(&d.s, &token);
		decode_below(&d, &token, 0);
		if (d.copied == record.data)
			continue;
		appendBinaryStringInfo(out, d.copied,
							   (int) (record.data + record.len - d.copied));
		record = dload_span(out->data, out->len);
		if (record.len > r->max_record)
			break;
		out = out == &r->decoded ? &r->out : &r->decoded;
	}
	return record;
}

/*
 * The record without its closing brace, ready to have members added.  What is
 * no object becomes a member of one, under the name that the loader gives it.
 */
static void
open_record(DloadSpan record, StringInfo out)
{
	if (*record.data == '{')
		appendBinaryStringInfo(out, record.data, (int) record.len - 1);
	else
	{
		appendStringInfoString(out, "{\"value\":");
		append_span(out, record);
	}
}

DloadSpan
dload_reshape_key(DloadReshape *r, DloadSpan record, DloadSpan key)
{
	StringInfo	out = &r->keyed;

	resetStringInfo(out);
	open_record(record, out);
	appendStringInfo(out, "%s%s:", is_bare(out) ? "" : ",", r->form->key);
	append_span(out, key);
	appendStringInfoChar(out, '}');
	return dload_span(out->data, out->len);
}

bool
dload_reshape_record(DloadReshape *r, DloadSpan record,
					 DloadSpan *rewritten, DloadError *err)
{
	const DloadForm *form = r->form;
	StringInfo	out = &r->out;

	if (r->error.sqlstate != 0)
	{
		*err = r->error;
		return false;
	}
	resetStringInfo(out);
	*rewritten = record;
	if (dload_form_has_rows(form))
	{
		if (!name_values(r, record, err))
			return false;
	}
	else if (r->added.len > 0)
		open_record(record, out);
	if (r->added.len > 0)
	{
		int			comma = is_bare(out) ? 1 : 0;

		appendBinaryStringInfo(out, r->added.data + comma,
							   r->added.len - comma);
	}
	if (out->len > 0)
	{
		appendStringInfoChar(out, '}');
		*rewritten = dload_span(out->data, out->len);
	}
	if (form->ncoded > 0)
		*rewritten = decode(r, *rewritten);
	if (rewritten->len > r->max_record)
	{
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"record is larger than %zu kB once it is rewritten",
						r->max_record / 1024);
		return dload_error_hint(err, "The limit is the setting "
								"\"dload.max_record_bytes\".");
	}

	/* what was put into something may have become too deep */
	return rewritten->data == record.data ||
		(*record.data == '{' && form->ncoded == 0) ||
		dload_json_validate(*rewritten, err);
}
