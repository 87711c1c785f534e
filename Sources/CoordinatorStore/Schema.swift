import GRDB

/// The tables, version by version. A file of an older version is brought up at open; one of a newer version is refused.
///
/// A task's id packs its job and index (``TaskID/packed``), so that a job's tasks lie together. Rows that a restart reads
/// (`tasks`, `endings`, `attempts`, `assignments`) are apart from payloads (`prompts`, `answers`). `tasks` rows never change: what
/// became of a task is in the tables beside it. `meta` has the store's id, its term, the queue's switch and the next numbers of jobs and assignment rows.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE jobs (
                        id INTEGER PRIMARY KEY, name TEXT NOT NULL, submitter TEXT NOT NULL, key BLOB NOT NULL UNIQUE,
                        submitted_at INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0, finished_at INTEGER, summary TEXT);
                    CREATE TABLE job_options (
                        job INTEGER NOT NULL, row INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job, row)) WITHOUT ROWID;
                    CREATE TABLE tasks (
                        id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, options INTEGER NOT NULL, queued_at INTEGER NOT NULL);
                    CREATE TABLE prompts (
                        id INTEGER PRIMARY KEY, prompt TEXT, blob BLOB, size INTEGER NOT NULL, name TEXT NOT NULL,
                        input TEXT NOT NULL);
                    CREATE TABLE attempts (
                        task INTEGER NOT NULL, attempt INTEGER NOT NULL, row INTEGER NOT NULL, agent INTEGER NOT NULL,
                        class TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL, failures INTEGER NOT NULL,
                        given_up INTEGER NOT NULL, retry_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
                        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read INTEGER NOT NULL,
                        cache_creation INTEGER NOT NULL, cost INTEGER NOT NULL,
                        PRIMARY KEY (task, attempt, row)) WITHOUT ROWID;
                    CREATE TABLE endings (
                        id INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL, agent INTEGER,
                        instance TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
                        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read INTEGER NOT NULL,
                        cache_creation INTEGER NOT NULL, cost INTEGER NOT NULL, session TEXT NOT NULL, class TEXT, message TEXT,
                        reported INTEGER NOT NULL);
                    CREATE TABLE answers (
                        id INTEGER PRIMARY KEY, answer TEXT, answer_blob BLOB, answer_size INTEGER NOT NULL, structured TEXT,
                        structured_blob BLOB, structured_size INTEGER NOT NULL, detail TEXT NOT NULL);
                    CREATE TABLE assignments (
                        row INTEGER PRIMARY KEY, agent INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
                    CREATE TABLE cancels (task INTEGER PRIMARY KEY);
                    CREATE TABLE set_aside (
                        n INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, task INTEGER NOT NULL,
                        attempt INTEGER NOT NULL, agent INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
                        state INTEGER NOT NULL, answer TEXT, message TEXT);
                    CREATE TABLE agents (id INTEGER PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL);
                    """)
        }
        migrator.registerMigration("2") { db in try db.execute(sql: secondVersion) }
        migrator.registerMigration("3") { db in
            // A level is a rate's (kind 0) or what is held of a concurrency (kind 1).
            try db.execute(
                sql: """
                    CREATE TABLE quotas (
                        name TEXT PRIMARY KEY NOT NULL, kind INTEGER NOT NULL, value INTEGER NOT NULL,
                        parked_until INTEGER, parked_for INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE quota_limits (name TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("4") { db in
            // What each day's attempts took, in millionths of a dollar and in tokens. Not summed from the endings: those of a day can't be found
            // without reading all, and a prune takes them.
            try db.execute(
                sql: "CREATE TABLE spending (day INTEGER PRIMARY KEY, cost INTEGER NOT NULL, tokens INTEGER NOT NULL)")
        }
        migrator.registerMigration("5") { db in
            // Conversations that turns may go on from, by the task that left them there.
            try db.execute(
                sql: """
                    ALTER TABLE links ADD COLUMN fork TEXT NOT NULL DEFAULT '';
                    CREATE TABLE heads (
                        task INTEGER PRIMARY KEY, blob BLOB NOT NULL, size INTEGER NOT NULL, session TEXT NOT NULL,
                        turn INTEGER NOT NULL, agent INTEGER NOT NULL, instance TEXT NOT NULL);
                    """)
        }
        migrator.registerMigration("6") { db in
            // What was learned of limits (kind 0) and of what calls cost (kind 1).
            try db.execute(
                sql: """
                    CREATE TABLE quota_lessons (
                        kind INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL,
                        PRIMARY KEY (kind, name)) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("7") { db in
            // A task's ending in its worktree as JSON; and the blobs that it names, so that a sweep finds them without reading that.
            try db.execute(
                sql: """
                    CREATE TABLE workspaces (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
                    CREATE TABLE workspace_blobs (
                        id INTEGER NOT NULL, blob BLOB NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (id, blob)) WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    /// Job rules, links, control verbs, retention. A task's options may change (`moves`), and so may what is held; both are apart,
    /// so that `tasks` rows stay narrow and never change. Reopened tasks keep what ended them as an attempt of the highest row that was
    /// given out by that time, so that no older one is taken for open.
    private static let secondVersion = """
        ALTER TABLE jobs ADD COLUMN spec TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE jobs ADD COLUMN switches INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE agents ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE attempts_2 (
            task INTEGER NOT NULL, attempt INTEGER NOT NULL, row INTEGER NOT NULL,
            agent INTEGER NOT NULL, failures INTEGER NOT NULL, crashes INTEGER NOT NULL, given_up INTEGER NOT NULL,
            retry_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
            cache_read INTEGER NOT NULL, cache_creation INTEGER NOT NULL, cost INTEGER NOT NULL, instance TEXT NOT NULL,
            class TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (task, attempt, row)) WITHOUT ROWID;
        INSERT INTO attempts_2 SELECT task, attempt, row, agent, failures, 0, given_up, retry_at, ended_at, input_tokens,
            output_tokens, cache_read, cache_creation, cost, '', class, message, detail FROM attempts;
        DROP TABLE attempts;
        ALTER TABLE attempts_2 RENAME TO attempts;
        ALTER TABLE set_aside ADD COLUMN answer_blob BLOB;
        ALTER TABLE set_aside ADD COLUMN answer_size INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE links (id INTEGER PRIMARY KEY, after BLOB NOT NULL, context TEXT NOT NULL);
        CREATE TABLE holds (task INTEGER PRIMARY KEY, why TEXT NOT NULL);
        CREATE TABLE moves (task INTEGER PRIMARY KEY, options INTEGER NOT NULL);
        CREATE TABLE sweeps (
            n INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, kind INTEGER NOT NULL, UNIQUE (job, kind));
        CREATE INDEX set_aside_tokens ON set_aside (task, attempt, store);
        CREATE INDEX prompt_blobs ON prompts (blob) WHERE blob IS NOT NULL;
        CREATE INDEX answer_blobs ON answers (answer_blob) WHERE answer_blob IS NOT NULL;
        CREATE INDEX structured_blobs ON answers (structured_blob) WHERE structured_blob IS NOT NULL;
        INSERT INTO meta VALUES ('paused', 0), ('next_job', (SELECT coalesce(max(id), 0) + 1 FROM jobs)), ('next_row',
            max((SELECT coalesce(max(row), 0) FROM assignments), (SELECT coalesce(max(row), 0) FROM attempts)) + 1);
        """
}
