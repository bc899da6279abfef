/*-------------------------------------------------------------------------
 *
 * gunzip.c
 *	  Bytes of a gzip file -> what was packed into it, piece by piece.
 *
 * A file may have several members, one after the other, and zeros behind the
 * last.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/gunzip.h"

#include <zlib.h>

#define OUT_BYTES (32 * 1024)

struct DloadGunzip
{
	z_stream	stream;
	bool		between;		/* a member has ended, none has begun since */
	bool		padding;		/* zeros: no member may follow */
	char		out[OUT_BYTES];
};

DloadGunzip *
dload_gunzip_start(void)
{
	DloadGunzip *g = calloc(1, sizeof(DloadGunzip));

	/* 16: gzip's header and no other */
	if (g != NULL && inflateInit2(&g->stream, 16 + MAX_WBITS) != Z_OK)
	{
		free(g);
		return NULL;
	}
	return g;
}

/* Between members: is there another one? */
static bool
begin_member(DloadGunzip *g)
{
	z_stream   *z = &g->stream;

	while (z->avail_in > 0 && *z->next_in == 0)
	{
		g->padding = true;
		z->next_in++;
		z->avail_in--;
	}
	if (z->avail_in == 0)
		return true;
	if (g->padding || inflateReset(z) != Z_OK)
		return false;
	g->between = false;
	return true;
}

DloadGunzipResult
dload_gunzip_feed(DloadGunzip *g, const char *data, size_t len,
				  DloadGunzipSink sink, void *arg)
{
	z_stream   *z = &g->stream;

	if (len > PG_INT32_MAX)
		return DLOAD_GUNZIP_STOPPED;
	z->next_in = (Bytef *) unconstify(char *, data);
	z->avail_in = (uInt) len;
	for (;;)
	{
		int			code;
		size_t		n;

		if (g->between && !begin_member(g))
			return DLOAD_GUNZIP_DAMAGED;
		if (g->between)
			return DLOAD_GUNZIP_OK;
		z->next_out = (Bytef *) g->out;
		z->avail_out = OUT_BYTES;
		code = inflate(z, Z_NO_FLUSH);
		if (code == Z_MEM_ERROR)
			return DLOAD_GUNZIP_STOPPED;
		if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
			return DLOAD_GUNZIP_DAMAGED;
		n = OUT_BYTES - z->avail_out;
		if (n > 0 && !sink(arg, g->out, n))
			return DLOAD_GUNZIP_STOPPED;
		if (code == Z_STREAM_END)
			g->between = true;
		else if (z->avail_in == 0 && z->avail_out > 0)
			return DLOAD_GUNZIP_OK;
		else if (code == Z_BUF_ERROR && n == 0)
			return DLOAD_GUNZIP_OK;
	}
}

bool
dload_gunzip_complete(const DloadGunzip *g)
{
	return g->between;
}

void
dload_gunzip_end(DloadGunzip *g)
{
	inflateEnd(&g->stream);
	free(g);
}
