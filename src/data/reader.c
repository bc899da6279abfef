/*-------------------------------------------------------------------------
 *
 * reader.c
 *	  The record reader: a page's bytes -> records and envelope.
 *
 * A source for the page's format finds the records, and they are reshaped
 * where the form says so.  For what stands in the envelope, which is complete
 * only when the page is, an opened body is read twice, and records of a page
 * that is fed are left to the caller to pass through once more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/reshape.h"
#include "data/source.h"

#include "utils/memutils.h"

/* Records that are written anew are kept in pieces of memory of this size. */
#define CHUNK_BYTES		(64 * 1024)

/* What the records of one body in memory may come to when written anew. */
#define MAX_GROWTH		16
#define SMALL_BODY		((size_t) 4 * 1024 * 1024)

struct DloadReader
{
	MemoryContext context;
	const DloadPath *path;
	const DloadForm *form;
	size_t		max_record;
	DloadFormat format;
	DloadReshape *reshape;		/* or NULL */

	DloadSource *source;		/* at work */
	DloadSource *json;			/* each made when first needed */
	DloadSource *lines;
	DloadSource *csv;
	char	   *member;			/* of key_path: what "json" was made for, */
	DloadPath  *member_path;	/* and its place */
	MemoryContext json_context; /* of it then */

	MemoryContext keep;			/* of an opened body's records, or NULL */
	char	   *chunk;
	size_t		chunk_left;
	size_t		growth_left;
	size_t		kept;			/* bytes in chunks */
	bool		prepared;		/* the envelope has been looked at */
	int64		count;
	DloadError	error;			/* found when the body was opened */
	bool		keeps_last;
	StringInfoData last;		/* copy of the record handed out last */
};

static const DloadForm plain_form;

DloadReader *
dload_reader_create_form(const DloadPath *records_path, const DloadForm *form,
						 size_t max_record)
{
	DloadReader *r = palloc0(sizeof(DloadReader));

	r->context = CurrentMemoryContext;
	r->path = records_path;
	r->form = form;
	r->max_record = max_record;
	r->format = form->format;
	if (dload_form_reshapes(form))
		r->reshape = dload_reshape_create(form, max_record);
	dload_reader_reset(r);
	return r;
}

DloadReader *
dload_reader_create(const DloadPath *records_path, size_t max_record)
{
	return dload_reader_create_form(records_path, &plain_form, max_record);
}

void
dload_reader_set_format(DloadReader *r, DloadFormat format)
{
	r->format = format;
}

static DloadSource *
json_source(DloadReader *r, const DloadPath *path)
{
	return dload_json_source(path, r->max_record, r->form->key != NULL,
							 dload_form_has_rows(r->form) &&
							 path->nsteps > 0 &&
							 path->steps[0].kind == DLOAD_STEP_KEY);
}

static bool
is_json(const DloadReader *r)
{
	return r->format == DLOAD_FORMAT_JSON || r->format == DLOAD_FORMAT_AUTO;
}

static DloadSource *
choose_source(DloadReader *r)
{
	MemoryContext old = MemoryContextSwitchTo(r->context);
	DloadSource *source;

	if (is_json(r))
	{
		if (r->json == NULL)
			r->json = json_source(r, r->path);
		source = r->json;
	}
	else if (r->format == DLOAD_FORMAT_NDJSON)
	{
		if (r->lines == NULL)
			r->lines = dload_lines_source(r->max_record);
		source = r->lines;
	}
	else
	{
		if (r->csv == NULL)
			r->csv = dload_csv_source(r->form, r->max_record);
		dload_csv_source_tabs(r->csv, r->format == DLOAD_FORMAT_TSV);
		source = r->csv;
	}
	MemoryContextSwitchTo(old);
	return source;
}

void
dload_reader_reset(DloadReader *r)
{
	r->source = choose_source(r);
	r->source->kind->reset(r->source);
	r->keep = NULL;
	r->chunk = NULL;
	r->chunk_left = 0;
	r->kept = 0;
	r->prepared = false;
	r->count = 0;
	memset(&r->error, 0, sizeof(r->error));
}

size_t
dload_reader_kept(const DloadReader *r)
{
	return r->kept;
}

bool
dload_reader_looks_ahead(const DloadReader *r)
{
	return is_json(r) && dload_form_needs_envelope(r->form);
}

bool
dload_reader_needs_body(const DloadReader *r)
{
	return is_json(r) && r->form->key_path != NULL;
}

/* The reader of a member that holds the records; r->member is its name. */
static void
read_member(DloadReader *r, const char *member)
{
	DloadPath  *path;
	MemoryContext old;

	if (r->json_context != NULL)
		MemoryContextDelete(r->json_context);
	r->json_context = AllocSetContextCreate(r->context, "dload records key",
											ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(r->json_context);
	path = palloc(offsetof(DloadPath, steps) +
				  (r->path->nsteps + 1) * sizeof(DloadStep));
	memcpy(path, r->path, offsetof(DloadPath, steps) +
		   r->path->nsteps * sizeof(DloadStep));
	r->member = pstrdup(member);
	path->steps[path->nsteps].kind = DLOAD_STEP_KEY;
	path->steps[path->nsteps].key = r->member;
	path->steps[path->nsteps].keylen = strlen(member);
	path->nsteps++;
	r->member_path = path;
	r->json = r->source = json_source(r, path);
	MemoryContextSwitchTo(old);
}

/* Is it there?  [*] may lead to nothing. */
static bool
member_is_there(const DloadPath *path, DloadSpan json)
{
	DloadToken	token;

	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].kind == DLOAD_STEP_ANY)
			return true;
	}
	return dload_path_lookup(path, json, &token);
}

/* The member that holds the records is named in the document itself. */
static bool
follow_key_path(DloadReader *r, const char *body, size_t len, DloadError *err)
{
	DloadSpan	json = dload_span(body, len);
	DloadToken	token;
	char	   *member;

	if (!dload_json_validate(json, err))
		return false;
	if (!dload_path_lookup(r->form->key_path, json, &token) ||
		token.type != DLOAD_TOKEN_STRING)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"records_key_path \"%s\" does not lead to a name",
						dload_path_text(r->form->key_path));
		return dload_error_hint(err, "It should lead to a string, which names "
								"the member with the records.");
	}
	if (r->path->nsteps == DLOAD_MAX_PATH_STEPS)
		return dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							   "path has too many steps");
	member = dload_token_cstring(&token);
	if (r->member == NULL || strcmp(r->member, member) != 0)
		read_member(r, member);
	if (member_is_there(r->member_path, json))
		return true;
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"records_key_path \"%s\" names \"%s\", which is not there",
					dload_path_text(r->form->key_path),
					dload_trim_body(dload_span(member, strlen(member))));
	return dload_error_hint(err, "The member is looked for in the object at "
							"\"records_path\", or at the root.");
}

/* The first of two readings: all but the records. */
static bool
look_ahead(DloadReader *r, const char *body, size_t len, DloadError *err)
{
	DloadSource *source = r->source;
	DloadReadResult result;
	DloadSpan	ignored;

	source->kind->open(source, body, len);
	do
	{
		result = source->kind->next(source, &ignored, err);
	} while (result == DLOAD_READ_RECORD);
	if (result != DLOAD_READ_END)
		return false;
	dload_reshape_prepare(r->reshape, dload_json_source_envelope(source));
	r->prepared = true;
	return true;
}

void
dload_reader_open_in(DloadReader *r, MemoryContext context, const char *body,
					 size_t len)
{
	dload_reader_reset(r);
	r->keep = context;
	r->growth_left = MAX_GROWTH * Max(len, SMALL_BODY);
	if ((!dload_reader_needs_body(r) ||
		 follow_key_path(r, body, len, &r->error)) &&
		(!dload_reader_looks_ahead(r) ||
		 look_ahead(r, body, len, &r->error)))
		r->source->kind->open(r->source, body, len);
}

void
dload_reader_release(DloadReader *r)
{
	if (r->source == r->json)
		dload_json_source_release(r->json);
}

void
dload_reader_open(DloadReader *r, const char *body, size_t len)
{
	dload_reader_open_in(r, CurrentMemoryContext, body, len);
}

void
dload_reader_feed(DloadReader *r, const char *data, size_t len)
{
	r->source->kind->feed(r->source, data, len);
}

void
dload_reader_finish(DloadReader *r)
{
	r->source->kind->finish(r->source);
}

/* Copy a record that was written anew to where it stays. */
static bool
keep_record(DloadReader *r, DloadSpan *record, DloadError *err)
{
	size_t		len = record->len;

	if (len > r->growth_left)
	{
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"records of a page grow too large when they are "
						"rewritten");
		return dload_error_hint(err, "Ask for smaller pages, or leave out "
								"long names and values that each record "
								"gets.");
	}
	r->growth_left -= len;
	if (len > r->chunk_left)
	{
		size_t		size = Max(len, (size_t) CHUNK_BYTES);

		r->chunk = MemoryContextAllocHuge(r->keep, size);
		r->chunk_left = size;
		r->kept += size;
	}
	memcpy(r->chunk, record->data, len);
	record->data = r->chunk;
	r->chunk += len;
	r->chunk_left -= len;
	return true;
}

static bool
reshape(DloadReader *r, DloadSpan *record, DloadError *err)
{
	if (r->reshape == NULL)
		return true;
	if (r->form->key != NULL && r->source == r->json)
	{
		DloadSpan	key = dload_json_source_key(r->json);

		/* a record that is no member of a map has none */
		if (key.len > 0)
			*record = dload_reshape_key(r->reshape, *record, key);
	}
	/* fed, with the envelope still to come: the caller asks again */
	if (dload_reader_looks_ahead(r) && r->keep == NULL)
		return true;
	return dload_reshape_record(r->reshape, *record, record, err);
}

static DloadReadResult
next_record(DloadReader *r, DloadSpan *record, DloadError *err)
{
	DloadReadResult result;
	const char *original;

	if (unlikely(r->error.sqlstate != 0))
	{
		*err = r->error;
		return DLOAD_READ_ERROR;
	}
	result = r->source->kind->next(r->source, record, err);
	if (result != DLOAD_READ_RECORD)
		return result;
	r->count++;
	if (r->reshape == NULL && r->source == r->json)
		return result;
	original = record->data;
	if (!reshape(r, record, err))
		return DLOAD_READ_ERROR;
	/* what no longer is part of the body must be kept */
	if (r->keep != NULL &&
		(record->data != original || r->source == r->csv) &&
		!keep_record(r, record, err))
		return DLOAD_READ_ERROR;
	return DLOAD_READ_RECORD;
}

static void
keep_last(DloadReader *r, DloadSpan record)
{
	resetStringInfo(&r->last);
	appendBinaryStringInfo(&r->last, record.data, (int) record.len);
}

DloadReadResult
dload_reader_next(DloadReader *r, DloadSpan *record, DloadError *err)
{
	DloadReadResult result = next_record(r, record, err);

	if (unlikely(r->keeps_last) && result == DLOAD_READ_RECORD)
		keep_last(r, *record);
	return result;
}

void
dload_reader_keep_last(DloadReader *r)
{
	MemoryContext old;

	if (r->keeps_last)
		return;
	old = MemoryContextSwitchTo(r->context);
	initStringInfo(&r->last);
	MemoryContextSwitchTo(old);
	r->keeps_last = true;
}

DloadSpan
dload_reader_last(const DloadReader *r)
{
	if (!r->keeps_last || r->count == 0)
		return dload_span(NULL, 0);
	return dload_span(r->last.data, r->last.len);
}

bool
dload_reader_reshape(DloadReader *r, DloadSpan record, DloadSpan *reshaped,
					 DloadError *err)
{
	if (!r->prepared)
		dload_reshape_prepare(r->reshape, dload_reader_envelope(r));
	r->prepared = true;
	if (!dload_reshape_record(r->reshape, record, reshaped, err))
		return false;
	if (r->keeps_last)
		keep_last(r, *reshaped);
	return true;
}

char *
dload_reader_names(const DloadReader *r)
{
	return r->reshape != NULL ? dload_reshape_names(r->reshape) : NULL;
}

void
dload_reader_recall_names(DloadReader *r, const char *names)
{
	if (r->reshape != NULL)
		dload_reshape_recall_names(r->reshape, names);
}

DloadSpan
dload_reader_envelope(const DloadReader *r)
{
	if (r->source != r->json)
		return dload_span("", 0);
	return dload_json_source_envelope(r->json);
}

int64
dload_reader_count(const DloadReader *r)
{
	return r->count;
}

bool
dload_reader_found(const DloadReader *r)
{
	return r->source != r->json || dload_json_source_found(r->json);
}
