using System.Text;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Attacks;

/// <summary>Seeded hostile input: packets for both transports and raw WebSocket bytes. The same seed gives the same frames.</summary>
public static class FrameFamilies
{
    private static readonly string[] Names =
        ["echo", "connect", "disconnect", "error", "__proto__", "constructor", "toString", "newListener", "", "\\u0000", "\\ud800", "disconnecting"];

    public static readonly (string Name, Func<Random, object> Make)[] Packets =
    [
        ("type digit", static r => $"{(char)r.Next(0x21, 0x7F)}{(char)r.Next(0x21, 0x7F)}{Tail(r)}"),
        ("engine type", static r => $"{r.Next(0, 10)}{Tail(r)}"),
        ("deep JSON", static r => "42[\"echo\"," + Nest(r, r.Next(60, 10_000)) + "]"),
        ("unbalanced JSON", static r => "42[\"echo\"," + new string(r.Next(2) == 0 ? '[' : '{', r.Next(1, 2000))),
        ("numbers", static r => $"42[\"echo\",{(r.Next(2) == 0 ? "-" : "")}{Digits(r, 400)}{(r.Next(2) == 0 ? "." + Digits(r, 300) : "")}{(r.Next(2) == 0 ? "e" + Digits(r, 6) : "")}]"),
        ("event name", static r => $"42[{(r.Next(3) == 0 ? Value(r, 3) : $"\"{Names[r.Next(Names.Length)]}\"")}{Tail(r)}"),
        ("ack id", static r => $"4{r.Next(2, 7)}{(r.Next(4) == 0 ? "-" : "")}{Digits(r, 30)}[\"echo\"]"),
        ("attachments", static r => $"45{Digits(r, 12)}{(r.Next(3) == 0 ? "" : "-")}[\"echo\",{{\"_placeholder\":{(r.Next(2) == 0 ? "true" : Value(r, 1))},\"num\":{Value(r, 1)}}}]"),
        ("binary without header", static r => Bytes(r, 200)),
        ("namespace", static r => $"4{r.Next(0, 7)}/{Text(r, r.Next(5) == 0 ? 65_536 : 40)}{(r.Next(2) == 0 ? "," : "")}{Tail(r)}"),
        ("connect", static r => $"40{(r.Next(2) == 0 ? "/x," : "")}{Value(r, 3)}"),
        ("truncated", static r => Valid(r) is var v ? v[..r.Next(0, v.Length)] : ""),
        ("mutated", static r => Mutate(r, Valid(r))),
        ("escapes", static r => $"42[\"echo\",\"{string.Concat(Enumerable.Range(0, r.Next(1, 20)).Select(_ => $"\\u{r.Next(0x10000):x4}"))}\"]"),
        ("wrong shapes", static r => $"42[\"typed\",{Value(r, 4)}]"),
    ];

    /// <summary>Bytes put on the wire as they are.</summary>
    public static readonly (string Name, Func<Random, byte[]> Make)[] Raw =
    [
        ("reserved bits", static r => RawWebSocket.Frame((byte)(0x81 | (r.Next(1, 8) << 4)), Encoding.UTF8.GetBytes(Valid(r)))),
        ("opcode", static r => RawWebSocket.Frame((byte)(0x80 | r.Next(16)), Bytes(r, 100))),
        ("unmasked", static r => RawWebSocket.Frame(0x81, Encoding.UTF8.GetBytes(Valid(r)), masked: false)),
        ("length lies", static r => [0x81, 0xFF, .. Bytes8(r), 1, 2, 3, 4]),
        ("not minimal length", static r => [0x81, 0xFE, 0, (byte)r.Next(126), 1, 2, 3, 4, .. new byte[130]]),
        ("long control", static r => RawWebSocket.Frame((byte)(0x88 + r.Next(3)), new byte[r.Next(126, 300)])),
        ("fragmented control", static r => RawWebSocket.Frame((byte)(0x08 + r.Next(3)), Bytes(r, 20))),
        ("continuation first", static r => RawWebSocket.Frame((byte)(r.Next(2) << 7), Bytes(r, 20))),
        ("new message inside a message", static r => [.. RawWebSocket.Frame(0x01, "42["u8), .. RawWebSocket.Frame(0x81, Encoding.UTF8.GetBytes(Valid(r)))]),
        ("invalid UTF-8", static r => RawWebSocket.Frame(0x81, [.. "42[\"echo\",\""u8, .. (byte[])[(byte)r.Next(0x80, 0x100), (byte)r.Next(0x80, 0xC0), 0xFF], .. "\"]"u8])),
        ("close codes", static r => RawWebSocket.Frame(0x88, [(byte)r.Next(256), (byte)r.Next(256), .. Bytes(r, 10)])),
        ("close of one byte", static r => RawWebSocket.Frame(0x88, [(byte)r.Next(256)])),
        ("ping flood", static r => [.. Enumerable.Range(0, r.Next(1, 100)).SelectMany(_ => RawWebSocket.Frame(0x89, Bytes(r, 125)))]),
        ("random bytes", static r => Bytes(r, 300)),
    ];

    public static string Valid(Random r) => r.Next(4) switch
    {
        0 => $"42[\"echo\",{Value(r, 3)}]",
        1 => $"42{r.Next(1000)}[\"ack\",{Value(r, 3)}]",
        2 => $"43{r.Next(1000)}[{Value(r, 2)}]",
        _ => "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
    };

    public static string Value(Random r, int depth) => r.Next(depth > 0 ? 10 : 7) switch
    {
        0 => "null",
        1 => r.Next(2) == 0 ? "true" : "false",
        2 => r.Next(-1000, 1000).ToString(System.Globalization.CultureInfo.InvariantCulture),
        3 => "1e308",
        4 => "\"\"",
        5 => $"\"{Text(r, 20).Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)}\"",
        6 => "-0.5",
        7 => "[" + string.Join(',', Enumerable.Range(0, r.Next(4)).Select(_ => Value(r, depth - 1))) + "]",
        8 => "{" + string.Join(',', Enumerable.Range(0, r.Next(4)).Select(i => $"\"k{i}\":{Value(r, depth - 1)}")) + "}",
        _ => "{\"_placeholder\":true,\"num\":0}",
    };

    public static string Text(Random r, int length) =>
        string.Concat(Enumerable.Range(0, r.Next(length)).Select(_ => r.Next(8) == 0 ? "\U0001F600" : ((char)r.Next(0x20, 0x2FF)).ToString()));

    private static string Tail(Random r) => r.Next(3) switch { 0 => "", 1 => Value(r, 2), _ => Text(r, 30) };

    private static string Nest(Random r, int depth) => r.Next(2) == 0
        ? new string('[', depth) + new string(']', depth)
        : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    private static string Digits(Random r, int max) =>
        string.Concat(Enumerable.Range(0, r.Next(1, max)).Select(_ => (char)r.Next('0', '9' + 1)));

    private static byte[] Bytes(Random r, int max)
    {
        byte[] bytes = new byte[r.Next(max)];
        r.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Bytes8(Random r)
    {
        byte[] bytes = new byte[8];
        r.NextBytes(bytes);
        return bytes;
    }

    private static string Mutate(Random r, string text)
    {
        char[] chars = text.ToCharArray();
        for (int i = r.Next(1, 5); i > 0; i--) chars[r.Next(chars.Length)] = (char)r.Next(0x20, 0x7F);
        return new string(chars);
    }
}
