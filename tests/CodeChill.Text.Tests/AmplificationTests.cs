using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests;

/// <summary>
/// What at most 100 KB cost: 50 ms of CPU, but for one attack, and 16 times their size (and 1 MB) of memory, but for those
/// whose factor is named here.
/// </summary>
[Collection(nameof(AmplificationTests))]
public sealed class AmplificationTests
{
    private const int Size = 100_000;

#if DEBUG
    // Unoptimised code takes several times as long.
    private const double MaxMilliseconds = 400;
#else
    private const double MaxMilliseconds = 50;
#endif

    // These cost more than the goal of 16; the bound keeps them from getting worse.
    private static readonly Dictionary<string, int> Factors = new()
    {
        ["a client for each struct"] = 64,
        ["a string cut by a delete set"] = 128,
        ["conflicts with ever another right neighbour"] = 80,
        ["map keys"] = 48,
        ["root types"] = 80,
        ["nested types"] = 64,
    };

    public static TheoryData<string> Attacks => [.. Inputs.Keys];

    private static readonly Dictionary<string, Func<byte[]>> Inputs = new()
    {
        ["zeros"] = () => new byte[Size],
        ["0xFF"] = () => [.. Enumerable.Repeat((byte)0xff, Size)],
        ["one long string"] = () => Structs(1, writer =>
        {
            writer.WriteBytes([4, 1, 1, (byte)'s']);
            writer.WriteVarString(new string('x', Size - 30));
        }),
        ["one long string of pairs"] = () => Structs(1, writer =>
        {
            writer.WriteBytes([4, 1, 1, (byte)'s']);
            writer.WriteVarString(string.Concat(Enumerable.Repeat("😀", (Size / 4) - 10)));
        }),
        ["a client for each struct"] = ManyClients,
        ["tombstones that cannot merge"] = () => Repeat(Size / 6, (writer, i) =>
        {
            writer.WriteByte(0x81);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i / 2);
            writer.WriteVarUint(1);
        }),
        ["conflicts with ever another right neighbour"] = Conflicts,
        ["a string cut by a delete set"] = CutString,
        ["nested types"] = () => Repeat(Size / 8, (writer, i) =>
        {
            writer.WriteBytes([7, 0, 1]);
            writer.WriteVarUint(i);
            writer.WriteByte(0);
        }, writer => writer.WriteBytes([7, 1, 1, (byte)'s', 0])),
        ["map keys"] = () => Repeat(Size / 12, (writer, i) =>
        {
            writer.WriteBytes([0x28, 1, 1, (byte)'s']);
            writer.WriteVarString($"{i:x}");
            writer.WriteBytes([1, AnyTag.Null]);
        }),
        ["root types"] = () => Repeat(Size / 12, (writer, i) =>
        {
            writer.WriteBytes([8, 1]);
            writer.WriteVarString($"{i:x}");
            writer.WriteBytes([1, AnyTag.Null]);
        }),
        ["everything waits"] = () => Repeat(Size / 9, (writer, i) =>
        {
            writer.WriteByte(0x84);
            writer.WriteVarUint(77);
            writer.WriteVarUint(i);
            writer.WriteVarString("x");
        }),
        ["deletions wait"] = () =>
        {
            var writer = new ByteWriter();
            writer.WriteBytes([0, 1, 9]);
            writer.WriteVarUint(Size / 4);
            for (int i = 0; i < Size / 4; i++)
            {
                writer.WriteVarUint(i * 2);
                writer.WriteVarUint(1);
            }

            return writer.Written[..Math.Min(writer.Length, Size * 2)].ToArray();
        },
        ["deep values"] = () => Structs(1, writer =>
        {
            writer.WriteBytes([8, 1, 1, (byte)'s']);
            writer.WriteVarUint((Size / 520) - 1);
            for (int k = 0; k < (Size / 520) - 1; k++)
            {
                for (int i = 0; i < 250; i++)
                {
                    writer.WriteBytes([AnyTag.Array, 1]);
                }

                writer.WriteByte(AnyTag.Null);
            }
        }),
        ["formats"] = () => Repeat(Size / 10, (writer, i) =>
        {
            writer.WriteByte(0x86);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i);
            writer.WriteBytes([1, (byte)'b', 1, (byte)'1']);
        }),
    };

    public static TheoryData<string, string> V2Attacks => new()
    {
        // yjs#687: 27 bytes that announce 2^49 structs, all from streams whose last value repeats for ever.
        { "endless structs", "00 00 0101 00 00 0100 020000 00 00 0101 01 FFFFFFFFFFFFFF07 00" },
        { "endless tombstones", "00 00 034100FF0F 00 00 0101 020000 0101 00 054100FFFFFF0F 01 FFFFFFFFFFFF07 00 00" },
        { "endless JSON", "00 00 0101 00 00 0102 05017341FFFFFF7F 0101 00 054BFFFFFF0F00 01 01 00 00" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void An_update_of_100_KB_costs_little(string name)
    {
        byte[] update = Inputs[name]();
        Measure(name, update, static bytes => new Document(new DocumentOptions { ClientId = 5 }).ApplyUpdate(bytes));
    }

    [Theory]
    [MemberData(nameof(V2Attacks))]
    public void An_update_of_a_few_bytes_in_V2_costs_little(string name, string hex)
    {
        byte[] update = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Measure(name, update, static bytes => new Document(new DocumentOptions { ClientId = 5 }).ApplyUpdateV2(bytes));
    }

    [Fact]
    public void Random_input_costs_little()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            byte[] update = new byte[random.Next(Size)];
            random.NextBytes(update);
            update.AsSpan(0, Math.Min(4, update.Length)).Clear();
            Measure($"seed {seed}", update, static bytes => new Document().ApplyUpdate(bytes));
            Measure($"seed {seed} V2", update, static bytes => new Document().ApplyUpdateV2(bytes));
        }
    }

    private static void Measure(string name, byte[] update, Action<byte[]> apply)
    {
        double best = double.MaxValue;
        long allocated = 0;
        for (int i = 0; i < 5 && (i < 2 || best > MaxMilliseconds); i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var start = Environment.CpuUsage.TotalTime;
            try
            {
                apply(update);
            }
            catch (UpdateFormatException)
            {
            }

            best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        if (Environment.GetEnvironmentVariable("TEXT_SHOW") is not null)
        {
            Console.Error.WriteLine($"{name}: {update.Length} bytes, {best:F1} ms, {allocated} allocated ({(double)allocated / Math.Max(1, update.Length):F1}x)");
        }

        allocated.ShouldBeLessThanOrEqualTo((Factors.GetValueOrDefault(name, 16) * (long)update.Length) + 1_000_000, name);

        // Items that all conflict are compared each with each, as in Yjs: quadratic in their number.
        double factor = name.StartsWith("conflicts", StringComparison.Ordinal) ? 12 : 1;
        best.ShouldBeLessThanOrEqualTo(MaxMilliseconds * factor, name);
    }

    private static byte[] Structs(int count, Action<ByteWriter> write)
    {
        var writer = new ByteWriter(Size);
        writer.WriteByte(1);
        writer.WriteVarUint(count);
        writer.WriteBytes([1, 0]);
        write(writer);
        writer.WriteByte(0);
        return writer.ToArray();
    }

    private static byte[] Repeat(int count, Action<ByteWriter, int> each, Action<ByteWriter>? first = null) => Structs(count + 1, writer =>
    {
        if (first is null)
        {
            writer.WriteBytes([4, 1, 1, (byte)'t', 1, (byte)'x']);
        }
        else
        {
            first(writer);
        }

        for (int i = 0; i < count; i++)
        {
            each(writer, i);
        }
    });

    private static byte[] ManyClients()
    {
        var writer = new ByteWriter(Size);
        const int count = Size / 7;
        writer.WriteVarUint(count);
        for (int i = count; i > 0; i--)
        {
            writer.WriteByte(1);
            writer.WriteVarUint(i);
            writer.WriteBytes([0, 0, 1]);
        }

        writer.WriteByte(0);
        return writer.ToArray();
    }

    // All at the start of the list, each with another character of the text as its right neighbour.
    private static byte[] Conflicts()
    {
        const int count = Size / 7;
        return Structs(count + 1, writer =>
        {
            writer.WriteBytes([4, 1, 1, (byte)'s']);
            writer.WriteVarString(new string('x', count + 1));
            for (int i = 0; i < count; i++)
            {
                writer.WriteByte(0x44);
                writer.WriteVarUint(1);
                writer.WriteVarUint(count - i);
                writer.WriteBytes([1, (byte)'y']);
            }
        });
    }

    private static byte[] CutString()
    {
        var writer = new ByteWriter(Size);
        const int length = Size / 4;
        writer.WriteBytes([1, 1, 1, 0, 4, 1, 1, (byte)'s']);
        writer.WriteVarString(new string('x', length));
        writer.WriteBytes([1, 1]);
        writer.WriteVarUint(length / 2);
        for (int i = 0; i < length / 2; i++)
        {
            writer.WriteVarUint(length - 1 - (i * 2));
            writer.WriteVarUint(1);
        }

        return writer.ToArray();
    }
}

/// <summary>Measured alone.</summary>
[CollectionDefinition(nameof(AmplificationTests), DisableParallelization = true)]
public sealed class AmplificationCollection;
