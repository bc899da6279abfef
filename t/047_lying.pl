
# APIs that lie, for every way of paging, read live and loaded: the read ends
# with an error that says what is wrong, or the run is "suspect"; in time and
# memory that are bounded; and once the API has come to its senses the next
# run leaves every record in the target, once.
#
# What is wrong with single responses of link, page and token paging is in
# 040_errors.pl; here is what that leaves: see the list in t/mock_lies.py.
# All of it as a superuser, whom no guard keeps from any address: redirects to
# 169.254.169.254 are refused since it is another origin.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('main');
my $mock = start_mock();
my $number = 0;

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

sub lie
{
	$mock->get('/lies/set?lie=' . ($_[0] // ''));
	return;
}

make_server(
	$node, 'api',
	$mock->url,
	options => {
		max_retries => 1,
		retry_base => '10ms',
		max_response_bytes => '1MB'
	});

# Ways of paging.  The body names the next page (told), or we count.
my %items = (records_path => 'items');
my %ways = (
	page => { path => '/lies/page', paginate => 'page', %items },
	page_ahead => {
		path => '/lies/page',
		paginate => 'page',
		total_path => 'total',
		%items
	},
	page_pages => {
		path => '/lies/page',
		paginate => 'page',
		total_path => 'pages',
		%items
	},
	offset => { path => '/lies/offset', paginate => 'offset', %items },
	offset_ahead => {
		path => '/lies/offset',
		paginate => 'offset',
		total_path => 'total',
		%items
	},
	token => {
		path => '/lies/token',
		paginate => 'token',
		token_path => 'next',
		token_param => 'token',
		has_more_path => 'more',
		total_path => 'total',
		%items
	},
	token_bare => {
		path => '/lies/token',
		paginate => 'token',
		token_path => 'next',
		token_param => 'token',
		%items
	},
	link => {
		path => '/lies/link',
		paginate => 'link',
		total_header => 'X-Total'
	},
	next_url => {
		path => '/lies/next',
		paginate => 'next_url',
		next_path => 'next',
		total_path => 'total',
		%items
	},
	auto => { path => '/lies/auto', paginate => 'auto', %items },
	keyset => {
		path => '/lies/keyset',
		paginate => 'keyset',
		keyset_path => 'id',
		keyset_param => 'after',
		%items
	},
	keyset_more => {
		path => '/lies/keyset',
		paginate => 'keyset',
		keyset_path => 'id',
		keyset_param => 'after',
		has_more_path => 'more',
		%items
	},
	keyset_total => {
		path => '/lies/keyset',
		paginate => 'keyset',
		keyset_path => 'id',
		keyset_param => 'after',
		total_path => 'total',
		%items
	},
	window => {
		path => '/lies/window?from=1767225660&to=1767228660',
		paginate => 'window',
		window_from_param => 'from',
		window_to_param => 'to',
		window_step => '10 min',
		window_format => 'epoch',
		%items
	},
	list => {
		path => '/lies/list',
		paginate => 'list',
		list_path => 'parts',
		list_url => '/lies/part?part={part}',
		total_path => 'total',
		%items
	},
	list_urls => {
		path => '/lies/list?urls=1',
		paginate => 'list',
		list_path => 'parts',
		list_url => '{part}',
		%items
	},
	scroll => {
		path => '/lies/scroll',
		method => 'POST',
		body => '{}',
		paginate => 'scroll',
		token_path => 'id',
		scroll_path => '/lies/scroll/next',
		scroll_body => '{"id": "{token}"}',
		total_path => 'total',
		%items
	},
	drain => { path => '/lies/drain', paginate => 'drain', %items });

# A foreign table and its pipeline; returns their name.
sub make
{
	my ($way, %more) = @_;
	my $name = "t$number";
	my $server = delete $more{server} // 'api';
	my $merge = delete $more{merge};

	$number++;
	sql(    "CREATE FOREIGN TABLE $name (id bigint) SERVER $server OPTIONS ("
		  . option_list(%{ $ways{$way} }, %more)
		  . "); SELECT dload.create_pipeline('$name', source => '$name',"
		  . " target => 'public.${name}_rows'"
		  . ($merge
			? ", write_disposition => 'merge', primary_key => ARRAY['id']"
			: '')
		  . ")");
	return $name;
}

sub held
{
	my ($name) = @_;

	my $got = error_of($node,
		"SELECT count(*) || ' ' || count(DISTINCT id) FROM ${name}_rows");

	return $got->{ok} ? $got->{stdout} : '0 0';
}

sub outcome
{
	my ($name) = @_;

	return sql("SELECT outcome || coalesce(': ' || reason, '') FROM dload.runs"
		  . " WHERE pipeline = '$name' ORDER BY run_id DESC LIMIT 1");
}

sub check_error
{
	my ($got, $error, $what) = @_;

	is($got->{sqlstate} // '-', $error->[0], "$what: SQLSTATE")
	  or diag($got->{stderr});
	like($got->{message} // '', $error->[1], "$what: message");
	return;
}

# What one lie does to one way of paging.
#
# error => [ SQLSTATE, message ], or live => rows and loaded => pattern of the
# run's outcome; kept => rows of the run that failed; healed => rows in the
# end, 50; set => settings, seconds => bound of each of the two
sub lying
{
	my ($lie, $way, %case) = @_;
	my $what = "$lie, $way";
	my $name = make(
		$way,
		server => $case{server},
		merge => $case{merge} || $way eq 'scroll' || !$case{error},
		%{ $case{options} || {} });
	my $set = $case{set} // '';
	my $start;
	my $got;

	lie($lie);
	$start = time;
	$got = error_of($node, "$set SELECT count(*) FROM $name");
	$case{error}
	  ? check_error($got, $case{error}, "$what, live")
	  : is($got->{stdout}, $case{live}, "$what, live: rows");
	lie($lie);
	$got = error_of($node, "$set CALL dload.run('$name')");
	cmp_ok(time - $start, '<', $case{seconds} // 60, "$what: in time");
	if ($case{error})
	{
		check_error($got, $case{error}, "$what, loaded");
		is(held($name), join(' ', ($case{kept} // 20) x 2), "$what: kept");
	}
	else
	{
		like(outcome($name), $case{loaded}, "$what: outcome");
	}
	return if $case{never};
	$way eq 'drain' ? $mock->get('/lies/honest') : lie();
	error_of($node, "CALL dload.run('$name')");
	like(outcome($name), qr/^complete/, "$what, healed: outcome");
	is(held($name), join(' ', ($case{healed} // 50) x 2),
		"$what, healed: every record, once");
	return;
}

#
# The third page is something else.
#

my $metadata = qr/another origin: http:\/\/169\.254\.169\.254/;
my %instead = (
	html => [ '22P02', qr/^could not read the response/ ],
	half => [ 'HV000', qr/^could not read from server/ ],
	redirect => [ 'HV000', $metadata ],
	bomb => [ '54000', qr/response is too large/ ],
	header => [ '54000', qr/too large|headers/ ],
	deep => [ '54000', qr/nested too deeply/ ],
	error => [ 'HV000', qr/reported an error in a response of status 200/ ],
	# an error in words that nobody knows
	fault => [ '22023', qr/leads to nothing$|^no list of records was found/ ]);

# where a part of 040_errors.pl has it, only the ways that it does not have
foreach my $way (
	qw(page_ahead offset offset_ahead token next_url link auto keyset window
	list scroll drain))
{
	foreach my $lie (sort keys %instead)
	{
		my $error = $instead{$lie};
		my %more;

		# a redirected POST is no redirect to follow
		$error = [ 'HV000', qr/has moved \(status 302\)/ ]
		  if $lie eq 'redirect' && $way eq 'scroll';
		# what the queue has handed out is gone
		$more{healed} = 40 if $way eq 'drain' && $lie =~ /^(half|deep)$/;
		# every scroll begins anew
		lying($lie, $way, error => $error, %more);
	}
}

# Nothing where a page should be: an end only where we count.
foreach my $way (qw(token token_bare next_url link auto scroll))
{
	lying('empty', $way,
		error => [ 'HV000', qr/sent an empty body instead of a page/ ]);
}
foreach my $way (qw(page_ahead offset_ahead keyset_total))
{
	lying('empty', $way,
		live => 20,
		loaded => qr/^suspect: The API declared 50 records, but 20 were read/);
}
# where nothing says how much there is, nobody can know
{
	my $name = make('page');

	lie('empty');
	error_of($node, "CALL dload.run('$name')");
	is(outcome($name) . ' ' . held($name),
		'complete 20 20', 'control: without the total it passes for the end');
}
{
	my $name = make('page', records_optional => 'true');

	lie('fault');
	is(sql("SELECT count(*) FROM $name"),
		20, 'records_optional: a page without the list has no records');
}
{
	my $name = make('token_bare', stop_on_empty => 'true');

	lie('empty');
	is(sql("SELECT count(*) FROM $name"),
		20, 'stop_on_empty: then it is the end');
}

#
# Pages that come again
#

my $twice = [ 'HV000', qr/sent the same page twice$/ ];
my $loop = [ 'HV000', qr/^paging loop: / ];

my $thrice = [ 'HV000', qr/sent the same page three times in a row$/ ];
my $came_again = qr/^suspect: GET \S+ returned the records of the page before/;

foreach my $way (
	qw(page_ahead page_pages offset offset_ahead auto window scroll))
{
	lying('same', $way, error => $twice, kept => 10);
}
foreach my $way (qw(token token_bare link next_url))
{
	lying('same', $way, error => $thrice, kept => 10);
}
# Once more is no lie yet where the API says what to ask for: the list may have
# grown by just a page.  Or a cache has sent the wrong one.
foreach my $way (qw(token link next_url auto))
{
	lying('grow', $way, live => 60, loaded => $came_again);
	lying('stale', $way, live => 50, loaded => $came_again);
}
lying('stale', 'page', error => $twice);
{
	my $name = make('token_bare');

	lie('grow');
	error_of($node, "CALL dload.run('$name')");
	like(outcome($name), $came_again, 'grow, appended: outcome');
	is(held($name), '50 50', 'grow, appended: nothing was repeated');
}
# the key does not move
lying('same', 'keyset', error => $twice, kept => 10);
foreach my $way (qw(token_bare link next_url auto keyset))
{
	lying('circle', $way, error => $loop, kept => 30);
}
lying('circle', 'scroll', error => $twice, kept => 30);

#
# Totals
#

my $declared = sub {
	my ($said, $read) = @_;
	return qr/^suspect: The API declared $said records, but $read were read/;
};

foreach my $way (qw(page_ahead offset_ahead))
{
	lying('less', $way, live => 30, loaded => $declared->(25, 30));
}
foreach my $way (qw(keyset_total token link next_url list scroll))
{
	lying('less', $way, live => 50, loaded => $declared->(25, 50));
}
foreach my $way (
	qw(page_ahead offset_ahead keyset_total token link next_url list scroll))
{
	lying('more', $way, live => 50, loaded => $declared->(80, 50));
}
lying('more', 'page_pages',
	live => 50,
	loaded => qr/^suspect: The API declared 8 pages, but an earlier one/);

# What is said to be there is compared with what all runs of the window read.
foreach my $case ([ 'more', $declared->(80, 50) ], [ 'grow', $came_again ],
	[ '', qr/^complete$/ ])
{
	my ($lie, $loaded) = @$case;
	my $name = make('link', merge => 1);

	lie($lie);
	error_of($node, "CALL dload.run('$name', max_pages => 4)");
	like(outcome($name), qr/^partial/, "$lie, in two runs: the first");
	error_of($node, "CALL dload.run('$name')");
	like(outcome($name), $loaded, "$lie, in two runs: the second");
	is(held($name), '50 50', "$lie, in two runs: rows");
}
{
	my $name = make('link');

	lie();
	sql("SELECT dload.drop_pipeline('$name'); CREATE TABLE ${name}_rows (id bigint);"
		  . " INSERT INTO ${name}_rows VALUES (1000);"
		  . " SELECT dload.create_pipeline('$name', source => '$name',"
		  . " target => 'public.${name}_rows', write_disposition => 'replace')");
	lie('more');
	error_of($node, "CALL dload.run('$name', max_pages => 2)");
	error_of($node, "CALL dload.run('$name')");
	like(outcome($name), qr/^suspect: .* 80 .* 50 .*old rows were kept/,
		'more, replaced in two runs: outcome');
	is(held($name), '1 1', 'more, replaced in two runs: the old row stays');
	lie();
	error_of($node, "CALL dload.run('$name')");
	is(outcome($name) . ' ' . held($name),
		'complete 50 50', 'more, replaced in two runs, healed');
}

# Records that go away move others to pages already read.
foreach my $way (qw(page_ahead offset_ahead))
{
	lying('shift', $way,
		live => 40,
		loaded => qr/^suspect: The declared total went from 50 to 40/);
}

#
# Where to go
#

my $origin = [ 'HV000', qr/^API of server "api" led to another origin: / ];

lying('other', $_, error => $origin, kept => 20) foreach qw(link next_url);
# the rest of the list is part of what a run goes on from
{
	my $name = make('list_urls');

	lie('other');
	check_error(error_of($node, "CALL dload.run('$name')"),
		$origin, 'other, list_urls, loaded');
	is(held($name), '20 20', 'other, list_urls: kept');
	lie();
	error_of($node, "CALL dload.run('$name', full_refresh => true)");
	is(held($name), '50 50', 'other, list_urls: a full refresh has all');
}
lying('nowhere', $_,
	error => [ 'HV000', qr/says that there are more pages, but not where$/ ],
	kept => 20) foreach qw(token);

#
# No end
#

my $pages = [ '53400', qr/has more than 5 pages$/ ];

foreach my $way (
	qw(page offset token_bare link next_url auto keyset))
{
	lying('endless', $way,
		error => $pages,
		kept => 50,
		options => { max_pages => 5 });
}
# a scroll begins anew, and a merge leaves what is no more
lying('endless', 'scroll',
	error => [ '53400', qr/has more than 6 pages$/ ],
	kept => 60,
	healed => 60,
	options => { max_pages => 6 });
lying('endless', 'list',
	error => [ '54000', qr/response is too large/ ],
	kept => 0);
lying('hollow', $_,
	error => $pages,
	kept => 20,
	merge => 1,
	options => { max_pages => 5 }) foreach qw(token_bare link next_url auto);
{
	my $name = make('link', max_pages => 5);

	lie('hollow');
	error_of($node, "CALL dload.run('$name')");
	lie();
	error_of($node, "CALL dload.run('$name')");
	like(outcome($name), qr/^suspect: .* has changed, .* full_refresh/,
		'hollow, appended: what follows cannot be told');
	is(held($name), '20 20', 'hollow, appended: nothing was repeated');
	error_of($node, "CALL dload.run('$name', full_refresh => true)");
	is(held($name), '50 50', 'hollow, appended: a full refresh has all');
}

is(scalar(grep { $_->{port} != $mock->port } @{ $mock->journal }),
	0, 'the other origin was never asked');

# without a cap: time is the bound, and memory is
{
	my $name = make('token_bare');
	my $session = session($node);
	my $pid = $session->query('SELECT pg_backend_pid()');
	my $before;
	my $grown;

	lie('endless');
	$session->query("SELECT count(*) FROM (SELECT FROM $name LIMIT 2000) t");
	$before = backend_memory($pid);
	$session->query("SET statement_timeout = '4s'; SELECT count(*) FROM $name");
	$grown = backend_memory($pid) - $before;
	cmp_ok($mock->requests('/lies/token'), '>', 100, 'endless: was read on');
	cmp_ok($grown, '<', 8192, "endless: memory grew by $grown kB");
	$session->quit;
}
{
	my $name = make('drain', drain_for => '1s');

	lie('endless');
	is(outcome($name), '', 'an endless queue: not read yet');
	error_of($node, "CALL dload.run('$name')");
	is(outcome($name), 'complete', 'an endless queue: ends by drain_for');
}

# a bomb of 64 MB that no limit of the server's stops
make_server($node, 'open', $mock->url);
{
	my $name = make('link', server => 'open');
	my $session = session($node);
	my $pid = $session->query('SELECT pg_backend_pid()');
	my $before;

	lie();
	$session->query("SELECT count(*) FROM $name; CALL dload.run('$name')");
	$before = backend_memory($pid);
	lie('bomb');
	foreach my $statement ("SELECT count(*) FROM $name", "CALL dload.run('$name')")
	{
		my $grown;

		$session->query($statement);
		$grown = backend_memory($pid) - $before;
		cmp_ok($grown, '<', 16384, "bomb, $statement: memory grew by $grown kB");
	}
	$session->quit;
	like(outcome($name), qr/^suspect: The API declared 50 records, but 20/,
		'bomb: that it had no records is seen');
}

#
# One byte a second
#

my $drip = [ 'HV00N', qr/response was not complete within "retry_deadline"/ ];

make_server(
	$node, 'patient',
	$mock->url,
	options => { max_retries => 1, retry_deadline => '1500ms' });
make_server(
	$node, 'hasty',
	$mock->url,
	options => { max_retries => 0, idle_timeout => '500ms' });
lying('trickle', $_, error => $drip, server => 'patient', seconds => 30)
  foreach qw(page_ahead token link keyset);
lying('trickle', 'offset',
	error => [ 'HV00N', qr/no data received for 500 ms/ ],
	server => 'hasty',
	seconds => 30);
lying('trickle', $_,
	error => [ '57014', qr/statement timeout/ ],
	set => "SET statement_timeout = '1s';",
	kept => 0,
	seconds => 30) foreach qw(page_ahead next_url auto window list scroll);

#
# Limits without end: each of them could have its policy
#

$mock->script({
	path => '/items',
	times => 0,
	headers => {
		'RateLimit' => join(',', ('a;r=9') x 12_000),
		'RateLimit-Policy' => join(',', ('b') x 12_000),
	} });
sql('CREATE FOREIGN TABLE windows (id int) SERVER api'
	  . " OPTIONS (path '/items/1')");
is( sql("SET statement_timeout = '2s'; SELECT count(*) FROM windows"),
	1, 'thousands of limits and policies are no work');

unlike(
	slurp_file($node->logfile),
	qr/was terminated by signal|PANIC/,
	'no process crashed');

$mock->stop;
$node->stop;
done_testing();
