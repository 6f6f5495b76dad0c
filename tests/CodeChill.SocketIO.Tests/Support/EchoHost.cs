using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>The sample host as a process of its own.</summary>
public sealed class EchoHost : IAsyncDisposable
{
    private readonly Process _process;

    private EchoHost(Process process, string url)
    {
        _process = process;
        Url = url;
    }

    public string Url { get; }

    /// <summary>Times are those the suites are written for, multiplied.</summary>
    public static async Task<EchoHost> StartAsync(int scale = 1, bool loops = true)
    {
        // bin/<configuration>/net10.0 of the tests has its like in the sample.
        string output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string configuration = Path.GetFileName(Path.GetDirectoryName(output)!);
        string dll = Path.Combine(Node.Folder, "..", "..", "..", "samples", "SocketIO.Echo", "bin", configuration, "net10.0", "SocketIO.Echo.dll");
        string url = $"http://127.0.0.1:{FreePort()}";
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] args =
        [
            dll, "--urls", url, "--ping-interval", $"{300 * scale}", "--ping-timeout", $"{200 * scale}", "--max-payload", "1000000",
            "--connect-timeout", $"{1000 * scale}", "--event-loops", loops ? "true" : "false",
        ];
        foreach (string arg in args) info.ArgumentList.Add(arg);
        var process = Process.Start(info)!;
        using var http = new HttpClient();
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var answer = await http.GetAsync(url + "/engine.io/?EIO=4&transport=polling");
                if (answer.IsSuccessStatusCode) return new EchoHost(process, url);
            }
            catch (HttpRequestException) when (attempt < 200 && !process.HasExited)
            {
                // Not listening yet: a process tells nobody when it does.
                await Task.WhenAny(process.WaitForExitAsync(), Pause());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task Pause()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        await timer.WaitForNextTickAsync();
    }
}
