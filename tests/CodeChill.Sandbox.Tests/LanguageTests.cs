using System.Text;

namespace CodeChill.Sandbox.Tests;

/// <summary>Every language of the catalogue: its own template with and without input, an error at compile time and one at run time.</summary>
public sealed class LanguageTests(SandboxFixture sandbox)
{
    public static TheoryData<string> Names => [.. Languages.LanguageCatalog.All.Select(l => l.Name)];

    /// <summary>Fails to compile (or, without a compiler, to parse), and what the toolchain says of it.</summary>
    private static readonly Dictionary<string, (string Source, string Says)> s_wrong = new()
    {
        ["javascript"] = ("let x = ;", "SyntaxError"),
        ["typescript"] = ("let x: number = ;", "Unexpected \";\""),
        ["python"] = ("def f(:\n  pass", "SyntaxError"),
        ["java"] = ("public class Main { int x = \"s\"; }", "incompatible types"),
        ["cpp"] = ("int main() { return undeclared; }", "'undeclared' was not declared"),
        ["c"] = ("int main(void) { return undeclared; }", "'undeclared' undeclared"),
        ["csharp"] = ("int x = \"s\";", "CS0029"),
        ["go"] = ("package main\nfunc main() { undeclared() }", "undefined: undeclared"),
        ["rust"] = ("fn main() { undeclared(); }", "E0425"),
        ["php"] = ("<?php $x = ;", "syntax error"),
        ["ruby"] = ("def f(", "syntax error"),
        ["kotlin"] = ("fun main() { undeclared() }", "unresolved reference 'undeclared'"),
        ["swift"] = ("undeclared()", "cannot find 'undeclared' in scope"),
    };

    /// <summary>Writes "before" and then fails at run time, and what its runtime says of it.</summary>
    private static readonly Dictionary<string, (string Source, string Says)> s_failing = new()
    {
        ["javascript"] = ("console.log('before'); null.x", "TypeError"),
        ["typescript"] = ("console.log('before');\nconst x: any = null;\nx.y", "main.ts:3"),
        ["python"] = ("print('before')\n1 / 0", "ZeroDivisionError"),
        ["java"] = ("public class Main { public static void main(String[] a) { System.out.println(\"before\"); throw new IllegalStateException(\"boom\"); } }", "IllegalStateException: boom"),
        ["cpp"] = ("#include <iostream>\n#include <vector>\nint main() { std::cout << \"before\" << std::endl; std::vector<int>().at(3); }", "out_of_range"),
        ["c"] = ("#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts(\"before\"); abort(); }", ""),
        ["csharp"] = ("Console.WriteLine(\"before\");\nthrow new InvalidOperationException(\"boom\");", "InvalidOperationException: boom"),
        ["go"] = ("package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"before\"); panic(\"boom\") }", "panic: boom"),
        ["rust"] = ("fn main() { println!(\"before\"); panic!(\"boom\"); }", "boom"),
        ["php"] = ("<?php echo \"before\\n\"; throw new Exception('boom');", "boom"),
        ["ruby"] = ("puts 'before'\nraise 'boom'", "boom (RuntimeError)"),
        ["kotlin"] = ("fun main() { println(\"before\"); error(\"boom\") }", "IllegalStateException: boom"),
        ["swift"] = ("print(\"before\")\nlet a: [Int] = []\nprint(a[3])", "Index out of range"),
    };

    private LanguageInfo Info(string name) => sandbox.Ready(name).Languages.Single(l => l.Name == name);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Template_greets_the_world_without_input_and_a_name_with_it(string name)
    {
        var info = Info(name);
        var world = await sandbox.RunAsync(name, info.Template);
        world.Status.ShouldBe(RunStatus.Success, world.ToString());
        world.Stdout.ShouldBe("Hello, world!\n");
        world.Stderr.ShouldBe("");
        world.CompileOutput.ShouldBe("");

        var named = await sandbox.RunAsync(name, info.Template, stdin: "Zoë 🎉\nmore\n");
        named.Status.ShouldBe(RunStatus.Success, named.ToString());
        named.Stdout.ShouldBe("Hello, Zoë 🎉!\n");
        named.CompileCached.ShouldBe(info.Compiled);
        TestContext.Current.SendDiagnosticMessage(
            $"{name}: {info.Version}; compile {world.CompileWall.TotalMilliseconds:0} ms, run {world.Wall.TotalMilliseconds:0} ms wall {world.Cpu.TotalMilliseconds:0} ms cpu, {world.PeakMemoryBytes >> 20} MiB; cached run {named.Wall.TotalMilliseconds:0} ms");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Wrong_program_is_refused_by_the_compiler_with_its_message(string name)
    {
        var info = Info(name);
        var (source, says) = s_wrong[name];
        var result = await sandbox.RunAsync(name, source);
        result.Status.ShouldBe(info.Compiled ? RunStatus.CompileError : RunStatus.RuntimeError, result.ToString());
        var text = info.Compiled ? result.CompileOutput : result.Stderr;
        text.Replace('‘', '\'').Replace('’', '\'').ShouldContain(says);
        result.Stdout.ShouldBe("");
        result.ExitCode.ShouldNotBeNull().ShouldNotBe(0);
        if (info.Compiled) result.CompileWall.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Failing_program_is_a_runtime_error_after_its_output(string name)
    {
        Info(name);
        var (source, says) = s_failing[name];
        var result = await sandbox.RunAsync(name, source);
        result.Status.ShouldBe(RunStatus.RuntimeError, result.ToString());
        result.Stdout.ShouldBe("before\n");
        result.Stderr.ShouldContain(says);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Language_is_described_whether_available_or_not(string name)
    {
        var info = sandbox.Runner.Languages.Single(l => l.Name == name);
        info.DisplayName.ShouldNotBeEmpty();
        info.Template.ShouldContain("Hello");
        info.Judge0Id.ShouldBeInRange(50, 83);
        (info.Available ? info.Version : info.Reason).ShouldNotBeNullOrEmpty();
        (info.Available ? info.Reason : info.Version).ShouldBeNull();
    }

    [Fact]
    public void Names_and_aliases_are_unique() =>
        Languages.LanguageCatalog.All.SelectMany(l => l.Aliases.Append(l.Name)).ShouldBeUnique();

    [Fact]
    public async Task Warnings_of_the_compiler_are_kept_also_when_the_program_was_cached()
    {
        const string Source = "#include <stdio.h>\n#warning look here\nint main(void) { puts(\"1\"); }";
        var first = await sandbox.RunAsync("c", Source);
        first.Status.ShouldBe(RunStatus.Success, first.ToString());
        first.CompileOutput.ShouldContain("warning: #warning look here");
        first.CompileCached.ShouldBeFalse();
        var second = await sandbox.RunAsync("c", Source);
        second.CompileCached.ShouldBeTrue();
        second.CompileOutput.ShouldBe(first.CompileOutput);
        second.Stdout.ShouldBe("1\n");
    }

    [Fact]
    public async Task Compile_output_is_streamed_before_the_programs()
    {
        var chunks = new List<OutputChunk>();
        await sandbox.Ready("c").RunAsync(
            new() { Language = "c", Source = "#include <stdio.h>\n#warning look there\nint main(void) { puts(\"2\"); }" },
            chunk =>
            {
                chunks.Add(chunk);
                return default;
            },
            TestContext.Current.CancellationToken);
        chunks.First().Stream.ShouldBe(OutputStream.Compile);
        chunks.Last().Stream.ShouldBe(OutputStream.Stdout);
        chunks.Select(c => c.Seq).ShouldBe(Enumerable.Range(0, chunks.Count));
    }

    [Fact]
    public async Task C_program_prints_line_by_line_while_it_runs()
    {
        var seen = new StringBuilder();
        using var cancel = new CancellationTokenSource();
        var result = await sandbox.Ready("c").RunAsync(
            new() { Language = "c", Source = "#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts(\"first\"); sleep(30); puts(\"second\"); }" },
            chunk =>
            {
                seen.Append(chunk.Text);
                if (seen.ToString() == "first\n") cancel.Cancel();
                return default;
            },
            cancel.Token);
        result.Status.ShouldBe(RunStatus.Cancelled);
        seen.ToString().ShouldBe("first\n");
    }
}
