namespace CodeChill.Text.Tests;

public sealed class RunTests
{
    [Fact]
    public void Runs_name_the_operations_of_what_is_there_and_join_what_one_client_typed_on()
    {
        var document = new Document(new DocumentOptions { ClientId = 1 });
        var text = document.GetText("content");
        text.Insert(0, "abcdef");
        text.Insert(6, "gh");
        text.Delete(2, 2);
        var other = new Document(new DocumentOptions { ClientId = 2 });
        other.ApplyUpdate(document.EncodeStateAsUpdate());
        document.ApplyUpdate(other.GetText("content").Insert(1, "😀").Update.Span);

        text.ToString().ShouldBe("a😀befgh");
        text.GetRuns().ShouldBe([new(0, new(1, 0, 1)), new(1, new(2, 0, 2)), new(3, new(1, 1, 1)), new(4, new(1, 4, 4))]);
    }

    [Fact]
    public void An_empty_text_has_none() => new Document().GetText("content").GetRuns().ShouldBeEmpty();
}
