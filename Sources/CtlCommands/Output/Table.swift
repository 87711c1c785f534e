/// A table of aligned columns. The last column may be cut to the width at hand; all text is made safe for a terminal.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// Blanks between columns.
    private static let gap = "  "
    /// What the last column keeps on a terminal that is too narrow for all.
    private static let narrowest = 10

    private let columns: [Column]
    private let width: Int
    /// Widths so far: a table that is printed page by page keeps those of earlier pages.
    private var widths: [Int]
    private var headPrinted = false

    /// - Parameter width: Columns of the terminal.
    init(_ columns: [Column], width: Int) {
        self.columns = columns
        self.width = width
        widths = columns.map { DisplayWidth.of($0.title) }
    }

    /// The lines of the next rows, the head before the first.
    mutating func lines(_ rows: [[String]]) -> [String] {
        let cells = rows.map { $0.map(SafeText.oneLine) }
        for row in cells {
            for (index, cell) in row.enumerated() where index < columns.count - 1 {
                widths[index] = max(widths[index], DisplayWidth.of(cell))
            }
        }
        var lines = cells.map(line)
        if !headPrinted { lines.insert(line(columns.map(\.title)), at: 0) }
        headPrinted = true
        return lines
    }

    private func line(_ cells: [String]) -> String {
        var line = ""
        var used = 0
        for (index, cell) in cells.enumerated() {
            if index == columns.count - 1 && columns[index].alignment == .left {
                line += DisplayWidth.cut(cell, to: max(width - used, Self.narrowest))
                break
            }
            let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cell)))
            line += columns[index].alignment == .left ? cell + padding : padding + cell
            if index < columns.count - 1 { line += Self.gap }
            used += widths[index] + Self.gap.count
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
