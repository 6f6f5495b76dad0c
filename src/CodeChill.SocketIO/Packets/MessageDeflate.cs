using System.Buffers;
using System.IO.Compression;

namespace CodeChill.SocketIO.Packets;

/// <summary>
/// RFC 7692 permessage-deflate without context takeover on either side: each message is a deflate stream of its own with the
/// trailing 00 00 FF FF of the flush removed. No window lives between messages, which is what makes memory per connection zero.
/// </summary>
internal static class MessageDeflate
{
    public const string Answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>True when one of the client's offers can be answered with <see cref="Answer"/>.</summary>
    public static bool Accepts(string? extensions)
    {
        if (string.IsNullOrEmpty(extensions)) return false;
        foreach (string offer in extensions.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = offer.Split(';', StringSplitOptions.TrimEntries);
            if (!parts[0].Equals("permessage-deflate", StringComparison.OrdinalIgnoreCase)) continue;

            // server_max_window_bits asks for a smaller window than this deflater can be told to use; such an offer is declined.
            bool usable = true;
            foreach (string parameter in parts.AsSpan(1))
            {
                string name = parameter.Split('=', 2)[0].Trim();
                usable &= name is "server_no_context_takeover" or "client_no_context_takeover" or "client_max_window_bits";
            }

            if (usable) return true;
        }

        return false;
    }

    public static void WriteFrame(ArrayBufferWriter<byte> output, bool binary, ReadOnlySpan<byte> payload, int thresholdBytes)
    {
        var opcode = binary ? WebSocketOpcode.Binary : WebSocketOpcode.Text;
        Span<byte> header = stackalloc byte[10];
        if (payload.Length >= thresholdBytes)
        {
            using var compressed = new MemoryStream();
            using (var deflate = new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            {
                deflate.Write(payload);
                deflate.Flush();
                int length = (int)compressed.Length;
                var bytes = compressed.GetBuffer().AsSpan(0, length);
                if (bytes.EndsWith(Tail)) bytes = bytes[..^4];
                if (bytes.Length < payload.Length)
                {
                    output.Write(header[..WebSocketFraming.WriteHeader(header, opcode, bytes.Length, compressed: true)]);
                    output.Write(bytes);
                    return;
                }
            }
        }

        output.Write(header[..WebSocketFraming.WriteHeader(header, opcode, payload.Length)]);
        output.Write(payload);
    }

    /// <summary>Inflates one message into a rented buffer; null when it is malformed or grows beyond the limit.</summary>
    public static byte[]? Inflate(ReadOnlyMemory<byte> payload, long maxBytes, out int length, out bool tooLarge)
    {
        length = 0;
        tooLarge = false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(payload.Length * 4L, 256), maxBytes + 1));
        try
        {
            byte[] input = new byte[payload.Length + 4];
            payload.Span.CopyTo(input);
            Tail.CopyTo(input.AsSpan(payload.Length));
            using var inflate = new DeflateStream(new MemoryStream(input), CompressionMode.Decompress);
            while (true)
            {
                if (length == buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, maxBytes + 1));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                int read = inflate.Read(buffer, length, buffer.Length - length);
                if (read == 0) return buffer;
                length += read;
                if (length <= maxBytes) continue;
                tooLarge = true;
                break;
            }
        }
        catch (InvalidDataException)
        {
            // Falls through: reported as malformed.
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return null;
    }
}
