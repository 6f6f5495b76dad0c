using System.Text.Json.Nodes;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// One random run of replicas, some of them ours and some npm yjs, over a network that delays, reorders and repeats
/// updates; in the end all of them must hold the same text, state vector and encoded state.
/// </summary>
internal sealed class Schedule
{
    private static readonly string[] Words = ["a", "bc", "hello ", "if (x) {\n", "é", "→ß", "日本", "😀", "👍🏽", "\n", "w", "zz ", "longer piece of text, "];

    private readonly YjsPeer _peer;
    private readonly Random _random;
    private readonly int _rich;
    private readonly Document[] _ours;
    private readonly List<DocumentChange>[] _history;
    private readonly int _theirs;
    private readonly List<byte[]>[] _inbox;

    public Schedule(YjsPeer peer, int seed)
    {
        _peer = peer;
        _random = new Random(seed);
        _rich = _random.Next(3) switch { 0 => 0, 1 => 20, _ => 60 };
        _ours = new Document[1 + _random.Next(2)];
        _theirs = 1 + _random.Next(2);
        _history = new List<DocumentChange>[_ours.Length];
        _inbox = new List<byte[]>[_ours.Length + _theirs];
        var ids = new HashSet<ulong>();
        while (ids.Count < _inbox.Length)
        {
            // Ids of one to five bytes; the order of ids decides conflicts.
            ids.Add(_random.Next(2) == 0 ? (ulong)_random.Next(1, 200) : (ulong)_random.NextInt64(1, uint.MaxValue));
        }

        ulong[] all = [.. ids];
        for (int i = 0; i < _ours.Length; i++)
        {
            _ours[i] = new Document(new DocumentOptions { ClientId = all[i] });
            _history[i] = [];

            // Rare in short schedules unless asked for: places found by the order of the list instead of step by step.
            if (_random.Next(2) == 0)
            {
                _ours[i].Store.PlainSteps = _random.Next(4);
                _ours[i].Store.SpareSteps = 0;
                _ours[i].Store.MaxSiblings = _random.Next(3);
                _ours[i].Store.MaxPieces = 1 + _random.Next(5);
            }
        }

        for (int i = 0; i < _inbox.Length; i++)
        {
            _inbox[i] = [];
        }

        peer.Reset(all.AsSpan(_ours.Length));
    }

    public int Operations { get; private set; }

    /// <summary>How many encoded states were compared, and how many were those of Yjs even without loading anew.</summary>
    public int Compared { get; private set; }

    public int Identical { get; private set; }

    public void Run()
    {
        int rounds = 3 + _random.Next(5);
        for (int round = 0; round < rounds; round++)
        {
            Round();
        }

        Settle();
        Compare();
    }

    private void Round()
    {
        for (int i = 0; i < _ours.Length; i++)
        {
            EditOurs(i, _random.Next(8));
            Deliver(i, _random.Next(4) == 0);
            Invariants.Check(_ours[i]);
        }

        var steps = new List<int>();
        for (int i = 0; i < _theirs; i++)
        {
            int count = _random.Next(8);
            Operations += count;
            _peer.Edit(i, count, _rich, (uint)_random.Next(1, int.MaxValue));
            steps.Add(i);
            if (_random.Next(4) != 0)
            {
                _peer.Apply(i, Take(_ours.Length + i));
                steps.Add(i);
            }
        }

        var answer = new ByteReader(_peer.Send());
        foreach (int i in steps)
        {
            foreach (byte[] update in YjsPeer.ReadUpdates(ref answer))
            {
                Broadcast(_ours.Length + i, update);
            }
        }
    }

    private void EditOurs(int replica, int count)
    {
        var document = _ours[replica];
        var text = document.GetText("content");
        Operations += count;
        for (int i = 0; i < count; i++)
        {
            var change = _random.Next(10) switch
            {
                < 4 => text.Insert(_random.Next(text.Length + 1), Word()),
                < 7 when text.Length > 0 => Delete(text),
                7 => text.Apply(Edits(text.Length)),
                _ => Stale(replica, text),
            };
            if (!change.IsEmpty)
            {
                _history[replica].Add(change);
                Broadcast(replica, change.Update.ToArray());
            }
        }
    }

    private string Word() => Words[_random.Next(Words.Length)];

    private DocumentChange Delete(SharedText text)
    {
        int index = _random.Next(text.Length);
        return text.Delete(index, Math.Min(text.Length - index, 1 + _random.Next(6)));
    }

    // Typed on a version that lacks some of the latest changes.
    private DocumentChange Stale(int replica, SharedText text)
    {
        var history = _history[replica];
        int from = Math.Max(0, history.Count - _random.Next(6));
        List<DocumentChange> without = [.. history.Skip(from)];
        return text.ApplyAt(without, Edits(text.ViewWithout(without).Length));
    }

    private List<TextEdit> Edits(int length)
    {
        var edits = new List<TextEdit>();
        int at = 0;
        for (int i = _random.Next(1, 4); i > 0 && at <= length; i--)
        {
            at += _random.Next(Math.Max(1, length - at + 1));
            int delete = Math.Min(_random.Next(4), length - at);
            edits.Add(new TextEdit(at, delete, _random.Next(3) == 0 ? "" : Word()));
            at += delete;
        }

        return edits;
    }

    private void Broadcast(int from, byte[] update)
    {
        for (int i = 0; i < _inbox.Length; i++)
        {
            if (i != from)
            {
                _inbox[i].Add(update);
                if (_random.Next(20) == 0)
                {
                    _inbox[i].Add(update);
                }
            }
        }
    }

    // What arrives now: some of what is on its way, in any order.
    private List<byte[]> Take(int replica, bool all = false)
    {
        byte[][] waiting = [.. _inbox[replica]];
        _random.Shuffle(waiting);
        int count = all ? waiting.Length : _random.Next(waiting.Length + 1);
        _inbox[replica] = [.. waiting[count..]];
        return [.. waiting[..count]];
    }

    private void Deliver(int replica, bool all)
    {
        var updates = Take(replica, all);
        if (updates.Count > 1 && _random.Next(4) == 0)
        {
            updates = [Updates.Merge(updates)];
        }

        var document = _ours[replica];
        foreach (byte[] update in updates)
        {
            string before = document.GetText("content").ViewWithout([]).ToString();
            var change = document.ApplyUpdate(update);
            string after = document.GetText("content").ViewWithout([]).ToString();
            Edit.Apply(before, change.EditsOf("content")).ShouldBe(after);
            if (!change.IsEmpty)
            {
                _history[replica].Add(change);
            }
        }
    }

    private void Settle()
    {
        for (bool busy = true; busy;)
        {
            for (int i = 0; i < _ours.Length; i++)
            {
                Deliver(i, true);
            }

            for (int i = 0; i < _theirs; i++)
            {
                _peer.Apply(i, Take(_ours.Length + i, true));
            }

            var answer = new ByteReader(_peer.Send());
            for (int i = 0; i < _theirs; i++)
            {
                foreach (byte[] update in YjsPeer.ReadUpdates(ref answer))
                {
                    Broadcast(_ours.Length + i, update);
                }
            }

            busy = _inbox.Any(inbox => inbox.Count > 0);
        }
    }

    private void Compare()
    {
        for (int i = 0; i < _theirs; i++)
        {
            _peer.State(i);
            _peer.Command(5).WriteVarUint(i);
        }

        var answer = new ByteReader(_peer.Send());
        for (int i = 0; i < _theirs; i++)
        {
            var state = YjsPeer.ReadState(ref answer);
            string map = System.Text.Encoding.UTF8.GetString(answer.ReadVarBytes());
            string list = System.Text.Encoding.UTF8.GetString(answer.ReadVarBytes());
            int length = (int)answer.ReadVarUint();
            foreach (var document in _ours)
            {
                Invariants.Check(document);
                document.HasPending.ShouldBeFalse();
                document.GetText("content").ToString().ShouldBe(state.Text);
                document.GetText("content").Length.ShouldBe(length);
                SameJson(document.GetMap("map").ToJson(), map);
                SameJson(document.GetArray("list").ToJson(), list);
                Same(document.EncodeStateVector(), state.StateVector, "state vector");
                Same(document.EncodeStateAsUpdate(), state.StateLoadedAnew, "state");
                Identical += document.EncodeStateAsUpdate().AsSpan().SequenceEqual(state.State) ? 1 : 0;
                Compared++;
                Same(Updates.ToV2(state.State), state.StateV2, "state in format V2");
                var second = new Document();
                second.ApplyUpdateV2(state.StateV2);
                Same(second.EncodeStateAsUpdate(), state.StateLoadedAnew, "state of the document loaded from V2");
                var loaded = Document.Load(state.State);
                Invariants.Check(loaded);
                Same(loaded.EncodeStateAsUpdate(), state.StateLoadedAnew, "state of the loaded document");
            }
        }
    }

    private static void SameJson(string ours, string theirs) =>
        JsonNode.DeepEquals(JsonNode.Parse(ours), JsonNode.Parse(theirs)).ShouldBeTrue($"ours {ours}, theirs {theirs}");

    private static void Same(byte[] ours, byte[] theirs, string what)
    {
        if (!ours.AsSpan().SequenceEqual(theirs))
        {
            int at = ours.AsSpan().CommonPrefixLength(theirs);
            throw new InvalidOperationException(
                $"The {what} differs at byte {at}: ours ({ours.Length} bytes) {Convert.ToHexString(ours)}, theirs {Convert.ToHexString(theirs)}");
        }
    }
}
