using System.Runtime.CompilerServices;

namespace CodeChill.SocketIO.Tests.Snippets;

public sealed class ReadmeTests
{
    [Fact]
    public void First_program_is_the_one_that_is_compiled_here()
    {
        string folder = Path.GetDirectoryName(Here())!;
        string[] compiled = [.. File.ReadAllLines(Path.Combine(folder, "QuickStart.cs"))
            .SkipWhile(static line => line.Trim() != "// begin").Skip(1).TakeWhile(static line => line.Trim() != "// end").Select(static line => line.Trim())];
        string[] shown = [.. File.ReadAllLines(Path.Combine(folder, "..", "..", "..", "src", "CodeChill.SocketIO", "README.md"))
            .SkipWhile(static line => line != "```csharp").Skip(1).TakeWhile(static line => line != "```").Select(static line => line.Trim())];
        shown.Length.ShouldBeGreaterThan(10);
        shown.ShouldBe(compiled);
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
