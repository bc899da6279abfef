/*-------------------------------------------------------------------------
 *
 * functions.c
 *	  SQL-callable functions: thin, each hands over to the room that knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/dload.h"
#include "data/datum.h"
#include "data/naming.h"
#include "data/path.h"
#include "data/record.h"
#include "jobs/pipeline.h"
#include "jobs/preview.h"
#include "jobs/run.h"
#include "model/resource.h"
#include "rest/extract.h"
#include "rest/request.h"
#include "rest/url.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

DLOAD_FUNCTION(dload_alter_pipeline);
DLOAD_FUNCTION(dload_create_pipeline);
DLOAD_FUNCTION(dload_drop_pipeline);
DLOAD_FUNCTION(dload_is_running);
DLOAD_FUNCTION(dload_preview);
DLOAD_FUNCTION(dload_preview_schema);
DLOAD_FUNCTION(dload_run);
DLOAD_FUNCTION(dload_run_atomic);
DLOAD_FUNCTION(dload_preview_identifier);
DLOAD_FUNCTION(dload_preview_type);
DLOAD_FUNCTION(dload_preview_value);
DLOAD_FUNCTION(dload_version);
DLOAD_FUNCTION(dload_preview_envelope);
DLOAD_FUNCTION(dload_preview_path);
DLOAD_FUNCTION(dload_preview_records);
DLOAD_FUNCTION(dload_preview_records_path);
DLOAD_FUNCTION(dload_preview_next_link);
DLOAD_FUNCTION(dload_preview_request);
DLOAD_FUNCTION(dload_preview_url);

/* dload.version(): version of the extension's library */
Datum
dload_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(DLOAD_VERSION));
}

/* The path that an SQL argument holds. */
static DloadPath *
path_argument(text *arg)
{
	DloadError	err = {0};
	DloadPath  *path = dload_path_parse(text_to_cstring(arg), &err);

	if (path == NULL)
		dload_error_raise(&err);
	return path;
}

/* UTF-8 bytes of a document as text in the database encoding. */
static Datum
document_text(const char *data, size_t len)
{
	char	   *s = pg_any_to_server(data, len, PG_UTF8);

	if (s != data)
		return CStringGetTextDatum(s);
	return PointerGetDatum(cstring_to_text_with_len(data, len));
}

/* dload.preview_path(json, path): the value that a path leads to */
Datum
dload_preview_path(PG_FUNCTION_ARGS)
{
	text	   *arg = PG_GETARG_TEXT_PP(0);
	DloadPath  *path = path_argument(PG_GETARG_TEXT_PP(1));
	DloadError	err = {0};
	DloadToken	value;
	DloadSpan	json;
	char	   *result;

	json.data = pg_server_to_any(VARDATA_ANY(arg), VARSIZE_ANY_EXHDR(arg),
								 PG_UTF8);
	json.len = json.data == VARDATA_ANY(arg) ?
		VARSIZE_ANY_EXHDR(arg) : strlen(json.data);
	if (!dload_json_validate(json, &err))
		dload_error_raise(&err);
	if (!dload_path_lookup(path, json, &value))
		PG_RETURN_NULL();
	result = dload_token_cstring(&value);
	return document_text(result, strlen(result));
}

/* dload.preview_records_path(body): where a page's records seem to be */
Datum
dload_preview_records_path(PG_FUNCTION_ARGS)
{
	bytea	   *arg = PG_GETARG_BYTEA_PP(0);
	DloadError	err = {0};
	DloadSpan	body;
	DloadPath  *path;
	char	   *result;

	body.data = VARDATA_ANY(arg);
	body.len = VARSIZE_ANY_EXHDR(arg);
	path = dload_reader_detect(body, &err);
	if (path == NULL)
		dload_error_raise(&err);
	result = dload_path_text(path);
	return document_text(result, strlen(result));
}

/*
 * The path to the records that a preview was given, or the detected one.  The
 * reader counts from a list's start only.
 */
static DloadPath *
records_path_argument(FunctionCallInfo fcinfo, DloadSpan body)
{
	DloadError	err = {0};
	DloadPath  *path;

	if (PG_ARGISNULL(1))
	{
		path = dload_reader_detect(body, &err);
		if (path == NULL)
			dload_error_raise(&err);
		return path;
	}
	path = path_argument(PG_GETARG_TEXT_PP(1));
	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].kind == DLOAD_STEP_INDEX &&
			path->steps[i].index < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("path to the records cannot count from the end of a list")));
	}
	return path;
}

/* A page that is read in pieces of so many bytes, or whole if 0. */
typedef struct PagePreview
{
	DloadReader *reader;
	DloadSpan	body;
	size_t		fed;
	int32		piece;
} PagePreview;

/* Start on the arguments (body, records_path, piece). */
static void
start_page(PagePreview *page, FunctionCallInfo fcinfo)
{
	bytea	   *body = PG_GETARG_BYTEA_PP(0);

	page->body.data = VARDATA_ANY(body);
	page->body.len = VARSIZE_ANY_EXHDR(body);
	page->fed = 0;
	page->piece = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	page->reader =
		dload_reader_create(records_path_argument(fcinfo, page->body),
							(size_t) dload_max_record_kb * 1024);
	if (page->piece <= 0)
		dload_reader_open(page->reader, page->body.data, page->body.len);
}

/* The next record of the page; false at its end. */
static bool
next_record(PagePreview *page, DloadSpan *record)
{
	DloadError	err = {0};
	size_t		len;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		switch (dload_reader_next(page->reader, record, &err))
		{
			case DLOAD_READ_RECORD:
				return true;
			case DLOAD_READ_END:
				return false;
			case DLOAD_READ_ERROR:
				dload_error_raise(&err);
				break;
			case DLOAD_READ_MORE:
				len = Min(page->piece, page->body.len - page->fed);
				if (len > 0)
					dload_reader_feed(page->reader,
									  page->body.data + page->fed, len);
				else
					dload_reader_finish(page->reader);
				page->fed += len;
				break;
		}
	}
}

/* dload.preview_records(body, records_path, piece): a page's records */
Datum
dload_preview_records(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PagePreview page;
	DloadSpan	record;
	bool		nulls[2] = {false, false};
	Datum		values[2];

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	start_page(&page, fcinfo);
	while (next_record(&page, &record))
	{
		values[0] = Int64GetDatum(dload_reader_count(page.reader));
		values[1] = document_text(record.data, record.len);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
		pfree(DatumGetPointer(values[1]));
	}
	return (Datum) 0;
}

/* dload.preview_envelope(body, records_path, piece): the rest of the page */
Datum
dload_preview_envelope(PG_FUNCTION_ARGS)
{
	PagePreview page;
	DloadSpan	span;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	start_page(&page, fcinfo);
	while (next_record(&page, &span))
		;
	span = dload_reader_envelope(page.reader);
	return document_text(span.data, span.len);
}

/* dload.preview_identifier(VARIADIC keys text[]) */
Datum
dload_preview_identifier(PG_FUNCTION_ARGS)
{
	ArrayType  *keys = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elems;
	bool	   *nulls;
	int			nelems;
	char	   *name = "";

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT,
					  &elems, &nulls, &nelems);
	for (int i = 0; i < nelems; i++)
	{
		char	   *key;
		DloadSpan	span;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("key must not be null")));
		key = TextDatumGetCString(elems[i]);
		key = pg_server_to_any(key, strlen(key), PG_UTF8);
		span.data = key;
		span.len = strlen(key);
		name = dload_name_join(name, dload_name_key(span));
	}
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/* The token of a whole json argument. */
static void
scan_argument(text *json, DloadToken *token)
{
	char	   *utf8 = text_to_cstring(json);
	DloadScanner scanner;
	DloadError	err;

	utf8 = pg_server_to_any(utf8, strlen(utf8), PG_UTF8);
	dload_scanner_init(&scanner, utf8, strlen(utf8), true);
	if (dload_scanner_value(&scanner, token) == DLOAD_TOKEN_ERROR)
	{
		dload_scanner_error(&scanner, 0, &err);
		dload_error_raise(&err);
	}
}

/* dload.preview_type(value json) */
Datum
dload_preview_type(PG_FUNCTION_ARGS)
{
	DloadToken	token;

	scan_argument(PG_GETARG_TEXT_PP(0), &token);
	PG_RETURN_TEXT_P(cstring_to_text(dload_type_name(dload_type_of(&token))));
}

/* dload.preview_value(value json, type regtype, typmod int) */
Datum
dload_preview_value(PG_FUNCTION_ARGS)
{
	Oid			typid = PG_GETARG_OID(1);
	DloadConverter *conv = dload_converter_create(typid, PG_GETARG_INT32(2));
	DloadToken	token;
	DloadError	err;
	Datum		value;
	bool		isnull;
	Oid			outfunc;
	bool		varlena;

	scan_argument(PG_GETARG_TEXT_PP(0), &token);
	if (!dload_convert(conv, &token, &value, &isnull, &err))
		dload_error_raise(&err);
	if (isnull)
		PG_RETURN_NULL();
	getTypeOutputInfo(typid, &outfunc, &varlena);
	PG_RETURN_TEXT_P(cstring_to_text(OidOutputFunctionCall(outfunc, value)));
}

/* dload.preview_url(base text, reference text) */
Datum
dload_preview_url(PG_FUNCTION_ARGS)
{
	DloadError	err = {0};
	char	   *url;

	url = dload_url_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							text_to_cstring(PG_GETARG_TEXT_PP(1)), &err);
	if (url == NULL)
		dload_error_raise(&err);
	PG_RETURN_TEXT_P(cstring_to_text(dload_url_redact(url, NULL)));
}

/* dload.preview_next_link(link text, base text, rel text) */
Datum
dload_preview_next_link(PG_FUNCTION_ARGS)
{
	DloadError	err = {0};
	char	   *target;
	char	   *url;

	char	   *base = text_to_cstring(PG_GETARG_TEXT_PP(1));

	target = dload_link_target(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							   text_to_cstring(PG_GETARG_TEXT_PP(2)), base);
	if (target == NULL)
		PG_RETURN_NULL();
	url = dload_url_resolve(base, target, &err);
	if (url == NULL)
		dload_error_raise(&err);
	PG_RETURN_TEXT_P(cstring_to_text(dload_url_redact(url, NULL)));
}

/* dload.preview_request(source regclass, params jsonb) */
Datum
dload_preview_request(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *text = JsonbToCString(NULL, &PG_GETARG_JSONB_P(1)->root, 0);
	DloadError	err = {0};
	DloadResource *res;
	DloadJson  *doc;
	DloadRequest request;
	List	   *params;

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE,
					   get_rel_name(relid));
	res = dload_resource_create(relid, GetUserId());
	doc = dload_json_parse(text, "params", &err);
	if (doc == NULL ||
		!dload_params_from_json(res, doc, &params, &err) ||
		!dload_request_first(res, params, &request, &err))
		dload_error_raise(&err);
	PG_RETURN_TEXT_P(cstring_to_text(dload_request_show(res, &request)));
}

/*
 * Pipelines
 */

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static char *
jsonb_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL :
		DatumGetCString(DirectFunctionCall1(jsonb_out, PG_GETARG_DATUM(n)));
}

static List *
text_array_argument(FunctionCallInfo fcinfo, int n)
{
	List	   *result = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(n))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false,
					  TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("primary_key must not contain nulls")));
		result = lappend(result, TextDatumGetCString(values[i]));
	}
	return result;
}

/* The arguments that create and alter share, from number n on. */
static void
definition_arguments(FunctionCallInfo fcinfo, int n, DloadPipelineArgs *args)
{
	args->params = jsonb_argument(fcinfo, n);
	args->disposition = text_argument(fcinfo, n + 1);
	args->has_primary_key = !PG_ARGISNULL(n + 2);
	args->primary_key = text_array_argument(fcinfo, n + 2);
	args->cursor_path = text_argument(fcinfo, n + 3);
	args->cursor_param = text_argument(fcinfo, n + 4);
	args->cursor_order = text_argument(fcinfo, n + 5);
	args->initial_value = text_argument(fcinfo, n + 6);
	args->lag = text_argument(fcinfo, n + 7);
	args->has_max_nesting = !PG_ARGISNULL(n + 8);
	args->max_nesting = PG_ARGISNULL(n + 8) ? -1 : PG_GETARG_INT32(n + 8);
	args->columns = jsonb_argument(fcinfo, n + 9);
	args->plan.schedule = text_argument(fcinfo, n + 10);
	args->plan.time_zone = text_argument(fcinfo, n + 11);
	args->plan.jitter = PG_ARGISNULL(n + 12) ? NULL :
		DatumGetCString(DirectFunctionCall1(interval_out,
											PG_GETARG_DATUM(n + 12)));
	args->plan.after = text_argument(fcinfo, n + 13);
	args->plan.has_max_failures = !PG_ARGISNULL(n + 14);
	args->plan.max_failures = PG_ARGISNULL(n + 14) ? 0 :
		PG_GETARG_INT32(n + 14);
}

/* dload.create_pipeline(name, source, target, ...) */
Datum
dload_create_pipeline(PG_FUNCTION_ARGS)
{
	DloadPipelineArgs args = {0};

	args.name = text_argument(fcinfo, 0);
	args.source = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	args.target = text_argument(fcinfo, 2);
	definition_arguments(fcinfo, 3, &args);
	dload_pipeline_create(&args);
	PG_RETURN_VOID();
}

static char *
name_argument(FunctionCallInfo fcinfo)
{
	char	   *name = text_argument(fcinfo, 0);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pipeline name must not be null")));
	return name;
}

/* dload.alter_pipeline(name, ...) */
Datum
dload_alter_pipeline(PG_FUNCTION_ARGS)
{
	DloadPipelineArgs args = {0};

	args.name = name_argument(fcinfo);
	definition_arguments(fcinfo, 1, &args);
	dload_pipeline_alter(&args);
	PG_RETURN_VOID();
}

/* dload.drop_pipeline(name) */
Datum
dload_drop_pipeline(PG_FUNCTION_ARGS)
{
	dload_pipeline_drop(name_argument(fcinfo));
	PG_RETURN_VOID();
}

/* dload.is_running(pipeline_id) */
Datum
dload_is_running(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dload_pipeline_is_locked(PG_GETARG_INT64(0)));
}

/* CALL dload.run(name, max_pages, full_refresh) */
Datum
dload_run(PG_FUNCTION_ARGS)
{
	char	   *name = name_argument(fcinfo);
	int			max_pages = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	bool		full_refresh = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	CallContext *context = castNode(CallContext, fcinfo->context);

	if (context->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("dload.run cannot be called inside a transaction"),
				 errhint("Call it with autocommit on, outside BEGIN ... COMMIT and of functions, or use dload.run_background or dload.run_atomic.")));
	if (!PG_ARGISNULL(1) && max_pages < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_pages must be positive")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	dload_run_pipeline(name, max_pages, full_refresh, DLOAD_RUN_PROCEDURE);
	SPI_finish();
	PG_RETURN_VOID();
}

/* dload.run_atomic(name): returns the run's id */
Datum
dload_run_atomic(PG_FUNCTION_ARGS)
{
	int64		run_id;

	SPI_connect();
	run_id = dload_run_pipeline(name_argument(fcinfo), 0, false,
								DLOAD_RUN_ATOMIC);
	SPI_finish();
	PG_RETURN_INT64(run_id);
}

/* A line of a preview into the result set. */
static void
put_preview(const char *section, const char *item, const char *content,
			void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	Datum		values[3];
	bool		nulls[3] = {false, item == NULL, false};

	values[0] = CStringGetTextDatum(section);
	values[1] = item ? CStringGetTextDatum(item) : (Datum) 0;
	values[2] = CStringGetTextDatum(content);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* dload.preview(source, params, max_rows) */
Datum
dload_preview(PG_FUNCTION_ARGS)
{
	char	   *params = jsonb_argument(fcinfo, 1);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source must not be null")));
	if (!PG_ARGISNULL(2) && PG_GETARG_INT32(2) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must not be negative")));
	InitMaterializedSRF(fcinfo, 0);
	dload_preview_source(PG_GETARG_OID(0), params ? params : "{}",
						 PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2),
						 put_preview, fcinfo->resultinfo);
	return (Datum) 0;
}

/* dload.preview_schema(records, name, max_nesting) */
Datum
dload_preview_schema(PG_FUNCTION_ARGS)
{
	char	   *json = jsonb_argument(fcinfo, 0);
	DloadSpan	records;

	InitMaterializedSRF(fcinfo, 0);
	if (json == NULL)
		return (Datum) 0;
	records.data = pg_server_to_any(json, strlen(json), PG_UTF8);
	records.len = strlen(records.data);
	dload_preview_tables(text_argument(fcinfo, 1), records,
						 PG_ARGISNULL(2) ? -1 : PG_GETARG_INT32(2),
						 put_preview, fcinfo->resultinfo);
	return (Datum) 0;
}
