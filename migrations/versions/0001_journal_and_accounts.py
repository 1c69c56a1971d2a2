"""People, accounts, the order journal and what the venues told about them.

Money is text, because a float is not money. Times end in `_ms`: epoch milliseconds. Tables are STRICT, so that a number
never turns up where a text belongs. The triggers hold what no code may get wrong: the journal is never rewritten.
"""

from alembic import op

revision = "0001"
down_revision = None

PEOPLE = (
    """CREATE TABLE users(
        user_id INTEGER PRIMARY KEY,
        role TEXT NOT NULL DEFAULT 'pending'
            CHECK(role IN('admin','trader','viewer','pending','banned','deleted')),
        language TEXT, username TEXT, first_name TEXT,
        created_ms INTEGER NOT NULL, seen_ms INTEGER, delete_requested_ms INTEGER) STRICT""",
    """CREATE TABLE settings(
        user_id INTEGER NOT NULL REFERENCES users(user_id), key TEXT NOT NULL,
        value TEXT NOT NULL, updated_ms INTEGER NOT NULL,
        PRIMARY KEY(user_id,key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE accounts(
        id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(user_id),
        exchange TEXT NOT NULL, account_type TEXT NOT NULL CHECK(account_type IN('paper','demo','testnet','real')),
        name TEXT, is_enabled INTEGER NOT NULL DEFAULT 1 CHECK(is_enabled IN(0,1)), disabled_reason TEXT,
        fingerprint TEXT, created_ms INTEGER NOT NULL,
        UNIQUE(user_id,exchange,account_type)) STRICT""",
    """CREATE UNIQUE INDEX accounts_fingerprint ON accounts(exchange,account_type,fingerprint)
        WHERE fingerprint IS NOT NULL""",
    """CREATE TABLE data_keys(
        user_id INTEGER PRIMARY KEY REFERENCES users(user_id), kek_id TEXT NOT NULL, wrapped BLOB NOT NULL,
        created_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE credentials(
        account_id INTEGER NOT NULL REFERENCES accounts(id), field TEXT NOT NULL, sealed BLOB NOT NULL,
        updated_ms INTEGER NOT NULL, PRIMARY KEY(account_id,field)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE vault_checks(
        kek_id TEXT PRIMARY KEY, sealed BLOB NOT NULL, created_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE audit(
        id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor_id INTEGER, action TEXT NOT NULL,
        subject TEXT NOT NULL DEFAULT '', data TEXT NOT NULL DEFAULT '{}') STRICT""",
)

CHAT = (
    """CREATE TABLE inbox(
        bot_id INTEGER NOT NULL, update_id INTEGER NOT NULL, received_ms INTEGER NOT NULL,
        kind TEXT NOT NULL, from_id INTEGER, payload TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'NEW' CHECK(state IN('NEW','DONE','IGNORED','DEAD')),
        tries INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(bot_id,update_id)) STRICT""",
    "CREATE INDEX inbox_new ON inbox(bot_id,received_ms,update_id) WHERE state='NEW'",
    """CREATE TABLE outbox(
        id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, key TEXT UNIQUE, intent_id INTEGER,
        body TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'NEW' CHECK(state IN('NEW','SENT','DEAD')),
        next_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, message_id INTEGER, note TEXT,
        created_ms INTEGER NOT NULL) STRICT""",
    "CREATE INDEX outbox_due ON outbox(next_ms,id) WHERE state='NEW'",
    """CREATE TABLE confirmations(
        token TEXT PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL,
        payload TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
        consumed_ms INTEGER, consumed_by TEXT) STRICT""",
)

PROCESSES = (
    """CREATE TABLE processes(
        epoch INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL CHECK(role IN('bot','webapp','tool')),
        boot_id TEXT NOT NULL, pid INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER) STRICT""",
    """CREATE TABLE leases(
        job TEXT PRIMARY KEY CHECK(job IN('resolver','reconciler','outbox','streams')),
        epoch INTEGER NOT NULL REFERENCES processes(epoch), boot_id TEXT NOT NULL, pid INTEGER NOT NULL,
        expires_mono_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE trading_states(
        scope TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL CHECK(state IN('REDUCING','HALTED')),
        since_ms INTEGER NOT NULL, by_user_id INTEGER, note TEXT NOT NULL DEFAULT '',
        PRIMARY KEY(scope,reason)) STRICT, WITHOUT ROWID""",
)

JOURNAL = (
    """CREATE TABLE intents(
        id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts(id), symbol TEXT NOT NULL,
        cause TEXT NOT NULL UNIQUE, request_hash TEXT NOT NULL, kind TEXT NOT NULL,
        action TEXT NOT NULL, reply TEXT,
        is_adopted INTEGER NOT NULL DEFAULT 0 CHECK(is_adopted IN(0,1)),
        retry_of INTEGER REFERENCES intents(id), created_ms INTEGER NOT NULL) STRICT""",
    "CREATE INDEX intents_by_account ON intents(account_id,created_ms)",
    """CREATE TABLE legs(
        id INTEGER PRIMARY KEY, intent_id INTEGER NOT NULL REFERENCES intents(id), n INTEGER NOT NULL,
        account_id INTEGER NOT NULL REFERENCES accounts(id), exchange TEXT NOT NULL, symbol TEXT NOT NULL,
        kind TEXT NOT NULL CHECK(kind IN('order','protection','change')), part TEXT NOT NULL DEFAULT '',
        client_order_id TEXT, order_id TEXT, side TEXT, size TEXT,
        state TEXT NOT NULL CHECK(state IN('PREPARED','SENDING','UNKNOWN','ACKED','WORKING','PARTIAL','FILLED',
                                           'CANCELLED','REJECTED','ABSENT','MANUAL')),
        filled_size TEXT NOT NULL DEFAULT '0', average_price TEXT,
        rank INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
        created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        UNIQUE(exchange,client_order_id), UNIQUE(intent_id,n)) STRICT""",
    "CREATE INDEX legs_unresolved ON legs(account_id,symbol) WHERE state IN('SENDING','UNKNOWN')",
    "CREATE INDEX legs_open ON legs(state,account_id) WHERE state IN('PREPARED','ACKED','WORKING','PARTIAL')",
    "CREATE INDEX legs_by_order ON legs(account_id,order_id) WHERE order_id IS NOT NULL",
    """CREATE TABLE attempts(
        leg_id INTEGER NOT NULL REFERENCES legs(id), no INTEGER NOT NULL,
        purpose TEXT NOT NULL CHECK(purpose IN('send','noop')),
        epoch INTEGER NOT NULL REFERENCES processes(epoch), sender TEXT NOT NULL CHECK(sender IN('unified','legacy')),
        signer TEXT NOT NULL, nonce INTEGER, timestamp_ms INTEGER NOT NULL, fence_ms INTEGER NOT NULL,
        body_sha256 TEXT NOT NULL, claimed_ms INTEGER NOT NULL,
        answered_ms INTEGER, outcome TEXT, http INTEGER, code TEXT, note TEXT,
        PRIMARY KEY(leg_id,no)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE nonces(signer TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE leg_events(
        id INTEGER PRIMARY KEY, leg_id INTEGER NOT NULL REFERENCES legs(id), at_ms INTEGER NOT NULL,
        epoch INTEGER, from_state TEXT, to_state TEXT NOT NULL, evidence TEXT NOT NULL) STRICT""",
    "CREATE INDEX leg_events_by_leg ON leg_events(leg_id,id)",
)

VENUE_TRUTH = (
    """CREATE TABLE active_positions(
        account_id INTEGER NOT NULL REFERENCES accounts(id), symbol TEXT NOT NULL,
        side TEXT NOT NULL CHECK(side IN('long','short')), size TEXT NOT NULL,
        data TEXT NOT NULL, opened_ms INTEGER NOT NULL, as_of_ms INTEGER NOT NULL,
        PRIMARY KEY(account_id,symbol,side)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE fills(
        exchange TEXT NOT NULL, account_id INTEGER NOT NULL REFERENCES accounts(id), fill_id TEXT NOT NULL,
        leg_id INTEGER REFERENCES legs(id), origin TEXT NOT NULL CHECK(origin IN('ours','elsewhere')),
        symbol TEXT NOT NULL, side TEXT NOT NULL, size TEXT NOT NULL, price TEXT NOT NULL, kind TEXT NOT NULL,
        data TEXT NOT NULL, filled_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
        PRIMARY KEY(exchange,account_id,fill_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX fills_by_time ON fills(account_id,filled_ms)",
    "CREATE INDEX fills_by_arrival ON fills(account_id,seen_ms)",
    """CREATE TABLE closed_pnl(
        account_id INTEGER NOT NULL REFERENCES accounts(id), order_id TEXT NOT NULL, closed_ms INTEGER NOT NULL,
        symbol TEXT NOT NULL, side TEXT NOT NULL, size TEXT NOT NULL, pnl TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY(account_id,order_id,closed_ms,symbol,side,size)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX closed_pnl_by_time ON closed_pnl(account_id,closed_ms)",
    """CREATE TABLE funding(
        account_id INTEGER NOT NULL REFERENCES accounts(id), payment_id TEXT NOT NULL, symbol TEXT NOT NULL,
        amount TEXT NOT NULL, data TEXT NOT NULL, paid_ms INTEGER NOT NULL,
        PRIMARY KEY(account_id,payment_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX funding_by_time ON funding(account_id,paid_ms)",
    """CREATE TABLE sync_marks(
        account_id INTEGER NOT NULL REFERENCES accounts(id), what TEXT NOT NULL, at_ms INTEGER NOT NULL,
        PRIMARY KEY(account_id,what)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE cache(
        name TEXT PRIMARY KEY, data BLOB NOT NULL, as_of_ms INTEGER NOT NULL) STRICT""",
)


def _never(table: str, verb: str, why: str) -> str:
    return f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT,'{why}'); END"


TRIGGERS = (
    *(_never(table, "DELETE", "journal rows are never deleted") for table in ("intents", "legs", "attempts")),
    _never("leg_events", "DELETE", "journal rows are never deleted"),
    _never("leg_events", "UPDATE", "an event never changes"),
    _never("intents", "UPDATE", "an intent never changes"),
    _never("audit", "DELETE", "the audit is never rewritten"),
    _never("audit", "UPDATE", "the audit is never rewritten"),
    """CREATE TRIGGER attempts_frozen BEFORE UPDATE OF leg_id,no,purpose,epoch,sender,signer,nonce,timestamp_ms,
        fence_ms,body_sha256,claimed_ms ON attempts
        BEGIN SELECT RAISE(ABORT,'the request of an attempt never changes'); END""",
    """CREATE TRIGGER attempts_need_a_claim BEFORE INSERT ON attempts
        WHEN (SELECT state FROM legs WHERE id=NEW.leg_id) NOT IN('SENDING','UNKNOWN','ACKED')
        BEGIN SELECT RAISE(ABORT,'an attempt needs a claimed leg'); END""",
    """CREATE TRIGGER legs_identity_frozen BEFORE UPDATE OF intent_id,n,account_id,exchange,symbol,kind,client_order_id
        ON legs BEGIN SELECT RAISE(ABORT,'the identity of a leg never changes'); END""",
    """CREATE TRIGGER legs_rank_grows BEFORE UPDATE OF rank ON legs WHEN NEW.rank < OLD.rank
        BEGIN SELECT RAISE(ABORT,'evidence rank only grows'); END""",
    """CREATE TRIGGER legs_terminal BEFORE UPDATE OF state ON legs
        WHEN OLD.state IN('FILLED','CANCELLED','REJECTED','ABSENT','MANUAL') AND NEW.state<>OLD.state
         AND NOT (OLD.state='ABSENT' AND NEW.state IN('WORKING','PARTIAL','FILLED','CANCELLED'))
        BEGIN SELECT RAISE(ABORT,'leg is terminal'); END""",
    """CREATE TRIGGER legs_claimed_from_prepared BEFORE UPDATE OF state ON legs
        WHEN (NEW.state='SENDING' AND OLD.state<>'PREPARED')
          OR (NEW.state='PREPARED' AND OLD.state NOT IN('PREPARED','SENDING'))
          OR (NEW.state='UNKNOWN' AND OLD.state NOT IN('SENDING','UNKNOWN'))
        BEGIN SELECT RAISE(ABORT,'a leg is claimed once'); END""",
    """CREATE TRIGGER nonces_grow BEFORE UPDATE ON nonces WHEN NEW.last<=OLD.last
        BEGIN SELECT RAISE(ABORT,'a nonce is used once'); END""",
)


def upgrade() -> None:
    """Create everything."""
    for group in (PEOPLE, CHAT, PROCESSES, JOURNAL, VENUE_TRUTH, TRIGGERS):
        for statement in group:
            op.execute(statement)


def downgrade() -> None:
    """Refuse: the journal is never deleted."""
    raise RuntimeError("the first schema cannot be undone, because the order journal is never deleted")
