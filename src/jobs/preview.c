/*-------------------------------------------------------------------------
 *
 * preview.c
 *	  Look before you load.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/preview.h"

#include "jobs/pipeline.h"
#include "load/evolve.h"
#include "rest/extract.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

typedef struct Preview
{
	DloadShape *shape;
	DloadBatch *batch;
	int			left;			/* records still to show */
	int64		nrecords;
	const DloadCondition *deleted_when;
	DloadPreviewSink sink;
	void	   *arg;
} Preview;

static void
preview_init(Preview *p, const char *name, int max_nesting, int max_rows,
			 DloadPreviewSink sink, void *arg)
{
	p->shape = dload_shape_create(name, max_nesting, false, 0);
	p->batch = dload_batch_create(p->shape);
	p->left = max_rows;
	p->nrecords = 0;
	p->deleted_when = NULL;
	p->sink = sink;
	p->arg = arg;
}

static void
preview_record(Preview *p, DloadSpan record)
{
	DloadError	err = {0};
	char	   *item = psprintf(INT64_FORMAT, ++p->nrecords);
	bool		tombstone = p->deleted_when != NULL &&
	dload_condition_holds_in(p->deleted_when, record);

	if (!tombstone && dload_normalize(p->batch, record, &err) == NULL)
		p->sink("rejected", item, err.message, p->arg);
	if (p->left > 0)
	{
		char	   *text = pnstrdup(record.data, record.len);

		p->sink(tombstone ? "deleted" : "record", item,
				pg_any_to_server(text, record.len, PG_UTF8), p->arg);
		p->left--;
	}
}

/* The statements that would make the tables. */
static void
preview_ddl(Preview *p, const char *schema)
{
	DloadPipeline pipeline = {0};
	DloadEvolution ev = {0};
	ListCell   *lc;

	if (p->batch->nroots == 0)
		return;
	pipeline.target_schema = pstrdup(schema);
	pipeline.target_name = p->shape->tables[0]->name;
	ev.pipeline = &pipeline;
	ev.dry = true;
	dload_evolve(&ev, p->shape);
	foreach(lc, ev.statements)
		p->sink("ddl", NULL, lfirst(lc), p->arg);
}

void
dload_preview_tables(const char *name, DloadSpan records, int max_nesting,
					  DloadPreviewSink sink, void *arg)
{
	Preview		p;
	DloadError	err = {0};
	DloadPath  *path = dload_path_parse("$", &err);
	DloadReader *reader = dload_reader_create(path, MaxAllocSize);
	DloadSpan	record;

	preview_init(&p, name, max_nesting, 0, sink, arg);
	dload_reader_open(reader, records.data, records.len);
	for (;;)
	{
		DloadReadResult result = dload_reader_next(reader, &record, &err);

		if (result == DLOAD_READ_ERROR)
			dload_error_raise(&err);
		if (result != DLOAD_READ_RECORD)
			break;
		preview_record(&p, record);
	}
	preview_ddl(&p, "public");
}

/* What the definition names, and this page does not have. */
static void
preview_absent(Preview *p, const DloadPageSpec *spec, const DloadPage *page)
{
	const struct
	{
		const char *option;
		const DloadPath *path;
	}			places[] = {
		{"next_path", spec->next_path},
		{"token_path", spec->token_path},
		{"has_more_path", spec->has_more_path},
		{"total_path", spec->total_path}
	};
	DloadToken	ignored;

	for (int i = 0; i < lengthof(places); i++)
	{
		const DloadPath *path = places[i].path;

		/* some lead through the records, which the envelope does not have */
		if (path == NULL || page->envelope.len == 0 ||
			spec->token_from == DLOAD_TOKEN_FROM_LAST_RECORD ||
			spec->kind == DLOAD_PAGINATE_DRAIN ||
			dload_path_lookup(path, page->envelope, &ignored))
			continue;
		p->sink("detected", places[i].option,
				psprintf("nothing at %s", dload_path_text(path)), p->arg);
	}
}

static void
preview_detected(Preview *p, DloadExtract *x, const DloadResource *res,
				 const DloadPage *page)
{
	int64		total = dload_extract_declared_total(x);
	const char *format = dload_extract_format(x);

	if (format != NULL)
		p->sink("detected", "format", format, p->arg);
	p->sink("detected", "records_path",
			dload_path_text(dload_extract_records_path(x)), p->arg);
	p->sink("detected", "paginate", dload_paginator_get(res->page.kind)->name,
			p->arg);
	if (dload_extract_stats(x)->paginator[0] != '\0')
		p->sink("detected", res->page.kind == DLOAD_PAGINATE_AUTO ?
				"paginator" : "not followed",
				pstrdup(dload_extract_stats(x)->paginator), p->arg);
	p->sink("detected", "records on first page",
			psprintf(INT64_FORMAT, page->nrecords), p->arg);
	p->sink("detected", "more pages", page->has_next ? "yes" : "no", p->arg);
	if (page->bookmark.text != NULL)
		p->sink("detected", "next run begins with", page->bookmark.text,
				p->arg);
	else if (dload_requestspec_has_bookmark(&res->request) && !page->has_next)
		p->sink("detected", "next run begins with",
				"nothing: the page has no such value", p->arg);
	if (total >= 0)
		p->sink("detected", "declared total", psprintf(INT64_FORMAT, total),
				p->arg);
	preview_absent(p, &res->page, page);
}

void
dload_preview_source(Oid source, const char *params, int max_rows,
					 DloadPreviewSink sink, void *arg)
{
	Preview		p;
	DloadError	err = {0};
	DloadResource *res;
	DloadExtract *x;
	DloadPage  *page;
	DloadExtractResult result;
	DloadSpan	record;

	if (pg_class_aclcheck(source, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE,
					   get_rel_name(source));
	res = dload_resource_create(source, GetUserId());
	x = dload_extract_begin(res, dload_pipeline_params(params, res));
	dload_extract_limit_pages(x, 1);
	result = dload_extract_next_page(x, (size_t) dload_package_kb * 1024,
									 &page, &err);
	if (result == DLOAD_EXTRACT_ERROR)
		dload_error_raise(&err);
	preview_init(&p, get_rel_name(source), -1, max_rows, sink, arg);
	if (result == DLOAD_EXTRACT_ITEM)
	{
		p.deleted_when = res->records.deleted_when;
		if (res->records.deleted_column &&
			!dload_shape_set_deleted(p.shape, res->records.deleted_column,
									 &err))
			dload_error_raise(&err);
		preview_detected(&p, x, res, page);
		while (dload_page_next_record(page, &record))
			preview_record(&p, record);
	}
	dload_extract_end(x);
	preview_ddl(&p, get_namespace_name(get_rel_namespace(source)));
}
