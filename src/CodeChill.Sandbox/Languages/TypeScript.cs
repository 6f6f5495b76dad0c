namespace CodeChill.Sandbox.Languages;

/// <summary>Types are removed, not checked: a program with a type error runs, as it does in most people's tools, in a third of the time.</summary>
internal static class TypeScript
{
    public static Language Definition { get; } = new()
    {
        Name = "typescript",
        DisplayName = "TypeScript",
        Aliases = ["ts"],
        Judge0Id = 74,
        FileName = "main.ts",
        Executables = ["node"],
        InstallHint = JavaScript.Definition.InstallHint,
        Part = root => LanguagePart.Built(root, "typescript"),
        VersionCommand = ["/bin/sh", "-c", "printf 'esbuild ' && /opt/typescript/esbuild --version"],
        // The inline map gives stack traces the lines of the source.
        Compile = new("/opt/typescript/esbuild main.ts --format=cjs --platform=node --target=node20 --sourcemap=inline --log-level=warning --outfile=main.js", "main.js"),
        Run = ["node", "--enable-source-maps", "--max-old-space-size={memoryMb}", "main.js"],
        Environment = [new("GOMAXPROCS", "2")],
        MemorySigns = JavaScript.Definition.MemorySigns,
        Template = """
            import { readFileSync } from 'fs';

            const name: string = readFileSync(0, 'utf8').split('\n')[0] || 'world';
            console.log(`Hello, ${name}!`);

            """,
    };
}
