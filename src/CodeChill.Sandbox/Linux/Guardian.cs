using System.Diagnostics;
using System.Globalization;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// Ends the boxes of this process when it is killed. bubblewrap's <c>--die-with-parent</c> alone does not: a box's init asks for the death signal only after it has set
/// up its mounts, and when the outer process dies before that, the program runs on with nobody to limit it. So a small shell waits beside this process for the end of a pipe
/// only this process holds; the kernel closes it however this process ends. It then kills, for a few seconds, whatever has this runner's mark in its command line: every stage of
/// the chain that becomes bubblewrap, bubblewrap itself, and each box's init, with which the box goes. Last it removes the empty control groups.
/// </summary>
internal sealed class Guardian(Launcher launcher, IReadOnlyList<string> groupPrefixes) : IAsyncDisposable
{
    // The mark comes by the pipe: in the guardian's own command line it would be found as well.
    private const string Script = """
        PATH=/usr/bin:/bin
        trap '' HUP INT QUIT TERM
        read -r mark || exit 0
        read -r word && [ "$word" = done ] && exit 0
        for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
          grep -lasF -f - /proc/[0-9]*/cmdline <<END | while IFS=/ read -r _ _ pid _; do kill -9 "$pid" 2>/dev/null; done
        $mark
        END
          sleep 0.1
        done
        for group in "$@"; do rmdir "$group"* 2>/dev/null; done
        """;

    private readonly SemaphoreSlim _gate = new(1);
    private Process? _process;

    /// <summary>In the command line of every box; random, since it can be read inside.</summary>
    public string Mark { get; } = "box-" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..16];

    /// <summary>Starts the guardian, also again after somebody ended it. Called before each box.</summary>
    public async Task EnsureAsync()
    {
        if (_process is { HasExited: false }) return;
        await _gate.WaitAsync();
        try
        {
            if (_process is { HasExited: false }) return;
            _process?.Dispose();
            var info = new ProcessStartInfo("/bin/sh", ["-c", Script, "sandbox-guardian", .. groupPrefixes]) { RedirectStandardInput = true, WorkingDirectory = "/" };
            info.Environment.Clear();
            _process = await launcher.StartAsync(info);
            await _process.StandardInput.WriteAsync(Mark + "\n");
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>All boxes are gone: nothing to guard.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        try
        {
            await _process.StandardInput.WriteAsync("done\n");
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
        }
        catch (IOException)
        {
            // It was ended by somebody else.
        }
        _process.Dispose();
    }
}
