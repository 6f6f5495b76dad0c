namespace CodeChill.Text.Tests;

/// <summary>
/// Clients that send their whole text, typed on versions that lack others' latest changes. Every inserted character is
/// one of its kind, so that its fate can be followed.
/// </summary>
public sealed class StaleTextTests
{
    private const int Trials = 5_000;
    private const int ChangesEach = 20;

    [Fact]
    public void Each_inserted_character_stays_unless_a_change_that_had_seen_it_deleted_it()
    {
        for (int seed = 0; seed < Trials; seed++)
        {
            try
            {
                new Room(seed).Run(ChangesEach);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} failed.", e);
            }
        }
    }

    private sealed class Room(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Document _document = new(new DocumentOptions { ClientId = 7 });
        private readonly List<(int Client, DocumentChange Change)> _log = [];
        private readonly List<byte[]> _updates = [];
        private readonly HashSet<char> _inserted = [];
        private readonly HashSet<char> _deleted = [];
        private readonly string[] _texts = ["", "", ""];
        private readonly int[] _versions = [0, 0, 0];
        private readonly bool _ownIds = seed % 2 == 0;
        private char _next = '\u4E00';

        public void Run(int changes)
        {
            var content = _document.GetText("content");
            for (int i = 0; i < changes; i++)
            {
                int client = _random.Next(_texts.Length);
                if (_random.Next(3) == 0)
                {
                    _texts[client] = content.ToString();
                    _versions[client] = _log.Count;
                }

                string typed = Mutate(_texts[client]);
                List<DocumentChange> without = [.. _log.Skip(_versions[client]).Where(e => e.Client != client).Select(e => e.Change)];
                string view = content.ViewWithout(without).ToString();
                view.ShouldBe(_texts[client]);
                _document.ClientId = _ownIds ? (ulong)(3 - client) : 7;
                var change = content.ApplyAt(without, TextDiff.Compute(view, typed));
                Edit.Apply(_before ?? "", change.Edits).ShouldBe(content.ToString());
                _before = content.ToString();
                _log.Add((client, change));
                _updates.Add(change.Update.ToArray());
                _texts[client] = typed;
            }

            string text = content.ToString();
            new HashSet<char>(text).Count.ShouldBe(text.Length, "a character is there twice");
            foreach (char c in _inserted)
            {
                text.Contains(c).ShouldBe(!_deleted.Contains(c), $"character {(int)c:X}");
            }

            Invariants.Check(_document);
            CheckReplica(text);
        }

        private string? _before;

        private string Mutate(string text)
        {
            for (int i = _random.Next(1, 3); i > 0; i--)
            {
                int at = _random.Next(text.Length + 1);
                int delete = _random.Next(3) == 0 ? Math.Min(text.Length - at, _random.Next(1, 4)) : 0;
                foreach (char c in text.AsSpan(at, delete))
                {
                    _deleted.Add(c);
                }

                text = text.Remove(at, delete);
                for (int k = _random.Next(3); k > 0; k--)
                {
                    _inserted.Add(_next);
                    text = text.Insert(at, _next.ToString());
                    _next++;
                }
            }

            return text;
        }

        private void CheckReplica(string text)
        {
            var replica = new Document();
            byte[][] updates = [.. _updates];
            _random.Shuffle(updates);
            foreach (byte[] update in updates)
            {
                replica.ApplyUpdate(update);
            }

            replica.GetText("content").ToString().ShouldBe(text);
            replica.HasPending.ShouldBeFalse();
            replica.EncodeStateAsUpdate().ShouldBe(_document.EncodeStateAsUpdate());
        }
    }
}
