using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests.Fuzz;

/// <summary>
/// The same edits, undos and redos of two authors, one of them with an undo manager, in ours and in npm yjs: the same text after each. One
/// difference is meant: of what an undo or redo brought back in one piece, Yjs later takes back only the part up to where others have cut it
/// since (<c>followRedone</c> gives one item), and goes on to an older step when that part is gone; ours takes back all of it. Where others
/// edit much, a few schedules come to that.
/// </summary>
[Collection(nameof(YjsPeer))]
public sealed class UndoDifferentialTests(YjsPeer peer)
{
    private const int Schedules = 500;
    private const int Steps = 40;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(3, 15)]
    public void Undo_and_redo_give_the_text_that_Y_UndoManager_gives(int othersInTen, int mayDiffer)
    {
        int differ = 0;
        for (int seed = 1; seed <= Schedules; seed++)
        {
            var random = new Random(seed);
            ulong mine = (ulong)random.Next(1, 1_000_000);
            ulong others = (ulong)random.Next(1, 1_000_000) + 1_000_000;
            if (random.Next(2) == 0)
            {
                (mine, others) = (others, mine);
            }

            var document = new Document(new DocumentOptions { ClientId = others });
            var text = document.GetText("content");
            var manager = new UndoManager(text, TimeSpan.Zero);
            text.Insert(0, "words of nobody");
            var start = peer.Command(11);
            start.WriteVarUint(mine);
            start.WriteVarUint(others);
            start.WriteVarString("words of nobody");
            var log = new List<string>();
            var expected = new List<string>();
            for (int i = 0; i < Steps; i++)
            {
                log.Add(Step(random, document, text, manager, mine, others, othersInTen));
                expected.Add(text.ToString());
            }

            var answer = new ByteReader(peer.Send());
            for (int i = 0; i < Steps; i++)
            {
                string theirs = System.Text.Encoding.UTF8.GetString(answer.ReadVarBytes());
                if (theirs != expected[i])
                {
                    string what = $"seed {seed}, step {i}: ours {expected[i]}, theirs {theirs}, after\n{string.Join('\n', log.Take(i + 1).Zip(expected))}";
                    TestContext.Current.TestOutputHelper?.WriteLine(what);
                    (++differ).ShouldBeLessThanOrEqualTo(mayDiffer, what);
                    break;
                }
            }

            Invariants.Check(document);
        }
    }

    private string Step(Random random, Document document, SharedText text, UndoManager manager, ulong mine, ulong others, int othersInTen)
    {
        bool isMine = random.Next(10) >= othersInTen;
        document.ClientId = isMine ? mine : others;
        int what = random.Next(10);
        if (isMine && what < 4)
        {
            peer.Command(13).WriteVarUint(what < 2 ? 0 : 1);
            _ = what < 2 ? manager.Undo() : manager.Redo();
            return what < 2 ? "undo" : "redo";
        }

        int index = random.Next(text.Length + 1);
        int delete = what < 7 ? Math.Min(random.Next(1, 5), text.Length - index) : 0;
        string insert = what > 5 || delete == 0 ? $"{(char)('A' + random.Next(26))}{(random.Next(2) == 0 ? "" : "zz")}" : "";
        var command = peer.Command(12);
        command.WriteVarUint(isMine ? 0 : 1);
        command.WriteVarUint(index);
        command.WriteVarUint(delete);
        command.WriteVarString(insert);
        var change = text.Apply([new TextEdit(index, delete, insert)]);
        if (isMine)
        {
            manager.Track(change);
        }

        return $"{(isMine ? "mine" : "others")}: {delete} at {index}, then {insert}";
    }
}
