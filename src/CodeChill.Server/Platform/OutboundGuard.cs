using System.Net;

namespace CodeChill.Server.Platform;

/// <summary>What another service sent cannot be used. The message is for people and holds nothing of what was sent.</summary>
internal class OutboundException(string message) : HttpRequestException(message);

/// <summary>The answer is longer than was agreed.</summary>
internal sealed class OutboundTooLargeException(int limit) : OutboundException($"its answer is larger than {limit / 1024} KB");

/// <summary>
/// The innermost handler of every client that asks a service of somebody else. It talks to the configured origin alone, follows no redirect
/// (one could lead into our own network), and reads the whole answer up to a limit before anybody looks at it: so a time limit further out
/// covers the body too, and a body that never ends costs no more than the limit. A success that is not JSON counts as broken.
/// </summary>
internal sealed class OutboundGuard(Uri origin, int maxBytes) : DelegatingHandler
{
    /// <summary>Of a failure only a line or two is of interest.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } target || target.Scheme != origin.Scheme || target.Authority != origin.Authority || target.UserInfo.Length > 0)
            throw new OutboundException("it sent us to another address");
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            if ((int)response.StatusCode is >= 300 and < 400 and not 304)
                throw new OutboundException("it answered with a redirect");
            var limit = response.IsSuccessStatusCode ? maxBytes : Math.Min(MaxErrorBytes, maxBytes);
            var body = await ReadAsync(response.Content, limit, cut: !response.IsSuccessStatusCode, cancellationToken);
            if (response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NoContent && !IsJson(response.Content))
                throw new OutboundException("its answer is not JSON");
            var read = new ByteArrayContent(body);
            read.Headers.ContentType = response.Content.Headers.ContentType;
            response.Content.Dispose();
            response.Content = read;
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static bool IsJson(HttpContent content)
        => content.Headers.ContentType?.MediaType is { } type
            && (type.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private static async Task<byte[]> ReadAsync(HttpContent content, int limit, bool cut, CancellationToken cancel)
    {
        if (!cut && content.Headers.ContentLength > limit)
            throw new OutboundTooLargeException(limit);
        await using var stream = await content.ReadAsStreamAsync(cancel);
        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (; ; )
        {
            var count = await stream.ReadAsync(buffer, cancel);
            if (count == 0)
                return read.ToArray();
            if (read.Length + count <= limit)
                read.Write(buffer, 0, count);
            else if (cut)
                return read.ToArray();
            else
                throw new OutboundTooLargeException(limit);
        }
    }
}
