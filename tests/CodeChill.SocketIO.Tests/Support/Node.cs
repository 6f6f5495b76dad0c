using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>Runs the scripts in <c>js/</c>; installs their packages from the lock file when they are missing.</summary>
public static class Node
{
    private static readonly SemaphoreSlim Installing = new(1);

    public static string Folder { get; } = Path.Combine(Path.GetDirectoryName(Here())!, "..", "js");

    /// <summary>Runs a script to its end; a failure carries all of its output.</summary>
    public static async Task<string> RunAsync(string script, TimeSpan limit, params string[] args)
    {
        await InstallAsync();
        using var process = Start(script, args);
        var output = new StringBuilder();
        void Collect(object sender, DataReceivedEventArgs e)
        {
            lock (output) output.AppendLine(e.Data);
        }

        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{script} took longer than {limit}. Output:\n{output}");
        }

        string text = output.ToString();
        process.ExitCode.ShouldBe(0, $"{script} {string.Join(' ', args)}\n{text}");
        return text;
    }

    public static Process Start(string script, params string[] args)
    {
        var info = new ProcessStartInfo("node") { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add(script);
        foreach (string arg in args) info.ArgumentList.Add(arg);
        return Process.Start(info)!;
    }

    public static async Task InstallAsync()
    {
        await Installing.WaitAsync();
        try
        {
            if (Directory.Exists(Path.Combine(Folder, "node_modules", "socket.io-client"))) return;
            var info = new ProcessStartInfo("npm") { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string arg in (string[])["ci", "--no-audit", "--no-fund"]) info.ArgumentList.Add(arg);
            using var process = Process.Start(info)!;
            string output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            process.ExitCode.ShouldBe(0, output);
        }
        finally
        {
            Installing.Release();
        }
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
