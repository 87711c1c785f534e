import Testing

@testable import Workspaces

@Suite("Globs of artifacts")
struct GlobTests {
    @Test(
        "Stars stay within a name, two of them stand for any folders",
        arguments: [
            ("*.txt", "a.txt", true), ("*.txt", "b/a.txt", false), ("**/*.txt", "a.txt", true),
            ("**/*.txt", "b/c/a.txt", true), ("out/**", "out/x/y", true), ("out/**", "in/x", false),
            ("out/*/r?port.md", "out/x/report.md", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false),
            ("**", ".hidden/x", true), ("report.md", "report.mdx", false),
        ])
    func matching(_ row: (String, String, Bool)) {
        #expect(Glob(row.0).matches(row.1) == row.2, "\(row)")
    }
}
