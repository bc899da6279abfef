/*-------------------------------------------------------------------------
 *
 * gunzip.h
 *	  Bytes of a gzip file -> what was packed into it, piece by piece.
 *
 * For libcurl's callbacks too: nothing here throws, and memory is malloc'd.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_GUNZIP_H
#define DLOAD_GUNZIP_H

#include "postgres.h"

typedef struct DloadGunzip DloadGunzip;

typedef enum DloadGunzipResult
{
	DLOAD_GUNZIP_OK,
	DLOAD_GUNZIP_DAMAGED,		/* it is no gzip file, or a broken one */
	DLOAD_GUNZIP_STOPPED		/* the sink wants no more, or no memory */
} DloadGunzipResult;

/* Takes what comes out; false stops the work. */
typedef bool (*DloadGunzipSink) (void *arg, const char *data, size_t len);

/* The bytes that every gzip file begins with, and nothing textual does. */
#define DLOAD_GZIP_MAGIC		"\x1f\x8b"
#define DLOAD_GZIP_MAGIC_LEN	2

/* NULL: no memory. */
extern DloadGunzip *dload_gunzip_start(void);

/* Give it the next bytes.  After anything but OK it must only be ended. */
extern DloadGunzipResult dload_gunzip_feed(DloadGunzip *g, const char *data,
										   size_t len, DloadGunzipSink sink,
										   void *arg);

/* Was that the end of the file? */
extern bool dload_gunzip_complete(const DloadGunzip *g);

extern void dload_gunzip_end(DloadGunzip *g);

#endif							/* DLOAD_GUNZIP_H */
