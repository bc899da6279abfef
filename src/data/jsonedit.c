/*-------------------------------------------------------------------------
 *
 * jsonedit.c
 *	  Setting a value at a path of a JSON text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/jsonedit.h"

#include "data/record.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

/* What part of the text gives way to the new value. */
typedef struct Gap
{
	const char *from;
	const char *to;
	bool		comma;			/* the new value comes after another one */
} Gap;

/* The path with its keys in UTF-8, as documents have them. */
static DloadPath *
utf8_path(const DloadPath *path)
{
	size_t		size = offsetof(DloadPath, steps) +
		Max(path->nsteps, 1) * sizeof(DloadStep);
	DloadPath  *copy = palloc(size);

	copy->nsteps = path->nsteps;
	for (int i = 0; i < path->nsteps; i++)
	{
		DloadStep  *step = &copy->steps[i];

		*step = path->steps[i];
		if (step->kind != DLOAD_STEP_KEY)
			continue;
		step->key = pg_server_to_any(step->key, step->keylen, PG_UTF8);
		step->keylen = strlen(step->key);
	}
	return copy;
}

/* The value of the path's first n steps. */
static bool
find_prefix(const DloadPath *path, int n, DloadSpan json, DloadToken *value)
{
	DloadPath  *prefix = palloc(offsetof(DloadPath, steps) +
								Max(n, 1) * sizeof(DloadStep));

	prefix->nsteps = n;
	memcpy(prefix->steps, path->steps, n * sizeof(DloadStep));
	return dload_path_lookup(prefix, json, value);
}

static int
count_elements(DloadSpan array)
{
	DloadScanner s;
	DloadToken	token;
	int			n = 0;

	dload_scanner_init(&s, array.data, array.len, true);
	dload_scanner_next(&s, &token);
	for (;;)
	{
		DloadTokenType type = dload_scanner_value(&s, &token);

		if (type == DLOAD_TOKEN_ARRAY_END || type == DLOAD_TOKEN_ERROR)
			return n;
		n++;
	}
}

static bool
is_empty_container(DloadSpan container)
{
	for (size_t i = 1; i + 1 < container.len; i++)
	{
		if (strchr(" \t\r\n", container.data[i]) == NULL)
			return false;
	}
	return true;
}

static bool
blocked(const DloadPath *path, DloadError *err)
{
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"cannot set the value at \"%s\"", dload_path_text(path));
	return dload_error_detail(err, "The document has a value of another kind "
							  "on the way to that place.");
}

/* Where the value of step number "depth" goes inside its container. */
static bool
find_gap(const DloadPath *path, int depth, const DloadToken *container,
		 Gap *gap, DloadError *err)
{
	const DloadStep *step = &path->steps[depth];
	bool		object = container->type == DLOAD_TOKEN_OBJECT_START;

	if (object != (step->kind == DLOAD_STEP_KEY) ||
		(!object && container->type != DLOAD_TOKEN_ARRAY_START))
		return blocked(path, err);
	if (!object && (step->kind != DLOAD_STEP_INDEX ||
					step->index != count_elements(container->text)))
		return blocked(path, err);
	gap->from = container->text.data + container->text.len - 1;
	gap->to = gap->from;
	gap->comma = !is_empty_container(container->text);
	return true;
}

static void
append_key(StringInfo buf, const DloadStep *step)
{
	escape_json(buf, step->key);
	appendStringInfoString(buf, ": ");
}

/* The value inside the containers of steps number "depth" and following. */
static bool
append_nested(StringInfo buf, const DloadPath *path, int depth,
			  const char *value, DloadError *err)
{
	for (int i = depth; i < path->nsteps; i++)
	{
		const DloadStep *step = &path->steps[i];

		if (step->kind == DLOAD_STEP_KEY)
		{
			appendStringInfoChar(buf, '{');
			append_key(buf, step);
		}
		else if (step->kind == DLOAD_STEP_INDEX && step->index == 0)
			appendStringInfoChar(buf, '[');
		else
			return blocked(path, err);
	}
	appendStringInfoString(buf, value);
	for (int i = path->nsteps - 1; i >= depth; i--)
	{
		bool		object = path->steps[i].kind == DLOAD_STEP_KEY;

		appendStringInfoChar(buf, object ? '}' : ']');
	}
	return true;
}

/* Where the value goes in the text; *depth: the steps that exist already. */
static bool
find_place(const DloadPath *path, DloadSpan json, int *depth, Gap *gap,
		   DloadError *err)
{
	DloadToken	found;

	*depth = path->nsteps;
	while (!find_prefix(path, *depth, json, &found))
		(*depth)--;
	if (*depth == path->nsteps || found.type == DLOAD_TOKEN_NULL)
	{
		int			quote = found.type == DLOAD_TOKEN_STRING ? 1 : 0;

		gap->from = found.text.data - quote;
		gap->to = found.text.data + found.text.len + quote;
		return true;
	}
	return find_gap(path, *depth, &found, gap, err);
}

static bool
is_json(const char *text, const char *what, DloadError *err)
{
	DloadError	inner = {0};

	if (dload_json_validate(dload_span(text, strlen(text)), &inner))
		return true;
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"%s is not valid JSON", what);
	return inner.detail ? dload_error_detail(err, "%s", inner.detail) : false;
}

char *
dload_json_put(const char *text, const DloadPath *given, const char *value,
			   bool quoted, DloadError *err)
{
	const DloadPath *path = utf8_path(given);
	const char *json = pg_server_to_any(text, strlen(text), PG_UTF8);
	Gap			gap = {0};
	StringInfoData buf;
	StringInfoData string;
	int			depth;

	value = pg_server_to_any(value, strlen(value), PG_UTF8);
	if (!is_json(json, "document", err) ||
		(!quoted && !is_json(value, "value", err)))
		return NULL;
	if (quoted)
	{
		initStringInfo(&string);
		escape_json(&string, value);
		value = string.data;
	}
	if (!find_place(path, dload_span(json, strlen(json)), &depth, &gap, err))
		return NULL;

	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, json, (int) (gap.from - json));
	if (gap.comma)
		appendStringInfoString(&buf, ", ");
	if (gap.from == gap.to)
	{
		/* a new member of a container that is there */
		if (path->steps[depth].kind == DLOAD_STEP_KEY)
			append_key(&buf, &path->steps[depth]);
		depth++;
	}
	if (!append_nested(&buf, path, depth, value, err))
		return NULL;
	appendStringInfoString(&buf, gap.to);
	return pg_any_to_server(buf.data, buf.len, PG_UTF8);
}
