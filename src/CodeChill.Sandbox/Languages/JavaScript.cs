namespace CodeChill.Sandbox.Languages;

internal static class JavaScript
{
    public static Language Definition { get; } = new()
    {
        Name = "javascript",
        DisplayName = "JavaScript",
        Aliases = ["js", "node", "nodejs"],
        Judge0Id = 63,
        FileName = "main.js",
        Executables = ["node"],
        InstallHint = "apt-get install -y --no-install-recommends nodejs",
        VersionCommand = ["node", "--version"],
        Run = ["node", "--max-old-space-size={memoryMb}", "main.js"],
        Prompt = ["node"],
        MemorySigns = ["JavaScript heap out of memory", "Array buffer allocation failed"],
        Template = """
            const lines = require('fs').readFileSync(0, 'utf8').split('\n');
            console.log(`Hello, ${lines[0] || 'world'}!`);

            """,
    };
}
