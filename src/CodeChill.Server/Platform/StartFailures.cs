using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace CodeChill.Server.Platform;

/// <summary>Why a start failed, in one line that says what to do. What is not known here is a bug and keeps its stack trace.</summary>
internal static class StartFailures
{
    /// <summary>Takes the address for a moment, as Kestrel will. Throws what Kestrel would.</summary>
    public static void TryListen(string? url)
    {
        if (url is null)
            return;
        var parts = BindingAddress.Parse(url);
        IPAddress[] addresses = parts.Host == "localhost" ? [IPAddress.Loopback]
            : IPAddress.TryParse(parts.Host.Trim('[', ']'), out var one) ? [one]
            : [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any];
        foreach (var address in addresses)
        {
            using var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(address, parts.Port));
            socket.Listen();
        }
    }

    /// <summary>Null when the failure has nothing to do with the address to listen on.</summary>
    public static string? OfListening(Exception failure) => failure switch
    {
        IOException { InnerException: AddressInUseException } => "PORT: the port is in use. Set PORT to a free one.",
        AggregateException { InnerExceptions: var all } when all.Select(OfListening).FirstOrDefault(why => why is not null) is { } why => why,
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "PORT: this user may not listen on that port. Set PORT to 1024 or more and let a proxy have the low one.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "LISTEN_ADDRESS: this machine has no such address.",
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => "PORT: the port is in use. Set PORT to a free one.",
        IOException { InnerException: { } inner } => OfListening(inner),
        _ => null,
    };

    public static string OfDatabase(Exception failure) => Innermost(failure) switch
    {
        MySqlException { ErrorCode: MySqlErrorCode.AccessDenied } denied => $"{denied.Message}. Check MYSQL_USERNAME and MYSQL_PASSWORD.",
        MySqlException { ErrorCode: MySqlErrorCode.UnknownDatabase } unknown => $"{unknown.Message}. Create it, or correct MYSQL_DATABASE.",
        MySqlException { ErrorCode: MySqlErrorCode.DatabaseAccessDenied } denied => $"{denied.Message}. Grant this user all rights on MYSQL_DATABASE.",
        MySqlException { ErrorCode: MySqlErrorCode.UnableToConnectToHost } away => $"{away.Message} Check MYSQL_HOST and MYSQL_PORT, and that the server runs.",
        SocketException away => $"{away.Message}. Check MYSQL_HOST and MYSQL_PORT, and that the server runs.",
        SqliteException { SqliteErrorCode: 14 } => "the file cannot be opened. Check that this user may read and write it and its folder.",
        SqliteException { SqliteErrorCode: 8 } => "the file may not be written. Check that this user may write it and its folder.",
        SqliteException { SqliteErrorCode: 26 } => "the file is not a database. Put it aside, or restore a backup.",
        SqliteException { SqliteErrorCode: 11 } => "the file is damaged. Restore a backup.",
        SqliteException { SqliteErrorCode: 5 or 6 } => "another process holds the file. Only one server may use a data folder.",
        SqliteException { SqliteErrorCode: 13 } => "the disk is full.",
        var other => other.Message,
    };

    private static Exception Innermost(Exception failure)
    {
        for (var inner = failure; ; inner = inner.InnerException)
        {
            if (inner is MySqlException { ErrorCode: not MySqlErrorCode.None } or SqliteException or SocketException || inner.InnerException is null)
                return inner;
        }
    }
}
