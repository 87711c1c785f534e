import Testing

@testable import CtlCommands

@Suite struct OfflineVerbTests {
    @Test func theirWordsAreRead() throws {
        let restore = try #require(CtlMain.parse(["restore", "/srv/copy", "--data-dir", "/srv/new"]) as? Restore)
        #expect(restore.backup == "/srv/copy" && restore.dataDir == "/srv/new")
        let check = try #require(CtlMain.parse(["store", "check"]) as? StoreCheck)
        #expect(check.dataDir == nil)
        #expect(
            refusal { _ = try CtlMain.parse(["restore", "/srv/copy"]) }
                == "Missing expected argument '--data-dir <dir>' (see ccctl restore --help)")
    }

    @Test func theUsualDirectoryIsTheCoordinators() throws {
        #expect(try StoreCheck.usualDirectory(["HOME": "/h"]) == "/h/.local/state/cc-orchestrator/coordinator")
        #expect(
            try StoreCheck.usualDirectory(["HOME": "/h", "XDG_STATE_HOME": "/s"]) == "/s/cc-orchestrator/coordinator")
        #expect(
            refusal { _ = try StoreCheck.usualDirectory([:]) }
                == "HOME is not set to an absolute path: set it, or give --data-dir")
    }
}
