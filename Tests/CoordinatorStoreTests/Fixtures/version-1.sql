-- A file of schema version 1: the tables as that version made them, and rows of each kind put in by hand in the form it wrote.
BEGIN TRANSACTION;
CREATE TABLE agents (id INTEGER PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL);
INSERT INTO "agents" VALUES(-1,'beta','host-b');
INSERT INTO "agents" VALUES(7,'alpha','host-a');
CREATE TABLE answers (
                        id INTEGER PRIMARY KEY, answer TEXT, answer_blob BLOB, answer_size INTEGER NOT NULL, structured TEXT,
                        structured_blob BLOB, structured_size INTEGER NOT NULL, detail TEXT NOT NULL);
INSERT INTO "answers" VALUES(4294967296,'answer ☃',NULL,10,'{"a":1}',NULL,7,'');
INSERT INTO "answers" VALUES(4294967297,NULL,NULL,0,NULL,NULL,0,'last words');
INSERT INTO "answers" VALUES(8589934592,NULL,X'202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F',100000,NULL,NULL,0,'');
CREATE TABLE assignments (
                        row INTEGER PRIMARY KEY, agent INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
INSERT INTO "assignments" VALUES(2,7,1700000011000,X'000000000200000001000000020000000200000001000000');
INSERT INTO "assignments" VALUES(5,-1,1700000016000,X'010000000200000001000000');
CREATE TABLE attempts (
                        task INTEGER NOT NULL, attempt INTEGER NOT NULL, row INTEGER NOT NULL, agent INTEGER NOT NULL,
                        class TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL, failures INTEGER NOT NULL,
                        given_up INTEGER NOT NULL, retry_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
                        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read INTEGER NOT NULL,
                        cache_creation INTEGER NOT NULL, cost INTEGER NOT NULL,
                        PRIMARY KEY (task, attempt, row)) WITHOUT ROWID;
INSERT INTO "attempts" VALUES(4294967297,1,1,7,'crash','it crashed','x',1,0,1700000002500,1700000001500,8,16,24,32,2);
INSERT INTO "attempts" VALUES(8589934594,1,0,7,'timeout','too long','',1,0,1700000015000,1700000014000,2,2,2,2,2);
INSERT INTO "attempts" VALUES(8589934594,1,2,7,'lost','silent','',0,1,1700000013000,1700000013000,0,0,0,0,0);
CREATE TABLE cancels (task INTEGER PRIMARY KEY);
INSERT INTO "cancels" VALUES(8589934593);
CREATE TABLE endings (
                        id INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL, agent INTEGER,
                        instance TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
                        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read INTEGER NOT NULL,
                        cache_creation INTEGER NOT NULL, cost INTEGER NOT NULL, session TEXT NOT NULL, class TEXT, message TEXT,
                        reported INTEGER NOT NULL);
INSERT INTO "endings" VALUES(4294967296,3,1,7,'alpha/1.1',1700000001000,1700000002000,1,2,3,4,5,'s-1',NULL,NULL,1);
INSERT INTO "endings" VALUES(4294967297,4,2,-1,'beta/1.1',1700000001000,1700000003000,1,2,3,4,5,'s-2','permanent','no such model',1);
INSERT INTO "endings" VALUES(4294967298,5,0,NULL,'',0,1700000009000,0,0,0,0,0,'','cancelled','by the user',0);
INSERT INTO "endings" VALUES(8589934592,3,1,7,'alpha/1.1',1700000011000,1700000012000,1,1,1,1,1,'s-3',NULL,NULL,1);
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1');
CREATE TABLE job_options (
                        job INTEGER NOT NULL, row INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job, row)) WITHOUT ROWID;
INSERT INTO "job_options" VALUES(1,0,'{"priority":5,"runner":"claude"}');
INSERT INTO "job_options" VALUES(2,0,'{"allowedTools":["Bash(git *)"],"budgetMicroUSD":7,"directory":"\/srv","disallowedTools":["Write"],"maxAttempts":3,"maxTurns":4,"model":"opus","permissionMode":"plan","priority":9,"runner":"claude","schema":"{}","timeoutMilliseconds":60000}');
INSERT INTO "job_options" VALUES(2,1,'{"priority":1,"runner":"claude"}');
INSERT INTO "job_options" VALUES(3,0,'{"priority":5,"runner":"claude"}');
CREATE TABLE jobs (
                        id INTEGER PRIMARY KEY, name TEXT NOT NULL, submitter TEXT NOT NULL, key BLOB NOT NULL UNIQUE,
                        submitted_at INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0, finished_at INTEGER, summary TEXT);
INSERT INTO "jobs" VALUES(1,'first ☃','local',X'00000000000000000000000000000001',1700000000000,1,1700000009000,'{"cancelled":1,"costMicroUSD":12,"expired":0,"failed":1,"skipped":0,"succeeded":1,"tasks":3,"usage":[10,20,30,40]}');
INSERT INTO "jobs" VALUES(2,'second','anna',X'00000000000000000000000000000002',1700000010000,1,NULL,NULL);
INSERT INTO "jobs" VALUES(3,'open','local',X'00000000000000000000000000000003',1700000020000,0,NULL,NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('store',42);
INSERT INTO "meta" VALUES('term',3);
CREATE TABLE prompts (
                        id INTEGER PRIMARY KEY, prompt TEXT, blob BLOB, size INTEGER NOT NULL, name TEXT NOT NULL,
                        input TEXT NOT NULL);
INSERT INTO "prompts" VALUES(4294967296,'prompt 1',NULL,8,'name','line');
INSERT INTO "prompts" VALUES(4294967297,'prompt 2',NULL,8,'name','');
INSERT INTO "prompts" VALUES(4294967298,'prompt 3',NULL,8,'name','');
INSERT INTO "prompts" VALUES(8589934592,'prompt 4',NULL,8,'name','');
INSERT INTO "prompts" VALUES(8589934593,NULL,X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F',70000,'large','');
INSERT INTO "prompts" VALUES(8589934594,'prompt 6',NULL,8,'name','');
INSERT INTO "prompts" VALUES(8589934595,'prompt 7',NULL,8,'name','');
INSERT INTO "prompts" VALUES(12884901888,'prompt 8',NULL,8,'name','');
CREATE TABLE set_aside (
                        n INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, task INTEGER NOT NULL,
                        attempt INTEGER NOT NULL, agent INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
                        state INTEGER NOT NULL, answer TEXT, message TEXT);
INSERT INTO "set_aside" VALUES(1,41,38654705673,1,7,'other store',1700000005000,3,'stray','');
CREATE TABLE tasks (
                        id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, options INTEGER NOT NULL, queued_at INTEGER NOT NULL);
INSERT INTO "tasks" VALUES(4294967296,1,0,1700000000001);
INSERT INTO "tasks" VALUES(4294967297,2,0,1700000000002);
INSERT INTO "tasks" VALUES(4294967298,3,0,1700000000003);
INSERT INTO "tasks" VALUES(8589934592,4,0,1700000000004);
INSERT INTO "tasks" VALUES(8589934593,5,1,1700000000005);
INSERT INTO "tasks" VALUES(8589934594,6,0,1700000000006);
INSERT INTO "tasks" VALUES(8589934595,7,1,1700000000007);
INSERT INTO "tasks" VALUES(12884901888,8,0,1700000000008);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('set_aside',1);
COMMIT;
