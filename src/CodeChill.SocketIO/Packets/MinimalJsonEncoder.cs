using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace CodeChill.SocketIO.Packets;

/// <summary>
/// Escapes what RFC 8259 section 7 demands and nothing else: quote, backslash, controls, and lone surrogates (which have no
/// UTF-8 form). The framework's relaxed encoder also escapes U+2028 and others that JSON.stringify leaves alone.
/// </summary>
internal sealed class MinimalJsonEncoder : JavaScriptEncoder
{
    public static readonly MinimalJsonEncoder Instance = new();

    private static readonly SearchValues<char> SpecialChars = SearchValues.Create(BuildSpecial(surrogates: true));
    private static readonly SearchValues<byte> SpecialBytes = SearchValues.Create(
        [.. BuildSpecial(surrogates: false).Select(static c => (byte)c)]);

    private MinimalJsonEncoder()
    {
    }

    public override int MaxOutputCharactersPerInputCharacter => 6;

    public override bool WillEncode(int unicodeScalar) =>
        unicodeScalar < 0x20 || unicodeScalar is '"' or '\\' or (>= 0xD800 and <= 0xDFFF);

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        int at = 0;
        while (true)
        {
            int next = span[at..].IndexOfAny(SpecialChars);
            if (next < 0) return -1;
            at += next;
            if (!char.IsHighSurrogate(span[at]) || at + 1 >= span.Length || !char.IsLowSurrogate(span[at + 1])) return at;
            at += 2;
        }
    }

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAny(SpecialBytes);

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var target = new Span<char>(buffer, bufferLength);
        if (!WillEncode(unicodeScalar))
        {
            if (Rune.TryCreate(unicodeScalar, out var rune) && rune.TryEncodeToUtf16(target, out numberOfCharactersWritten)) return true;
            numberOfCharactersWritten = 0;
            return false;
        }

        char shortForm = unicodeScalar switch
        {
            '"' => '"',
            '\\' => '\\',
            '\b' => 'b',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            _ => '\0',
        };
        int length = shortForm != '\0' ? 2 : 6;
        if (target.Length < length)
        {
            numberOfCharactersWritten = 0;
            return false;
        }

        target[0] = '\\';
        target[1] = shortForm != '\0' ? shortForm : 'u';
        if (shortForm == '\0') unicodeScalar.TryFormat(target[2..], out _, "x4", System.Globalization.CultureInfo.InvariantCulture);
        numberOfCharactersWritten = length;
        return true;
    }

    private static char[] BuildSpecial(bool surrogates) =>
    [
        .. Enumerable.Range(0, 0x20).Select(static c => (char)c), '"', '\\',
        .. surrogates ? Enumerable.Range(0xD800, 0x800).Select(static c => (char)c) : [],
    ];
}
