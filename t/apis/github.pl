# The definition of doc/apis/github.md against the API as t/apis/github.py plays it.
my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $app = "SELECT count(*) FROM github.app_alerts WHERE owner = 'postgres' AND repo = 'postgres'";

{   files => { '/etc/dload/github.pem' => $key },
	checks => [
		{   name => 'a JWT of the app for a token of its installation',
			sql => $app,
			is => '120'
		},
		{   name => 'which lives as long as it says',
			sql => "SELECT expires_at - now() BETWEEN '59 min' AND '60 min' FROM dload.token",
			is => 't'
		},
		{   name => 'all pages by Link, with the token and the version',
			sql => "SELECT count(*), count(DISTINCT id) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230|230'
		},
		{   name => 'a renamed repository is followed',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'old-name'",
			is => '230'
		},
		{   name => 'and one that has moved for now',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'elsewhere'",
			is => '230'
		},
		{   name => 'loaded',
			sql => "CALL dload.run('github_events'); SELECT count(*), max(payload__push_id) FROM github.events",
			is => '230|9007199254741222'
		},
		{   name => 'a second run stops at the first page, which has not changed',
			sql => "CALL dload.run('github_events'); SELECT outcome, pages, pages_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'what is left is known',
			sql => "SELECT requests, remaining BETWEEN 4950 AND 4999, resets_at - now() BETWEEN '45 min' AND '51 min' FROM dload.budgets WHERE server = 'github' AND period IS NULL",
			is => '5000|t|t'
		},
		{   name => 'statistics that are being computed are waited for',
			sql => "SELECT count(*), sum(total) FROM github.contributors WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '4|46'
		},
		{   name => 'pages by a key behind Link',
			sql => "SELECT count(*), count(DISTINCT number) FROM github.alerts WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '120|120'
		},
		{   name => 'a search with more records than it gives out, by slices',
			sql => "SELECT count(*), count(DISTINCT id) FROM github.found WHERE created_at >= '2026-01-01Z'",
			is => '1500|1500'
		},
		{   name => 'and its limit',
			sql => "SELECT scope, requests, period FROM dload.budgets WHERE server = 'github_search' AND scope IS NOT NULL; ALTER SERVER github_search OPTIONS (DROP rate_limit)",
			like => qr{^/search\|30\|00:01:00$}m
		},
		{   name => 'issues loaded',
			sql => "CALL dload.run('github_issues'); SELECT count(*), max(updated_at) AT TIME ZONE 'UTC' FROM github.all_issues",
			is => '250|2026-01-01 04:09:00'
		},
		{   name => 'then what changed since',
			sql => "CALL dload.run('github_issues'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
	],
	controls => [
		{   name => 'the place of the token in the reply',
			alter => 'ALTER SERVER github_app OPTIONS (DROP oauth2_token_path); DELETE FROM dload.token',
			sql => $app,
			is => '120'
		},
		{   name => 'how the JWT is sent',
			alter => "ALTER SERVER github_app OPTIONS (SET oauth2_grant 'jwt_bearer'); DELETE FROM dload.token",
			sql => $app,
			is => '120'
		},
		{   name => 'a short life',
			alter => "ALTER SERVER github_app OPTIONS (SET jwt_lifetime '20min'); DELETE FROM dload.token",
			sql => $app,
			is => '120'
		},
		{   name => 'without the paginator there is one page only',
			alter => 'ALTER FOREIGN TABLE github.repo_events OPTIONS (DROP paginate)',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230'
		},
		{   name => 'without the version of the API it refuses',
			alter => 'ALTER SERVER github OPTIONS (DROP headers)',
			sql => "SELECT count(*) FROM github.repo_events WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '230'
		},
		{   name => 'statistics that are not there yet',
			alter => "ALTER FOREIGN TABLE github.contributors OPTIONS (DROP response_rules)",
			before => [ { path => '/stats/', status => 202, body => {} } ],
			sql => "SELECT count(author__login) FROM github.contributors WHERE owner = 'postgres' AND repo = 'postgres'",
			is => '4'
		},
		{   name => 'slices of a search',
			alter => "ALTER FOREIGN TABLE github.found OPTIONS (DROP window_cap)",
			sql => "SELECT count(*) FROM github.found WHERE created_at >= '2026-01-01Z'",
			is => '1500'
		},
		{   name => 'the order of the events',
			alter => "SELECT FROM dload.alter_pipeline('github_events', cursor_order => '')",
			before => [ { path => '/events', times => 0, headers => { ETag => undef } } ],
			sql => "DO \$\$ BEGIN PERFORM dload.run_atomic('github_events'); END \$\$; SELECT pages FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => '1'
		},
	],
	more => sub {
		my ($api) = @_;
		my $fault = sub { HTTP::Tiny->new->get("$api->{url}/host/api.github.com/fault/$_[0]"); };
		my $read = "SELECT count(*) FROM github.alerts WHERE owner = 'postgres' AND repo = 'postgres'";

		for my $limit ('secondary', 'primary')
		{
			$fault->("limit/$limit");
			is(sql($api, $read), '120', "github: a 403 that is a limit, the $limit one, is waited for");
			$fault->("limit/$limit");
			like(sql($api, "BEGIN; ALTER SERVER github OPTIONS (ADD max_wait '10ms'); $read; ROLLBACK"),
				qr/ERROR:.*used up until/s, "github: control: the $limit one");
			sql($api, 'SELECT pg_sleep(2.2)');
		}
		$fault->('now/slow');
		like(sql($api, "SELECT count(*) FROM github.found WHERE created_at >= '2026-01-01Z'"),
			qr/ERROR:.*incomplete_results/s, 'github: a search that ran out of time is an error');
		$fault->('now/slow');
		isnt(sql($api, "BEGIN; ALTER FOREIGN TABLE github.found OPTIONS (DROP error_when); SELECT count(*) FROM github.found WHERE created_at >= '2026-01-01Z'; ROLLBACK"),
			'1500', 'github: control: without error_when records are missing');

		# an issue changes while the pages are read
		my $again = sub {
			my ($more) = @_;
			my $run = "SELECT FROM dload.run_atomic('again'); SELECT count(*), count(*) FILTER (WHERE number = 100) FROM github.again";

			$api->{mock}->reset;
			$fault->('now/touch');
			return sql($api, "BEGIN; $more; SELECT FROM dload.create_pipeline('again', source => 'github.issues', target => 'github.again', params => '{\"owner\": \"postgres\", \"repo\": \"postgres\"}', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updated_at', cursor_param => 'since'); $run; $run; ROLLBACK") =~ s/^\n+//r;
		};
		like($again->('SELECT'), qr/250\|1$/, 'github: pages that shift: nothing is lost');
		like($again->(q{ALTER FOREIGN TABLE github.issues OPTIONS (SET query_params '{"state": "all", "sort": "updated", "direction": "asc"}')}),
			qr/249\|0$/, 'github: control: in the other order one is');

		# renewed in time, or when it is refused
		my $refusals = sub {
			sql($api, 'DELETE FROM dload.token');
			$fault->('life/2');
			sql($api, $app);
			sql($api, 'SELECT pg_sleep(2.1)');
			$api->{mock}->clear_journal;
			is(sql($api, $app), '120', 'github: a token that has ended');
			return scalar grep { $_->{status} == 401 } @{ $api->{mock}->journal };
		};
		is($refusals->(), 0, 'github: is renewed before');
		sql($api, 'ALTER SERVER github_app OPTIONS (DROP oauth2_expires_path)');
		is($refusals->(), 1, 'github: control: where nothing says when, it is tried');

		# last, since the server is locked then
		$fault->('limit/silent');
		like(sql($api, "ALTER SERVER github OPTIONS (ADD max_wait '10s'); $read"),
			qr/ERROR:.*has to wait for (5[5-9]|60) seconds/s, 'github: a limit without a time is a minute');
	} };
