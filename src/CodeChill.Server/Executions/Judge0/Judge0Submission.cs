using System.Text;
using System.Text.Json.Nodes;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>What is sent for one run.</summary>
internal sealed record Judge0Submission(int LanguageId, string Source, string? Input, double CpuSeconds, double WallSeconds, int MemoryKilobytes, int OutputBytes)
{
    public static Judge0Submission For(RunJob job, int languageId)
        => new(
            languageId,
            job.Request.SourceCode,
            job.Request.Input,
            job.Limits.Cpu?.TotalSeconds ?? Judge0Limits.CpuSeconds,
            job.Limits.Wall?.TotalSeconds ?? Judge0Limits.WallSeconds,
            (int)Math.Min(job.Limits.MemoryKilobytes ?? DefaultMemory(job.Request.Language), int.MaxValue),
            (int)Math.Min(job.Limits.OutputBytes ?? Judge0Limits.OutputBytes, Judge0Limits.OutputBytes));

    private static int DefaultMemory(string language)
        => language is "java" or "kotlin" or "csharp" or "javascript" or "typescript" ? Judge0Limits.RuntimeMemoryKilobytes : Judge0Limits.MemoryKilobytes;

    /// <summary>The request's body. Without <paramref name="withLimits"/> the installation's own limits hold: some allow less than we ask for.</summary>
    public byte[] Body(bool withLimits)
    {
        var body = new JsonObject { ["language_id"] = LanguageId, ["source_code"] = Encode(Source) };
        if (!string.IsNullOrEmpty(Input))
            body["stdin"] = Encode(Input);
        if (withLimits)
        {
            body["cpu_time_limit"] = CpuSeconds;
            body["wall_time_limit"] = WallSeconds;
            body["memory_limit"] = MemoryKilobytes;
        }

        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
