using System.Text;
using System.Threading.Channels;

namespace CodeChill.Sandbox.Tests;

public sealed class TerminalTests(SandboxFixture sandbox)
{
    /// <summary>Types each line once the text before it has appeared.</summary>
    private async Task<(RunResult Result, string Screen)> TypeAsync(string language, string source, RunLimits limits, params (string Seen, string Type)[] dialogue)
    {
        var input = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        var screen = new StringBuilder();
        var (next, from) = (0, 0);
        var result = await sandbox.Ready(language).RunAsync(
            new() { Language = language, Source = source, Terminal = new(100, 30), Input = input.Reader, Limits = limits },
            chunk =>
            {
                screen.Append(chunk.Text);
                while (next < dialogue.Length && screen.ToString().IndexOf(dialogue[next].Seen, from, StringComparison.Ordinal) is >= 0 and var at)
                {
                    from = at + dialogue[next].Seen.Length;
                    input.Writer.TryWrite(Encoding.UTF8.GetBytes(dialogue[next++].Type));
                }
                return default;
            },
            TestContext.Current.CancellationToken);
        return (result, screen.ToString());
    }

    private static readonly RunLimits s_patient = new() { Wall = TimeSpan.FromSeconds(60) };

    [Fact]
    public async Task Program_sees_a_terminal_of_the_asked_size_and_gets_what_is_typed()
    {
        var (result, screen) = await TypeAsync("python", "import os, sys\nprint(os.isatty(0), os.isatty(1), os.get_terminal_size())\nprint('got ' + input('name? '))", s_patient, ("name? ", "zoë\r"));
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        screen.ShouldContain("True True os.terminal_size(columns=100, lines=30)\r\n");
        screen.ShouldContain("name? zoë\r\ngot zoë\r\n");
    }

    [Fact]
    public async Task Python_prompt_keeps_state_and_ends_at_end_of_input()
    {
        var (result, screen) = await TypeAsync("python", "", s_patient, (">>> ", "x = 20\r"), (">>> ", "x + 22\r"), ("42", "\u0004"));
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        screen.ShouldContain("42");
    }

    [Fact]
    public async Task Interrupt_key_reaches_the_program()
    {
        var (result, screen) = await TypeAsync("python", "import time\ntry:\n  print('waiting')\n  time.sleep(60)\nexcept KeyboardInterrupt: print('interrupted')", s_patient, ("waiting", "\u0003"));
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        screen.ShouldContain("interrupted");
    }

    [Fact]
    public async Task Resize_reaches_the_program()
    {
        var sizes = Channel.CreateUnbounded<TerminalSize>();
        var result = await sandbox.Ready("python").RunAsync(
            new()
            {
                Language = "python",
                Source = "import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\nprint('ready', flush=True)\nsignal.sigwait([signal.SIGWINCH])\nprint(os.get_terminal_size())",
                Terminal = new(80, 24),
                Resizes = sizes.Reader,
                Limits = s_patient,
            },
            chunk =>
            {
                if (chunk.Text.Contains("ready", StringComparison.Ordinal)) sizes.Writer.TryWrite(new(132, 50));
                return default;
            },
            TestContext.Current.CancellationToken);
        result.Stdout.ShouldContain("columns=132, lines=50");
    }

    [Fact]
    public async Task Limits_hold_on_a_terminal()
    {
        var (result, _) = await TypeAsync("python", "while True: print('x' * 1000)", new() { OutputBytes = 50_000 });
        result.Status.ShouldBe(RunStatus.OutputLimit);
        result.Stdout.Length.ShouldBe(50_000);
        (result, _) = await TypeAsync("python", "import time; time.sleep(60)", new() { Wall = TimeSpan.FromSeconds(1) });
        result.Status.ShouldBe(RunStatus.TimeLimit);
    }

    [Fact]
    public async Task Terminal_of_a_box_cannot_be_typed_into_by_its_program()
    {
        var (result, screen) = await TypeAsync("python", "import fcntl, termios\ntry: fcntl.ioctl(0, termios.TIOCSTI, b'x'); print('typed')\nexcept OSError as e: print('refused', e.errno)", s_patient);
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        screen.ShouldContain("refused 1");
    }
}
