/*-------------------------------------------------------------------------
 *
 * preview.h
 *	  What a pipeline would do, from the first page; nothing is written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PREVIEW_H
#define DLOAD_PREVIEW_H

#include "base/dload.h"

/* One line of the answer. */
typedef void (*DloadPreviewSink) (const char *section, const char *item,
								  const char *content, void *arg);

/*
 * Fetch the first page of a foreign table as the current user and report what
 * was detected, the DDL, and at most max_rows records.
 */
extern void dload_preview_source(Oid source, const char *params,
								 int max_rows, DloadPreviewSink sink,
								 void *arg);

/* The DDL for some records given as a JSON list. */
extern void dload_preview_tables(const char *name, DloadSpan records,
								  int max_nesting, DloadPreviewSink sink,
								  void *arg);

#endif							/* DLOAD_PREVIEW_H */
