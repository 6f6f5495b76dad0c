using CodeChill.Text.Encoding;
using CodeChill.Text.Sync;

namespace CodeChill.Text.Tests;

/// <summary>
/// What at most 100 KB cost: 16 times their size (and 1 MB) of memory, and work in proportion to their size, counted in
/// steps. TEXT_SHOW=1 prints the times too, which depend on the machine: 50 ms are the goal.
/// </summary>
[Collection(nameof(AmplificationTests))]
public sealed class AmplificationTests
{
    private const int Size = 100_000;
    private const int StepsPerByte = 100;

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

            return writer.ToArray();
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
        ["a list cut by right neighbours"] = () => ListCut(true),
        ["a list cut by a delete set"] = () => ListCut(false),
        ["clients as small as they can be"] = () => SmallClients(16_000),
        ["root types without a name"] = () => Repeat((Size / 4) - 10, static (writer, _) => writer.WriteBytes([7, 1, 0, 0])),
        ["places behind ever another character"] = Descend,
        ["values of one key"] = () => Chain(false),
        ["values of one key, each before another one"] = () => Chain(true),
        ["embeds"] = () => Repeat(Size / 13, static (writer, i) =>
        {
            writer.WriteByte(0x85);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i);
            writer.WriteVarString("{\"a\":1}");
        }),
        ["numbers"] = () => Structs(1, static writer =>
        {
            writer.WriteBytes([5, 1, 1, (byte)'s']);
            writer.WriteVarString($"[{string.Join(',', Enumerable.Range(0, Size / 3).Select(static i => i % 10).Take(Size / 3))}]");
        }),
        ["sections that wait"] = () => Waiting(Size / 10),
        ["huge clocks"] = () => Ring(Size / 14, static (writer, client, _) =>
        {
            writer.WriteVarUint(client);
            writer.WriteVarUint(int.MaxValue - 2);
            writer.WriteBytes([0, 1]);
        }),
        ["types that are each other's parents"] = () => Ring(Size / 11, static (writer, client, next) =>
        {
            writer.WriteVarUint(client);
            writer.WriteBytes([0, 7, 0]);
            writer.WriteVarUint(next);
            writer.WriteBytes([0, 0]);
        }),
        ["items behind each other"] = () => Ring(Size / 11, static (writer, client, next) =>
        {
            writer.WriteVarUint(client);
            writer.WriteBytes([0, 0x84]);
            writer.WriteVarUint(next);
            writer.WriteBytes([0, 1, (byte)'x']);
        }),
        ["at last an item behind itself"] = () => Repeat(Size / 8, static (writer, i) =>
        {
            writer.WriteByte(0x84);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i == (Size / 8) - 1 ? i + 1 : i);
            writer.WriteBytes([1, (byte)'x']);
        }),
        ["items that are to be left and right of one item"] = () => Repeat((Size / 13) - 2, static (writer, i) =>
        {
            writer.WriteByte(0xc4);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i / 2);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i / 2);
            writer.WriteBytes([1, (byte)'x']);
        }),
        ["right neighbours that are on the left"] = () => Repeat((Size / 13) - 2, static (writer, i) =>
        {
            writer.WriteByte(0xc4);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i / 3);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i / 7);
            writer.WriteBytes([1, (byte)'x']);
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
        Measure(name, update, static bytes => Apply(Fresh(), bytes));
        Measure($"{name}, text followed", update, static bytes => Apply(Fresh(true), bytes));
        Measure($"{name}, waiting", update, static bytes => Apply(Apply(Fresh(), [1, 1, 1, 200, 200, 1, 0, 1, 0]), bytes));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void What_is_known_in_part_costs_little(string name)
    {
        byte[] update = Inputs[name]();
        byte[] first = Structs(1, static writer =>
        {
            writer.WriteBytes([4, 1, 1, (byte)'s']);
            writer.WriteVarString("x");
        });
        var document = Apply(Fresh(true), first);
        Measure($"{name}, known in part", update, bytes => Apply(Document.Load(document.EncodeStateAsUpdate(), new DocumentOptions { ClientId = 5 }), bytes));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Functions_without_a_document_cost_little(string name)
    {
        byte[] update = Inputs[name]();
        Measure($"{name}, validate", update, static bytes =>
        {
            Updates.Validate(bytes);
            return null;
        });
        Measure($"{name}, state vector", update, static bytes => Updates.StateVectorOf(bytes));
        Measure($"{name}, merge", update, static bytes => Updates.Merge([bytes]));
        Measure($"{name}, difference", update, static bytes => Updates.Diff(bytes, [1, 1, 1]));
        Measure($"{name}, to V2", update, static bytes => Updates.ToV2(bytes));
        Measure($"{name}, as V2", update, static bytes => Updates.ToV1(bytes));
        Measure($"{name}, as state vector", update, static bytes => Fresh().EncodeStateAsUpdate(bytes));
        Measure($"{name}, as awareness", update, static bytes => new Awareness().Apply(bytes));
        Measure($"{name}, as message", update, static bytes => SyncMessage.Read(bytes));
        Measure($"{name}, as position", update, static bytes => RelativePosition.Decode(bytes));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void The_same_in_V2_costs_little(string name)
    {
        byte[] update;
        try
        {
            update = Updates.ToV2(Inputs[name]());
        }
        catch (UpdateFormatException)
        {
            return;
        }

        if (update.Length <= Size)
        {
            Measure($"{name} V2", update, static bytes =>
            {
                var document = Fresh();
                document.ApplyUpdateV2(bytes);
                return document;
            });
        }
    }

    [Theory]
    [MemberData(nameof(V2Attacks))]
    public void An_update_of_a_few_bytes_in_V2_costs_little(string name, string hex)
    {
        byte[] update = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Measure(name, update, static bytes =>
        {
            var document = Fresh();
            document.ApplyUpdateV2(bytes);
            return document;
        });
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
            Measure($"seed {seed}", update, static bytes => Apply(Fresh(), bytes));
            Measure($"seed {seed} V2", update, static bytes =>
            {
                var document = Fresh();
                document.ApplyUpdateV2(bytes);
                return document;
            });
        }
    }

    /// <summary>Well-formed updates of random structs, as small as they can be, with any neighbours that are there.</summary>
    [Fact]
    public void Random_structs_cost_little()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            byte[] update = HostileStructs.Create(new Random(seed), Size);
            Measure($"structs, seed {seed}", update, static bytes => Apply(Fresh(true), bytes));
            var document = Apply(new Document(new DocumentOptions { ClientId = 5 }), update);
            Invariants.Check(document);
        }
    }

    [Fact]
    public void States_of_awareness_cost_little()
    {
        var writer = new ByteWriter(Size);
        const int count = 10_000;
        writer.WriteVarUint(count);
        for (int i = 0; i < count; i++)
        {
            writer.WriteVarUint(i);
            writer.WriteBytes([1, 1, (byte)'1']);
        }

        Measure("awareness", writer.ToArray(), static bytes => new Awareness().Apply(bytes));
    }

    [Fact]
    public void State_vectors_cost_little()
    {
        var writer = new ByteWriter(Size);
        const int count = Size / 4;
        writer.WriteVarUint(count);
        for (int i = 0; i < count; i++)
        {
            writer.WriteVarUint(i);
            writer.WriteByte(1);
        }

        Measure("state vector", writer.Written[..Math.Min(writer.Length, Size)].ToArray(), static bytes => Fresh().EncodeStateAsUpdate(bytes));
    }

    private static void Measure(string name, byte[] input, Func<byte[], object?> run)
    {
        double best = double.MaxValue;
        long allocated = 0;
        long steps = 0;
        bool show = Environment.GetEnvironmentVariable("TEXT_SHOW") is not null;
        for (int i = 0; i < (show ? 15 : 3); i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var start = Environment.CpuUsage.TotalTime;
            object? result = null;
            try
            {
                result = run(input);
            }
            catch (UpdateFormatException)
            {
            }

            best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            steps = (result as Document)?.Store.Steps ?? 0;
        }

        if (show)
        {
            Console.Error.WriteLine($"{name}: {input.Length} bytes, {best:F1} ms, {steps} steps, {allocated} allocated ({(double)allocated / Math.Max(1, input.Length):F1}x)");
        }

        input.Length.ShouldBeLessThanOrEqualTo(Size, name);
        allocated.ShouldBeLessThanOrEqualTo((16L * input.Length) + 1_000_000, name);
        steps.ShouldBeLessThanOrEqualTo((StepsPerByte * (long)input.Length) + 10_000, name);
    }

    private static Document Fresh(bool followed = false)
    {
        var document = new Document(new DocumentOptions { ClientId = 5 });
        if (followed)
        {
            document.GetText("s");
        }

        return document;
    }

    private static Document Apply(Document document, byte[] update)
    {
        document.ApplyUpdate(update);
        return document;
    }

    private static byte[] Structs(int count, Action<ByteWriter> write, bool ownDeletes = false)
    {
        var writer = new ByteWriter(Size);
        writer.WriteByte(1);
        writer.WriteVarUint(count);
        writer.WriteBytes([1, 0]);
        write(writer);
        if (!ownDeletes)
        {
            writer.WriteByte(0);
        }

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

    private static byte[] SmallClients(int count)
    {
        var writer = new ByteWriter(Size);
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

    private static byte[] Waiting(int count)
    {
        var writer = new ByteWriter(Size);
        writer.WriteVarUint(count);
        for (int i = count; i > 0; i--)
        {
            writer.WriteByte(1);
            writer.WriteVarUint(i);
            writer.WriteBytes([0, 0x81]);
            writer.WriteVarUint(i + 16_000);
            writer.WriteBytes([0, 1]);
        }

        writer.WriteByte(0);
        return writer.Length <= Size ? writer.ToArray() : Waiting(count * 9 / 10);
    }

    // Clients of one struct each, which may refer to the next client's; the last one's next is the first.
    private static byte[] Ring(int count, Action<ByteWriter, int, int> write)
    {
        var writer = new ByteWriter(Size);
        writer.WriteVarUint(count);
        for (int client = count; client > 0; client--)
        {
            writer.WriteByte(1);
            write(writer, client, (client % count) + 1);
        }

        writer.WriteByte(0);
        return writer.ToArray();
    }

    // A list of small elements, cut everywhere from the end.
    private static byte[] ListCut(bool neighbours)
    {
        const int length = Size / 8;
        return Structs(neighbours ? 1 + length : 1, writer =>
        {
            writer.WriteBytes([8, 1, 1, (byte)'s']);
            writer.WriteVarUint(length + 1);
            writer.WriteBytes([.. Enumerable.Repeat(AnyTag.Null, length + 1)]);
            for (int i = length; neighbours && i > 0; i--)
            {
                writer.WriteByte(0x41);
                writer.WriteVarUint(1);
                writer.WriteVarUint(i);
                writer.WriteByte(1);
            }

            if (!neighbours)
            {
                writer.WriteBytes([1, 1]);
                writer.WriteVarUint(length / 2);
                for (int i = length; i > length % 2; i -= 2)
                {
                    writer.WriteVarUint(i);
                    writer.WriteByte(1);
                }
            }
        }, !neighbours);
    }

    // A client of a higher id behind each character of a text: each goes to the end of all that was typed behind it.
    private static byte[] Descend()
    {
        const int count = Size / 8;
        var writer = new ByteWriter(Size);
        writer.WriteByte(2);
        writer.WriteVarUint(count);
        writer.WriteBytes([2, 0]);
        for (int i = count; i > 0; i--)
        {
            writer.WriteBytes([0x84, 1]);
            writer.WriteVarUint(i - 1);
            writer.WriteBytes([1, (byte)'y']);
        }

        writer.WriteBytes([1, 1, 0, 4, 1, 1, (byte)'s']);
        writer.WriteVarString(new string('x', count + 1));
        writer.WriteByte(0);
        return writer.ToArray();
    }

    private static byte[] Chain(bool right)
    {
        int count = right ? Size / 7 : Size / 13;
        var writer = new ByteWriter(Size);
        writer.WriteByte(2);
        writer.WriteVarUint(count);
        writer.WriteBytes([2, 0]);
        for (int i = count; i > 0; i--)
        {
            writer.WriteBytes(right ? [0x41, 1] : [0x81, 1]);
            writer.WriteVarUint(right ? i % 1_000 : i * 2 / 3);
            writer.WriteByte(1);
        }

        int first = right ? 1_000 : count;
        writer.WriteVarUint(first + 1);
        writer.WriteBytes([1, 0, 0x21, 1, 1, (byte)'s', 1, (byte)'k', 1]);
        for (int i = 0; i < first; i++)
        {
            writer.WriteBytes([0x88, 1]);
            writer.WriteVarUint(i);
            writer.WriteBytes([1, AnyTag.Null]);
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
