namespace CodeChill.Sandbox.Languages;

internal static class Swift
{
    public static Language Definition { get; } = new()
    {
        Name = "swift",
        DisplayName = "Swift",
        Judge0Id = 83,
        FileName = "main.swift",
        Executables = ["swiftc"],
        InstallHint = "Debian has it from release 13 on: eng/sandbox-root.sh",
        VersionCommand = ["swiftc", "--version"],
        Compile = new("swiftc -Onone -o a main.swift", "a") { Cpu = TimeSpan.FromSeconds(20), MemoryBytes = 1L << 30 },
        Run = C.RunLineBuffered,
        Template = """
            let name = readLine() ?? "world"
            print("Hello, \(name)!")

            """,
    };
}
