using System.Text;
using System.Threading.Channels;

namespace CodeChill.Sandbox.Tests;

public sealed class StreamingTests(SandboxFixture sandbox)
{
    private async Task<(RunResult Result, List<OutputChunk> Chunks)> CollectAsync(RunRequest request)
    {
        var chunks = new List<OutputChunk>();
        var result = await sandbox.Ready(request.Language).RunAsync(
            request with { Limits = SandboxFixture.Patient },
            chunk =>
            {
                chunks.Add(chunk);
                return default;
            },
            TestContext.Current.CancellationToken);
        return (result, chunks);
    }

    [Fact]
    public async Task Chunks_are_numbered_from_zero_and_add_up_to_the_result()
    {
        var (result, chunks) = await CollectAsync(new()
        {
            Language = "python",
            Source = "import sys, time\nfor i in range(5):\n  print('out', i); print('err', i, file=sys.stderr); time.sleep(0.05)",
        });
        result.Status.ShouldBe(RunStatus.Success);
        chunks.Select(c => c.Seq).ShouldBe(Enumerable.Range(0, chunks.Count));
        chunks.Count.ShouldBeGreaterThan(2);
        Join(chunks, OutputStream.Stdout).ShouldBe(result.Stdout);
        Join(chunks, OutputStream.Stderr).ShouldBe(result.Stderr);
        result.Stdout.ShouldBe("out 0\nout 1\nout 2\nout 3\nout 4\n");
    }

    [Fact]
    public async Task Output_arrives_while_the_program_still_waits_for_input()
    {
        var input = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        var result = await sandbox.Ready("python").RunAsync(
            new() { Language = "python", Source = "a = input('first? ')\nb = input('second? ')\nprint(a + b)", Input = input.Reader, Limits = SandboxFixture.Patient },
            chunk =>
            {
                // Answers each prompt only after having seen it.
                if (chunk.Text.Contains("first? ", StringComparison.Ordinal)) input.Writer.TryWrite("4\n"u8.ToArray());
                if (chunk.Text.Contains("second? ", StringComparison.Ordinal)) input.Writer.TryWrite("2\n"u8.ToArray());
                return default;
            },
            TestContext.Current.CancellationToken);
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.Stdout.ShouldBe("first? second? 42\n");
    }

    [Fact]
    public async Task Completing_live_input_closes_standard_input()
    {
        var input = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        input.Writer.TryWrite("b"u8.ToArray());
        input.Writer.Complete();
        var (result, _) = await CollectAsync(new() { Language = "python", Source = "import sys; print(sys.stdin.read())", Stdin = "a"u8.ToArray(), Input = input.Reader });
        result.Stdout.ShouldBe("ab\n");
    }

    [Fact]
    public async Task Open_live_input_does_not_hold_a_run_that_has_ended()
    {
        var input = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        var (result, _) = await CollectAsync(new() { Language = "python", Source = "print(1)", Input = input.Reader });
        result.Status.ShouldBe(RunStatus.Success);
    }

    [Fact]
    public async Task Ten_megabytes_of_input_never_read_hang_nothing()
    {
        var (result, _) = await CollectAsync(new() { Language = "python", Source = "print('done')", Stdin = new byte[10 << 20] });
        result.Status.ShouldBe(RunStatus.Success);
        result.Stdout.ShouldBe("done\n");
    }

    [Fact]
    public async Task Ten_megabytes_of_input_are_read_whole()
    {
        var (result, _) = await CollectAsync(new() { Language = "python", Source = "import sys; print(len(sys.stdin.buffer.read()))", Stdin = new byte[10 << 20] });
        result.Stdout.ShouldBe("10485760\n");
    }

    [Fact]
    public async Task Program_that_closes_its_input_early_is_not_disturbed()
    {
        var (result, _) = await CollectAsync(new()
        {
            Language = "python",
            Source = "import os, time\nos.close(0)\ntime.sleep(0.2)\nprint('fine')",
            Stdin = new byte[1 << 20],
        });
        result.Status.ShouldBe(RunStatus.Success);
        result.Stdout.ShouldBe("fine\n");
    }

    [Fact]
    public async Task Character_cut_by_a_chunk_boundary_is_held_back_and_invalid_bytes_become_replacement_characters()
    {
        const string Source = """
            import os, time
            party = '🎉'.encode()
            os.write(1, b'a' + party[:2]); time.sleep(0.2)
            os.write(1, party[2:] + b'b'); time.sleep(0.2)
            os.write(1, b'\xff\xfe' + party[:3])
            """;
        var (result, chunks) = await CollectAsync(new() { Language = "python", Source = Source });
        result.Stdout.ShouldBe("a🎉b\uFFFD\uFFFD\uFFFD");
        Join(chunks, OutputStream.Stdout).ShouldBe(result.Stdout);
        chunks[0].Text.ShouldBe("a");
        chunks[1].Text.ShouldBe("🎉b");
        var expected = new List<byte>([(byte)'a', .. "🎉"u8, (byte)'b', 0xff, 0xfe, .. "🎉"u8[..3]]);
        chunks.SelectMany(c => c.Bytes.ToArray()).ShouldBe(expected);
    }

    [Fact]
    public async Task Slow_receiver_holds_the_program_back()
    {
        var release = new TaskCompletionSource();
        var received = 0L;
        var first = new TaskCompletionSource();
        var run = sandbox.Ready("python").RunAsync(
            new()
            {
                Language = "python",
                Source = "import sys, time\nsys.stdout.write('x' * 900_000)\nsys.stdout.flush()\nsys.stderr.write('written')",
                Limits = SandboxFixture.Patient,
            },
            async chunk =>
            {
                first.TrySetResult();
                await release.Task;
                received += chunk.Bytes.Length;
            },
            TestContext.Current.CancellationToken);
        await first.Task;
        // The receiver is stuck on the first chunk; the program cannot have got rid of 900 KB through a 64 KB pipe, so it is still alive.
        (await Task.WhenAny(run, NextTicksAsync(20))).ShouldNotBe(run);
        release.SetResult();
        var result = await run;
        result.Status.ShouldBe(RunStatus.Success);
        received.ShouldBe(900_007);
    }

    [Fact]
    public async Task Receiver_that_throws_ends_the_run_and_the_caller_sees_it()
    {
        var error = await Should.ThrowAsync<InvalidOperationException>(() => sandbox.Ready("python").RunAsync(
            new() { Language = "python", Source = "import time\nwhile True: print(1); time.sleep(0.05)" },
            _ => throw new InvalidOperationException("gone")));
        error.Message.ShouldBe("gone");
    }

    [Fact]
    public async Task Receiver_that_never_returns_does_not_hold_the_run_for_ever()
    {
        var calls = 0;
        var never = new TaskCompletionSource();
        var result = await sandbox.Ready("python").RunAsync(
            new() { Language = "python", Source = "import time\nprint('one')\ntime.sleep(0.2)\nprint('two')", Limits = SandboxFixture.Patient },
            async _ =>
            {
                calls++;
                await never.Task;
            },
            TestContext.Current.CancellationToken);
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        calls.ShouldBe(1);
    }

    [Fact]
    public async Task Many_small_lines_are_gathered_into_few_chunks()
    {
        var (result, chunks) = await CollectAsync(new() { Language = "python", Source = "for i in range(5000): print(i)" });
        result.Stdout.Split('\n').Length.ShouldBe(5001);
        chunks.Count.ShouldBeLessThan(200);
    }

    private static async Task NextTicksAsync(int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        for (var i = 0; i < count; i++) await timer.WaitForNextTickAsync();
    }

    private static string Join(IEnumerable<OutputChunk> chunks, OutputStream stream) =>
        chunks.Where(c => c.Stream == stream).Aggregate(new StringBuilder(), (b, c) => b.Append(c.Text)).ToString();
}
