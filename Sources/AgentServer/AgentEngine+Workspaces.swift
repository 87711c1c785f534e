import ClusterModel
import ClusterWire
import Logging
import Workspaces

/// Worktrees: the base before a slot is taken, the changes when the task is done.
extension AgentEngine {
    /// All of it is here but the repository: fetching takes no slot.
    func promptIsHere(_ record: AttemptRecord, at now: Instant) {
        guard let workspace = record.options.workspace else { return enqueue(record, at: now) }
        let token = record.token
        attempts[token]?.isFetching = true
        Task { [feed, workspaces = runner.workspaces] in
            do {
                let job = "\(token.store.rawValue)-\(token.task.job)"
                feed.yield(.baseCame(token, try await workspaces.base(of: workspace, job: job)))
            } catch {
                feed.yield(.baseFailed(token, error as? WorkspaceError ?? WorkspaceError(.trouble, "\(error)")))
            }
        }
    }

    func baseCame(_ token: AttemptToken, _ base: String, at now: Instant) {
        guard var record = attempts[token], record.isFetching else { return }
        record.base = base
        record.isFetching = false
        attempts[token] = record
        enqueue(record, at: now)
    }

    func baseFailed(_ token: AttemptToken, _ error: WorkspaceError) {
        guard attempts[token]?.isFetching == true else { return }
        fail(token, error.failure("the task's repository could not be had"))
    }

    func workspaceCollected(
        _ token: AttemptToken, _ result: Result<Ccorchestrator_V1_WorkspaceOutcome, WorkspaceError>,
        _ hasStragglers: Bool
    ) {
        attempts[token]?.leavesProcesses = hasStragglers
        switch result {
        case .success(let outcome): attempts[token]?.workspace = outcome
        case .failure(let error): attempts[token]?.workspaceTrouble = error
        }
    }

    func place(of options: TaskOptions, slot: String) -> WorkspaceKeeper.Place? {
        guard let workspace = options.workspace else { return nil }
        do throws(WorkspaceError) {
            return runner.workspaces.place(slot: slot, repository: try RepositoryAddress(workspace.repository))
        } catch {
            // The policy looked at it: see ``JobPolicy/objection(to:)``.
            logger.error("a repository can't be read", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    func workspaceTurn(_ record: AttemptRecord, slot: String) -> WorkspaceTurn? {
        guard let workspace = record.options.workspace, let place = place(of: record.options, slot: slot) else {
            return nil
        }
        let push =
            workspace.pushBranch.isEmpty
            ? nil
            : PushOrder(
                template: workspace.pushBranch, token: record.token,
                message: "Task \(record.token.task), attempt \(record.token.attempt)")
        return WorkspaceTurn(place: place, base: record.base, artifacts: workspace.artifacts, push: push)
    }
}

/// One attempt's use of a worktree.
struct WorkspaceTurn: Sendable {
    var place: WorkspaceKeeper.Place
    var base: String
    var artifacts: [String]
    var push: PushOrder?

    /// Why there is none for it.
    func prepare(_ keeper: WorkspaceKeeper) async -> WorkspaceError? {
        do {
            try await keeper.prepare(place, base: base)
            return nil
        } catch {
            return error as? WorkspaceError ?? WorkspaceError(.trouble, "\(error)")
        }
    }

    func collect(_ keeper: WorkspaceKeeper) async -> Result<Ccorchestrator_V1_WorkspaceOutcome, WorkspaceError> {
        do {
            return .success(
                .init(try await keeper.collect(place, base: base, artifacts: artifacts, push: push)))
        } catch {
            return .failure(error as? WorkspaceError ?? WorkspaceError(.trouble, "\(error)"))
        }
    }
}

extension AttemptRecord {
    /// A task whose changes could not be taken has not succeeded.
    func end(_ state: TaskState, _ failure: TaskFailure?) -> (TaskState, TaskFailure?) {
        guard state == .succeeded, let trouble = workspaceTrouble else { return (state, failure) }
        return (.failed, trouble.failure("the task was done, and its changes could not be taken"))
    }
}

extension WorkspaceError {
    func failure(_ what: String) -> TaskFailure {
        TaskFailure(kind == .refused ? .permanent : .transient, "\(what): \(self)")
    }
}

extension Ccorchestrator_V1_WorkspaceOutcome {
    /// Small texts are in it at once; what is large, or no text, goes ahead as a blob.
    init(_ haul: WorkspaceHaul) {
        self.init()
        var room = Limits.inlineContentBytes
        func named(_ name: String, _ bytes: [UInt8]) -> Ccorchestrator_V1_NamedContent {
            var named = Ccorchestrator_V1_NamedContent()
            named.name = name
            if bytes.count <= room, let text = String(validating: bytes, as: UTF8.self) {
                room -= bytes.count
                named.content = Content.text(text).proto
            } else {
                named.raw = .init(bytes)
            }
            return named
        }
        base = haul.base
        changes = haul.changes.map { change in
            var file = Ccorchestrator_V1_ChangedFile()
            file.kind = change.kind
            file.path = change.path
            return file
        }
        changeCount = UInt32(clamping: haul.changeCount)
        if !haul.patch.isEmpty { patch = named("", haul.patch) }
        artifacts = haul.artifacts.map { named($0.name, $0.bytes) }
        branch = haul.branch
    }
}
