using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.SocketIO.Engine;

/// <summary>The refusals of the HTTP edge and the one place that turns them into answers.</summary>
internal readonly record struct EngineError(int Code, int Status, string Message)
{
    public static readonly EngineError UnknownTransport = new(0, 400, "Transport unknown");
    public static readonly EngineError UnknownSession = new(1, 400, "Session ID unknown");
    public static readonly EngineError BadMethod = new(2, 400, "Bad handshake method");
    public static readonly EngineError BadRequest = new(3, 400, "Bad request");
    public static readonly EngineError Forbidden = new(4, 403, "Forbidden");
    public static readonly EngineError UnsupportedVersion = new(5, 400, "Unsupported protocol version");
    public static readonly EngineError MethodNotAllowed = new(3, 405, "Bad request");
    public static readonly EngineError Overloaded = new(4, 503, "Too many connections");
    public static readonly EngineError ShuttingDown = new(4, 503, "Server shutting down");

    public async Task WriteAsync(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = Status;
        bool upgrade = http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        byte[] body;
        if (upgrade)
        {
            // A refused upgrade answers with the text alone and ends the connection, as the reference does.
            response.Headers.Connection = "close";
            response.ContentType = "text/html";
            body = Encoding.UTF8.GetBytes(Message);
        }
        else
        {
            response.ContentType = "application/json";
            body = Encoding.UTF8.GetBytes($"{{\"code\":{Code},\"message\":{JsonSerializer.Serialize(Message, Relaxed)}}}");
        }

        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = Packets.MinimalJsonEncoder.Instance };
}
