namespace CodeChill.Text.Tests;

public sealed class TextDiffTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "abc", 0)]
    [InlineData("", "abc", 1)]
    [InlineData("abc", "", 1)]
    [InlineData("hello world", "hello brave world", 1)]
    [InlineData("a\nb\nc\nd\n", "a\nB\nc\nD\n", 2)]
    [InlineData("x😀y", "x😁y", 1)]
    [InlineData("int a = 1;\nint b = 2;\nint c = 3;\n", "int a = 10;\nint b = 2;\nint cc = 3;\n", 2)]
    public void Edits_give_the_text_and_are_few(string before, string after, int count)
    {
        var edits = TextDiff.Compute(before, after);
        Edit.Apply(before, edits).ShouldBe(after);
        edits.Count.ShouldBe(count);
    }

    [Fact]
    public void Typing_one_character_is_one_insertion_where_it_was_typed()
    {
        string text = string.Concat(Enumerable.Repeat("public static int Zero() => 0;\n", 1_000));
        var edits = TextDiff.Compute(text, text.Insert(15_000, "q"));
        edits.ShouldBe([new TextEdit(15_000, 0, "q")]);
    }

    [Fact]
    public void Two_distant_changes_leave_what_is_between_alone()
    {
        string text = string.Concat(Enumerable.Range(0, 500).Select(i => $"line {i}\n"));
        string changed = text.Replace("line 20\n", "line twenty\n", StringComparison.Ordinal).Replace("line 400\n", "", StringComparison.Ordinal);
        var edits = TextDiff.Compute(text, changed);
        Edit.Apply(text, edits).ShouldBe(changed);
        edits.Sum(e => e.DeleteLength + e.Insert.Length).ShouldBeLessThan(25);
    }

    [Fact]
    public void Random_texts_of_few_letters_with_pairs()
    {
        for (int seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            string before = Text(random);
            string after = random.Next(3) == 0 ? Text(random) : Mutate(before, random);
            var edits = TextDiff.Compute(before, after);
            Edit.Apply(before, edits).ShouldBe(after, $"seed {seed}");
            int end = -1;
            foreach (var edit in edits)
            {
                edit.Index.ShouldBeGreaterThan(end, $"seed {seed}");
                end = edit.Index + edit.DeleteLength;
                CutsPair(before, edit.Index).ShouldBeFalse($"seed {seed}");
                CutsPair(before, end).ShouldBeFalse($"seed {seed}");
                (edit.Insert.Length > 0 && char.IsLowSurrogate(edit.Insert[0])).ShouldBeFalse($"seed {seed}");
            }
        }
    }

    [Fact]
    public void Unlike_texts_of_100_000_characters_take_bounded_time()
    {
        var random = new Random(7);
        string before = string.Concat(Enumerable.Range(0, 100_000).Select(_ => (char)('a' + random.Next(26))));
        string after = string.Concat(Enumerable.Range(0, 100_000).Select(_ => (char)(random.Next(30) == 0 ? '\n' : 'a' + random.Next(26))));
        var start = Environment.CpuUsage.TotalTime;
        var edits = TextDiff.Compute(before, after);
        (Environment.CpuUsage.TotalTime - start).ShouldBeLessThan(TimeSpan.FromSeconds(2));
        Edit.Apply(before, edits).ShouldBe(after);
    }

    private static bool CutsPair(string text, int index) =>
        index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1]);

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(8) switch { 0 => "\n", 1 => "😀", 2 => "😁", 3 => "🙀", _ => ((char)('a' + random.Next(3))).ToString() }));

    private static string Mutate(string text, Random random)
    {
        for (int i = random.Next(4); i >= 0; i--)
        {
            int at = random.Next(text.Length + 1);
            at -= CutsPair(text, at) ? 1 : 0;
            text = text.Insert(at, random.Next(2) == 0 ? "b\n" : "😁");
        }

        return text;
    }
}
