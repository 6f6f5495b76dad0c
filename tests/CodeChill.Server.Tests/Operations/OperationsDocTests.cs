using System.Text.RegularExpressions;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace CodeChill.Server.Tests.Operations;

public sealed class OperationsDocTests
{
    [Fact]
    public async Task Every_setting_the_server_reads_is_in_the_table_and_nothing_else()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "CodeChill.slnx")))
            folder = folder.Parent;
        var text = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "docs", "operations.md"));
        var rows = Regex.Matches(text, @"^\| (?:`(\w+)`)? *\| `(\w+:\w+)` \|", RegexOptions.Multiline);
        await using var app = new TestApp(new() { ["AUTH0_DOMAIN"] = "tenant.example.org", ["AUTH0_AUDIENCE"] = "api" });
        rows.Select(row => row.Groups[2].Value).Order().ShouldBe(app.Services.GetRequiredService<SettingsReader>().Keys.Distinct().Order());
        rows.Where(row => row.Groups[1].Success).Select(row => (row.Groups[1].Value, row.Groups[2].Value)).Order()
            .ShouldBe(EnvironmentNames.KeyByName.Select(pair => (pair.Key, pair.Value)).Order());
    }
}
