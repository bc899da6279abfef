
# Asking again: which methods and statuses, how long, how often; the deadline;
# the circuit breaker of a server; and what rules make of a run.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('main', preload => 1);
my $mock = start_mock();

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# A server of its own for each case, with one foreign table of the same name.
sub make
{
	my ($name, $server, $table) = @_;
	my $list = option_list(%$table);

	make_server($node, $name, $mock->url,
		options => { retry_base => '1ms', %$server });
	sql("CREATE FOREIGN TABLE $name (id bigint) SERVER $name OPTIONS ($list)");
	return;
}

sub took
{
	my ($code) = @_;
	my $start = time();

	$code->();
	return time() - $start;
}

#
# Waits
#

make('slow', { max_retries => 3, retry_base => '200ms', retry_cap => '300ms' },
	{ path => '/items' });
make('fast', { max_retries => 3 }, { path => '/items' });
my ($slow, $fast) = (0, 0);
foreach my $round (1 .. 4)
{
	$mock->script({ path => '/items', status => 503, times => 3 });
	$slow += took(sub { is(sql('SELECT count(*) FROM slow'), 100, 'slow') });
	$mock->script({ path => '/items', status => 503, times => 3 });
	$fast += took(sub { is(sql('SELECT count(*) FROM fast'), 100, 'fast') });
}
# twelve waits of 0 to 200 or 300 ms each: 1.6 s on average
cmp_ok($slow - $fast, '>', 0.3, 'retry_base makes waits longer');
cmp_ok($slow - $fast, '<', 3.6, 'retry_cap keeps them short');

make('hasty', { max_retries => 10, retry_deadline => '400ms' },
	{ path => '/items' });
$mock->script(
	{
		path => '/items',
		status => 503,
		headers => { 'Retry-After' => '1' },
		times => 1
	});
my $error = error_of($node, 'SELECT * FROM hasty');
is($error->{sqlstate}, 'HV000', 'a retry that would come too late is not made');
like($error->{hint}, qr/^The request was sent/, 'and that is said')
  if defined $error->{hint};
is(sql('SELECT count(*) FROM hasty'), 100, 'the next one goes');
make('patient', { max_retries => 10 }, { path => '/items' });
$mock->script(
	{
		path => '/items',
		status => 503,
		headers => { 'Retry-After' => '1' },
		times => 1
	});
is(sql('SELECT count(*) FROM patient'), 100, 'without a deadline it is');

#
# Speed
#

my %trickle = (path => '/items', trickle => 20, times => 1);
make('crawling', { max_retries => 0, idle_timeout => '200ms' },
	{ path => '/items', query_params => '{"count": "9"}' });
sql(q{CREATE FOREIGN TABLE large (id bigint) SERVER crawling OPTIONS (path '/huge?mb=8')});
$mock->script(\%trickle);
my $crawl = took(sub { $error = error_of($node, 'SELECT * FROM crawling') });
is($error->{sqlstate}, 'HV00N', '20 bytes a second are too few');
like(
	$error->{message},
	qr/^could not read from server "crawling": response is slower than "min_speed"$/,
	'message');
like($error->{hint}, qr/"min_speed"/, 'hint');
cmp_ok($crawl, '>', 1.8, 'in ten times idle_timeout');
cmp_ok($crawl, '<', 10, 'and not much later');
$mock->script({ %trickle, status => 500, body => 'x' x 1000 });
is(sqlstate($node, 'SELECT * FROM crawling'), 'HV000',
	'the body of an error is given up, too');
$mock->script({ %trickle, trickle => 600 });
is(sql('SELECT count(*) FROM crawling'), 9, '600 bytes a second are enough');
is( sql(q{BEGIN; DECLARE c CURSOR FOR SELECT 1 FROM large; MOVE 10 IN c;
	DO 'BEGIN PERFORM pg_sleep(2.5); END'; MOVE 10 IN c; MOVE ALL IN c; COMMIT; SELECT 'read'}),
	'read',
	'a reader that takes its time is not the API');
sql(q{ALTER SERVER crawling OPTIONS (ADD min_speed '0')});
$mock->script(\%trickle);
is( sqlstate(
		$node, q{SET statement_timeout = '4s'; SELECT * FROM crawling}),
	'57014',
	'without min_speed it goes on');
sql(q{ALTER SERVER crawling OPTIONS (SET min_speed '10')});
sql(q{ALTER FOREIGN TABLE crawling OPTIONS (SET query_params '{"count": "1"}')});
$mock->script(\%trickle);
is(sql('SELECT count(*) FROM crawling'), 1, 'with a lower one it ends');

make_server(
	$node, 'dripping', $mock->url,
	options => {
		auth => 'oauth2',
		oauth2_token_url => $mock->url . '/oauth/token',
		connect_timeout => '300ms',
		request_timeout => '300ms',
		retry_base => '1ms'
	},
	mapping => { client_id => 'app', client_secret => 'app-s3cret' });
sql(q{CREATE FOREIGN TABLE dripping (id bigint) SERVER dripping OPTIONS (path '/items')});
$mock->script({ path => '/oauth/token', trickle => 10, times => 0 });
$crawl = took(sub { $error = error_of($node, 'SELECT * FROM dripping') });
like(
	"$error->{message} $error->{detail}",
	qr/reply was not complete within "request_timeout"/,
	'a token endpoint that drips is given up');
cmp_ok($crawl, '<', 8, 'soon');
$mock->clear_script;

#
# Methods
#

make('posting', {}, { path => '/token/items', method => 'POST', body => '{}' });
$mock->script({ path => '/token/items', status => 500 });
is(sqlstate($node, 'SELECT * FROM posting'),
	'HV000', 'a POST that may have been carried out is not repeated');
$mock->script({ path => '/token/items', status => 503 });
is(sql('SELECT count(*) FROM posting'),
	25, 'one that was turned away unread is');
sql(q{ALTER FOREIGN TABLE posting OPTIONS (ADD idempotent 'true')});
$mock->script({ path => '/token/items', status => 500 });
is(sql('SELECT count(*) FROM posting'), 25, 'one that is idempotent is');
sql(q{ALTER FOREIGN TABLE posting OPTIONS (DROP idempotent)});
sql(q{ALTER FOREIGN TABLE posting OPTIONS (ADD response_rules '[{"when": "status = 500", "do": "retry"}]')});
$mock->script({ path => '/token/items', status => 500 });
is(sql('SELECT count(*) FROM posting'), 25, 'and one that a rule repeats');

#
# The circuit breaker
#

sub breaker
{
	return sql("SELECT state, failures, reason FROM dload.breakers"
		  . " WHERE server = '$_[0]'");
}

make('fragile', { max_retries => 0, breaker => '3/2s' }, { path => '/items' });
sql(q{CREATE FOREIGN TABLE fragile2 (id bigint) SERVER fragile OPTIONS (path '/status/404')});
is(sql('SELECT count(*) FROM fragile'), 100, 'breaker: closed');
$mock->script({ path => '/items', status => 500, times => 0 });
foreach my $i (1 .. 3)
{
	is(sqlstate($node, 'SELECT * FROM fragile'), 'HV000', "failure $i");
}
is(breaker('fragile'), 'open|3|status 500', 'the breaker is open');
$mock->clear_journal;
$error = error_of($node, 'SELECT * FROM fragile');
is($error->{sqlstate}, 'HV00N', 'fails at once');
like(
	$error->{message},
	qr/^server "fragile" is not asked before .*, since it keeps failing$/,
	'message');
like(
	$error->{detail},
	qr{^GET http.*/items was not sent.  The last 3 requests failed, the last of them with: status 500\.$},
	'detail');
like($error->{hint}, qr/dload\.breakers/, 'hint');
is($mock->requests('/items'), 0, 'nothing was sent');
is(sqlstate($node, 'SELECT * FROM fragile2'),
	'HV00N', 'another table of the server');
is(sql('SELECT count(*) FROM fast WHERE false'), 0, 'another server');

# half-open: one request, which fails again
sleep(3);
is(sqlstate($node, 'SELECT * FROM fragile'), 'HV000', 'one request tries');
is(sqlstate($node, 'SELECT * FROM fragile'), 'HV00N', 'and opens it again');
is($mock->requests('/items'), 1, 'only one was sent');
$mock->clear_script;
sleep(3);
is(sql('SELECT count(*) FROM fragile'), 100, 'the next try succeeds');
is(breaker('fragile'), 'closed|0|status 500', 'the breaker is closed');

# what is no failure of the server
foreach my $i (1 .. 4)
{
	is(sqlstate($node, 'SELECT * FROM fragile2'), 'HV00R', "404 no. $i");
}
is(breaker('fragile'), 'closed|0|status 500', '404 does not count');
sql(q{CREATE ROLE stranger LOGIN});
is( $node->safe_psql(
		'postgres',
		'SELECT count(*) FROM dload.breakers',
		extra_params => [ '-U', 'stranger' ]),
	0,
	'breakers of servers that a role may not use are not shown');

# the owner may know better
sql(q{ALTER SERVER fragile OPTIONS (SET breaker '1/1h')});
$mock->script({ path => '/items', status => 500 });
is(sqlstate($node, 'SELECT * FROM fragile'), 'HV000', 'one failure');
is(sqlstate($node, 'SELECT * FROM fragile'), 'HV00N', 'opens it for an hour');
sql(q{SELECT dload.ask_again('fragile')});
is(sql('SELECT count(*) FROM fragile'), 100, 'ask_again closes it');
$mock->script({ path => '/items', status => 500 });
is(sqlstate($node, 'SELECT * FROM fragile'), 'HV000', 'open once more');
sql(q{ALTER SERVER fragile OPTIONS (SET breaker '1/30 min')});
is(sql('SELECT count(*) FROM fragile'),
	100, 'a pause that is longer than any is over');

# no answer at all counts
make_server($node, 'dead', 'http://127.0.0.1:9',
	options => { max_retries => 5, retry_base => '1ms', breaker => '2/1h' });
sql(q{CREATE FOREIGN TABLE dead (id bigint) SERVER dead OPTIONS (path '/')});
is(sqlstate($node, 'SELECT * FROM dead'), 'HV00N', 'no connection');
like(breaker('dead'), qr/^open\|2\|/, 'two attempts, not six');

#
# Rules in runs
#

sub pipeline
{
	my ($name, $args) = @_;

	sql("SELECT dload.create_pipeline('$name', source => '$name',"
		  . " target => 'public.${name}_rows', primary_key => '{id}',"
		  . " write_disposition => $args)");
	return;
}

sub last_run
{
	return sql("SELECT outcome, reason FROM dload.runs WHERE pipeline = '$_[0]'"
		  . ' ORDER BY run_id DESC LIMIT 1');
}

my $skip = '[{"when": "status = 500", "do": "skip"}]';
make('skipping', {},
	{ path => '/page/items', paginate => 'page', records_path => 'items', response_rules => $skip });
pipeline('skipping', "'merge'");
sql('CALL dload.run(\'skipping\')');
is(last_run('skipping'), 'complete|', 'nothing was left out');
$mock->script({ path => 'page=2', status => 500 });
sql('CALL dload.run(\'skipping\')');
like(
	last_run('skipping'),
	qr{^suspect\|1 page was left out by a rule, the first of them: GET http.*/page/items\?page=2 returned 500\.$},
	'a run that leaves a page out is suspect, and says which');
is(sql('SELECT count(*) FROM skipping_rows'), 100, 'rows are kept');

make('replacing', {},
	{ path => '/page/items', paginate => 'page', records_path => 'items', response_rules => $skip });
pipeline('replacing', "'replace'");
sql('CALL dload.run(\'replacing\')');
$mock->script({ path => 'page=2', status => 500 });
sql('CALL dload.run(\'replacing\')');
like(last_run('replacing'), qr/^suspect\|.*The old rows were kept\.$/,
	'an incomplete list replaces nothing');
is(sql('SELECT count(*) FROM replacing_rows'), 100, 'no row is gone');
sql('CALL dload.run(\'replacing\')');
is(last_run('replacing'), 'complete|', 'the next run is complete');

# a cursor does not pass records that were left out
make('dated', {},
	{ path => '/since/items', paginate => 'next_url', next_path => 'next', records_path => 'items', response_rules =>
		'[{"when": "$.next = null", "do": "skip"}]' });
sql('DROP FOREIGN TABLE dated');
sql(q{CREATE FOREIGN TABLE dated (id bigint) SERVER dated OPTIONS
	(path '/since/items', paginate 'next_url', next_path 'next', records_path 'items',
	 response_rules '[{"when": "$.next = null", "do": "skip"}]')});
pipeline('dated', "'merge', cursor_path => 'updated_at', cursor_param => 'updated_since'");
sql('CALL dload.run(\'dated\')');
like(last_run('dated'), qr/^suspect/, 'the last page is left out');
is(sql("SELECT cursor_value FROM dload.cursors WHERE pipeline = 'dated'"),
	'', 'the cursor has not moved');

# what a cursor goes on from may expire
make('delta', { response_rules =>
	  '[{"when": "status = 410 and $.error.code = \"syncStateNotFound\"", "do": "restart"}]' },
	{ path => '/since/items', paginate => 'next_url', next_path => 'next', records_path => 'items' });
pipeline('delta', "'merge', cursor_path => 'updated_at', cursor_param => 'updated_since'");
sql('CALL dload.run(\'delta\')');
is(sql('SELECT count(*) FROM delta_rows'), 100, 'everything is there');
$mock->post('/_items/delete', { ids => [ 1, 2, 3 ] });
my %expired = (
	path => 'updated_since=',
	status => 410,
	body => { error => { code => 'syncStateNotFound' } });
$mock->script(\%expired);
sql('CALL dload.run(\'delta\')');
is(last_run('delta'), 'complete|', 'an expired cursor: the run is complete');
is(sql('SELECT count(*) FROM delta_rows'), 97, 'all was read anew');
is( sql("SELECT requests > 4 FROM dload.runs WHERE pipeline = 'delta'"
		  . ' ORDER BY run_id DESC LIMIT 1'),
	't',
	'the requests before that count too');
sql('ALTER SERVER delta OPTIONS (DROP response_rules)');
$mock->script(\%expired);
is(sqlstate($node, 'CALL dload.run(\'delta\')'),
	'HV00R', 'without the rule it is an error');
sql(q{ALTER SERVER delta OPTIONS (ADD response_rules '[{"when": "status = 410", "do": "restart"}]')});
$mock->script({ %expired, path => '/since', times => 2 });
is(sqlstate($node, 'CALL dload.run(\'delta\')'),
	'HV000', 'a full read that cannot go on either is an error');
$mock->clear_script;
is(sql('SELECT count(*) FROM delta_rows'), 97, 'and the rows are kept');

$node->stop;
done_testing();
