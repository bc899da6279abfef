/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  Tokens of JSON that is known to be valid: the part that is no inline.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/walk.h"

void
dload_walk_skip(DloadWalk *w, DloadToken *token)
{
	const char *p = w->cur;
	int			depth = 1;
	bool		escaped;

	while (p < w->end && depth > 0)
	{
		switch (*p++)
		{
			case '"':
				p = dload_walk_quote(p, w->end, &escaped);
				p = Min(p + 1, w->end);
				break;
			case '{':
			case '[':
				depth++;
				break;
			case '}':
			case ']':
				depth--;
				break;
			default:
				break;
		}
	}
	w->cur = p;
	token->text.len = p - token->text.data;
}
