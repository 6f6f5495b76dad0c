using System.Text;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Attacks;

/// <summary>
/// Thousands of hostile frames: each is answered, ignored or ends its own connection, nothing is thrown that nobody caught, and a bystander's
/// traffic goes on. Set ATTACK_SEED to repeat a run and ATTACK_FRAMES for more.
/// </summary>
public sealed class GeneratedFrameTests
{
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("ATTACK_SEED") ?? "20260", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly int Frames = int.Parse(Environment.GetEnvironmentVariable("ATTACK_FRAMES") ?? "10500", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A second is what is promised; the machine that runs the tests may be busy with ten other things.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_violator_is_answered_or_closed_and_nobody_else_notices(bool loops)
    {
        await using var server = await TestServer.StartAsync(
            static o => o.MaxUnjoinedConnections = 100,
            static io =>
            {
                io.Default.OnConnection(static socket =>
                {
                    socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments));
                    socket.On("ack", static ev => ev.Ack(ev.Arguments));
                    socket.On("typed", static ev =>
                    {
                        // What an application does with hostile arguments: asks for a shape and gets a typed error.
                        try
                        {
                            _ = ev.Get<Dictionary<string, int[]>>(0);
                        }
                        catch (SocketIOArgumentException)
                        {
                        }
                    });
                });
            },
            loops: loops);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}, {Frames} frames");
        using var over = new CancellationTokenSource();
        var bystander = BystandAsync(server, over.Token);
        int families = FrameFamilies.Packets.Length + FrameFamilies.Raw.Length;
        int third = Frames / 3;
        await Task.WhenAll(
            RunAsync(server, "websocket", third, new Random(Seed)),
            RunAsync(server, "polling", third, new Random(Seed + 1)),
            RunRawAsync(server, Frames - (2 * third), new Random(Seed + 2)));
        await over.CancelAsync();
        (await bystander).ShouldBeGreaterThan(10);
        server.Errors.ShouldBeEmpty();
    }

    private static async Task RunAsync(TestServer server, string transport, int count, Random random)
    {
        WireClient? client = null;
        for (int i = 0; i < count; i++)
        {
            var (name, make) = FrameFamilies.Packets[i % FrameFamilies.Packets.Length];
            object packet = make(random);
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                client ??= await WireClient.JoinAsync(server, transport, limit.Token);
                await client.SendAsync(limit.Token, packet);
                await client.SendAsync(limit.Token, "42[\"echo\",\"probe\"]");
                while (true)
                {
                    object? answer = await client.ReceiveAsync(limit.Token);
                    if (answer is "42[\"echo-back\",\"probe\"]") break;
                    if (answer is not null) continue;
                    await client.DisposeAsync();
                    client = null;
                    break;
                }
            }
            catch (OperationCanceledException)
            {
                string shown = packet as string ?? Convert.ToHexString((byte[])packet);
                throw new TimeoutException($"{transport} {name} #{i} (seed {Seed}) neither answered nor closed: {shown[..Math.Min(300, shown.Length)]}");
            }
        }

        if (client is not null) await client.DisposeAsync();
    }

    private static async Task RunRawAsync(TestServer server, int count, Random random)
    {
        RawWebSocket? client = null;
        for (int i = 0; i < count; i++)
        {
            var (name, make) = FrameFamilies.Raw[i % FrameFamilies.Raw.Length];
            byte[] bytes = make(random);
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                if (client is null)
                {
                    client = await RawWebSocket.OpenAsync(server.Port);
                    await client.JoinAsync(limit.Token);
                }

                await client.SendRawAsync(bytes);
                // Enough to complete whatever length was announced within the limit on payloads, so that nothing just waits for more.
                await client.SendRawAsync(new byte[256]);
                await client.SendTextAsync("42[\"echo\",\"probe\"]");
                client.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                while (await client.ReceiveAsync(limit.Token) is not null)
                {
                    // Answers to what came before the end.
                }
            }
            catch (IOException)
            {
                // Closed while we were still sending.
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"raw {name} #{i} (seed {Seed}) not closed: {Convert.ToHexString(bytes)}");
            }

            client?.Dispose();
            client = null;
        }
    }

    private static async Task<int> BystandAsync(TestServer server, CancellationToken over)
    {
        await using var client = await WireClient.JoinAsync(server, "websocket", CancellationToken.None);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        int rounds = 0;
        while (!over.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(Patience);
            await client.SendAsync(limit.Token, $"42[\"echo\",{rounds}]");
            (await client.ReceiveAsync(limit.Token)).ShouldBe($"42[\"echo-back\",{rounds}]");
            rounds++;
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return rounds;
    }
}
