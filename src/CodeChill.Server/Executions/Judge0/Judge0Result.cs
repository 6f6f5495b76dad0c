using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>One look at a submission. The fields hold what could be read; whatever has another type than documented counts as broken.</summary>
internal sealed record Judge0Result
{
    public required int Status { get; init; }

    public byte[] Stdout { get; init; } = [];

    public byte[] Stderr { get; init; } = [];

    public byte[] CompileOutput { get; init; } = [];

    public byte[] Message { get; init; } = [];

    public int? ExitCode { get; init; }

    public int? Signal { get; init; }

    public double? CpuSeconds { get; init; }

    public double? WallSeconds { get; init; }

    public long? Kilobytes { get; init; }

    /// <summary>In Queue or Processing.</summary>
    public bool IsPending => Status is 1 or 2;

    /// <summary>Throws <see cref="FormatException"/> for what is no submission.</summary>
    public static Judge0Result Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("not an object");
        var status = json.TryGetProperty("status", out var described) && described.ValueKind == JsonValueKind.Object
            ? Number(described, "id")
            : Number(json, "status_id");
        if (status is not (>= 1 and <= 14) || status.Value != Math.Floor(status.Value))
            throw new FormatException("no known status");
        return new()
        {
            Status = (int)status.Value,
            Stdout = Bytes(json, "stdout"),
            Stderr = Bytes(json, "stderr"),
            CompileOutput = Bytes(json, "compile_output"),
            Message = Bytes(json, "message"),
            ExitCode = Whole(json, "exit_code"),
            Signal = Whole(json, "exit_signal") is > 0 and < 128 and var signal ? signal : null,
            CpuSeconds = Number(json, "time"),
            WallSeconds = Number(json, "wall_time"),
            Kilobytes = Number(json, "memory") is >= 0 and <= 1e12 and var kilobytes ? (long)kilobytes : null,
        };
    }

    /// <summary>Base64 as Judge0 writes it, with line breaks in it.</summary>
    private static byte[] Bytes(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind != JsonValueKind.String)
            throw new FormatException($"{name} is no text");
        var text = value.GetString()!;
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count] : throw new FormatException($"{name} is not base64");
    }

    /// <summary>Times come as texts, memory as a number; either way is read.</summary>
    private static double? Number(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value))
            return null;
        double number;
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.Number when value.TryGetDouble(out number) && double.IsFinite(number):
            case JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number):
                return number;
            default:
                throw new FormatException($"{name} is no number");
        }
    }

    private static int? Whole(JsonElement json, string name)
        => Number(json, name) is { } number ? number is >= int.MinValue and <= int.MaxValue ? (int)number : throw new FormatException($"{name} is out of range") : null;

    /// <summary>At most <paramref name="limit"/> bytes as text, never half a character.</summary>
    public static string Text(byte[] bytes, int limit, out bool isCut)
    {
        isCut = bytes.Length > limit;
        var length = isCut ? limit : bytes.Length;
        while (isCut && length > 0 && (bytes[length] & 0xC0) == 0x80)
            length--;
        // The records of some databases hold no NUL in a text.
        return Encoding.UTF8.GetString(bytes, 0, length).Replace('\0', '\uFFFD');
    }
}
