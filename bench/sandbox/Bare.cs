using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;

namespace CodeChill.Sandbox.Bench;

/// <summary>
/// The same toolchains without boxes: one long-lived process in the tree the boxes see starts each command directly. No box, no filter, no limits and no control group
/// per command.
/// </summary>
internal sealed class Bare : IAsyncDisposable
{
    private readonly Process _process;

    private Bare(Process process) => _process = process;

    public static Bare Start(BoxHost host, IEnumerable<Toolchain> toolchains)
    {
        // It ends with its input; dying with the parent would mean with the thread that started it.
        List<string> arguments = ["--unshare-user", "--unshare-pid"];
        foreach (var bind in host.Root.Binds) arguments.AddRange(["--ro-bind", bind.Host, bind.Box]);
        foreach (var link in host.Root.Links) arguments.AddRange(["--symlink", link.Host, link.Box]);
        foreach (var bind in toolchains.SelectMany(t => t.Part.Binds).Distinct()) arguments.AddRange(["--ro-bind", bind.Host, bind.Box]);
        arguments.AddRange(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/box", "--chdir", "/box", "/usr/bin/python3", "-c"]);
        using var script = new StreamReader(typeof(Bare).Assembly.GetManifestResourceStream("bare.py")!);
        arguments.Add(script.ReadToEnd());
        return new(Process.Start(new ProcessStartInfo(host.Tools.Bubblewrap, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
    }

    public async Task<Sample> RunAsync(IReadOnlyList<string> command, IEnumerable<(string Path, string Text)> files, IEnumerable<KeyValuePair<string, string>> environment, bool clean)
    {
        var job = JsonSerializer.Serialize(new { command, files = files.ToDictionary(f => f.Path, f => f.Text), environment = environment.ToDictionary(), clean });
        await _process.StandardInput.WriteLineAsync(job);
        await _process.StandardInput.FlushAsync();
        using var answer = JsonDocument.Parse(await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The bare process ended."));
        var code = answer.RootElement.GetProperty("code").GetInt32();
        if (code != 0) throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}.");
        return new(answer.RootElement.GetProperty("wall").GetDouble() * 1000, answer.RootElement.GetProperty("cpu").GetDouble() * 1000);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}

/// <summary>Milliseconds.</summary>
internal readonly record struct Sample(double Wall, double Cpu)
{
    public static Sample operator +(Sample a, Sample b) => new(a.Wall + b.Wall, a.Cpu + b.Cpu);

    public static Sample Add(Sample a, Sample b) => a + b;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Wall,5:0}/{Cpu,-5:0}");
}

internal static class Samples
{
    public static Sample Median(this List<Sample> samples) => new(Median(samples.Select(s => s.Wall)), Median(samples.Select(s => s.Cpu)));

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
