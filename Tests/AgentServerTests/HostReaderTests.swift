import Testing

@testable import AgentServer

@Suite("What a host says of itself")
struct HostReaderTests {
    @Test("Pressure as the kernel writes it, and unknown where it doesn't")
    func pressure() {
        let text = """
            some avg10=12.50 avg60=0.00 avg300=0.00 total=3861417
            full avg10=3.25 avg60=0.00 avg300=0.00 total=1722437
            """
        #expect(HostReader.stalled("some", in: text) == 12.5 && HostReader.stalled("full", in: text) == 3.25)
        #expect(HostReader.stalled("some", in: "") == nil && HostReader.stalled("full", in: "full x") == nil)
    }

    @Test("This host has memory, cores and a disk; a folder that is not there has none")
    func here() throws {
        let measure = HostReader(directory: "/tmp").measure()
        let available = try #require(measure.availableBytes)
        #expect(available > 0 && available <= measure.totalBytes && measure.cores > 0)
        #expect(measure.diskFreeBytes != nil)
        #expect(HostReader(directory: "/nowhere-at-all").measure().diskFreeBytes == nil)
    }
}
