{   checks => [
		{   name => 'the key of the last record leads to the next page',
			sql => 'SELECT count(*), count(DISTINCT id), min(amount), count(refunds) FROM stripe.charges',
			is => '230|230|0|230'
		},
		{   name => 'a parameter with brackets',
			sql => 'SELECT count(*) FROM stripe.charges WHERE since = 1767225600 + 60 * 200',
			is => '30'
		},
		{   name => 'a connected account',
			sql => "SELECT count(*) FROM stripe.charges WHERE account = 'acct_1032D82eZvKYlo2C'",
			is => '115'
		},
		{   name => 'the key as bearer',
			sql => "BEGIN; ALTER SERVER stripe OPTIONS (SET auth 'bearer'); ALTER USER MAPPING FOR CURRENT_USER SERVER stripe OPTIONS (DROP username, ADD token 'sk_test_0123456789abcdefABCDEF'); SELECT count(*) FROM stripe.charges; ROLLBACK",
			is => '230'
		},
		{   name => 'a search, by token',
			sql => "SELECT count(*), count(DISTINCT id) FROM stripe.found WHERE query = 'amount>9900'",
			is => '130|130'
		},
		{   name => 'version 2, by a relative URL',
			sql => 'SELECT count(*), count(DISTINCT id) FROM stripe.destinations',
			is => '45|45'
		},
		{   name => 'a conflict that is worth another attempt',
			before => [ { path => '/v1/charges', status => 409, headers => { 'Stripe-Should-Retry' => 'true' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'a failure that is not',
			before => [ { path => '/v1/charges', status => 503, headers => { 'Stripe-Should-Retry' => 'false' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			like => qr/ERROR:.*status 503/s
		},
		{   name => 'the limit',
			sql => "SELECT requests, period FROM dload.budgets WHERE server = 'stripe' AND period IS NOT NULL",
			is => '25|00:00:01'
		},
		{   name => 'a limit that does not say how long',
			before => [ { path => '/v1/charges', status => 429, headers => { 'Stripe-Should-Retry' => 'true' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'loaded, with a time made of the epoch',
			sql => "CALL dload.run('stripe_charges'); SELECT count(*), max(created) AT TIME ZONE 'UTC' FROM stripe.loaded",
			is => '230|2026-01-01 03:49:00'
		},
		{   name => 'then from the newest on',
			sql => "CALL dload.run('stripe_charges'); SELECT outcome, rows_read, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
	],
	controls => [
		{   name => 'has_more',
			alter => "ALTER FOREIGN TABLE stripe.charges OPTIONS (DROP has_more_path, ADD max_pages '3')",
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'the key',
			alter => "ALTER FOREIGN TABLE stripe.charges OPTIONS (SET keyset_path 'currency')",
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'what is expanded',
			alter => 'ALTER FOREIGN TABLE stripe.charges OPTIONS (DROP query_params)',
			sql => 'SELECT count(refunds) FROM stripe.charges',
			is => '230'
		},
		{   name => 'the header that wants another attempt',
			alter => 'ALTER SERVER stripe OPTIONS (DROP response_rules)',
			before => [ { path => '/v1/charges', status => 409, headers => { 'Stripe-Should-Retry' => 'true' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
		{   name => 'the header that wants none',
			alter => 'ALTER SERVER stripe OPTIONS (DROP response_rules)',
			before => [ { path => '/v1/charges', status => 503, headers => { 'Stripe-Should-Retry' => 'false' } } ],
			sql => 'SELECT count(*) FROM stripe.charges',
			like => qr/ERROR/
		},
		{   name => 'the token of a search',
			alter => "ALTER FOREIGN TABLE stripe.found OPTIONS (SET token_param 'starting_after')",
			sql => "SELECT count(*) FROM stripe.found WHERE query = 'amount>9900'",
			is => '130'
		},
		{   name => 'the next URL',
			alter => "ALTER FOREIGN TABLE stripe.destinations OPTIONS (SET paginate 'none', DROP next_path)",
			sql => 'SELECT count(*) FROM stripe.destinations',
			is => '45'
		},
		{   name => 'the cursor as seconds',
			alter => 'ALTER FOREIGN TABLE stripe.charges OPTIONS (DROP cursor_format)',
			sql => "SELECT dload.run_atomic('stripe_charges') > 0",
			is => 't'
		},
		{   name => 'the version',
			alter => 'ALTER SERVER stripe OPTIONS (DROP headers)',
			sql => 'SELECT count(*) FROM stripe.charges',
			is => '230'
		},
	],
	more => sub {
		my ($api) = @_;

		sql($api, "CALL dload.run('stripe_events')");
		HTTP::Tiny->new->get("$api->{url}/host/api.stripe.com/fault/refund/7");
		is(sql($api, "CALL dload.run('stripe_charges'); SELECT count(*) FROM stripe.loaded WHERE refunded"),
			'0', 'stripe: control: a charge that changes keeps its created, and is not seen');
		is(sql($api, "CALL dload.run('stripe_events'); SELECT rows_inserted FROM dload.runs ORDER BY run_id DESC LIMIT 1; SELECT data__object ->> 'id', data__object ->> 'refunded' FROM stripe.changes ORDER BY created DESC LIMIT 1"),
			"1\nch_000007|true", 'stripe: its event is');
	} };
