using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions.Cases;

/// <summary>A case as a client sends it. A limit that is <c>null</c> is the default, one that is absent stays as it is.</summary>
internal sealed class CaseBody
{
    public string? Name { get; init; }
    public string? Input { get; init; }
    public string? ExpectedOutput { get; init; }
    public bool? IsHidden { get; init; }
    public JsonElement TimeLimit { get; init; }
    public JsonElement MemoryLimit { get; init; }
    public int? Position { get; init; }
}

internal static class CaseRules
{
    public static Outcome<CaseFields> Check(CaseBody body)
    {
        if (body.Name is not null && body.Name.Trim().Length is < 1 or > CaseLimits.NameLength)
            return CaseErrors.InvalidName;
        if (body.Input is { Length: > CaseLimits.TextLength } || body.ExpectedOutput is { Length: > CaseLimits.TextLength })
            return CaseErrors.InvalidText;
        if (body.Position is < 0 or >= CaseLimits.PerRoom)
            return CaseErrors.InvalidPosition;
        double? seconds = null;
        if (body.TimeLimit.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            if (body.TimeLimit.ValueKind != JsonValueKind.Number || !body.TimeLimit.TryGetDouble(out var asked)
                || !(asked is >= CaseLimits.MinSeconds and <= CaseLimits.MaxSeconds))
                return CaseErrors.InvalidTime;
            seconds = asked;
        }

        long? kilobytes = null;
        if (body.MemoryLimit.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            if (body.MemoryLimit.ValueKind != JsonValueKind.Number || !body.MemoryLimit.TryGetInt64(out var asked)
                || asked is < CaseLimits.MinKilobytes or > CaseLimits.MaxKilobytes)
                return CaseErrors.InvalidMemory;
            kilobytes = asked;
        }

        return new CaseFields
        {
            Name = body.Name?.Trim(),
            Input = body.Input,
            ExpectedOutput = body.ExpectedOutput,
            IsHidden = body.IsHidden,
            SetsTimeLimit = body.TimeLimit.ValueKind != JsonValueKind.Undefined,
            TimeLimit = seconds,
            SetsMemoryLimit = body.MemoryLimit.ValueKind != JsonValueKind.Undefined,
            MemoryLimit = kilobytes,
            Position = body.Position,
        };
    }
}
