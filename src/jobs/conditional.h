/*-------------------------------------------------------------------------
 *
 * conditional.h
 *	  A run's conditional requests: what earlier runs kept of pages, and what
 *	  this one keeps.
 *
 * A validator is kept in the transaction that stores the page's rows, and is
 * of use once its run has read the whole list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CONDITIONAL_H
#define DLOAD_CONDITIONAL_H

#include "jobs/rundata.h"

/* Decide and load; before the extract.  Needs a transaction. */
extern void dload_conditional_prepare(DloadRun *run);

/* The extract has begun. */
extern void dload_conditional_begin(DloadRun *run);

/* A page comes into the package under way. */
extern void dload_conditional_note(DloadRun *run, DloadPage *page);

/* Must everything be read without conditions, now that a page came? */
extern bool dload_conditional_in_vain(DloadRun *run);

/* Has no page of the whole list been sent? */
extern bool dload_conditional_unchanged(const DloadRun *run);

/* In the package's transaction. */
extern void dload_conditional_save(DloadRun *run, bool complete);

#endif							/* DLOAD_CONDITIONAL_H */
