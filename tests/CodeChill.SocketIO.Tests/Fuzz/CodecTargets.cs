using System.Text;
using System.Text.Json;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Tests.Fuzz;

/// <summary>
/// Fuzz targets: any bytes in, an exception only for a fault of ours. Accepted input is checked against a slow second opinion. A fuzzer calls
/// these methods directly; <see cref="CodecTargetTests"/> runs them on seeded input with every build.
/// </summary>
public static class CodecTargets
{
    private const int MaxDepth = 64;

    public static void EnginePayload(ReadOnlySpan<byte> input)
    {
        var sink = new Collect();
        bool accepted = EngineCodec.TryDecodePayload(input, ref sink);
        if (!accepted) return;
        string[] expected = Encoding.UTF8.GetString(input).Split('\x1e');
        sink.Packets!.Count.ShouldBe(expected.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i][0] != 'b')
            {
                sink.Packets[i].ShouldBe(expected[i]);
                continue;
            }

            string base64 = string.Concat(expected[i][1..].Where(static c => !char.IsWhiteSpace(c)));
            byte[] bytes = Convert.FromBase64String(base64 + new string('=', (4 - (base64.Length % 4)) % 4));
            sink.Packets[i].ShouldBe("b" + Convert.ToHexString(bytes));
        }
    }

    public static void SocketPacket(ReadOnlySpan<byte> input)
    {
        // Both transports check this before the codec sees a packet.
        if (!System.Text.Unicode.Utf8.IsValid(input)) return;
        if (SocketCodec.ReadHeader(input, 10, out var header) != ProtocolViolation.None || header.Json.IsEmpty) return;
        if (header.Type is not (SocketPacketType.Event or SocketPacketType.Ack or SocketPacketType.BinaryEvent or SocketPacketType.BinaryAck)) return;
        bool isEvent = header.Type is SocketPacketType.Event or SocketPacketType.BinaryEvent;
        var ranges = new RangeList(stackalloc int[8]);
        var violation = SocketCodec.ScanArguments(header.Json, isEvent, header.Attachments, MaxDepth, ref ranges, out bool nameIsNumber);
        JsonElement[]? items = null;
        try
        {
            var root = JsonElement.Parse(header.Json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (root.ValueKind == JsonValueKind.Array) items = [.. root.EnumerateArray()];
        }
        catch (JsonException)
        {
            // The second opinion says no.
        }

        if (items is null)
        {
            violation.ShouldNotBe(ProtocolViolation.None);
            return;
        }

        if (violation != ProtocolViolation.None)
        {
            violation.ShouldBeOneOf(
                ProtocolViolation.InvalidEventName, ProtocolViolation.ReservedEventName, ProtocolViolation.IllegalPlaceholder, ProtocolViolation.InvalidPayload);
            if (violation == ProtocolViolation.InvalidPayload) (isEvent && items.Length == 0).ShouldBeTrue();
            return;
        }

        ranges.Count.ShouldBe(items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            string raw = Encoding.UTF8.GetString(header.Json[ranges.Items[2 * i]..ranges.Items[(2 * i) + 1]]);
            raw.ShouldBe(items[i].GetRawText());
        }

        if (isEvent) nameIsNumber.ShouldBe(items[0].ValueKind == JsonValueKind.Number);
    }

    public static void FrameHeader(ReadOnlySpan<byte> input)
    {
        if (!WebSocketFraming.TryReadHeader(input, allowCompressed: false, out var header, out int error) || error != 0) return;
        header.HeaderLength.ShouldBeLessThanOrEqualTo(input.Length);
        header.PayloadLength.ShouldBeGreaterThanOrEqualTo(0);
        if (header.PayloadLength > 70_000) return;

        // Written again, as the client would have, it is the same header.
        byte[] again = Support.RawWebSocket.Frame(input[0], new byte[header.PayloadLength]);
        again.AsSpan(0, header.HeaderLength - 4).SequenceEqual(input[..(header.HeaderLength - 4)]).ShouldBeTrue();
    }

    public static void MessagePack(ReadOnlySpan<byte> input)
    {
        try
        {
            var attachments = new List<ReadOnlyMemory<byte>>();
            byte[] json = SocketIO.Adapters.MessagePackJson.ToJson(input, attachments);
            attachments.Sum(static a => a.Length).ShouldBeLessThanOrEqualTo(input.Length);
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        }
        catch (FormatException)
        {
            // Refused.
        }
    }

    private struct Collect : IEnginePacketSink
    {
        public List<string>? Packets { get; private set; }

        public bool OnText(ReadOnlySpan<byte> packet)
        {
            (Packets ??= []).Add(Encoding.UTF8.GetString(packet));
            return true;
        }

        public bool OnBinary(ReadOnlySpan<byte> data)
        {
            (Packets ??= []).Add("b" + Convert.ToHexString(data));
            return true;
        }
    }
}
