using System.Text.Json;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>
/// The arguments of one received event or acknowledgement, still as the UTF-8 JSON that arrived. Each is decoded when asked for, and
/// the whole can be passed to <c>Emit</c> or <c>Ack</c> as one argument: it then goes out as the same arguments, byte for byte,
/// attachments included, without being decoded. Immutable; safe to keep after the handler has returned.
/// </summary>
public sealed class SocketArguments
{
    private static readonly int[] NoRanges = [];

    private readonly byte[] _json;
    private readonly int[] _ranges;
    private readonly int _skip;
    private readonly JsonSerializerOptions _options;

    internal SocketArguments(byte[] json, ReadOnlySpan<int> ranges, int skip, ReadOnlyMemory<byte>[] attachments, JsonSerializerOptions options)
    {
        _json = json;
        _ranges = ranges.IsEmpty ? NoRanges : ranges.ToArray();
        _skip = skip;
        _options = options;
        Attachments = attachments;
    }

    /// <summary>Number of arguments (the event name is not one).</summary>
    public int Count => (_ranges.Length / 2) - _skip;

    internal ReadOnlyMemory<byte>[] Attachments { get; }

    /// <summary>The whole array as received, event name included.</summary>
    internal ReadOnlySpan<byte> RawArray => _json;

    /// <summary>Decodes one argument with the server's JSON options; binary members are taken from the attachments.</summary>
    /// <typeparam name="T">The expected shape.</typeparam>
    /// <param name="index">Position, from 0.</param>
    /// <returns>The value; null only when the client sent JSON <c>null</c>.</returns>
    /// <exception cref="SocketIOArgumentException">The argument is missing or has another shape.</exception>
    public T? Get<T>(int index)
    {
        var raw = RawUtf8(index);
        var outer = AttachmentScope.Reading;
        AttachmentScope.Reading = Attachments;
        try
        {
            return JsonSerializer.Deserialize<T>(raw, _options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NotSupportedException)
        {
            // InvalidOperationException: a lone surrogate escape has no string form. NotSupportedException wraps the path of the above.
            throw new SocketIOArgumentException(index, $"Argument {index} is not a valid {typeof(T).Name}.", e);
        }
        finally
        {
            AttachmentScope.Reading = outer;
        }
    }

    /// <summary>One argument as a JSON element of its own (binary members appear as their placeholders).</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no such argument.</exception>
    public JsonElement GetElement(int index) => JsonElement.Parse(RawUtf8(index), new JsonDocumentOptions { MaxDepth = _options.MaxDepth });

    /// <summary>The bytes of a binary argument, without a copy.</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">The argument is missing or not binary.</exception>
    public ReadOnlyMemory<byte> GetBinary(int index) => Get<ReadOnlyMemory<byte>>(index);

    /// <summary>One argument's UTF-8 JSON as received.</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no such argument.</exception>
    public ReadOnlySpan<byte> RawUtf8(int index)
    {
        if ((uint)index >= (uint)Count) throw new SocketIOArgumentException(index, $"Argument {index} is missing.", null);
        int at = (index + _skip) * 2;
        return _json.AsSpan(_ranges[at].._ranges[at + 1]);
    }
}
