namespace CodeChill.Sandbox.Languages;

internal static class Python
{
    public static Language Definition { get; } = new()
    {
        Name = "python",
        DisplayName = "Python",
        Aliases = ["py", "python3"],
        Judge0Id = 71,
        FileName = "main.py",
        Executables = ["python3"],
        InstallHint = "apt-get install -y --no-install-recommends python3",
        VersionCommand = ["python3", "--version"],
        // -u: output and prompts appear when they are printed, not when a buffer is full. -B: no cache files.
        Run = ["python3", "-u", "-B", "main.py"],
        Prompt = ["python3", "-q"],
        MemorySigns = ["MemoryError"],
        Template = """
            import sys

            name = sys.stdin.readline().strip() or "world"
            print(f"Hello, {name}!")

            """,
    };
}
