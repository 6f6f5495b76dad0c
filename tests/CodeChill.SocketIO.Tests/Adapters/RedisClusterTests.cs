using System.Diagnostics;
using CodeChill.SocketIO.Tests.Conformance;
using CodeChill.SocketIO.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace CodeChill.SocketIO.Tests.Adapters;

/// <summary>A real Redis, a real Node server with the official adapter, and ours, in one cluster.</summary>
[Collection(nameof(Alone))]
public sealed class RedisClusterTests
{
    [Fact]
    public async Task Node_and_dotnet_share_a_namespace()
    {
        if (RedisServer.Missing() is { } missing) Assert.Skip(missing);
        await using var redis = await RedisServer.StartAsync();
        await Node.InstallAsync();
        using var peer = StartPeer(redis.Port);
        string line = await peer.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await peer.StandardError.ReadToEndAsync());
        try
        {
            await using var server = await TestServer.StartAsync(use: Handlers, services: s => s.AddSocketIORedis(o =>
            {
                o.Host = "127.0.0.1";
                o.Port = redis.Port;
            }));
            string output = await Node.RunAsync("cluster.mjs", TimeSpan.FromSeconds(90), server.Url, $"http://127.0.0.1:{line.Split(' ')[1]}");
            output.ShouldContain("8 of 8 passed");
            server.Errors.ShouldBeEmpty();
        }
        finally
        {
            peer.Kill();
        }
    }

    private static Process StartPeer(int redisPort)
    {
        var info = new ProcessStartInfo("node")
        {
            WorkingDirectory = Node.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        info.ArgumentList.Add("cluster-node.mjs");
        info.ArgumentList.Add(redisPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return Process.Start(info)!;
    }

    private static void Handlers(SocketIOServer io) => io.Default.OnConnection(socket =>
    {
        socket.SharedData = new { home = "dotnet" };
        socket.On("join", static ev =>
        {
            ev.Socket.Join(ev.Get<string>(0)!);
            ev.Ack();
        });
        socket.On("say", static ev =>
        {
            if (ev.Count == 2) ev.Socket.To(ev.Get<string>(0)!).Emit("said", ev.GetElement(1));
            else ev.Socket.To(ev.Get<string>(0)!).Emit("said", ev.Get<Piece>(1), ev.GetBinary(2));
        });
        socket.On("all", ev => io.Default.Emit("said", ev.Arguments));
        socket.On("fetch", async ev =>
        {
            var all = await io.Default.Everyone.FetchSocketsAsync();
            ev.Ack((object)all.Select(static s => new { id = s.Id, data = s.Data, rooms = s.Rooms }).ToArray());
        });
        socket.On("ask-all", async ev =>
        {
            ev.Release();
            var result = await io.Default.Everyone.EmitWithAckAsync("question", [5], TimeSpan.FromSeconds(3));
            ev.Ack((object)result.Answers.Select(static a => a.Get<int>(0)).ToArray());
        });
        socket.On("move", ev =>
        {
            io.Default.To(ev.Get<string>(0)!).SocketsJoin(ev.Get<string>(1)!);
            ev.Ack();
        });
        socket.On("kick", ev => io.Default.To(ev.Get<string>(0)!).DisconnectSockets());
    });

    private sealed record Piece(byte[] Data);
}
