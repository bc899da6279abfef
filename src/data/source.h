/*-------------------------------------------------------------------------
 *
 * source.h
 *	  Sources: the bytes of a page -> records, one way per format.
 *
 * The reader (record.h) has one *source* at work per page: JSON documents,
 * lines of JSON, or CSV.  All are driven alike: bytes go in, JSON texts of
 * records come out.  Private to the reader and its sources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SOURCE_H
#define DLOAD_SOURCE_H

#include "data/form.h"

/* Room for bytes to begin with; the fuzzer has it small, so that it grows. */
#ifndef DLOAD_FIRST_BYTES
#define DLOAD_FIRST_BYTES ((size_t) 8192)
#endif

typedef struct DloadSource DloadSource;

/* As the functions of the reader of these names. */
typedef struct DloadSourceKind
{
	void		(*reset) (DloadSource *source);
	void		(*open) (DloadSource *source, const char *body, size_t len);
	void		(*feed) (DloadSource *source, const char *data, size_t len);
	void		(*finish) (DloadSource *source);
	DloadReadResult (*next) (DloadSource *source, DloadSpan *record,
							 DloadError *err);
} DloadSourceKind;

struct DloadSource
{
	const DloadSourceKind *kind;	/* first in each source */
};

/* --- jsonsource.c --- */

/*
 * With "mapped" an object where the records are is a map of them.  With
 * "bare" a list at the root is that of the records wherever the path leads.
 */
extern DloadSource *dload_json_source(const DloadPath *path,
									  size_t max_record, bool mapped,
									  bool bare);
extern DloadSpan dload_json_source_envelope(const DloadSource *source);
extern bool dload_json_source_found(const DloadSource *source);

/* After the page's end: give back its memory, but for the envelope. */
extern void dload_json_source_release(DloadSource *source);

/* Of a map: the key of the record just handed out, as written and quoted;
 * of a list in the place of one, the record's number from 0. */
extern DloadSpan dload_json_source_key(const DloadSource *source);

/* --- lines.c --- */
extern DloadSource *dload_lines_source(size_t max_record);

/* --- csv.c --- */

/* The form may be NULL. */
extern DloadSource *dload_csv_source(const DloadForm *form,
									 size_t max_record);

/* Commas or tabs, where the form does not say: before a page. */
extern void dload_csv_source_tabs(DloadSource *source, bool tabs);

/*
 * --- inflow.c ---
 *
 * The bytes of a page that came and have not been taken, for sources that
 * take them from the front and keep no other place among them.
 */
typedef struct DloadInflow
{
	MemoryContext context;
	const char *cur;			/* next byte to take */
	const char *end;
	bool		final;			/* no more will come */
	bool		started;		/* a byte order mark has been looked for */
	/* private */
	char	   *buf;
	size_t		size;
} DloadInflow;

/* In the current memory context. */
extern void dload_inflow_init(DloadInflow *in);
extern void dload_inflow_reset(DloadInflow *in);
extern void dload_inflow_open(DloadInflow *in, const char *body, size_t len);

/* Add bytes.  What "cur" and "end" pointed to may have moved. */
extern void dload_inflow_feed(DloadInflow *in, const char *data, size_t len);

/* Past a byte order mark; false if more bytes are needed to tell. */
extern bool dload_inflow_start(DloadInflow *in);

/* The error for a record larger than that many bytes. */
extern DloadReadResult dload_record_too_large(size_t max_record,
											  DloadError *err);

#endif							/* DLOAD_SOURCE_H */
