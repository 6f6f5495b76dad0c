using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Text.Tests;

public sealed class UndoTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Document _document = new(new DocumentOptions { ClientId = 1 });

    private SharedText Text => _document.GetText("content");

    private UndoManager Manager() => new(Text, null, _time);

    private void Type(UndoManager manager, int index, string text)
    {
        manager.Track(Text.Insert(index, text));
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private void Remove(UndoManager manager, int index, int length)
    {
        manager.Track(Text.Delete(index, length));
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Insertions_and_deletions_go_back_and_forth()
    {
        var manager = Manager();
        Type(manager, 0, "hello world");
        Remove(manager, 5, 6);
        Type(manager, 5, "!");
        manager.Undo();
        Text.ToString().ShouldBe("hello");
        manager.Undo();
        Text.ToString().ShouldBe("hello world");
        manager.Undo();
        Text.ToString().ShouldBe("");
        manager.Undo().ShouldBeNull();
        manager.Redo();
        manager.Redo();
        manager.Redo();
        Text.ToString().ShouldBe("hello!");
        manager.CanRedo.ShouldBeFalse();
    }

    [Fact]
    public void Others_changes_stay()
    {
        var mine = Manager();
        Type(mine, 0, "mine ");
        _document.ClientId = 2;
        Text.Insert(2, "OTHERS");
        _document.ClientId = 1;
        mine.Undo();
        Text.ToString().ShouldBe("OTHERS");
        mine.Redo();
        Text.ToString().ShouldBe("miOTHERSne ");
    }

    [Fact]
    public void What_one_author_brought_back_another_can_take_back()
    {
        var a = Manager();
        var b = Manager();
        Type(a, 0, "abc");
        _document.ClientId = 2;
        Remove(b, 0, 3);
        b.Undo();
        Text.ToString().ShouldBe("abc");
        _document.ClientId = 1;
        a.Undo();
        Text.ToString().ShouldBe("");
    }

    [Fact]
    public void Fast_changes_are_one_step()
    {
        var manager = Manager();
        manager.Track(Text.Insert(0, "a"));
        _time.Advance(TimeSpan.FromMilliseconds(400));
        manager.Track(Text.Insert(1, "b"));
        _time.Advance(TimeSpan.FromMilliseconds(400));
        manager.Track(Text.Delete(0, 1));
        manager.StopCapturing();
        manager.Track(Text.Insert(1, "c"));
        manager.Undo();
        Text.ToString().ShouldBe("b");
        manager.Undo();
        Text.ToString().ShouldBe("");
        manager.Redo();
        Text.ToString().ShouldBe("b");
    }

    [Fact]
    public void Undoing_everything_gives_the_text_without_the_author()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var document = new Document(new DocumentOptions { ClientId = 1 });
            var text = document.GetText("content");
            text.Insert(0, "base text of nobody");
            var manager = new UndoManager(text, null, _time);
            for (int i = 0; i < 30; i++)
            {
                int index = random.Next(text.Length + 1);
                manager.Track(random.Next(2) == 0 || index == text.Length ? text.Insert(index, "xyz") : text.Delete(index, Math.Min(3, text.Length - index)));
                _time.Advance(TimeSpan.FromSeconds(1));
                if (random.Next(4) == 0)
                {
                    manager.Undo();
                }

                if (random.Next(6) == 0)
                {
                    manager.Redo();
                }
            }

            string end = text.ToString();
            int steps = 0;
            while (manager.CanUndo)
            {
                manager.Undo();
                steps++;
            }

            text.ToString().ShouldBe("base text of nobody", $"seed {seed}");
            for (; steps > 0; steps--)
            {
                manager.Redo();
            }

            text.ToString().ShouldBe(end, $"seed {seed}");
            Invariants.Check(document);
            Document.Load(document.EncodeStateAsUpdate()).GetText("content").ToString().ShouldBe(end);
        }
    }
}
