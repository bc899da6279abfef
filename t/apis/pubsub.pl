my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;

{   files => { '/etc/dload/pubsub.pem' => $key },
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/pubsub.googleapis.com";
		my $fault = sub { return HTTP::Tiny->new->get("$host/fault/$_[0]")->{content} };
		my $read = "SELECT count(*), count(DISTINCT id), sum((data->>'order')::int), min(attributes->>'kind'), max(published) FROM pubsub.messages WHERE subscription = 'orders'";
		my $all = '230|230|26335|order|2026-01-01 03:49:00.123+00';
		my $set = 'SET timezone = UTC; ';
		my $last = 'SELECT outcome, rows_read, rows_inserted FROM dload.runs ORDER BY run_id DESC LIMIT 1';
		my $ack = "SELECT count(*) FROM pubsub.acknowledge WHERE subscription = 'orders' AND ack_ids = (SELECT jsonb_agg(ack_id) FROM pubsub.loaded)";

		is(sql($api, $set . $read), $all, 'pubsub: pulled until nothing comes; base64');
		is(sql($api, $set . $read), '0|0|||', 'pubsub: then they are held back, and an answer has no list');
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE pubsub.messages OPTIONS (DROP stop_when); $read; ROLLBACK"),
			qr/ERROR:.*leads to nothing/s, 'pubsub: control: without stop_when that is an error');
		$fault->('redeliver');
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE pubsub.messages OPTIONS (SET paginate 'none', DROP drain_for); SELECT count(*) FROM pubsub.messages WHERE subscription = 'orders'; ROLLBACK"),
			'100', 'pubsub: control: without drain one page comes');
		$fault->('redeliver');
		unlike(sql($api, "BEGIN; ALTER FOREIGN TABLE pubsub.messages OPTIONS (DROP decode); $read; ROLLBACK"),
			qr/26335/, 'pubsub: control: without decode no data');

		$fault->('redeliver');
		$fault->('limited');
		is(sql($api, $set . $read), $all, 'pubsub: RESOURCE_EXHAUSTED is waited for as RetryInfo says');
		$fault->('redeliver');
		$fault->('limited');
		like(sql($api, "BEGIN; ALTER SERVER pubsub OPTIONS (ADD max_wait '1s'); $read; ROLLBACK"),
			qr/ERROR:.*used up until/s, 'pubsub: control: by 1.5 s, not by a guess');
		sql($api, 'SELECT pg_sleep(1.6)');
		like(sql($api, "SELECT count(*) FROM pubsub.messages WHERE subscription = 'none'"),
			qr/ERROR:.*Resource not found/s, 'pubsub: no such subscription');

		# loaded, not acknowledged, delivered again
		$fault->('redeliver');
		sql($api, "CALL dload.run('pubsub_orders')");
		is(sql($api, $last), 'complete|230|230', 'pubsub: loaded');
		$fault->('redeliver');
		sql($api, "CALL dload.run('pubsub_orders')");
		is(sql($api, $last), 'complete|230|0', 'pubsub: what comes again is kept once');
		is(sql($api, 'SELECT count(*), sum(message__data__order) FROM pubsub.loaded'),
			'230|26335', 'pubsub: as it was');

		is(sql($api, $ack), '1', 'pubsub: acknowledged after the commit');
		like($fault->('redeliver'), qr/"left":\s*0/, 'pubsub: all of them');
		sql($api, "CALL dload.run('pubsub_orders')");
		is(sql($api, $last), 'complete|0|0', 'pubsub: they do not come again');

		like(sql($api, "ALTER SERVER pubsub OPTIONS (SET jwt_issuer 'other\@acme-fake.iam.gserviceaccount.com'); $read"),
			qr/ERROR/, 'pubsub: control: another account is given no token');
	} };
