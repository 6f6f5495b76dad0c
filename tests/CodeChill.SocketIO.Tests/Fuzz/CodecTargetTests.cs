using System.Text;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Tests.Attacks;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Fuzz;

/// <summary>The fuzz targets on seeded input: set FUZZ_SEED and FUZZ_COUNT for other runs.</summary>
public sealed class CodecTargetTests
{
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("FUZZ_SEED") ?? "7", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("FUZZ_COUNT") ?? "5000", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Engine_payload() => Run(
        static r => Encoding.UTF8.GetBytes(string.Join('\x1e', Enumerable.Range(0, r.Next(1, 4)).Select(_ =>
            r.Next(3) == 0 ? "b" + Convert.ToBase64String(new byte[r.Next(9)]).TrimEnd(r.Next(2) == 0 ? '=' : '!') : FrameFamilies.Valid(r)))),
        static bytes => CodecTargets.EnginePayload(bytes));

    [Fact]
    public void Socket_packet() => Run(
        static r => FrameFamilies.Packets[r.Next(FrameFamilies.Packets.Length)].Make(r) is string text ? Encoding.UTF8.GetBytes(text.Length > 1 ? text[1..] : text) : [],
        static bytes => CodecTargets.SocketPacket(bytes));

    [Fact]
    public void Frame_header() => Run(
        static r => FrameFamilies.Raw[r.Next(FrameFamilies.Raw.Length)].Make(r), static bytes => CodecTargets.FrameHeader(bytes));

    [Fact]
    public void Message_pack() => Run(
        static r =>
        {
            byte[] bytes = new byte[r.Next(1, 60)];
            r.NextBytes(bytes);
            return bytes;
        },
        static bytes => CodecTargets.MessagePack(bytes));

    [Fact]
    public void Unmasking_is_its_own_inverse_at_every_offset()
    {
        var random = new Random(Seed);
        for (int length = 0; length < 200; length++)
        {
            byte[] payload = new byte[length];
            random.NextBytes(payload);
            byte[] frame = RawWebSocket.Frame(0x82, payload);
            byte[] masked = frame[^length..];
            uint mask = BitConverter.ToUInt32([0x12, 0x34, 0x56, 0x78]);
            int split = length == 0 ? 0 : random.Next(length);
            byte[] result = new byte[length];
            WebSocketFraming.Unmask(masked.AsSpan(0, split), result, mask, 0);
            WebSocketFraming.Unmask(masked.AsSpan(split), result.AsSpan(split), mask, split);
            result.ShouldBe(payload);
        }
    }

    private static void Run(Func<Random, byte[]> make, Action<byte[]> target)
    {
        for (int i = 0; i < Count; i++)
        {
            var random = new Random(Seed + i);
            byte[] input = make(random);
            if (random.Next(3) == 0 && input.Length > 0) input[random.Next(input.Length)] = (byte)random.Next(256);
            try
            {
                target(input);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {Seed + i}: {Convert.ToHexString(input)}", e);
            }
        }
    }
}
