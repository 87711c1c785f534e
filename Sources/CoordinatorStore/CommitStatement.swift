/// What a commit may do, as SQL. The writer prepares each once and keeps it.
enum CommitStatement: Int, CaseIterable {
    case openJob, addOptions, addTask, addPrompt, addLinks, sealJob, assign, retireAssignment
    case endAttempt, endTask, addAnswer, requestCancel, finishJob, setAside, trimSetAside, seeAgent
    case changeJob, pauseQueue, changeOptions, moveTask, holdTask, releaseTask
    case keepEnding, freshCounts, dropEnding, dropAnswer, dropCancel
    case reopenJob, drainAgent, beginSweep, endSweep
    case recordQuota, setQuotaLimit, dropQuotaLimit, keepLesson, forgetLessons
    case changeSpec, spend, forgetSpending
    case keepHead, dropHead
    case pruneTasks, prunePrompts, pruneEndings, pruneAnswers, pruneAttempts, pruneLinks, pruneHolds, pruneCancels,
        pruneMoves, pruneHeads
    case addWorkspace, addWorkspaceBlob, dropWorkspace, dropWorkspaceBlobs, pruneWorkspaces, pruneWorkspaceBlobs
    case pruneOptions, pruneSweeps, pruneJob, keepJobNumber, keepRowNumber

    var sql: String {
        switch self {
        case .openJob:
            "INSERT INTO jobs (id, name, submitter, key, submitted_at, spec, switches) VALUES (?, ?, ?, ?, ?, ?, ?)"
        case .addOptions: "INSERT INTO job_options (job, row, body) VALUES (?, ?, ?)"
        case .addTask: "INSERT INTO tasks (id, sequence, options, queued_at) VALUES (?, ?, ?, ?)"
        case .addPrompt: "INSERT INTO prompts (id, prompt, blob, size, name, input) VALUES (?, ?, ?, ?, ?, ?)"
        case .addLinks: "INSERT INTO links (id, after, context, fork) VALUES (?, ?, ?, ?)"
        case .sealJob: "UPDATE jobs SET sealed = 1 WHERE id = ?"
        case .assign: "INSERT INTO assignments (row, agent, at, body) VALUES (?, ?, ?, ?)"
        case .retireAssignment: "DELETE FROM assignments WHERE row = ?"
        case .requestCancel: "INSERT OR IGNORE INTO cancels (task) VALUES (?)"
        case .finishJob: "UPDATE jobs SET finished_at = ?, summary = ? WHERE id = ?"
        case .seeAgent:
            """
            INSERT INTO agents (id, name, host) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host
            """
        case .changeJob: "UPDATE jobs SET switches = ? WHERE id = ?"
        case .pauseQueue: "UPDATE meta SET value = ? WHERE key = 'paused'"
        case .changeOptions: "UPDATE job_options SET body = ? WHERE job = ? AND row = ?"
        case .moveTask:
            "INSERT INTO moves (task, options) VALUES (?, ?) ON CONFLICT (task) DO UPDATE SET options = excluded.options"
        case .holdTask:
            "INSERT INTO holds (task, why) VALUES (?, ?) ON CONFLICT (task) DO UPDATE SET why = excluded.why"
        case .releaseTask: "DELETE FROM holds WHERE task = ?"
        case .freshCounts: "UPDATE attempts SET failures = 0, crashes = 0, given_up = 2 * (given_up > 0) WHERE task = ?"
        case .dropEnding: "DELETE FROM endings WHERE id = ?"
        case .addWorkspace: "INSERT INTO workspaces (id, body) VALUES (?, ?)"
        case .addWorkspaceBlob: "INSERT OR IGNORE INTO workspace_blobs (id, blob, size) VALUES (?, ?, ?)"
        case .dropWorkspace: "DELETE FROM workspaces WHERE id = ?"
        case .dropWorkspaceBlobs: "DELETE FROM workspace_blobs WHERE id = ?"
        case .pruneWorkspaces: "DELETE FROM workspaces WHERE id BETWEEN ? AND ?"
        case .pruneWorkspaceBlobs: "DELETE FROM workspace_blobs WHERE id BETWEEN ? AND ?"
        case .dropAnswer: "DELETE FROM answers WHERE id = ?"
        case .dropCancel: "DELETE FROM cancels WHERE task = ?"
        case .reopenJob: "UPDATE jobs SET finished_at = NULL, summary = NULL WHERE id = ?"
        case .drainAgent:
            "INSERT INTO agents (id, name, host, drained) VALUES (?, '', '', ?) ON CONFLICT (id) DO UPDATE SET drained = excluded.drained"
        case .beginSweep: "INSERT OR IGNORE INTO sweeps (job, kind) VALUES (?, ?)"
        case .recordQuota:
            "INSERT OR REPLACE INTO quotas (name, kind, value, parked_until, parked_for) VALUES (?, ?, ?, ?, ?)"
        case .setQuotaLimit: "INSERT OR REPLACE INTO quota_limits (name, body) VALUES (?, ?)"
        case .dropQuotaLimit: "DELETE FROM quota_limits WHERE name = ?"
        case .keepLesson: "INSERT OR REPLACE INTO quota_lessons (kind, name, body, at) VALUES (?, ?, ?, ?)"
        case .forgetLessons: "DELETE FROM quota_lessons WHERE at < ?"
        case .changeSpec: "UPDATE jobs SET spec = ? WHERE id = ?"
        case .spend: "INSERT OR REPLACE INTO spending (day, cost, tokens) VALUES (?, ?, ?)"
        case .forgetSpending: "DELETE FROM spending WHERE day < ?"
        case .endSweep: "DELETE FROM sweeps WHERE job = ? AND kind = ?"
        case .pruneTasks: "DELETE FROM tasks WHERE id BETWEEN ? AND ?"
        case .prunePrompts: "DELETE FROM prompts WHERE id BETWEEN ? AND ?"
        case .pruneEndings: "DELETE FROM endings WHERE id BETWEEN ? AND ?"
        case .pruneAnswers: "DELETE FROM answers WHERE id BETWEEN ? AND ?"
        case .pruneAttempts: "DELETE FROM attempts WHERE task BETWEEN ? AND ?"
        case .pruneLinks: "DELETE FROM links WHERE id BETWEEN ? AND ?"
        case .pruneHolds: "DELETE FROM holds WHERE task BETWEEN ? AND ?"
        case .pruneCancels: "DELETE FROM cancels WHERE task BETWEEN ? AND ?"
        case .pruneMoves: "DELETE FROM moves WHERE task BETWEEN ? AND ?"
        case .pruneHeads: "DELETE FROM heads WHERE task BETWEEN ? AND ?"
        case .keepHead:
            "INSERT OR REPLACE INTO heads (task, blob, size, session, turn, agent, instance) VALUES (?, ?, ?, ?, ?, ?, ?)"
        case .dropHead: "DELETE FROM heads WHERE task = ?"
        case .pruneOptions: "DELETE FROM job_options WHERE job = ?"
        case .pruneSweeps: "DELETE FROM sweeps WHERE job = ?"
        case .pruneJob: "DELETE FROM jobs WHERE id = ?"
        case .keepJobNumber: "UPDATE meta SET value = max(value, ?) WHERE key = 'next_job'"
        case .keepRowNumber: "UPDATE meta SET value = max(value, ?) WHERE key = 'next_row'"
        case .endAttempt, .endTask, .addAnswer, .setAside, .trimSetAside, .keepEnding: endingSQL
        }
    }

    private var endingSQL: String {
        switch self {
        case .endAttempt:
            // A late report of an attempt that is here already is its last word.
            """
            INSERT INTO attempts (task, attempt, row, agent, class, message, detail, failures, given_up, retry_at, ended_at,
                input_tokens, output_tokens, cache_read, cache_creation, cost, instance, crashes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (task, attempt, row) DO UPDATE SET agent = excluded.agent, class = excluded.class,
                message = excluded.message, detail = excluded.detail, failures = excluded.failures,
                given_up = excluded.given_up, retry_at = excluded.retry_at, ended_at = excluded.ended_at,
                input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, cache_read = excluded.cache_read,
                cache_creation = excluded.cache_creation, cost = excluded.cost, instance = excluded.instance,
                crashes = excluded.crashes
            """
        case .endTask:
            """
            INSERT INTO endings (id, state, attempt, agent, instance, started_at, finished_at, input_tokens, output_tokens,
                cache_read, cache_creation, cost, session, class, message, reported)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        case .addAnswer:
            """
            INSERT INTO answers (id, answer, answer_blob, answer_size, structured, structured_blob, structured_size, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        case .keepEnding:
            // Only an attempt has an agent. Given up with 2: shown as such, but what still comes of it is not waited for.
            """
            INSERT OR REPLACE INTO attempts (task, attempt, row, agent, class, message, detail, failures, given_up, retry_at,
                ended_at, input_tokens, output_tokens, cache_read, cache_creation, cost, instance, crashes)
            SELECT e.id, e.attempt, ?2, e.agent, coalesce(e.class, ''), coalesce(e.message, ''), coalesce(a.detail, ''), 0,
                2 * (NOT e.reported), 0, e.finished_at, e.input_tokens, e.output_tokens, e.cache_read, e.cache_creation, e.cost,
                e.instance, 0
            FROM endings e LEFT JOIN answers a ON a.id = e.id
            WHERE e.id = ?1 AND e.attempt > 0 AND e.agent IS NOT NULL
            """
        case .setAside:
            // An agent repeats what it saw no acknowledgement for: a result that is already here is no news.
            """
            INSERT INTO set_aside (store, task, attempt, agent, reason, at, state, answer, answer_blob, answer_size, message)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
            WHERE NOT (?1 = (SELECT value FROM meta WHERE key = 'store') AND (
                EXISTS (SELECT 1 FROM endings WHERE id = ?2 AND attempt = ?3 AND reported = 1)
                OR EXISTS (SELECT 1 FROM attempts WHERE task = ?2 AND attempt = ?3 AND given_up = 0)))
              AND NOT EXISTS (SELECT 1 FROM set_aside WHERE store = ?1 AND task = ?2 AND attempt = ?3)
            """
        default: "DELETE FROM set_aside WHERE n <= (SELECT max(n) FROM set_aside) - ?"
        }
    }
}
