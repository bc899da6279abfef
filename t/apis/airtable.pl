{   checks => [
		{   name => 'an opaque offset is a token',
			sql => 'SELECT count(*), count(DISTINCT id), count(done), sum(amount) FROM airtable.deals',
			is => '230|230|77|6583.75'
		},
		{   name => 'loaded: a field that most records lack is a column',
			sql => "CALL dload.run('airtable_deals'); SELECT count(*), count(fields__done) FROM airtable.loaded",
			is => '230|77'
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

		# For the test the lock-out takes 2 s.
		sql($api, "ALTER SERVER airtable OPTIONS (SET lockout '2200ms', ADD max_retries '2')");
		HTTP::Tiny->new->get("$api->{url}/host/api.airtable.com/lock");
		$api->{mock}->clear_journal;
		is(sql($api, 'SELECT count(*) FROM airtable.deals'),
			'230', 'airtable: the lock-out is sat through');
		is($api->{mock}->requests('/v0/'), 4, 'airtable: asking once in vain');
		sql($api, 'ALTER SERVER airtable OPTIONS (DROP lockout)');
		HTTP::Tiny->new->get("$api->{url}/host/api.airtable.com/lock");
		like(sql($api, 'SELECT count(*) FROM airtable.deals'),
			qr/ERROR:.*429/s, 'airtable: control: without lockout it never ends');
	} };
