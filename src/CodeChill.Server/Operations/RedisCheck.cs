using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodeChill.Server.Operations;

/// <summary>Does the configured Redis answer? One AUTH (when the URL has a password) and one PING over a connection of its own.</summary>
internal sealed class RedisCheck(RedisOptions options, TimeProvider clock) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = new CancellationTokenSource(Health.Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var answer = await PingAsync(options.Url!, either.Token);
            return answer == "+PONG"
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded(answer.StartsWith("-NOAUTH", StringComparison.Ordinal) || answer.StartsWith("-WRONGPASS", StringComparison.Ordinal)
                    ? "refuses the credentials of REDIS_URL"
                    : "answers something else than PONG");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded($"no answer within {Health.Patience.TotalSeconds} s");
        }
        catch (Exception failure) when (failure is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return new(HealthStatus.Degraded, "cannot be reached", failure);
        }
    }

    private static async Task<string> PingAsync(Uri url, CancellationToken cancel)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port > 0 ? url.Port : 6379, cancel);
        Stream stream = client.GetStream();
        if (url.Scheme == "rediss")
        {
            var encrypted = new SslStream(stream);
            await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.Host }, cancel);
            stream = encrypted;
        }

        await using (stream)
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            if (url.UserInfo.Length > 0)
            {
                var parts = url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).Where(part => part.Length > 0).ToList();
                if (await AskAsync(stream, reader, ["AUTH", .. parts], cancel) is var refused && refused != "+OK")
                    return refused;
            }

            return await AskAsync(stream, reader, ["PING"], cancel);
        }
    }

    /// <summary>The serialization protocol's array of bulk strings, and the first line of the answer.</summary>
    private static async Task<string> AskAsync(Stream stream, StreamReader reader, IReadOnlyList<string> words, CancellationToken cancel)
    {
        var request = $"*{words.Count}\r\n" + string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"));
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), cancel);
        return await reader.ReadLineAsync(cancel) ?? "";
    }
}
