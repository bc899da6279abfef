{   checks => [
		{   name => 'an opaque offset is a token',
			sql => 'SELECT count(*), count(DISTINCT id), count(done), sum(amount) FROM airtable.deals',
			is => '230|230|77|6583.75'
		},
		{   name => 'loaded: a field that most records lack is a column',
			sql => "CALL dload.run('airtable_deals'); SELECT count(*), count(fields__done) FROM airtable.loaded",
			is => '230|77'
		},
		{   name => 'the limits of the token and of the base',
			sql => "SELECT scope, requests, period FROM dload.budgets WHERE server = 'airtable' AND period IS NOT NULL ORDER BY requests",
			is => "/appAbCdEfGhIjKlMn|5|00:00:01\n|50|00:00:01"
		},
		{   name => 'changes loaded, by a formula',
			sql => "CALL dload.run('airtable_changes'); SELECT count(*), max(fields__last_modified) AT TIME ZONE 'UTC' FROM airtable.changed",
			is => '230|2026-01-01 00:03:49'
		},
		{   name => 'then the last second again',
			sql => "CALL dload.run('airtable_changes'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'an iterator that has expired is an error that says so',
			sql => "BEGIN; ALTER FOREIGN TABLE airtable.deals OPTIONS (ADD query_params '{\"offset\": \"old\"}'); SELECT count(*) FROM airtable.deals; ROLLBACK",
			like => qr/ERROR:.*422.*iterator has expired/s
		},
	],
	controls => [
		{   name => 'the paginator',
			alter => 'ALTER FOREIGN TABLE airtable.deals OPTIONS (DROP paginate, DROP token_path, DROP token_param)',
			sql => 'SELECT count(*) FROM airtable.deals',
			is => '230'
		},
	],
	more => sub {
		my ($api) = @_;
		my $get = sub { HTTP::Tiny->new->get("$api->{url}/host/api.airtable.com$_[0]"); };
		my $late = "SELECT FROM dload.run_atomic('airtable_changes'); SELECT fields__last_modified AT TIME ZONE 'UTC' FROM airtable.changed WHERE fields__name = 'Row 7'";

		# changed in the very second of the cursor
		$get->('/touch/7/229');
		is(sql($api, "BEGIN; SELECT FROM dload.alter_pipeline('airtable_changes', lag => ''); $late; ROLLBACK") =~ s/^\n+//r,
			'2026-01-01 00:00:07', 'airtable: control: without lag a change is lost');
		is(sql($api, $late) =~ s/^\n+//r, '2026-01-01 00:03:49', 'airtable: a change at the cursor');

		# For the test the lock-out takes 2 s.
		sql($api, "ALTER SERVER airtable OPTIONS (SET lockout '2200ms', ADD max_retries '2')");
		HTTP::Tiny->new->get("$api->{url}/host/api.airtable.com/lock");
		$api->{mock}->clear_journal;
		is(sql($api, 'SELECT count(*) FROM airtable.deals'),
			'230', 'airtable: the lock-out is sat through');
		is($api->{mock}->requests('/v0/'), 4, 'airtable: asking once in vain');

		my $used_up = { path => '/v0/', status => 429, body => { errors => [ { error => 'PUBLIC_API_BILLING_LIMIT_EXCEEDED', message => 'limit exceeded' } ] } };
		$api->{mock}->script($used_up);
		$api->{mock}->clear_journal;
		like(sql($api, 'SELECT count(*) FROM airtable.deals'), qr/ERROR:.*the calls of this month are used up/s, 'airtable: the calls of the month are used up');
		is($api->{mock}->requests('/v0/'), 1, 'airtable: and are not asked for again');

		my $part = "CALL dload.run('airtable_deals', max_pages => 2)";
		sql($api, $part);
		$get->('/expire');
		is(sql($api, "CALL dload.run('airtable_deals'); SELECT outcome, rows_read, (SELECT count(*) FROM airtable.loaded) FROM dload.runs ORDER BY run_id DESC LIMIT 1"),
			'complete|230|230', 'airtable: an iterator that has expired: the run begins anew');
		sql($api, $part);
		$get->('/expire');
		sql($api, "ALTER SERVER airtable OPTIONS (DROP response_rules)");
		like(sql($api, "CALL dload.run('airtable_deals')"), qr/ERROR:.*422/s, 'airtable: control: without the rule it fails');
		$api->{mock}->script($used_up);
		is(sql($api, 'SELECT count(*) FROM airtable.deals'), '230', 'airtable: control: without its rule it is a limit like others');

		sql($api, 'ALTER SERVER airtable OPTIONS (DROP lockout)');
		HTTP::Tiny->new->get("$api->{url}/host/api.airtable.com/lock");
		like(sql($api, 'SELECT count(*) FROM airtable.deals'),
			qr/ERROR:.*429/s, 'airtable: control: without lockout it never ends');
	} };
