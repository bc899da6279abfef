/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *	  Conditions of a query -> values of request parameters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "fdw/pushdown.h"

#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/*
 * The column with a parameter that an expression of relation "relid" is; NULL
 * if it is something else.  *typid is the type it is compared as: a varchar
 * column is compared as text.
 */
static const DloadResourceColumn *
match_column(const DloadResource *res, Index relid, Node *node, Oid *typid)
{
	Var		   *var;

	*typid = exprType(node);
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node == NULL || !IsA(node, Var))
		return NULL;
	var = (Var *) node;
	if (var->varno != relid || var->varlevelsup != 0)
		return NULL;
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (res->columns[i].attnum == var->varattno)
			return res->columns[i].param ? &res->columns[i] : NULL;
	}
	return NULL;
}

/* Is the value known before the scan of "relid" starts? */
static bool
known_before(PlannerInfo *root, Index relid, Node *value)
{
	return !bms_is_member(relid, pull_varnos(root, value)) &&
		!contain_volatile_functions(value) &&
		!contain_subplans(value);
}

static bool
is_integer(Oid typid)
{
	return typid == INT2OID || typid == INT4OID || typid == INT8OID;
}

/*
 * The API compares bytes.  Where the database would find more strings equal
 * than that, rows would be missing, unless the value itself becomes the
 * column's value.  String types of extensions (citext) may do anything.
 */
static bool
equal_as_bytes(const DloadResourceColumn *column, Oid typid, Oid collation)
{
	char		category;
	bool		preferred;

	if (column->echo)
		return true;
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return false;
	get_type_category_preferred(getBaseType(typid), &category, &preferred);
	return category != TYPCATEGORY_STRING ||
		getBaseType(typid) < FirstNormalObjectId;
}

static DloadPushed *
make_pushed(const DloadResourceColumn *column, Node *value, bool is_array,
			Oid equality, Oid collation)
{
	DloadPushed *pushed = palloc0(sizeof(DloadPushed));

	pushed->column = column;
	pushed->value = (Expr *) value;
	pushed->is_array = is_array;
	pushed->equality = equality;
	pushed->collation = collation;
	return pushed;
}

/*
 * column = value, either way round.
 */
static DloadPushed *
push_equality(PlannerInfo *root, Index relid, const DloadResource *res,
			  OpExpr *op)
{
	for (int side = 0; list_length(op->args) == 2 && side < 2; side++)
	{
		Node	   *mine = list_nth(op->args, side);
		Node	   *value = list_nth(op->args, 1 - side);
		Oid			typid;
		Oid			opno;
		const DloadResourceColumn *column;

		column = match_column(res, relid, mine, &typid);
		if (column == NULL)
			continue;
		if (!op_mergejoinable(op->opno, exprType(linitial(op->args))) ||
			!equal_as_bytes(column, typid, op->inputcollid) ||
			!known_before(root, relid, value))
			return NULL;

		opno = side == 0 ? op->opno : get_commutator(op->opno);

		/*
		 * An integer is written alike in each width.  Other types must come
		 * as the column's: a date compared with a timestamptz means midnight
		 * in the session's time zone.
		 */
		if (exprType(value) != typid &&
			!(is_integer(exprType(value)) && is_integer(typid)))
		{
			value = coerce_to_target_type(NULL, value, exprType(value),
										  typid, -1, COERCION_IMPLICIT,
										  COERCE_IMPLICIT_CAST, -1);
			if (value == NULL || contain_volatile_functions(value))
				return NULL;
			opno = InvalidOid;	/* compares with the type that was */
		}
		return make_pushed(column, value, false,
						   OidIsValid(opno) ? get_opcode(opno) : InvalidOid,
						   op->inputcollid);
	}
	return NULL;
}

/* The part of a window that an operator bounds; VALUE for none. */
static DloadPart
bounded_part(Oid opno, Oid typid)
{
	TypeCacheEntry *type = lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY);
	Oid			family = type->btree_opf;

	if (!OidIsValid(family) || !OidIsValid(opno))
		return DLOAD_PART_VALUE;
	switch (get_op_opfamily_strategy(opno, family))
	{
		case BTLessStrategyNumber:
			return DLOAD_PART_BEFORE;
		case BTLessEqualStrategyNumber:
			return DLOAD_PART_UNTIL;
		case BTGreaterStrategyNumber:
		case BTGreaterEqualStrategyNumber:
			return DLOAD_PART_FROM;
		default:
			return DLOAD_PART_VALUE;
	}
}

/* Can a column of this type say where a window begins or ends? */
static bool
tells_time(const DloadResource *res, Oid typid)
{
	DloadTimeFormat format = res->slice.window_format;

	return typid == TIMESTAMPTZOID || typid == TIMESTAMPOID ||
		typid == DATEOID ||
		(is_integer(typid) &&
		 (format == DLOAD_TIME_EPOCH || format == DLOAD_TIME_EPOCH_MS));
}

/*
 * The column of a window >= value, and the like, either way round.  Values of
 * outer rows are left alone: each would be a window of its own.
 */
static DloadPushed *
push_bound(PlannerInfo *root, Index relid, const DloadResource *res,
		   OpExpr *op)
{
	for (int side = 0; list_length(op->args) == 2 && side < 2; side++)
	{
		Node	   *value = list_nth(op->args, 1 - side);
		Oid			typid;
		const DloadResourceColumn *column;
		DloadPushed *pushed;
		DloadPart	part;

		column = match_column(res, relid, list_nth(op->args, side), &typid);
		if (column == NULL)
			continue;
		part = bounded_part(side == 0 ? op->opno : get_commutator(op->opno),
							typid);
		if (part == DLOAD_PART_VALUE || column->echo ||
			strcmp(column->param, res->slice.window_from) != 0 ||
			!tells_time(res, typid) ||
			!known_before(root, relid, value) ||
			!bms_is_empty(pull_varnos(root, value)))
			return NULL;
		if (exprType(value) != typid)
			value = coerce_to_target_type(NULL, value, exprType(value), typid,
										  -1, COERCION_IMPLICIT,
										  COERCE_IMPLICIT_CAST, -1);
		if (value == NULL || contain_volatile_functions(value))
			return NULL;
		pushed = make_pushed(column, value, false, InvalidOid, InvalidOid);
		pushed->part = part;
		return pushed;
	}
	return NULL;
}

/* column = ANY (array) */
static DloadPushed *
push_any(PlannerInfo *root, Index relid, const DloadResource *res,
		 ScalarArrayOpExpr *op)
{
	Node	   *array = lsecond(op->args);
	Oid			elemtype = get_base_element_type(exprType(array));
	Oid			typid;
	const DloadResourceColumn *column;

	column = match_column(res, relid, linitial(op->args), &typid);
	if (column == NULL || !op->useOr || !OidIsValid(elemtype))
		return NULL;
	if (!op_mergejoinable(op->opno, typid) ||
		!equal_as_bytes(column, typid, op->inputcollid) ||
		!known_before(root, relid, array))
		return NULL;
	if (elemtype != typid && !(is_integer(elemtype) && is_integer(typid)))
		return NULL;
	/* duplicates are found by sorting */
	if (!OidIsValid(lookup_type_cache(elemtype, TYPECACHE_CMP_PROC)->cmp_proc))
		return NULL;
	return make_pushed(column, array, true, get_opcode(op->opno),
					   op->inputcollid);
}

/* Make the values of several equalities, all of one type, a list. */
static DloadPushed *
make_list(DloadPushed *pushed, ArrayExpr *array)
{
	Oid			elemtype = array->element_typeid;

	array->array_typeid = get_array_type(elemtype);
	array->array_collid = get_typcollation(elemtype);
	array->location = -1;
	if (!OidIsValid(array->array_typeid) || !OidIsValid(pushed->equality) ||
		!OidIsValid(lookup_type_cache(elemtype, TYPECACHE_CMP_PROC)->cmp_proc))
		return NULL;
	pushed->value = (Expr *) array;
	pushed->is_array = true;
	return pushed;
}

/*
 * column = a OR column = b: the same as a list of values.
 */
static DloadPushed *
push_or(PlannerInfo *root, Index relid, const DloadResource *res,
		BoolExpr *or)
{
	DloadPushed *first = NULL;
	ArrayExpr  *array = makeNode(ArrayExpr);
	ListCell   *lc;

	foreach(lc, or->args)
	{
		OpExpr	   *op = lfirst(lc);
		DloadPushed *arm;

		if (!IsA(op, OpExpr))
			return NULL;
		arm = push_equality(root, relid, res, op);
		if (arm == NULL)
			return NULL;
		if (first == NULL)
		{
			first = arm;
			array->element_typeid = exprType((Node *) arm->value);
		}
		else if (arm->column != first->column ||
				 exprType((Node *) arm->value) != array->element_typeid)
			return NULL;
		array->elements = lappend(array->elements, arm->value);
	}
	return make_list(first, array);
}

/* The forms that the planner makes of column = true and column = false. */
static DloadPushed *
push_boolean(Index relid, const DloadResource *res, Node *clause)
{
	bool		value = true;
	Oid			typid;
	const DloadResourceColumn *column;

	if (is_notclause(clause))
	{
		clause = (Node *) get_notclausearg((Expr *) clause);
		value = false;
	}
	else if (IsA(clause, BooleanTest))
	{
		BooleanTest *test = (BooleanTest *) clause;

		if (test->booltesttype != IS_TRUE && test->booltesttype != IS_FALSE)
			return NULL;
		value = test->booltesttype == IS_TRUE;
		clause = (Node *) test->arg;
	}
	column = match_column(res, relid, clause, &typid);
	if (column == NULL || typid != BOOLOID)
		return NULL;
	return make_pushed(column, makeBoolConst(value, false), false,
					   InvalidOid, InvalidOid);
}

DloadPushed *
dload_pushdown_clause(PlannerInfo *root, Index relid,
					  const DloadResource *res, Node *clause)
{
	Node	   *node = clause;
	DloadPushed *pushed;

	if (IsA(node, RestrictInfo))
	{
		if (((RestrictInfo *) node)->pseudoconstant)
			return NULL;
		node = (Node *) ((RestrictInfo *) node)->clause;
	}
	if (IsA(node, OpExpr))
	{
		pushed = push_equality(root, relid, res, (OpExpr *) node);
		if (pushed == NULL && res->page.kind == DLOAD_PAGINATE_WINDOW)
			pushed = push_bound(root, relid, res, (OpExpr *) node);
	}
	else if (IsA(node, ScalarArrayOpExpr))
		pushed = push_any(root, relid, res, (ScalarArrayOpExpr *) node);
	else if (is_orclause(node))
		pushed = push_or(root, relid, res, (BoolExpr *) node);
	else
		pushed = push_boolean(relid, res, node);
	if (pushed != NULL)
		pushed->clause = clause;
	return pushed;
}

List *
dload_pushdown_clauses(PlannerInfo *root, Index relid,
					   const DloadResource *res, List *clauses)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		DloadPushed *pushed = dload_pushdown_clause(root, relid, res,
													lfirst(lc));
		ListCell   *other;

		if (pushed == NULL)
			continue;
		foreach(other, result)
		{
			DloadPushed *present = lfirst(other);

			if (present->column != pushed->column ||
				present->part != pushed->part)
				continue;
			if (present->is_array && !pushed->is_array)
				lfirst(other) = pushed;
			break;
		}
		if (other == NULL)
			result = lappend(result, pushed);
	}
	return result;
}

List *
dload_pushdown_missing(const DloadResource *res, List *pushed,
					   const Bitmapset *joined)
{
	List	   *missing = NIL;

	for (int i = 0; i < res->ncolumns; i++)
	{
		const DloadResourceColumn *column = &res->columns[i];
		ListCell   *lc;

		if (!column->required && !bms_is_member(column->attnum, joined))
			continue;
		foreach(lc, pushed)
		{
			if (((DloadPushed *) lfirst(lc))->column == column)
				break;
		}
		if (lc == NULL)
			missing = lappend_int(missing, column->attnum);
	}
	return missing;
}

double
dload_pushdown_requests(PlannerInfo *root, List *pushed)
{
	double		requests = 1;
	ListCell   *lc;

	foreach(lc, pushed)
	{
		DloadPushed *p = lfirst(lc);

		if (p->is_array)
			requests *= Max(dload_array_length(root, (Node *) p->value), 1);
	}
	return requests;
}

/* ISO 8601 in UTC; NULL for infinity, years before 1 and beyond 9999. */
static char *
timestamp_text(Timestamp value)
{
	struct pg_tm tm;
	fsec_t		fsec;
	StringInfoData buf;

	if (TIMESTAMP_NOT_FINITE(value) ||
		timestamp2tm(value, NULL, &tm, &fsec, NULL, NULL) != 0 ||
		tm.tm_year < 1 || tm.tm_year > 9999)
		return NULL;
	initStringInfo(&buf);
	appendStringInfo(&buf, "%04d-%02d-%02dT%02d:%02d:%02d",
					 tm.tm_year, tm.tm_mon, tm.tm_mday,
					 tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (fsec != 0)
	{
		appendStringInfo(&buf, ".%06d", (int) fsec);
		while (buf.data[buf.len - 1] == '0')
			buf.data[--buf.len] = '\0';
	}
	appendStringInfoChar(&buf, 'Z');
	return buf.data;
}

static char *
date_text(DateADT value)
{
	int			year;
	int			month;
	int			day;

	if (DATE_NOT_FINITE(value))
		return NULL;
	j2date(value + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (year < 1 || year > 9999)
		return NULL;
	return psprintf("%04d-%02d-%02d", year, month, day);
}

char *
dload_pushdown_text(Oid typid, Datum value)
{
	char	   *text = NULL;
	Oid			output;
	bool		varlena;

	typid = getBaseType(typid);
	switch (typid)
	{
		case BOOLOID:
			return pstrdup(DatumGetBool(value) ? "true" : "false");
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			/* a timestamptz counts from the epoch in UTC */
			text = timestamp_text(DatumGetTimestamp(value));
			break;
		case DATEOID:
			text = date_text(DatumGetDateADT(value));
			break;
	}
	if (text == NULL)
	{
		getTypeOutputInfo(typid, &output, &varlena);
		text = OidOutputFunctionCall(output, value);
	}
	if (typid == BPCHAROID)
	{
		size_t		len = strlen(text);

		while (len > 0 && text[len - 1] == ' ')
			text[--len] = '\0';
	}
	return text;
}

bool
dload_pushdown_is_json(Oid typid)
{
	switch (getBaseType(typid))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case JSONOID:
		case JSONBOID:
			return true;
		default:
			return false;
	}
}

char *
dload_pushdown_param(const DloadResource *res,
					 const DloadResourceColumn *column, DloadPart part)
{
	return part == DLOAD_PART_BEFORE || part == DLOAD_PART_UNTIL ?
		res->slice.window_to : column->param;
}

/* What a number that counts from 1970 means, or the instant after it. */
static char *
epoch_text(const DloadResource *res, Oid typid, Datum value, bool after)
{
	bool		ms = res->slice.window_format == DLOAD_TIME_EPOCH_MS;
	int64		unit = ms ? 1000 : USECS_PER_SEC;
	int64		number = typid == INT2OID ? DatumGetInt16(value) :
	typid == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);

	/* beyond the year 9999 */
	if (number < 0 || number > INT64CONST(253402300799) * (ms ? 1000 : 1))
		return NULL;
	return timestamp_text((number + after) * unit -
						  (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
						  USECS_PER_DAY);
}

/*
 * Windows end before their upper bound, so one that includes it ends at the
 * next instant or day.
 */
char *
dload_pushdown_bound(const DloadResource *res, Oid typid, Datum value,
					 DloadPart part)
{
	typid = getBaseType(typid);
	if (is_integer(typid))
		return epoch_text(res, typid, value, part == DLOAD_PART_UNTIL);
	if (typid == DATEOID)
	{
		DateADT		date = DatumGetDateADT(value);

		if (DATE_NOT_FINITE(date))
			return NULL;
		return date_text(date + (part == DLOAD_PART_UNTIL));
	}
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value)))
		return NULL;
	return timestamp_text(DatumGetTimestamp(value) +
						  (part == DLOAD_PART_UNTIL));
}
