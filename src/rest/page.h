/*-------------------------------------------------------------------------
 *
 * page.h
 *	  Putting a page together and reading its records again.
 *
 * The records of a page in memory are remembered as spans of its body, those
 * of a page too large for that are written to a temporary file, each after
 * its length.  Either way the second reading parses nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PAGE_H
#define DLOAD_PAGE_H

#include "rest/extract.h"

/* An empty page in a child of the given context. */
extern DloadPage *dload_page_create(MemoryContext parent);

/* From now on records go to a file.  Before the first dload_page_add. */
extern void dload_page_spool(DloadPage *page);

/*
 * Add the next record.  For a page in memory it must be part of its body,
 * which may be set later but must not move.
 */
extern void dload_page_add(DloadPage *page, DloadSpan record);

/* All records are there: ready to be read from the first one. */
extern void dload_page_finish(DloadPage *page, DloadSpan envelope);

/* Hash of a record, chained through the seed: the page's fingerprint. */
extern uint64 dload_record_hash(DloadSpan record, uint64 seed);

#endif							/* DLOAD_PAGE_H */
