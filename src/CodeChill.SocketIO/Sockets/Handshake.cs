using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CodeChill.SocketIO;

/// <summary>What a client sent when it connected: the HTTP request that opened its session, and its CONNECT payload.</summary>
public sealed class Handshake
{
    private readonly HandshakeRequest _request;

    internal Handshake(HandshakeRequest request, JsonElement auth)
    {
        _request = request;
        Auth = auth;
    }

    /// <summary>The payload of the CONNECT packet, an empty object when there was none.</summary>
    public JsonElement Auth { get; }

    /// <summary>Headers of the opening request.</summary>
    public IHeaderDictionary Headers => _request.Headers;

    /// <summary>Query of the opening request, the protocol's own parameters included.</summary>
    public IQueryCollection Query => _request.Query;

    /// <summary>The client's address as ASP.NET Core knows it; forwarded-headers middleware applies.</summary>
    public IPAddress? Address => _request.Address;

    /// <summary>When the session was opened.</summary>
    public DateTimeOffset Time => _request.Time;

    /// <summary>Path and query of the opening request.</summary>
    public string Url => _request.Url;

    /// <summary>Whether the request came over TLS.</summary>
    public bool Secure => _request.Secure;

    /// <summary>True when the request named an origin other than the server's own host.</summary>
    public bool CrossDomain => _request.CrossDomain;
}

/// <summary>The part all namespaces of a connection share. A copy: the request's own collections end with it.</summary>
internal sealed class HandshakeRequest
{
    public HandshakeRequest(HttpContext http, DateTimeOffset time)
    {
        var request = http.Request;
        var headers = new HeaderDictionary(request.Headers.Count);
        foreach (var header in request.Headers)
        {
            if (!header.Key.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase)) headers[header.Key] = header.Value;
        }

        Headers = headers;
        Query = request.Query;
        Address = http.Connection.RemoteIpAddress;
        Time = time;
        Url = string.Concat(request.PathBase.Value, request.Path.Value, request.QueryString.Value);
        Secure = request.IsHttps;
        CrossDomain = request.Headers.Origin.Count > 0;
    }

    public IHeaderDictionary Headers { get; }

    public IQueryCollection Query { get; }

    public IPAddress? Address { get; }

    public DateTimeOffset Time { get; }

    public string Url { get; }

    public bool Secure { get; }

    public bool CrossDomain { get; }
}
