using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;

namespace CodeChill.SocketIO.Adapters;

/// <summary>
/// Reads RESP2 values: <c>long</c>, <c>byte[]</c> (text is bytes too), arrays of these, or null. An error reply is an <see cref="IOException"/>.
/// </summary>
internal sealed class RespReader(PipeReader input)
{
    private const int MaxBulkBytes = 64 * 1024 * 1024;
    private const int MaxArray = 1024;

    public async Task<object?> ReadAsync(CancellationToken ct)
    {
        byte[] line = await LineAsync(ct).ConfigureAwait(false);
        if (line.Length == 0) throw new InvalidDataException("Empty reply.");
        switch ((char)line[0])
        {
            case '+':
                return line[1..];
            case '-':
                throw new IOException("Redis refused: " + Encoding.UTF8.GetString(line.AsSpan(1)));
            case ':':
                return Number(line);
            case '$':
                return await BulkAsync(Number(line), ct).ConfigureAwait(false);
            case '*':
                long count = Number(line);
                if (count < 0) return null;
                if (count > MaxArray) throw new InvalidDataException("Array too long.");
                object?[] items = new object?[count];
                for (int i = 0; i < items.Length; i++) items[i] = await ReadAsync(ct).ConfigureAwait(false);
                return items;
            default:
                throw new InvalidDataException("Unknown reply.");
        }
    }

    private static long Number(byte[] line) =>
        Utf8Parser.TryParse(line.AsSpan(1), out long value, out int used) && used == line.Length - 1 ? value : throw new InvalidDataException("Not a number.");

    private async Task<byte[]?> BulkAsync(long length, CancellationToken ct)
    {
        if (length < 0) return null;
        if (length > MaxBulkBytes) throw new InvalidDataException("Message too large.");
        var result = await input.ReadAtLeastAsync((int)length + 2, ct).ConfigureAwait(false);
        if (result.Buffer.Length < length + 2) throw new EndOfStreamException("Redis hung up.");
        byte[] bytes = result.Buffer.Slice(0, length).ToArray();
        input.AdvanceTo(result.Buffer.GetPosition(length + 2));
        return bytes;
    }

    private async Task<byte[]> LineAsync(CancellationToken ct)
    {
        while (true)
        {
            var result = await input.ReadAsync(ct).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                byte[] line = buffer.Slice(0, end).ToArray();
                input.AdvanceTo(buffer.GetPosition(1, end));
                return line is [.., (byte)'\r'] ? line[..^1] : line;
            }

            if (result.IsCompleted) throw new EndOfStreamException("Redis hung up.");
            if (buffer.Length > 64 * 1024) throw new InvalidDataException("Line too long.");
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
