using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeChill.SocketIO;

/// <summary>What other nodes are told of a socket, in the reference's shapes.</summary>
public sealed partial class Socket
{
    internal JsonElement HandshakeJson()
    {
        var headers = new JsonObject();
        foreach (var (name, value) in Handshake.Headers) headers[name.ToLowerInvariant()] = value.ToString();
        var query = new JsonObject();
        foreach (var (name, value) in Handshake.Query) query[name] = value.ToString();
        var shape = new JsonObject
        {
            ["headers"] = headers,
            ["time"] = Handshake.Time.ToString("ddd MMM dd yyyy HH:mm:ss 'GMT+0000'", CultureInfo.InvariantCulture),
            ["address"] = Handshake.Address?.ToString(),
            ["xdomain"] = Handshake.CrossDomain,
            ["secure"] = Handshake.Secure,
            ["issued"] = Handshake.Time.ToUnixTimeMilliseconds(),
            ["url"] = Handshake.Url,
            ["query"] = query,
            ["auth"] = JsonNode.Parse(Handshake.Auth.GetRawText()),
        };
        return JsonSerializer.SerializeToElement(shape);
    }

    internal JsonElement SharedDataJson()
    {
        if (SharedData is { } data)
        {
            try
            {
                return JsonSerializer.SerializeToElement(data, data.GetType(), Namespace.Encoder.Json);
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                Client.Server.Log.HandlerFailed(e, nameof(SharedData), Namespace.Name);
            }
        }

        return JsonElement.Parse("{}"u8);
    }
}
