using System.Globalization;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// A hostile peer among others: what we take of its bytes and pass on (<see cref="DocumentChange.Update"/>) means the same to npm yjs, though two of
/// its operations may have one id. The received bytes themselves would not do: Yjs lets operations wait that we know already, and of two of
/// one id that wait keeps another one.
/// <c>TEXT_FUZZ_SEED</c> and <c>TEXT_FUZZ_MUTATED</c> set the first seed and how many there are.
/// </summary>
[Collection(nameof(YjsPeer))]
public sealed class MutatedUpdateTests(YjsPeer peer)
{
    private const int Slice = 300;
    private const int Sent = 150;
    private static readonly string[] Words = ["a", "bc", "👋", "line\n", "é"];

    [Fact]
    public void What_is_passed_on_of_a_hostile_peers_updates_means_the_same_to_yjs()
    {
        int first = Setting("TEXT_FUZZ_SEED", 1);
        int count = Setting("TEXT_FUZZ_MUTATED", Slice);
        int taken = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                taken += Run(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Repeat with TEXT_FUZZ_SEED={seed} TEXT_FUZZ_MUTATED=1: {e.Message}", e);
            }
        }

        // Most must be refused, and enough taken, or nothing is tested.
        taken.ShouldBeInRange(count * 5, count * (Sent - 5));
    }

    private int Run(int seed)
    {
        var random = new Random(seed);
        var received = Receive(random);
        var server = new Document(new DocumentOptions { ClientId = 1 });
        var text = server.GetText("content");
        var passedOn = new List<byte[]>();
        int taken = 0;
        for (int i = 0; i < received.Count; i++)
        {
            // Others type on in between.
            if (i > 0 && random.Next(4) == 0)
            {
                passedOn.Add(text.Insert(random.Next(text.Length + 1), "x").Update.ToArray());
            }

            try
            {
                passedOn.Add(server.ApplyUpdate(received[i]).Update.ToArray());
                taken++;
            }
            catch (UpdateFormatException)
            {
            }
        }

        Invariants.Check(server);
        peer.Reset(77);
        peer.Apply(0, passedOn);
        peer.State(0);
        var answer = new ByteReader(peer.Send());
        YjsPeer.ReadUpdates(ref answer).ShouldBeEmpty();
        var state = YjsPeer.ReadState(ref answer);
        string ours = text.ToString();
        int at = ours.AsSpan().CommonPrefixLength(state.Text);
        (at == ours.Length && at == state.Text.Length).ShouldBeTrue($"Yjs holds another text, from index {at}: ours {ours}, theirs {state.Text}");
        state.StateVector.ShouldBe(server.EncodeStateVector());
        return taken;
    }

    /// <summary>A text, and what somebody sends who types on it and has his bytes mutated.</summary>
    private static List<byte[]> Receive(Random random)
    {
        var start = new Document(new DocumentOptions { ClientId = 3 });
        var received = new List<byte[]> { start.GetText("content").Insert(0, "function add(a, b) { return a + b; }\n").Update.ToArray() };
        var attacker = Document.Load(start.EncodeStateAsUpdate(), new DocumentOptions { ClientId = (ulong)random.NextInt64(4, uint.MaxValue) });
        var typed = attacker.GetText("content");
        int sent = random.Next(2) == 0 ? Sent : random.Next(3, 12);
        for (int i = 0; i < sent; i++)
        {
            byte[] update = typed.Insert(random.Next(typed.Length + 1), Words[random.Next(Words.Length)]).Update.ToArray();
            if (random.Next(5) < 2)
            {
                update = Updates.Merge([update, typed.Delete(random.Next(typed.Length - 1), 1).Update]);
            }

            received.Add(Mutate(random, random.Next(10) < 3 ? attacker.EncodeStateAsUpdate() : update));
        }

        return received;
    }

    private static byte[] Mutate(Random random, byte[] source)
    {
        List<byte> bytes = [.. source];
        for (int n = random.Next(4); n > 0; n--)
        {
            int at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes.RemoveAt(at);
                    break;
                case 1:
                    byte[] edges = [0, 1, 127, 128, 255, (byte)random.Next(256)];
                    bytes.Insert(at, edges[random.Next(edges.Length)]);
                    break;
                case 2 when bytes.Count > 0:
                    bytes[at % bytes.Count] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(8))));
                    break;
            }
        }

        return [.. bytes];
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
