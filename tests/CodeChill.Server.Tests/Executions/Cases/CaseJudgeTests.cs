using CodeChill.Server.Executions.Cases;

namespace CodeChill.Server.Tests.Executions.Cases;

public sealed class CaseJudgeTests
{
    [Theory]
    [InlineData("a\nb", "a\nb\n", true)]
    [InlineData("a\nb", "a  \r\nb\t\n\n \n", true)]
    [InlineData("", "\n\n", true)]
    [InlineData("a\nb", "a\n\nb", false)]
    [InlineData("a", " a", false)]
    [InlineData("a", "A", false)]
    [InlineData("a", "", false)]
    [InlineData("a\nb", "a", false)]
    public void White_space_counts_inside_lines_and_not_at_their_ends(string expected, string actual, bool accepted)
    {
        CaseJudge.IsAccepted(expected, actual).ShouldBe(accepted);
        CaseJudge.Diff(expected, actual).Any(l => l.Kind != "same").ShouldBe(!accepted);
    }

    [Fact]
    public void A_diff_says_what_is_missing_and_what_is_extra_with_line_numbers()
    {
        CaseJudge.Diff("1\n2\n3\n4", "1\n3\nx\n4").ShouldBe(
        [
            new DiffLine("same", "1", 1, 1),
            new("missing", "2", 2, null),
            new("same", "3", 3, 2),
            new("extra", "x", null, 3),
            new("same", "4", 4, 4),
        ]);
    }

    [Fact]
    public void Random_texts_are_rebuilt_from_their_diff()
    {
        var random = new Random(4711);
        for (var round = 0; round < 2000; round++)
        {
            var expected = Lines(random);
            var actual = Lines(random);
            var diff = CaseJudge.Diff(string.Join('\n', expected), string.Join('\n', actual));
            foreach (var line in diff)
            {
                if (line.Expected is { } e)
                    expected[e - 1].ShouldBe(line.Line);
                if (line.Actual is { } a)
                    actual[a - 1].ShouldBe(line.Line);
            }

            // What is not in the diff is the same on both sides.
            var shownExpected = diff.Select(l => l.Expected).OfType<int>().ToHashSet();
            var shownActual = diff.Select(l => l.Actual).OfType<int>().ToHashSet();
            var hiddenExpected = expected.Where((_, i) => !shownExpected.Contains(i + 1));
            hiddenExpected.ShouldBe(actual.Where((_, i) => !shownActual.Contains(i + 1)), $"round {round}");
        }
    }

    [Fact]
    public void Huge_and_hostile_texts_are_compared_in_bounded_space()
    {
        var expected = string.Join('\n', Enumerable.Range(0, 50_000).Select(i => $"e{i}"));
        var actual = string.Join('\n', Enumerable.Range(0, 50_000).Select(i => $"a{i}"));
        CaseJudge.Diff(expected, actual).Count.ShouldBe(CaseLimits.DiffLines);
        var line = CaseJudge.Diff("short", new string('x', 1_000_000)).Single(l => l.Kind == "extra").Line;
        line.Length.ShouldBe(CaseLimits.DiffLineLength + 1);
    }

    private static string[] Lines(Random random)
    {
        var lines = Enumerable.Range(0, random.Next(1, 12)).Select(_ => "abc"[random.Next(3)].ToString()).ToArray();
        return lines;
    }
}
