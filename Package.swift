// swift-tools-version: 6.1
// The targets below and what each may import are the architecture: see docs/ARCHITECTURE.md.
// `make check` compares every target's imports with the table there.
import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "cc-orchestrator",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CCOrchestrator", targets: ["CCOrchestrator"]),
        .executable(name: "cc-coordinator", targets: ["cc-coordinator"]),
        .executable(name: "cc-agent", targets: ["cc-agent"]),
        .executable(name: "ccctl", targets: ["ccctl"]),
        .executable(name: "cc-guard", targets: ["cc-guard"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Pure: no Foundation, no clock, no randomness of their own.
        library("ClusterModel"),
        library("Quotas", ["ClusterModel"]),
        library("CoordinatorCore", ["ClusterModel", "Quotas", collections]),
        library("AgentPool", ["ClusterModel", collections]),

        // The machine: system calls and sockets.
        .target(name: "SystemShims"),
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        library("ZeroMQ", ["CZeroMQ", "SystemShims"]),
        library("Trust", ["ZeroMQ"]),
        // One runs over each instance, so it stays under 1 MB resident: C alone, linked statically, without the Swift runtime
        // that the package manager would link (4 MB more). No library product depends on it, so the flags bind nobody.
        .executableTarget(
            name: "cc-guard",
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-nostartfiles", "-static-stdlib", "-Xclang-linker", "-static", "-Xclang-linker",
                        "-Wno-unused-command-line-argument",
                    ], .when(platforms: [.linux]))
            ]),

        // What travels and what is configured.
        library("ClusterWire", ["ClusterModel", protobuf]),
        library("Settings", ["ClusterModel", "Quotas", yams, logging]),

        // The coordinator.
        library("CoordinatorStore", ["CoordinatorCore", "Quotas", "ClusterModel", grdb, grdbSQLite, crypto]),
        library(
            "CoordinatorServer",
            [
                "CoordinatorCore", "CoordinatorStore", "Quotas", "ClusterModel", "ClusterWire", "ZeroMQ",
                "Trust", "SystemShims", "Settings", collections, lifecycle, logging,
            ]),

        library("CoordinatorHTTP", ["ClusterModel", hummingbird, lifecycle, logging]),

        // The agent.
        library("GuardedProcess", ["ClusterModel", "SystemShims", subprocess]),
        library("ClaudeProcess", ["ClusterModel", "GuardedProcess", subprocess, logging]),
        library("ExecRunner", ["ClusterModel", "GuardedProcess", "SystemShims"]),
        library("MeteringGateway", ["ClusterModel", asyncHTTPClient, hummingbird, logging]),
        library("AgentOutbox", ["ClusterModel", grdb]),
        library("Workspaces", ["ClusterModel", subprocess, crypto]),
        library(
            "AgentServer",
            [
                "AgentPool", "AgentOutbox", "ClaudeProcess", "ExecRunner", "GuardedProcess", "MeteringGateway",
                "Workspaces", "ClusterModel", "ClusterWire",
                "ZeroMQ", "Trust", "SystemShims", "Settings", crypto, lifecycle, logging,
            ]),

        // The user's side.
        library(
            "CoordinatorClient", ["ClusterModel", "ClusterWire", "ZeroMQ", "Trust", "SystemShims", crypto, logging]),
        library(
            "CCOrchestrator", ["CoordinatorClient", "CoordinatorServer", "AgentServer", "Settings", lifecycle, logging]),
        library(
            "CtlCommands",
            [
                "BenchCommands", "CCOrchestrator", "CoordinatorClient", "CoordinatorStore", "ClusterModel", "Quotas",
                "Settings", "Trust", "Workspaces", "ZeroMQ", argumentParser, unixSignals, logging, yams,
            ]),

        library(
            "BenchCommands",
            [
                "CoordinatorClient", "MeteringGateway", "ClusterModel", "ClusterWire", "ZeroMQ", argumentParser,
                asyncHTTPClient, collections, histogram, hummingbird, logging, unixSignals,
            ]),

        // The programs.
        program(
            "cc-coordinator",
            [
                "CoordinatorServer", "CoordinatorStore", "CoordinatorHTTP", "Trust", "ZeroMQ", "ClusterModel",
                "Settings",
                argumentParser, lifecycle, logging,
            ]),
        program(
            "cc-agent", ["AgentServer", "ClusterModel", "Settings", argumentParser, lifecycle, unixSignals, logging]),
        program("ccctl", ["CtlCommands"]),

        // The coordinator's core in a simulated fleet, with faults from seeds and checkers that share no code with it.
        library("ClusterSimulation", ["CoordinatorCore", "Quotas", "ClusterModel", collections]),
        program("cluster-sim", ["ClusterSimulation", argumentParser]),

        // Referees and stand-ins; none of them imports a module of the product.
        library("ServiceSims", [hummingbird, logging]),
        program("anthropic-sim", ["ServiceSims", argumentParser, lifecycle, logging]),
        // Static, because the shared runtime alone would take 10 MB of each of a thousand.
        .executableTarget(
            name: "claude-sim", swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(platforms: [.linux]))]),

        // Test support and scenes.
        library("ClusterTestKit", ["SystemShims", grdb]),
        // Storage for SQLite that loses power on demand: a table of C functions.
        .target(name: "CrashVFS"),
        program("fleet-scenes", ["ClusterTestKit", "CoordinatorClient", "ClusterModel", argumentParser]),

        tests("ClusterModelTests", ["ClusterModel"]),
        tests("QuotasTests", ["Quotas", "ClusterModel"]),
        tests("CoordinatorCoreTests", ["CoordinatorCore", "ClusterModel", "Quotas"]),
        tests("AgentPoolTests", ["AgentPool", "ClusterModel"]),
        tests("ClusterSimulationTests", ["ClusterSimulation", "CoordinatorCore", "ClusterModel"]),
        tests("ZeroMQTests", ["ZeroMQ", "SystemShims"]),
        tests("TrustTests", ["Trust", "ZeroMQ"]),
        tests("CoordinatorServerTests", ["CoordinatorServer", "ClusterWire", "Trust"]),
        tests("ClusterWireTests", ["ClusterWire", "ClusterModel", protobuf]),
        tests("SettingsTests", ["Settings", "ClusterModel", "Quotas", logging]),
        tests(
            "CoordinatorStoreTests",
            ["CoordinatorStore", "CoordinatorCore", "Quotas", "ClusterModel", "CrashVFS", grdb, crypto],
            exclude: ["Fixtures"]),
        tests("ClaudeProcessTests", ["ClaudeProcess", "ClusterModel", subprocess, logging]),
        tests("ExecRunnerTests", ["ExecRunner", "GuardedProcess", "ClusterModel"]),
        tests(
            "AgentServerTests",
            [
                "AgentServer", "AgentOutbox", "AgentPool", "MeteringGateway", "ClusterModel", "ClusterWire", "Settings",
                "ZeroMQ", "ClusterTestKit", crypto, lifecycle, logging,
            ]),
        tests(
            "MeteringGatewayTests",
            ["MeteringGateway", "ServiceSims", "ClusterModel", asyncHTTPClient, hummingbird, logging]),
        tests("WorkspacesTests", ["Workspaces", "ClusterModel", "ClusterTestKit"]),
        tests("AgentOutboxTests", ["AgentOutbox", "ClusterModel", grdb]),
        tests("CoordinatorClientTests", ["CoordinatorClient", "ClusterModel", "ClusterWire"]),
        tests(
            "ServiceSimsTests",
            ["ServiceSims", hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird")]),
        tests(
            "CtlCommandsTests", ["CtlCommands", "ClusterModel", "ClusterTestKit", "CoordinatorClient", argumentParser]),
        tests("BenchCommandsTests", ["BenchCommands", "ClusterTestKit"]),
        tests("SystemTests", ["ClusterTestKit", "CoordinatorClient", "ClusterModel", "ClusterWire", "ZeroMQ"]),
    ]
)
