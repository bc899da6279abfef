my %keys = map { $_ => scalar `python3 $FindBin::RealBin/mock_auth.py --key $_` } qw(rsa ed);
my $by_key = sub {
	my ($digest, $kind) = @_;

	return "BEGIN; ALTER SERVER binance_account OPTIONS (ADD hmac_digest '$digest', ADD hmac_encoding 'base64'); ALTER USER MAPPING FOR CURRENT_USER SERVER binance_account OPTIONS (DROP hmac_secret, ADD private_key '$keys{$kind}'); SELECT count(DISTINCT id) FROM binance.trades; ROLLBACK";
};

{   checks => [
		{   name => 'rows of values, in slices of which those that are full are halved',
			sql => "SELECT count(*), count(DISTINCT open_time), max(close), sum(trades) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '2000|2000|91999.00001999|1999000'
		},
		{   name => 'conditions on the time bound the slices',
			sql => "SELECT count(*), min(open_time), max(open_time) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000 AND open_time < 1767225600000 + 10 * 3600000",
			is => '10|1767225600000|1767258000000'
		},
		{   name => 'what was used counts up to the ceiling',
			sql => "SELECT requests, remaining BETWEEN 5900 AND 5998 FROM dload.budgets WHERE server = 'binance' AND period IS NULL",
			is => '6000|t'
		},
		{   name => 'the ceilings',
			sql => "SELECT rate_limit_type, \"limit\" FROM binance.limits ORDER BY 2 LIMIT 1",
			is => 'REQUEST_WEIGHT|6000'
		},
		{   name => 'requests count as what they weigh',
			sql => "SELECT w.used = 20 + 2 * (r.used - 1) FROM dload.budgets AS w, dload.budgets AS r WHERE w.server = 'binance' AND r.server = 'binance' AND w.period = '1 min' AND r.period = '5 min'",
			is => 't'
		},
		{   name => 'a ban is sat through',
			before => [ { path => '/api/v3/klines', status => 418, headers => { 'Retry-After' => '1' }, body => { code => -1003, msg => 'Way too much request weight used; IP banned' } } ],
			sql => "SELECT count(*) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '2000'
		},
		{   name => 'candles loaded',
			sql => "CALL dload.run('binance_klines'); SELECT count(*), max(open_time), pg_typeof(max(open)) FROM binance.loaded",
			is => '2000|1774422000000|numeric'
		},
		{   name => 'then from the last candle on',
			sql => "CALL dload.run('binance_klines'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'signed, by ids',
			sql => 'SELECT count(DISTINCT id), min(id), sum(qty) / count(*) FROM binance.trades',
			like => qr/^1230\|28457\|12\.0+$/
		},
		{   name => 'trades loaded',
			sql => "CALL dload.run('binance_trades'); SELECT count(*), max(id) FROM binance.my_trades",
			is => '1230|29686'
		},
		{   name => 'then from the last trade on, inclusively',
			sql => "CALL dload.run('binance_trades'); SELECT outcome, rows_read, rows_unchanged, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1|1'
		},
		{   name => 'a 503 of what only reads is asked again',
			before => [ { path => '/api/v3/myTrades', status => 503 } ],
			sql => 'SELECT count(DISTINCT id) FROM binance.trades',
			is => '1230'
		},
		{   name => 'a wrong parameter is an error that says so',
			sql => "SELECT count(*) FROM binance.klines WHERE symbol = 'NONE' AND open_time >= 1767225600000",
			like => qr/ERROR:.*Invalid symbol/s
		},
		{   name => 'signed by an RSA key',
			sql => $by_key->('RS256', 'rsa'),
			is => '1230'
		},
		{   name => 'signed by an Ed25519 key',
			sql => $by_key->('Ed25519', 'ed'),
			is => '1230'
		},
		{   name => 'by a key of another kind',
			sql => $by_key->('Ed25519', 'rsa'),
			like => qr/ERROR:.*it is not an Ed25519 key/s
		},
	],
	controls => [
		{   name => 'full slices',
			alter => 'ALTER FOREIGN TABLE binance.klines OPTIONS (DROP window_cap)',
			sql => "SELECT count(*) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '2000'
		},
		{   name => 'the bound that is part of two slices',
			alter => 'ALTER FOREIGN TABLE binance.klines OPTIONS (DROP window_inclusive)',
			sql => "SELECT count(*) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '2000'
		},
		{   name => 'the names of the values',
			alter => 'ALTER FOREIGN TABLE binance.klines OPTIONS (DROP row_names)',
			sql => "SELECT max(close) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '91999.00001999'
		},
		{   name => 'the ban',
			alter => 'ALTER SERVER binance OPTIONS (DROP response_rules)',
			before => [ { path => '/api/v3/klines', status => 418, headers => { 'Retry-After' => '1' } } ],
			sql => "SELECT count(*) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000",
			is => '2000'
		},
		{   name => 'what is signed',
			alter => "ALTER SERVER binance_account OPTIONS (SET hmac_template '{target}')",
			sql => 'SELECT count(DISTINCT id) FROM binance.trades',
			is => '1230'
		},
		{   name => 'the time in milliseconds',
			alter => "ALTER SERVER binance_account OPTIONS (SET hmac_timestamp_unit 's')",
			sql => 'SELECT count(DISTINCT id) FROM binance.trades',
			is => '1230'
		},
		{   name => 'the header of the key',
			alter => 'ALTER SERVER binance_account OPTIONS (DROP hmac_headers)',
			sql => 'SELECT count(DISTINCT id) FROM binance.trades',
			is => '1230'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/api.binance.com";
		my $read = "SELECT count(*) FROM binance.klines WHERE symbol = 'BTCEUR' AND open_time >= 1767225600000";
		my $late = 'SELECT count(DISTINCT id) FROM binance.trades';

		HTTP::Tiny->new->get("$host/fault/late");
		is(sql($api, $late), '1230', 'binance: each attempt is signed with a time of its own');
		HTTP::Tiny->new->get("$host/fault/late");
		like(sql($api, "BEGIN; ALTER SERVER binance_account OPTIONS (DROP response_rules); $late; ROLLBACK"),
			qr/ERROR:.*outside of the recvWindow/s, 'binance: control: without the rule it is an error');

		# With 5998 used the next request is the last one of this minute.
		HTTP::Tiny->new->get("$host/fault/used/5998");
		$api->{mock}->clear_journal;
		sql($api, "BEGIN; ALTER SERVER binance OPTIONS (DROP used_header, DROP used_limit, DROP response_rules, ADD max_retries '0', ADD max_concurrency '1'); $read; ROLLBACK");
		is($api->{mock}->requests('/klines'), 2, 'binance: control: without the header it runs into the limit');
		HTTP::Tiny->new->get("$host/fault/used/5998");
		$api->{mock}->clear_journal;
		# what the 429 asked for
		sql($api, 'SELECT pg_sleep(1.2)');
		sql($api, "ALTER SERVER binance OPTIONS (ADD max_wait '10ms', ADD max_concurrency '1')");
		like(sql($api, $read), qr/ERROR:.*used up until/s, 'binance: the ceiling is kept to');
		is($api->{mock}->requests('/klines'), 1, 'binance: no request too many');
	} };
