using System.Text.Json;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Judge0;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Tests.Executions.Judge0;

public sealed class Judge0LanguageTests
{
    [Fact]
    public void Contract_ids_are_taken_where_they_stand_for_the_language()
        => Judge0Languages.Resolve(Classic()).ToDictionary(l => l.Key, l => l.Value.Id).ShouldBe(LanguageCatalog.All.ToDictionary(l => l.Name, l => l.Judge0Id), ignoreOrder: true);

    [Fact]
    public void Newest_compiler_is_taken_where_the_contract_id_is_missing_or_means_another_language()
    {
        var found = Judge0Languages.Resolve(
        [
            new(102, "JavaScript (Node.js 22.08.0)"), new(93, "JavaScript (Node.js 18.15.0)"), new(109, "Python (3.13.2)"), new(100, "Python (3.12.5)"), new(92, "Python (3.11.2)"),
            new(71, "Prolog (GNU Prolog 1.4.5)"), new(110, "Python for ML (3.11.2)"), new(91, "Java (JDK 17.0.6)"), new(28, "Java Test (OpenJDK 14.0.1, JUnit Platform Console Standalone 1.6.2)"),
            new(103, "C (GCC 14.1.0)"), new(104, "C (Clang 18.1.8)"), new(105, "C++ (GCC 14.1.0)"), new(7, "C++ Test (Clang 10.0.1, Google Test 1.8.1)"), new(107, "Go (1.23.5)"), new(95, "Go (1.18.5)"),
            new(51, "C# (Mono 6.6.0.161)"), new(22, "C# Test (.NET Core SDK 3.1.406, NUnit 3.12.0)"),
        ]);
        found.ToDictionary(l => l.Key, l => l.Value.Id).ShouldBe(
            new Dictionary<string, int> { ["javascript"] = 102, ["python"] = 109, ["java"] = 91, ["c"] = 103, ["cpp"] = 105, ["go"] = 107, ["csharp"] = 51 }, ignoreOrder: true);
        found["python"].Version.ShouldBe("3.13.2");
        found["c"].Version.ShouldBe("GCC 14.1.0");
    }

    [Theory]
    [InlineData("Python (99999999999999999999.1)")]
    [InlineData("Python ()")]
    [InlineData("Python")]
    [InlineData("Python ((")]
    public void Odd_version_is_no_error(string name) => Judge0Languages.Resolve([new(1, name)])["python"].Id.ShouldBe(1);

    [Fact]
    public async Task Language_that_is_not_there_is_said_and_refused()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Languages = """[{"id":71,"name":"Python (3.8.1)"},{"id":"x"},7,null,{"id":5},{"id":1e99,"name":"Go (1)"}]""";
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).Verdict.ShouldBe("success");
        var languages = host.Runner.Languages;
        languages.Count.ShouldBe(LanguageCatalog.All.Count);
        languages.Where(l => l.Available).Select(l => (l.Name, l.Version)).ShouldBe([("python", "3.8.1")]);
        languages.Single(l => l.Name == "kotlin").Reason.ShouldBe("this Judge0 has no Kotlin");
        (await host.RunAsync("1", language: "kotlin")).ShouldBe(RunOutcome.Failed("internal_error", "This Judge0 has no Kotlin"));
    }

    [Fact]
    public async Task Refused_key_is_why_nothing_can_run()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = async http =>
        {
            await FakeJudge0.AnswerAsync(http, 401, "");
            return true;
        };
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        await host.RunAsync("1");
        host.Runner.Unavailable.ShouldBe("Judge0 does not accept this server's key");
    }

    [Fact]
    public void Hosts_of_rapidapi_are_recognised()
    {
        Judge0Host.Options(new("https://judge0-ce.p.rapidapi.com/")).IsRapidApi.ShouldBeTrue();
        Judge0Host.Options(new("https://rapidapi.com.evil.test/")).IsRapidApi.ShouldBeFalse();
        Judge0Host.Options(new("https://notrapidapi.com/")).IsRapidApi.ShouldBeFalse();
    }

    private static IEnumerable<Judge0Language> Classic()
        => JsonDocument.Parse(FakeJudge0.ClassicLanguages).RootElement.EnumerateArray().Select(l => new Judge0Language(l.GetProperty("id").GetInt32(), l.GetProperty("name").GetString()!));
}
