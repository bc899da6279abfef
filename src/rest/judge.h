/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  What becomes of a fetch by what its response says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_JUDGE_H
#define DLOAD_JUDGE_H

#include "rest/fetch.h"

typedef enum DloadJudgement
{
	DLOAD_JUDGED_GOOD,			/* see the fetch's fate */
	DLOAD_JUDGED_AGAIN,			/* another attempt or hop is to be sent */
	DLOAD_JUDGED_ERROR			/* *err is set */
} DloadJudgement;

/* The head is in. */
extern DloadJudgement dload_judge_head(DloadFetch *f, DloadError *err);

/* The body of a 2xx response is in: what stands outside its records, or all
 * of it. */
extern DloadJudgement dload_judge_page(DloadFetch *f, DloadSpan body,
									   DloadError *err);

#endif							/* DLOAD_JUDGE_H */
