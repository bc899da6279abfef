/*-------------------------------------------------------------------------
 *
 * cost.c
 *	  Limits that count points, and say in each body how many are left.
 *
 * The API takes points for each request and gives some back every second
 * (Shopify's GraphQL).  The next request is taken to cost as much as this one,
 * for it is mostly the next page of the same list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/limiter.h"

#include <math.h>

#include "data/path.h"
#include "data/record.h"

/* More seconds than this are no answer. */
#define MAX_PAUSE_S 86400

/* The number that a path leads to; negative if it leads to none. */
static double
find_points(const DloadPath *path, DloadSpan body)
{
	DloadToken	token;
	char	   *text;
	char	   *end;
	double		number;

	if (!dload_path_lookup(path, body, &token) ||
		token.type != DLOAD_TOKEN_NUMBER)
		return -1;
	text = dload_token_cstring(&token);
	number = strtod(text, &end);
	if (*end != '\0' || !isfinite(number))
		number = -1;
	pfree(text);
	return number;
}

int64
dload_cost_pause(const DloadLimitSpec *spec, DloadSpan body)
{
	DloadError	err = {0};
	double		cost;
	double		available;
	double		restore;

	if (spec->cost_path == NULL || body.len == 0 ||
		!dload_json_validate(body, &err))
		return -1;
	cost = find_points(spec->cost_path, body);
	available = find_points(spec->available_path, body);
	restore = find_points(spec->restore_path, body);
	if (cost < 0 || available < 0 || restore <= 0)
		return -1;
	if (available >= cost)
		return 0;
	return (int64) (Min((cost - available) / restore, MAX_PAUSE_S) * 1000) + 1;
}
