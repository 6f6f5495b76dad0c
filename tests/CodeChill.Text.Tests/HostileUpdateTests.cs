using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests;

/// <summary>Malformed updates are refused with <see cref="UpdateFormatException"/> and leave the document as it was.</summary>
[Collection(nameof(YjsPeer))]
public sealed class HostileUpdateTests(YjsPeer peer)
{
    private byte[][] RichUpdates(int seeds)
    {
        var states = new List<byte[]>();
        for (uint seed = 1; seed <= seeds; seed++)
        {
            peer.Reset(seed * 1000, seed);
            peer.Edit(0, 25, 70, seed);
            peer.Edit(1, 25, 70, seed + 99);
            peer.State(0);
            peer.State(1);
            var reader = new ByteReader(peer.Send());
            YjsPeer.ReadUpdates(ref reader);
            YjsPeer.ReadUpdates(ref reader);
            states.Add(YjsPeer.ReadState(ref reader).State);
            states.Add(YjsPeer.ReadState(ref reader).State);
        }

        return [.. states];
    }

    // A document with content of its own, so that damage would show.
    private static Document Fresh()
    {
        var document = new Document(new DocumentOptions { ClientId = 4 });
        document.GetText("content").Insert(0, "what was here before");
        document.GetText("content").Delete(3, 4);
        return document;
    }

    private static bool Refused(Document document, byte[] before, ReadOnlySpan<byte> update)
    {
        try
        {
            document.ApplyUpdate(update);
            Invariants.Check(document);
            return false;
        }
        catch (UpdateFormatException)
        {
            document.EncodeStateAsUpdate().ShouldBe(before);
            return true;
        }
    }

    [Fact]
    public void An_update_cut_at_any_byte_is_refused()
    {
        foreach (byte[] update in RichUpdates(4))
        {
            var document = Fresh();
            byte[] before = document.EncodeStateAsUpdate();
            for (int length = 0; length < update.Length; length++)
            {
                Refused(document, before, update.AsSpan(0, length)).ShouldBeTrue($"cut at {length} of {update.Length}");
            }

            Refused(document, before, [.. update, 0]).ShouldBeTrue("a byte too much");
        }
    }

    [Fact]
    public void Flipped_bits_never_break_a_document()
    {
        foreach (byte[] update in RichUpdates(2))
        {
            byte[] damaged = [.. update];
            var document = Fresh();
            byte[] before = document.EncodeStateAsUpdate();
            for (int bit = 0; bit < update.Length * 8; bit++)
            {
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                if (!Refused(document, before, damaged))
                {
                    // Still well-formed: what it brought must survive a round trip.
                    byte[] state = document.EncodeStateAsUpdate();
                    Document.Load(state).EncodeStateVector().ShouldBe(document.EncodeStateVector());
                    document = Fresh();
                }

                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Random_bytes_and_splices_never_break_a_document()
    {
        byte[][] updates = RichUpdates(3);
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. updates[random.Next(updates.Length)]];
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                int at = random.Next(bytes.Length);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes = [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]];
                        break;
                    case 2:
                        bytes = [.. bytes[..at], .. new byte[] { 0xff, 0xff, 0xff, 0xff, 0x0f }, .. bytes[at..]];
                        break;
                    default:
                        byte[] other = updates[random.Next(updates.Length)];
                        bytes = [.. bytes[..at], .. other[random.Next(other.Length)..]];
                        break;
                }

                if (bytes.Length == 0)
                {
                    bytes = [0];
                }
            }

            var document = Fresh();
            Refused(document, document.EncodeStateAsUpdate(), bytes);
        }
    }

    public static TheoryData<string, string> Crafted => new()
    {
        { "empty", "" },
        { "one byte", "00" },
        { "client count of 2^53 - 1", "FFFFFFFFFFFFFF0F" },
        { "number of 2^56", "80808080808080800100" },
        { "endless varint", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" },
        { "struct count bomb", "01FFFFFFFF0F010000" },
        { "string length bomb", "010101000401017304FFFFFFFF0F" },
        { "any count bomb", "010101000801017304FFFFFFFF0F" },
        { "huge clock", "0101 01 FFFFFFFF0F 00 01 00" },
        { "clock and length pass 2^31", "0101 01 FFFFFFFF07 00 05 00" },
        { "empty string content", "0101 01 00 04 01 01 73 00 00" },
        { "empty collected struct", "0101 01 00 00 00 00" },
        { "origin is the item itself", "0101 01 00 84 01 00 01 61 00" },
        { "right origin is a later item", "0101 01 00 44 01 05 01 61 00" },
        { "parent is the item itself", "0101 01 00 07 00 01 00 02 00" },
        { "content kind 11", "0101 01 00 0B 01 01 73 00 00" },
        { "shared type 7", "0101 01 00 07 01 01 73 07 00" },
        { "invalid UTF-8", "0101 01 00 04 01 01 73 02 C328 00" },
        { "surrogate in UTF-8", "0101 01 00 04 01 01 73 03 EDA080 00" },
        { "embed that is not JSON", "0101 01 00 05 01 01 73 02 7B7B 00" },
        { "JSON 'undefined' as an embed", "0101 01 00 05 01 01 73 09 756E646566696E6564 00" },
        { "unknown any tag", "0101 01 00 08 01 01 73 01 10 00" },
        { "subdocument options not an object", "0101 01 00 09 01 01 73 01 67 7E 00" },
        { "delete range passes 2^31", "00 01 01 01 FFFFFFFF07 FFFFFFFF07" },
        { "delete count bomb", "00 01 01 FFFFFFFF0F 00 01" },
        { "bytes behind the end", "00 00 00" },
    };

    [Theory]
    [MemberData(nameof(Crafted))]
    public void Crafted_update_is_refused(string what, string hex)
    {
        byte[] update = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var document = Fresh();
        Refused(document, document.EncodeStateAsUpdate(), update).ShouldBeTrue(what);
    }

    [Theory]
    [InlineData(AnyTag.Array)]
    [InlineData(AnyTag.Object)]
    public void Values_nested_without_end_are_refused(byte tag)
    {
        var writer = new ByteWriter();
        writer.WriteBytes([1, 1, 1, 0, 8, 1, 1, (byte)'s', 1]);
        for (int i = 0; i < 30_000; i++)
        {
            writer.WriteByte(tag);
            writer.WriteByte(1);
            if (tag == AnyTag.Object)
            {
                writer.WriteByte(0);
            }
        }

        writer.WriteByte(AnyTag.Null);
        writer.WriteByte(0);
        var document = Fresh();
        Refused(document, document.EncodeStateAsUpdate(), writer.Written).ShouldBeTrue();
    }

    [Fact]
    public void Types_nested_30_000_deep_are_collected_without_recursion()
    {
        var writer = new ByteWriter();
        const int depth = 30_000;
        writer.WriteBytes([1]);
        writer.WriteVarUint(depth);
        writer.WriteBytes([1, 0, 7, 1, 1, (byte)'s', 0]);
        for (int i = 1; i < depth; i++)
        {
            writer.WriteByte(7);
            writer.WriteByte(0);
            writer.WriteVarUint(1);
            writer.WriteVarUint(i - 1);
            writer.WriteByte(0);
        }

        writer.WriteByte(0);
        var document = Fresh();
        document.ApplyUpdate(writer.Written);
        Invariants.Check(document);
        document.ApplyUpdate([0, 1, 1, 1, 0, 1]);
        Invariants.Check(document);
        document.EncodeStateAsUpdate().Length.ShouldBeLessThan(200);
    }

    [Fact]
    public void More_waiting_bytes_than_allowed_are_refused()
    {
        var document = new Document(new DocumentOptions { ClientId = 1, MaxPendingBytes = 1_000 });
        byte[] before = document.EncodeStateAsUpdate();

        // A string of 2,000 characters at clock 5: clocks 0 to 4 are missing.
        var writer = new ByteWriter();
        writer.WriteBytes([1, 1, 9, 5, 4, 1, 1, (byte)'s']);
        writer.WriteVarString(new string('x', 2_000));
        writer.WriteByte(0);
        byte[] update = writer.ToArray();
        Should.Throw<UpdateFormatException>(() => document.ApplyUpdate(update));
        document.HasPending.ShouldBeFalse();
        document.EncodeStateAsUpdate().ShouldBe(before);
    }
}
