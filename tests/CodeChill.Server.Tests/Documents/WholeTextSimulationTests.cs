using System.Globalization;
using System.Text;
using CodeChill.Server.Documents;

namespace CodeChill.Server.Tests.Documents;

/// <summary>
/// Whole-text clients as they are in the field, over a network that delivers in order and at any time: a client holds a text and a version,
/// sends its whole text with every keystroke without waiting, replaces its text by any newer one it is sent, and lets acknowledgements
/// raise its version. Every inserted character is unique, so what is lost, doubled or revived shows.
/// </summary>
public sealed class WholeTextSimulationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2, 40, 400)]
    [InlineData(4, 60, 150)]
    [InlineData(8, 30, 60)]
    public void Nothing_typed_is_lost_doubled_or_revived(int clients, int edits, int schedules)
    {
        var first = int.TryParse(Environment.GetEnvironmentVariable("CODECHILL_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        output.WriteLine($"first seed {first}");
        for (var i = 0; i < (given != 0 ? 1 : schedules); i++)
            new Simulation(first + i, clients, edits).Run();
    }

    private sealed class Simulation
    {
        private readonly Random _random;
        private readonly int _seed;
        private readonly RoomDocument _document;
        private readonly List<Client> _clients;
        private readonly HashSet<char> _deleted = [];
        private readonly List<char> _inserted = [];
        private char _next = '\u4e00';
        private int _left;

        public Simulation(int seed, int clients, int edits)
        {
            _seed = seed;
            _random = new Random(seed);
            _left = clients * edits;
            _document = RoomDocument.Restore(new StoredDocument(0, 0, null, [new UpdateRow { Seq = 1, Version = 1, Payload = RoomDocument.Template(Typed(5)) }], null));
            _clients = [.. Enumerable.Range(0, clients).Select(_ => new Client(_document.Text))];
        }

        public void Run()
        {
            while (_left > 0 || _clients.Any(c => c.ToServer.Count > 0 || c.ToClient.Count > 0) || _clients.Any(c => c.Replica.Held < _document.Version))
                Step();

            var text = _document.Text;
            foreach (var client in _clients)
                client.Text.ShouldBe(text, $"seed {_seed}: a client ended with another text");
            text.GroupBy(c => c).Where(g => g.Count() > 1).ShouldBeEmpty($"seed {_seed}: doubled");
            _inserted.Where(c => !_deleted.Contains(c) && !text.Contains(c, StringComparison.Ordinal)).ShouldBeEmpty($"seed {_seed}: lost");
            _deleted.Where(c => text.Contains(c, StringComparison.Ordinal)).ShouldBeEmpty($"seed {_seed}: revived");
        }

        private void Step()
        {
            var client = _clients[_random.Next(_clients.Count)];
            switch (_random.Next(5))
            {
                case 0 when _left > 0:
                    _left--;
                    client.Type(Edit(client.Text));
                    break;
                case 1 or 2 when client.ToServer.TryDequeue(out var change):
                    Serve(client, change);
                    break;
                case 3 when client.ToClient.TryDequeue(out var received):
                    client.Receive(received);
                    break;
                case 4:
                    Flush();
                    break;
            }
        }

        private string Edit(string text)
        {
            var at = _random.Next(text.Length + 1);
            var remove = _random.Next(3) == 0 ? Math.Min(_random.Next(1, 4), text.Length - at) : 0;
            foreach (var c in text.Substring(at, remove))
                _deleted.Add(c);
            return text[..at] + Typed(_random.Next(3)) + text[(at + remove)..];
        }

        private string Typed(int count)
        {
            var typed = new StringBuilder();
            for (var i = 0; i < count; i++)
            {
                _inserted.Add(_next);
                typed.Append(_next++);
            }

            return typed.ToString();
        }

        private void Serve(Client client, (string Content, long Version) change)
        {
            var (edit, asTyped) = _document.ApplyWholeText(client.Replica, change.Content, change.Version, null).Value;
            if (_random.Next(3) == 0)
                Flush();
            if (!asTyped)
                Send(client);
            client.ToClient.Enqueue((null, edit.Version));
        }

        private void Flush()
        {
            foreach (var client in _clients.Where(c => c.Replica.Held < _document.Version))
                Send(client);
        }

        private void Send(Client client)
        {
            client.Replica.Sent(_document.Version);
            client.ToClient.Enqueue((_document.Text, _document.Version));
        }
    }

    private sealed class Client
    {
        public Client(string text)
        {
            Text = text;
            Replica.Sent(1);
        }

        public WholeTextReplica Replica { get; } = new();

        public Queue<(string Content, long Version)> ToServer { get; } = new();

        /// <summary>Texts, and acknowledgements where the text is null.</summary>
        public Queue<(string? Text, long Version)> ToClient { get; } = new();

        public string Text { get; private set; }

        private long Version { get; set; } = 1;

        public void Type(string text)
        {
            Text = text;
            ToServer.Enqueue((text, Version));
        }

        public void Receive((string? Text, long Version) message)
        {
            if (message.Version <= Version)
                return;
            Version = message.Version;
            Text = message.Text ?? Text;
        }
    }
}
