import Testing

@testable import Settings

@Suite struct EndpointTests {
    @Test(
        arguments: [
            ("tcp://127.0.0.1:7301", "127.0.0.1", 7301), ("tcp://localhost:*", "localhost", 0),
            ("tcp://[::1]:0", "::1", 0),
            ("tcp://*:80", "*", 80), ("tcp://host-1.example:65535", "host-1.example", 65535),
        ] as [(String, String, UInt16)]) func reads(text: String, host: String, port: UInt16)
    {
        #expect(Endpoint(tcp: text) == Endpoint(host: host, port: port))
    }

    @Test(arguments: [
        "", "tcp://", "127.0.0.1:7301", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:1", "tcp://a:65536",
        "tcp://a:-1", "tcp://a:+1",
        "tcp://::1:80", "tcp://[]:1", "tcp://a b:1", "ipc://x:1", "tcp://a:1/x", "tcp://[x]:1",
    ]) func refuses(text: String) {
        #expect(Endpoint(tcp: text) == nil)
    }

    @Test func writes() {
        #expect(Endpoint(host: "127.0.0.1", port: 7301).description == "tcp://127.0.0.1:7301")
        #expect(Endpoint(host: "127.0.0.1", port: 0).description == "tcp://127.0.0.1:*")
        #expect(Endpoint(host: "::1", port: 0).description == "tcp://[::1]:*")
        #expect(Endpoint(host: "::1", port: 80).hostAndPort == "[::1]:80")
    }

    @Test(arguments: ["127.0.0.1", "127.255.3.4", "localhost", "::1"]) func loopback(host: String) {
        #expect(Endpoint(host: host, port: 1).isLoopback)
    }

    @Test(arguments: [
        "*", "0.0.0.0", "128.0.0.1", "127.0.0.1.evil.example", "127.evil.example", "127.1", "127.0.0.256", "127.0.0.+1",
        "::",
        "localhost.example", "10.0.0.1",
    ]) func notLoopback(host: String) {
        #expect(!Endpoint(host: host, port: 1).isLoopback)
    }

    /// Whether anybody may come is the coordinator's to see: it knows whose keys are allowed.
    @Test(arguments: ["agents-endpoint", "clients-endpoint", "blobs-endpoint"]) func bindingBeyondLoopbackIsRead(
        key: String
    ) throws {
        let settings = try CoordinatorSettings(
            SettingsSource(program: .coordinator, flags: [key: "tcp://0.0.0.0:9000"], context: context()))
        let all = [settings.agentsEndpoint, settings.clientsEndpoint, settings.blobsEndpoint]
        #expect(all.count { $0 == Endpoint(host: "0.0.0.0", port: 9000) } == 1)
        #expect(settings.allowedKeys == "/home/ann/.local/state/cc-orchestrator/allowed.keys")
    }

    @Test func httpStaysOnLoopback() {
        let http = sentence { () throws(SettingsError) in
            _ = try CoordinatorSettings(
                SettingsSource(program: .coordinator, flags: ["http": "*:80"], context: context()))
        }
        #expect(http?.hasPrefix("--http: HTTP is served on loopback alone") == true)
    }

    @Test func connectingBeyondLoopbackNeedsAKey() throws {
        let far = ["CCO_COORDINATOR": "tcp://10.0.0.1:1"]
        let connect = sentence { () throws(SettingsError) in
            _ = try ControlSettings(SettingsSource(program: .control, context: context(far)))
        }
        #expect(
            connect?.hasPrefix("CCO_COORDINATOR: connecting beyond loopback to tcp://10.0.0.1:1 needs a key") == true)
        #expect(connect?.contains("ccctl keys new NAME --role client") == true)
        let settings = try ControlSettings(
            SettingsSource(program: .control, flags: ["key-file": "ann.key"], context: context(far)))
        #expect(settings.coordinator.host == "10.0.0.1" && settings.keyFile?.hasSuffix("/ann.key") == true)
    }

    @Test(arguments: ["tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://*:1"]) func connectingNeedsAHostAndAPort(
        text: String
    ) {
        let message = sentence { () throws(SettingsError) in
            _ = try ControlSettings(
                SettingsSource(program: .control, flags: ["coordinator": .one(text)], context: context()))
        }
        #expect(message == "--coordinator: expected tcp://HOST:PORT, found \"\(text)\"")
    }
}
