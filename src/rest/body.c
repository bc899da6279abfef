/*-------------------------------------------------------------------------
 *
 * body.c
 *	  Reading the body of a response into a page, and what a bad body means.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "data/reshape.h"
#include "miscadmin.h"
#include "rest/judge.h"
#include "rest/page.h"
#include "rest/slices.h"
#include "utils/memutils.h"

/* A body that is not kept in memory goes to the reader in such pieces. */
#define FEED_BYTES (64 * 1024)

/* A list of parts, with what else the API says of them. */
#define MAX_LIST_BYTES (16 * 1024 * 1024)

/* The reader, once it is known where the records are. */
DloadReader *
dload_extract_reader(DloadExtract *x)
{
	if (x->reader == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(x->context);

		x->reader =
			dload_reader_create_form(x->path, &x->res->records.form,
									 (size_t) dload_max_record_kb * 1024);
		if (dload_pagespec_wants_last(&x->res->page,
									  x->res->slice.window_inner))
			dload_reader_keep_last(x->reader);
		MemoryContextSwitchTo(old);
	}
	if (x->fetch->request->names != NULL)
		dload_reader_recall_names(x->reader, x->fetch->request->names);
	dload_reader_set_format(x->reader, x->format);
	/* rules that look into the body */
	if (x->format != DLOAD_FORMAT_JSON && x->fetch->unjudged)
		dload_reader_keep_last(x->reader);
	dload_reader_reset(x->reader);
	return x->reader;
}

void
dload_extract_forget_path(DloadExtract *x)
{
	if (x->path_proven)
		return;
	x->path = NULL;
	x->reader = NULL;
}

/* The record's key is in the page, and must be known to read it. */
static bool
needs_body(const DloadExtract *x)
{
	return x->format == DLOAD_FORMAT_JSON &&
		x->res->records.form.key_path != NULL;
}

bool
dload_extract_needs_page(const DloadExtract *x)
{
	return x->format == DLOAD_FORMAT_JSON &&
		(needs_body(x) || dload_form_needs_envelope(&x->res->records.form));
}

static bool
is_blank(const char *data, size_t len)
{
	return strspn(data, " \t\r\n") >= len;
}

/* A body that begins with "[" is a list of records, whatever follows. */
bool
dload_extract_guess(DloadExtract *x, const char *data, size_t len)
{
	DloadError	err = {0};
	MemoryContext old;

	for (size_t i = 0; i < len; i++)
	{
		if (strchr(" \t\r\n", data[i]) != NULL && data[i] != '\0')
			continue;
		if (data[i] != '[')
			return false;
		old = MemoryContextSwitchTo(x->context);
		x->path = dload_path_parse("$", &err);
		MemoryContextSwitchTo(old);
		return true;
	}
	return false;
}

/*
 * The body is no JSON, or breaks a limit.  The reader's words are kept; the
 * request, and the body if it helps, are added.
 */
DloadBodyResult
dload_extract_bad_body(DloadExtract *x, DloadSpan body, DloadError *err)
{
	char	   *shown = dload_shown_body(x->res, body);
	char	   *hint = err->hint;
	bool		syntax = err->sqlstate == ERRCODE_INVALID_TEXT_REPRESENTATION;
	bool		is_json = shown[0] == '{' || shown[0] == '[';

	dload_error_set(err, err->sqlstate,
					"could not read the response of server \"%s\": %s",
					x->res->servername, err->message);
	if (!syntax)
	{
		err->hint = hint;
		dload_error_detail(err, "It came from %s %s.", x->fetch->method,
						   x->fetch->shown_url);
		return DLOAD_BODY_ERROR;
	}
	dload_error_detail(err, "%s %s returned %d: %s", x->fetch->method,
					   x->fetch->shown_url,
					   dload_http_status(x->fetch->exchange), shown);
	if (hint != NULL)
		err->hint = hint;
	else if (!is_json && shown[0] != '\0' && x->handed == 0 &&
		x->format == DLOAD_FORMAT_JSON)
		dload_error_hint(err, "Check that \"base_url\" and \"path\" name an "
						 "address that answers in JSON.");
	else
		dload_error_hint(err, "The request was sent %d %s; try again when the "
						 "API has recovered.", x->fetch->retries + 1,
						 x->fetch->retries == 0 ? "time" : "times");
	/* a page for people will not turn into JSON by asking again */
	return shown[0] == '<' ? DLOAD_BODY_ERROR : DLOAD_BODY_BROKEN;
}

/* Find out where the records are, from a whole body. */
static bool
detect_path(DloadExtract *x, DloadSpan body, DloadError *err)
{
	MemoryContext old = MemoryContextSwitchTo(x->context);

	x->path = dload_reader_detect(body, err);
	MemoryContextSwitchTo(old);
	return x->path != NULL;
}

static DloadReadResult
add_records(DloadReader *reader, DloadPage *page, DloadError *err)
{
	DloadReadResult result;
	DloadSpan	record;

	while ((result = dload_reader_next(reader, &record, err)) ==
		   DLOAD_READ_RECORD)
		dload_page_add(page, record);
	return result;
}

/* A whole body, which the exchange still holds: keep it, find its records. */
static DloadBodyResult
take_body(DloadExtract *x, DloadPage *page, DloadSpan body, DloadError *err)
{
	MemoryContext context = x->bodies ? x->bodies : page->context;
	char	   *copy = MemoryContextAllocHuge(context, body.len + 1);

	memcpy(copy, body.data, body.len);
	copy[body.len] = '\0';
	dload_fetch_consume(x->fetch, body.len);
	page->body = dload_span(copy, body.len);
	page->bytes = body.len;
	if (is_blank(copy, body.len))
	{
		dload_page_finish(page, dload_span("", 0));
		return DLOAD_BODY_OK;
	}
	if (x->path == NULL && !detect_path(x, page->body, err))
		return dload_extract_bad_body(x, page->body, err);
	dload_reader_open_in(dload_extract_reader(x), context, copy, body.len);
	if (add_records(x->reader, page, err) != DLOAD_READ_END)
		return dload_extract_bad_body(x, page->body, err);
	page->bytes += dload_reader_kept(x->reader);
	dload_page_finish(page, dload_reader_envelope(x->reader));
	return DLOAD_BODY_OK;
}

/* Records that wait for the envelope are read from one file into another. */
static bool
reshape_spool(DloadExtract *x, DloadPage *from, DloadPage *page,
			  DloadError *err)
{
	DloadSpan	record;

	dload_page_finish(from, dload_span("", 0));
	dload_page_spool(page);
	while (dload_page_next_record(from, &record))
	{
		if (!dload_reader_reshape(x->reader, record, &record, err))
			return false;
		dload_page_add(page, record);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(from->context);
	return true;
}

/* A body too large for memory: the records go to a file as they come. */
static DloadBodyResult
spool_body(DloadExtract *x, DloadPage *page, DloadError *err)
{
	DloadSpan	piece;
	DloadPage  *taken = page;

	(void) dload_extract_reader(x);
	if (dload_reader_looks_ahead(x->reader))
		taken = dload_page_create(page->context);
	dload_page_spool(taken);
	for (;;)
	{
		DloadFetchState state = dload_fetch_read(x->fetch, -1, &piece, err);

		if (state == DLOAD_FETCH_BROKEN)
			return DLOAD_BODY_BROKEN;
		if (state == DLOAD_FETCH_COMPLETE)
			break;
		if (state == DLOAD_FETCH_WAITING)
			continue;
		piece.len = Min(piece.len, FEED_BYTES);
		page->bytes += piece.len;
		dload_reader_feed(x->reader, piece.data, piece.len);
		if (add_records(x->reader, taken, err) == DLOAD_READ_ERROR)
			return dload_extract_bad_body(x, piece, err);
		dload_fetch_consume(x->fetch, piece.len);
	}
	dload_reader_finish(x->reader);
	if (add_records(x->reader, taken, err) != DLOAD_READ_END ||
		(taken != page && !reshape_spool(x, taken, page, err)))
		return dload_extract_bad_body(x, dload_span("", 0), err);
	dload_page_finish(page, dload_reader_envelope(x->reader));
	dload_reader_release(x->reader);
	return DLOAD_BODY_OK;
}

/* A list of parts is no page of records: all of it is envelope. */
static DloadBodyResult
read_list(DloadExtract *x, DloadPage *page, DloadError *err)
{
	DloadSpan	body;

	switch (dload_fetch_gather(x->fetch, MAX_LIST_BYTES, &body, err))
	{
		case DLOAD_FETCH_COMPLETE:
			break;
		case DLOAD_FETCH_DATA:
			dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							"list of parts is longer than %d bytes",
							MAX_LIST_BYTES);
			return dload_extract_bad_body(x, dload_span("", 0), err);
		default:
			return DLOAD_BODY_BROKEN;
	}
	if (!dload_json_validate(body, err))
		return dload_extract_bad_body(x, body, err);
	dload_page_finish(page, body);
	dload_fetch_consume(x->fetch, body.len);
	return DLOAD_BODY_OK;
}

/*
 * Read the whole body of the open fetch into a page.
 */
static DloadBodyResult
read_page(DloadExtract *x, DloadPage *page, size_t spool_above,
		  DloadError *err)
{
	DloadSpan	body;
	DloadFetchState state;

	if (dload_list_is_bare(x->res, x->fetch->request))
		return read_list(x, page, err);
	state = dload_fetch_gather(x->fetch,
							   needs_body(x) ? SIZE_MAX : spool_above,
							   &body, err);
	if (state == DLOAD_FETCH_DATA && x->path == NULL &&
		!dload_extract_guess(x, body.data, body.len))
		state = dload_fetch_gather(x->fetch, SIZE_MAX, &body, err);
	switch (state)
	{
		case DLOAD_FETCH_COMPLETE:
			return take_body(x, page, body, err);
		case DLOAD_FETCH_DATA:
			return spool_body(x, page, err);
		default:
			return DLOAD_BODY_BROKEN;
	}
}

/*
 * Detection takes an object without a list for one record.  It may be the
 * report of an error, so it is judged like an envelope; and where there are
 * pages it is rather an empty one ({"data": null}) than a record.  With
 * records_path '$' it is data without question.
 */
static bool
check_lone_record(DloadExtract *x, DloadPage *page, DloadError *err)
{
	const char *start = page->body.data;

	if (x->format != DLOAD_FORMAT_JSON ||
		x->res->records.path != NULL || x->path == NULL ||
		x->path->nsteps > 0 || start == NULL)
		return true;
	start += strspn(start, " \t\r\n");
	if (*start != '{')
		return true;
	if (dload_envelope_check(x->fetch, page->body, err))
	{
		if (x->res->page.kind == DLOAD_PAGINATE_NONE)
			return true;
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"no list of records was found in the response of "
						"server \"%s\"", x->res->servername);
		dload_error_detail(err, "%s %s returned: %s", x->fetch->method,
						   x->fetch->shown_url,
						   dload_shown_body(x->res, page->body));
	}
	return dload_error_hint(err, "Set the option \"records_path\" to the "
							"place of the records, or to '$' if this is "
							"one.");
}

/* A page without records; its envelope tells what comes next. */
static DloadPage *
empty_page(MemoryContext parent, DloadSpan envelope)
{
	DloadPage  *page = dload_page_create(parent);

	page->body = dload_span("", 0);
	dload_page_finish(page, envelope);
	return page;
}

/*
 * Hold the rules against a page.  One object that stands for the whole body
 * is looked at as such: it may be no record but the report of an error.  Lines
 * and CSV have nothing but records, of which an error is the last.
 */
static DloadBodyResult
judge_body(DloadExtract *x, DloadPage **page, MemoryContext parent,
		   DloadError *err)
{
	DloadPage  *old = *page;
	const char *start = old->body.data;
	DloadSpan	envelope = old->envelope;
	bool		lone;
	bool		taken_for_record;
	DloadJudgement judgement;

	lone = x->format == DLOAD_FORMAT_JSON && x->path != NULL &&
		x->path->nsteps == 0 && start != NULL &&
		start[strspn(start, " \t\r\n")] == '{';
	taken_for_record = lone && !x->path_proven;
	if (lone)
		envelope = old->body;
	else if (x->format != DLOAD_FORMAT_JSON && x->reader != NULL)
		envelope = dload_reader_last(x->reader);
	judgement = dload_judge_page(x->fetch, envelope, err);
	if (judgement == DLOAD_JUDGED_ERROR)
		return DLOAD_BODY_ERROR;
	if (judgement == DLOAD_JUDGED_GOOD && x->fetch->fate == DLOAD_FATE_PAGE)
		return DLOAD_BODY_OK;
	if (judgement == DLOAD_JUDGED_AGAIN)
		return DLOAD_BODY_BROKEN;
	if (x->fetch->fate == DLOAD_FATE_SKIP || taken_for_record)
	{
		dload_extract_forget_path(x);
		*page = empty_page(parent, envelope);
		dload_extract_drop_page(x, old);
	}
	return DLOAD_BODY_OK;
}

/* Read a page as a whole, asking again while that may help. */
DloadPage *
dload_extract_fetch_page(DloadExtract *x, MemoryContext parent,
						 size_t spool_above, DloadError *err)
{
	for (;;)
	{
		DloadPage  *page;
		DloadBodyResult result;

		if (!x->fetch->open && !dload_extract_open(x, err))
			return NULL;
		if (x->fetch->fate != DLOAD_FATE_PAGE)
			return empty_page(parent, dload_span("", 0));
		if (x->by_page)
		{
			dload_ahead_from_head(x);
			dload_ahead_start(x);
		}
		page = dload_page_create(parent);
		result = read_page(x, page, spool_above, err);
		if (result == DLOAD_BODY_OK)
			result = judge_body(x, &page, parent, err);
		if (result == DLOAD_BODY_OK && x->fetch->fate == DLOAD_FATE_PAGE &&
			!check_lone_record(x, page, err))
			result = DLOAD_BODY_ERROR;
		if (result == DLOAD_BODY_OK)
			return page;
		dload_extract_drop_page(x, page);
		if (result == DLOAD_BODY_ERROR)
			return NULL;
		/* else a rule has had it made ready to be sent again */
		if (x->fetch->exchange != NULL && !dload_fetch_again(x->fetch))
			return NULL;
		dload_extract_forget_path(x);
		memset(err, 0, sizeof(*err));
	}
}
