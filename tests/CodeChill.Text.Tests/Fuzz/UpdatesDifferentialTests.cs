using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>What <see cref="Updates"/> makes of updates without a document, beside the functions of npm yjs. All kinds of content.</summary>
[Collection(nameof(YjsPeer))]
public sealed class UpdatesDifferentialTests(YjsPeer peer)
{
    private const int Seeds = 150;

    [Fact]
    public void Merging_differences_state_vectors_and_conversions_are_those_of_yjs()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            peer.Reset((ulong)random.Next(1, 1_000), (ulong)random.Next(1_000, int.MaxValue));
            int rich = random.Next(3) * 40;
            peer.Edit(0, 12, rich, (uint)seed);
            peer.Edit(1, 12, rich, (uint)seed + 7_777);
            var made = new ByteReader(peer.Send());
            List<byte[]> updates = [.. YjsPeer.ReadUpdates(ref made), .. YjsPeer.ReadUpdates(ref made)];
            byte[][] order = [.. updates];
            random.Shuffle(order);
            byte[] some = order[random.Next(order.Length)];
            var known = new Document();
            known.GetText("content");
            foreach (byte[] update in updates.Take(random.Next(updates.Count)))
            {
                known.ApplyUpdate(update);
            }

            byte[] stateVector = known.EncodeStateVector();
            peer.Apply(0, updates);
            peer.State(0);
            Ask(4, stateVector, 0);
            var merge = peer.Command(6);
            merge.WriteVarUint(order.Length);
            foreach (byte[] update in order)
            {
                merge.WriteVarBytes(update);
            }

            Ask(7, some);
            byte[] v2 = Updates.ToV2(some);
            Ask(10, v2);
            var answer = new ByteReader(peer.Send());
            YjsPeer.ReadUpdates(ref answer);
            var state = YjsPeer.ReadState(ref answer);
            byte[] difference = answer.ReadVarBytes().ToArray();
            byte[] theirMerged = answer.ReadVarBytes().ToArray();
            byte[] theirVector = answer.ReadVarBytes().ToArray();
            string what = $"seed {seed}";

            byte[] merged = Updates.Merge(order);
            Document.Load(merged).EncodeStateAsUpdate().ShouldBe(state.StateLoadedAnew, what);
            Document.Load(theirMerged).EncodeStateAsUpdate().ShouldBe(state.StateLoadedAnew, what);
            Updates.StateVectorOf(merged).ShouldBe(theirVector, what);
            Updates.StateVectorOf(theirMerged).ShouldBe(theirVector, what);

            var whole = Document.Load(state.State);
            known.ApplyUpdate(whole.EncodeStateAsUpdate(stateVector));
            known.EncodeStateAsUpdate().ShouldBe(state.StateLoadedAnew, what);
            Document.Load(Updates.Merge([theirMerged, difference])).EncodeStateAsUpdate().ShouldBe(state.StateLoadedAnew, what);
            var second = new Document();
            foreach (byte[] update in updates)
            {
                second.ApplyUpdate(Updates.Diff(Updates.Merge([update, merged]), second.EncodeStateVector()));
            }

            second.EncodeStateAsUpdate().ShouldBe(state.StateLoadedAnew, what);
            SameButForAKey(answer.ReadVarBytes(), v2, what);
            SameButForAKey(answer.ReadVarBytes(), some, what);
            Updates.ToV1(v2).ShouldBe(some, what);
        }
    }

    // Yjs marks a map's value as one with a key even where the key is not written; converting an update without a document it drops the mark.
    private static void SameButForAKey(ReadOnlySpan<byte> theirs, byte[] ours, string what)
    {
        theirs.Length.ShouldBe(ours.Length, what);
        for (int i = 0; i < ours.Length; i++)
        {
            theirs[i].ShouldBeOneOf(ours[i], (byte)(ours[i] & ~Info.HasSub));
        }
    }

    private void Ask(int command, byte[] bytes, int? document = null)
    {
        var writer = peer.Command(command);
        if (document is { } number)
        {
            writer.WriteVarUint(number);
        }

        writer.WriteVarBytes(bytes);
    }
}
