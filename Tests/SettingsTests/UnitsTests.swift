import ClusterModel
import Testing

@testable import Settings

@Suite struct UnitsTests {
    @Test(arguments: [
        ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("2d", 172_800_000), ("0s", 0),
        ("7 s", 7000),
    ]) func durations(text: String, milliseconds: Int64) {
        #expect(Units.milliseconds(text) == Milliseconds(milliseconds))
    }

    @Test(arguments: ["", "30", "s", "-1s", "1.5s", "1m30s", "30S", "9223372036854775807h", "٣s", "1s "])
    func notDurations(text: String) {
        #expect(Units.milliseconds(text) == nil)
    }

    @Test(arguments: [
        ("512MB", 512_000_000), ("1GiB", 1_073_741_824), ("64MiB", 67_108_864), ("4096", 4096), ("1kB", 1000),
        ("1KiB", 1024),
    ]) func sizes(text: String, bytes: Int64) {
        #expect(Units.bytes(text) == bytes)
    }

    @Test(arguments: ["", "MB", "1mb", "-1", "1.5GB", "9999999999TiB"]) func notSizes(text: String) {
        #expect(Units.bytes(text) == nil)
    }

    @Test(arguments: [0, 1, 999, 1000, 60_000, 90_000, 3_600_000, 86_400_000] as [Int64])
    func aDurationsTextReadsBack(milliseconds: Int64) {
        let length = Milliseconds(milliseconds)
        #expect(Units.milliseconds(Units.text(length)) == length)
    }

    @Test(arguments: [0, 1, 1000, 1024, 512_000_000, 1 << 30, 1 << 50] as [Int64]) func aSizesTextReadsBack(
        bytes: Int64
    ) {
        #expect(Units.bytes(Units.text(bytes: bytes)) == bytes)
    }
}
