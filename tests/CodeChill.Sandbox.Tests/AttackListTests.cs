using System.Text.RegularExpressions;

namespace CodeChill.Sandbox.Tests;

/// <summary>The list of attacks is complete: every row of the table has its file, and every file its row.</summary>
public sealed partial class AttackListTests
{
    [Fact]
    public void Every_row_has_its_files_and_every_file_its_row()
    {
        var rows = File.ReadAllLines(Path.Combine(Attack.Folder, "README.md"))
            .Select(l => Row().Match(l)).Where(m => m.Success)
            .ToDictionary(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), m => m.Groups[2].Value.Trim());
        rows.Keys.Order().ShouldBe(Enumerable.Range(1, 37));
        foreach (var (row, where) in rows)
        {
            var named = where.Split(", ").Where(n => n.Length > 2 && char.IsAsciiDigit(n[0])).ToArray();
            named.Order().ShouldBe(Attack.All.Where(a => a.Row == row).Select(a => a.Name).Order(), $"row {row}");
            if (named.Length == 0) row.ShouldBeOneOf(27, 37);
        }
    }

    [GeneratedRegex(@"^\| (\d+) \| [^|]+ \| ([^|]+) \|$")]
    private static partial Regex Row();
}
