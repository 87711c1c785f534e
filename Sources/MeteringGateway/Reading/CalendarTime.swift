import ClusterModel

/// Moments as headers write them.
enum CalendarTime {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// `2026-11-24T12:30:00Z`, with or without seconds and their parts, with `Z` or an offset. Nil: it is no such moment.
    static func rfc3339(_ text: String) -> WallTime? {
        let bytes = Array(text.utf8)
        var at = 0
        func digits(_ count: Int) -> Int? {
            guard at + count <= bytes.count, bytes[at..<at + count].allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            defer { at += count }
            return bytes[at..<at + count].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        func skip(_ characters: String) -> Bool {
            guard at < bytes.count, characters.utf8.contains(bytes[at]) else { return false }
            at += 1
            return true
        }
        guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2), skip("Tt "),
            let hour = digits(2), skip(":"), let minute = digits(2)
        else { return nil }
        var second = 0
        var milliseconds: Int64 = 0
        if skip(":") {
            guard let read = digits(2) else { return nil }
            second = read
            if skip(".") {
                var unit: Int64 = 100
                let start = at
                while let digit = digits(1) {
                    milliseconds += Int64(digit) * unit
                    unit /= 10
                }
                guard at > start else { return nil }
            }
        }
        var offset: Int64 = 0
        if !skip("Zz") {
            let isNegative = at < bytes.count && bytes[at] == 0x2D
            guard skip("+-"), let hours = digits(2), hours < 24 else { return nil }
            _ = skip(":")
            guard let minutes = digits(2), minutes < 60 else { return nil }
            offset = Int64(hours * 60 + minutes) * 60_000 * (isNegative ? -1 : 1)
        }
        guard at == bytes.count, let time = moment(year, month, day, hour, minute, second) else { return nil }
        return WallTime(milliseconds: time.milliseconds + milliseconds - offset)
    }

    /// `Tue, 24 Nov 2026 12:30:00 GMT`. Nil: it is no such moment.
    static func httpDate(_ text: String) -> WallTime? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5].uppercased() == "GMT", let day = Int(words[1]),
            let month = months.firstIndex(of: words[2].lowercased()), let year = Int(words[3]),
            (0...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else { return nil }
        return moment(year, month + 1, day, hour, minute, second)
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int)
        -> WallTime?
    {
        guard (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        // Days since 1970 in the Gregorian calendar, counted in years that begin in March (Hinnant, "chrono-compatible algorithms").
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return WallTime(milliseconds: Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
    }
}
