using System.Buffers.Binary;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>Makes inputs of others: flips, replaces, cuts, repeats and joins bytes, as byte fuzzers do. Seeded.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int MaxLength = 4096;

    // Numbers at the edges of the encodings.
    private static readonly byte[][] Edges =
    [
        [0x7f], [0x80, 0x01], [0xff, 0xff, 0xff, 0xff, 0x07], [0x80, 0x80, 0x80, 0x80, 0x08],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], [0x00], [0xc0], [0xf0, 0x9f, 0x98, 0x80],
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] input = [.. corpus[_random.Next(corpus.Count)]];
        for (int i = 1 << _random.Next(4); i > 0; i--)
        {
            input = Mutate(input);
        }

        return input.Length > MaxLength ? input[..MaxLength] : input;
    }

    private byte[] Mutate(byte[] input)
    {
        if (input.Length == 0)
        {
            return [(byte)_random.Next(256)];
        }

        int at = _random.Next(input.Length);
        int end = at + _random.Next(Math.Min(32, input.Length - at) + 1);
        byte[] other = corpus[_random.Next(corpus.Count)];
        int from = _random.Next(other.Length + 1);
        switch (_random.Next(9))
        {
            case 0:
                input[at] ^= (byte)(1 << _random.Next(8));
                return input;
            case 1:
                input[at] = (byte)_random.Next(256);
                return input;
            case 2:
                input[at] += (byte)(_random.Next(2) == 0 ? 1 : 255);
                return input;
            case 3:
                return [.. input[..at], .. Edges[_random.Next(Edges.Length)], .. input[end..]];
            case 4:
                return [.. input[..at], .. input[end..]];
            case 5:
                return [.. input[..end], .. input[at..]];
            case 6:
                return [.. input[..at], .. other[from..]];
            case 7:
                return [.. input[..at], .. other[from..Math.Min(other.Length, from + 16)], .. input[at..]];
            default:
                if (input.Length - at >= 4)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(at), _random.Next());
                }

                return input;
        }
    }
}
