using System.IO.Compression;
using System.Text.Json;

namespace CodeChill.Text.Tests;

/// <summary>Recorded editing sessions (bench/text/traces) end in their known text.</summary>
public sealed class TraceTests
{
    private static JsonDocument Read(string name)
    {
        string path = Path.Combine(YjsPeer.SourceFolder(), "..", "..", "bench", "text", "traces", name + ".json.gz");
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        return JsonDocument.Parse(file);
    }

    private static List<byte[]> Edit(SharedText text, JsonElement patches)
    {
        var updates = new List<byte[]>();
        foreach (var patch in patches.EnumerateArray())
        {
            int index = patch[0].GetInt32();
            if (patch[1].GetInt32() is > 0 and int deleted)
            {
                updates.Add(text.Delete(index, deleted).Update.ToArray());
            }

            if (patch[2].GetString() is { Length: > 0 } inserted)
            {
                updates.Add(text.Insert(index, inserted).Update.ToArray());
            }
        }

        return updates;
    }

    [Theory]
    [InlineData("automerge-paper")]
    [InlineData("rustcode")]
    [InlineData("sveltecomponent")]
    public void A_sequential_trace_replays_locally_and_from_its_updates(string name)
    {
        using var trace = Read(name);
        var document = new Document(new DocumentOptions { ClientId = 3_000_000_001 });
        var text = document.GetText("content");
        var remote = new Document();
        foreach (var transaction in trace.RootElement.GetProperty("txns").EnumerateArray())
        {
            foreach (byte[] update in Edit(text, transaction.GetProperty("patches")))
            {
                remote.ApplyUpdate(update);
            }
        }

        string end = trace.RootElement.GetProperty("endContent").GetString()!;
        text.ToString().ShouldBe(end);
        remote.GetText("content").ToString().ShouldBe(end);
        Invariants.Check(document);
        Invariants.Check(remote);
        byte[] state = document.EncodeStateAsUpdate();
        remote.EncodeStateAsUpdate().ShouldBe(state);
        var second = new Document();
        second.ApplyUpdateV2(document.EncodeStateAsUpdateV2());
        second.EncodeStateAsUpdate().ShouldBe(state);
    }

    [Fact]
    public void The_concurrent_trace_replays_over_its_branches()
    {
        using var trace = Read("friendsforever");
        var agents = new Dictionary<int, Document>();
        var updates = new List<List<byte[]>>();
        var known = new Dictionary<int, HashSet<int>>();
        var transactions = trace.RootElement.GetProperty("txns").EnumerateArray().ToArray();
        foreach (var transaction in transactions)
        {
            int agent = transaction.GetProperty("agent").GetInt32();
            if (!agents.TryGetValue(agent, out var document))
            {
                agents[agent] = document = new Document(new DocumentOptions { ClientId = (ulong)agent + 1 });
                known[agent] = [];
            }

            // Everything that the transaction's parents build on.
            var open = new Stack<int>(transaction.GetProperty("parents").EnumerateArray().Select(p => p.GetInt32()));
            while (open.TryPop(out int parent))
            {
                if (known[agent].Add(parent))
                {
                    foreach (byte[] update in updates[parent])
                    {
                        document.ApplyUpdate(update);
                    }

                    foreach (var p in transactions[parent].GetProperty("parents").EnumerateArray())
                    {
                        open.Push(p.GetInt32());
                    }
                }
            }

            known[agent].Add(updates.Count);
            updates.Add(Edit(document.GetText("content"), transaction.GetProperty("patches")));
        }

        var merged = new Document();
        merged.GetText("content");
        foreach (byte[] update in updates.SelectMany(u => u))
        {
            merged.ApplyUpdate(update);
        }

        merged.HasPending.ShouldBeFalse();
        merged.GetText("content").ToString().ShouldBe(trace.RootElement.GetProperty("endContent").GetString());
        Invariants.Check(merged);
    }

    [Fact]
    public void A_document_of_tens_of_thousands_of_scattered_pieces_holds_together()
    {
        var random = new Random(11);
        var document = new Document(new DocumentOptions { ClientId = 1 });
        var text = document.GetText("content");
        var remote = new Document();
        var model = new System.Text.StringBuilder();
        for (int i = 0; i < 20_000; i++)
        {
            int index = random.Next(text.Length + 1);
            DocumentChange change;
            if (random.Next(3) > 0 || index + 2 > text.Length)
            {
                string word = random.Next(10) == 0 ? "é→" : "ab";
                model.Insert(index, word);
                change = text.Insert(index, word);
            }
            else
            {
                model.Remove(index, 2);
                change = text.Delete(index, 2);
            }

            remote.ApplyUpdate(change.Update.Span);
        }

        text.ToString().ShouldBe(model.ToString());
        remote.GetText("content").ToString().ShouldBe(model.ToString());
        Invariants.Check(document);
        Invariants.Check(remote);
        remote.EncodeStateAsUpdate().ShouldBe(document.EncodeStateAsUpdate());
    }
}
