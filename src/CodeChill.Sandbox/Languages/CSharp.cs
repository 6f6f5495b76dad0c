using System.Runtime.InteropServices;
using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Languages;

/// <summary>
/// The compiler is called directly (a build through MSBuild takes 12 s), against the reference assemblies of the newest SDK on this machine; Debian has no .NET,
/// so the host's is bound into the boxes piece by piece: host, runtime, compiler, references.
/// </summary>
internal static class CSharp
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;

        """;

    private const string Sample = """
        record Point(int X, string Name);
        interface IStep { int Next(int x); }
        class Program
        {
            static async Task Main()
            {
                var names = new List<string>();
                for (var i = 0; i < COUNT; i++) names.Add($"n{i}");
                var counts = names.GroupBy(n => n.Length).ToDictionary(g => g.Key, g => g.Count());
                foreach (var (length, count) in counts) Console.WriteLine($"{length} {count}");
                Func<int, int> next = x => x + 1;
                await Task.Yield();
                Console.WriteLine(string.Join(",", names.Select(n => n.Length).Where(n => n > 1)) + new Point(next(1), "p") + int.Parse(Console.ReadLine() ?? "0"));
                switch (names.Count) { case > 3: break; default: throw new Exception(); }
            }
        }
        """;

    public static Language Definition { get; } = new()
    {
        Name = "csharp",
        DisplayName = "C#",
        Aliases = ["cs", "c#", "dotnet"],
        Judge0Id = 51,
        FileName = "Main.cs",
        InstallHint = "install the .NET SDK",
        Part = Locate,
        VersionCommand = ["/bin/sh", "-c", "printf 'csc ' && /opt/dotnet/dotnet exec /opt/roslyn/csc.dll -version"],
        // -noconfig belongs on the command line (CS2023). Embedded symbols: line numbers in stack traces.
        Compile = new("/opt/dotnet/dotnet exec /opt/roslyn/csc.dll -noconfig -nologo @/box/.refs.rsp -optimize+ -debug:embedded -nullable:enable -out:app.dll .usings.cs Main.cs", "app.dll"),
        Warm = new()
        {
            Resource = "Worker.cs",
            Build = new("/opt/dotnet/dotnet exec /opt/roslyn/csc.dll -noconfig -nologo @/box/.refs.rsp -optimize+ -nullable:enable -out:worker.dll .usings.cs Main.cs", "worker.dll"),
            File = "/box/.worker.dll",
            Command = ["/opt/dotnet/dotnet", "exec", "--runtimeconfig", ".runtimeconfig.json", ".worker.dll", "4", Sample],
            TypicalBytes = 200L << 20,
        },
        Run = ["/opt/dotnet/dotnet", "exec", "--runtimeconfig", ".runtimeconfig.json", "app.dll"],
        MemorySigns = ["System.OutOfMemoryException", "Out of memory."],
        Environment =
        [
            new("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
            new("DOTNET_EnableDiagnostics", "0"),
            new("DOTNET_gcConcurrent", "0"),
            new("DOTNET_TieredPGO", "0"),
            new("DOTNET_GCHeapHardLimit", "{memoryHex}"),
            new("DOTNET_ROOT", "/opt/dotnet"),
        ],
        Template = """
            var name = Console.ReadLine() ?? "world";
            Console.WriteLine($"Hello, {name}!");

            """,
    };

    private static LanguagePart Locate(RootFileSystem root)
    {
        var reason = "no .NET SDK was found";
        foreach (var place in Places())
        {
            if (!File.Exists(Path.Combine(place, "dotnet"))) continue;
            if (!LanguagePart.IsWorldReadable(Path.Combine(place, "dotnet")))
            {
                reason = $"the .NET SDK in {place} cannot be read by other users";
                continue;
            }
            if (Newest(place, "sdk", "Roslyn/bincore/csc.dll") is not { } sdk || Newest(place, "packs/Microsoft.NETCore.App.Ref", "ref") is not { } pack
                || Newest(place, "shared/Microsoft.NETCore.App", "System.Private.CoreLib.dll") is not { } runtime)
            {
                reason = $"{place} has a .NET runtime only";
                continue;
            }
            var references = Directory.GetDirectories(Path.Combine(pack, "ref")).Order(StringComparer.Ordinal).Last();
            return new()
            {
                Binds =
                [
                    new(Path.Combine(place, "dotnet"), "/opt/dotnet/dotnet"),
                    new(Path.Combine(place, "host"), "/opt/dotnet/host"),
                    new(runtime, "/opt/dotnet/shared/Microsoft.NETCore.App/" + Path.GetFileName(runtime)),
                    new(Path.Combine(sdk, "Roslyn/bincore"), "/opt/roslyn"),
                    new(references, "/opt/ref"),
                ],
                Files =
                [
                    ("/box/.refs.rsp", string.Concat(Directory.GetFiles(references, "*.dll").Order(StringComparer.Ordinal).Select(f => $"-r:/opt/ref/{Path.GetFileName(f)}\n"))),
                    ("/box/.usings.cs", Usings),
                    ("/box/.runtimeconfig.json", """{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"VERSION"}}}""".Replace("VERSION", Path.GetFileName(runtime), StringComparison.Ordinal)),
                ],
            };
        }
        return new() { Missing = $"C# needs the .NET SDK: {reason}." };
    }

    private static IEnumerable<string> Places()
    {
        // …/dotnet/shared/Microsoft.NETCore.App/10.0.1/ of the runtime this process runs on, then the usual places.
        if (Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/')))) is { Length: > 1 } own) yield return own;
        yield return "/usr/share/dotnet";
        yield return "/usr/lib/dotnet";
        yield return "/usr/local/share/dotnet";
    }

    private static string? Newest(string place, string folder, string mustHave)
    {
        var path = Path.Combine(place, folder);
        return !Directory.Exists(path) ? null : Directory.GetDirectories(path)
            .Where(d => Path.Exists(Path.Combine(d, mustHave)))
            .MaxBy(d => Version.TryParse(Path.GetFileName(d).Split('-')[0], out var v) ? v : new Version());
    }
}
