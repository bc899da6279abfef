# The key of the tests, which the mock's checker knows.
my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $energy = "SELECT count(*), count(DISTINCT id), max(modified) FROM salesforce.accounts WHERE industry = 'Energy'";
my $delete = sub {
	my ($api, $what) = @_;

	HTTP::Tiny->new->get("$api->{url}/host/acme.my.salesforce.com/test/delete/$what");
};
my $expire = sub {
	my ($api, $what) = @_;

	HTTP::Tiny->new->get("$api->{url}/host/acme.my.salesforce.com/test/expire?what=$what");
};

{   files => { '/etc/dload/salesforce.pem' => $key },
	checks => [
		{   name => 'a JWT for a token, which says where the API is; relative next URLs',
			sql => $energy,
			is => '265|265|2026-01-01 08:48:00+00'
		},
		{   name => 'a value inside of SOQL',
			sql => "SELECT count(*), min(name) FROM salesforce.accounts WHERE industry = 'Oil & ''Gas'''",
			is => '254|Account 1'
		},
		{   name => 'client credentials; a token without expires_in',
			sql => 'SELECT count(*), sum(revenue) FROM salesforce.revenue',
			is => '519|137392339.50'
		},
		{   name => 'loaded without what was deleted before',
			sql => "CALL dload.run('salesforce_accounts'); SELECT count(*), count(*) FILTER (WHERE is_deleted), pg_typeof(max(system_modstamp)) FROM salesforce.loaded",
			is => '519|0|timestamp with time zone'
		},
		{   name => 'then from ten minutes before the cursor on, in SOQL',
			sql => "CALL dload.run('salesforce_accounts'); SELECT outcome, rows_read, rows_unchanged, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|11|11|1'
		},
		{   name => 'what the API says of its daily limit',
			sql => "SELECT bool_or(remaining BETWEEN 14000 AND 14899) FROM dload.budgets WHERE server = 'salesforce'",
			is => 't'
		},
	],
	controls => [
		{   name => 'the address in the reply of the token',
			alter => "ALTER SERVER salesforce OPTIONS (DROP oauth2_base_url_path)",
			sql => $energy,
			like => qr/^265/
		},
		{   name => 'the paginator',
			alter => "ALTER FOREIGN TABLE salesforce.accounts OPTIONS (DROP has_more_path, DROP has_more_value, DROP next_path, SET paginate 'none')",
			sql => $energy,
			like => qr/^265/
		},
		{   name => 'the audience',
			alter => "ALTER SERVER salesforce OPTIONS (DROP jwt_audience)",
			sql => $energy,
			like => qr/^265/
		},
		{   name => 'the filter for values inside of SOQL',
			alter => q{ALTER FOREIGN TABLE salesforce.accounts OPTIONS (SET query_params '{"q": "SELECT Id, Name, Industry, SystemModstamp FROM Account WHERE Industry = ''{industry}''"}')},
			sql => "SELECT count(*) FROM salesforce.accounts WHERE industry = 'Oil & ''Gas'''",
			is => '254'
		},
	],
	more => sub {
		my ($api) = @_;
		my $last = 'SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1';

		my $count = "SELECT FROM dload.run_atomic('salesforce_accounts'); SELECT count(*), count(is_deleted), count(*) FILTER (WHERE is_deleted) FROM salesforce.loaded";
		my $without = sub {
			my ($change) = @_;
			return sql($api, "BEGIN; $change; $count; ROLLBACK") =~ s/\A\n//r;
		};

		$delete->($api, 1);
		is($without->("ALTER FOREIGN TABLE salesforce.changes OPTIONS (SET path '/services/data/v61.0/query')"),
			'519|519|0', 'salesforce: control: query says nothing of what was deleted');
		is($without->('ALTER FOREIGN TABLE salesforce.changes OPTIONS (DROP deleted_when)'),
			'519|519|1', 'salesforce: control: without deleted_when it is a row');
		is(sql($api, $count), '518|518|0', 'salesforce: what was deleted is gone');
		$delete->($api, '1?back=1');
		is(sql($api, $count), '519|519|0', 'salesforce: and is there again when it is back');

		$expire->($api, 'session');
		$api->{mock}->clear_journal;
		like(sql($api, $energy), qr/^265/, 'salesforce: INVALID_SESSION_ID is answered with a new token');
		is($api->{mock}->requests('/services/oauth2/token'), 1, 'salesforce: asked for once');

		sql($api, "CALL dload.run('salesforce_accounts', max_pages => 2, full_refresh => true)");
		$expire->($api, 'locators');
		sql($api, "CALL dload.run('salesforce_accounts')");
		is(sql($api, $last), 'complete|530', 'salesforce: a locator that has expired starts the read anew');

		sql($api, "CALL dload.run('salesforce_accounts', max_pages => 2, full_refresh => true)");
		$expire->($api, 'locators');
		sql($api, 'ALTER SERVER salesforce OPTIONS (SET response_rules \'[{"when": "status = 403 and $[*].errorCode = \"REQUEST_LIMIT_EXCEEDED\"", "do": "limited", "wait": "1h"}]\')');
		sql($api, "CALL dload.run('salesforce_accounts')");
		like(sql($api, $last), qr/^failed/, 'salesforce: control: without its rule that is an error');

		my $limit = { path => '/queryAll', times => 1, status => 403,
			body => [ { errorCode => 'REQUEST_LIMIT_EXCEEDED', message => 'TotalRequests Limit exceeded.' } ] };
		$api->{mock}->script($limit);
		sql($api, "CALL dload.run('salesforce_accounts', full_refresh => true)");
		like(sql($api, $last), qr/^partial/, 'salesforce: a 403 that means the daily limit is waited for');
		like(sql($api, $energy), qr/ERROR:.*rate limit of server "salesforce" is used up until/s, 'salesforce: by all sessions');
		sql($api, 'ALTER SERVER salesforce_cc OPTIONS (ADD max_retries \'0\')');
		$api->{mock}->script({ %$limit, path => '/query' });
		like(sql($api, 'SELECT count(*) FROM salesforce.revenue'),
			qr/ERROR:.*denied access \(status 403\)/s, 'salesforce: control: without its rule it is no limit');
	} };
