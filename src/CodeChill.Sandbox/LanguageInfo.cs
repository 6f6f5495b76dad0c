namespace CodeChill.Sandbox;

/// <summary>A language as offered to people.</summary>
public sealed record LanguageInfo
{
    /// <summary>The name used in requests, such as <c>cpp</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name shown to people, such as <c>C++</c>.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Other names accepted in requests.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The classic id of the language in a Judge0 server.</summary>
    public int Judge0Id { get; init; }

    /// <summary>Name the source has inside the box, such as <c>main.py</c>.</summary>
    public required string FileName { get; init; }

    /// <summary>The language has a compile step.</summary>
    public bool Compiled { get; init; }

    /// <summary>The language has a prompt of its own: see <see cref="RunRequest.Terminal"/>.</summary>
    public bool Interactive { get; init; }

    /// <summary>A first program for a new room.</summary>
    public string Template { get; init; } = "";

    /// <summary>The toolchain was found and answered in the box.</summary>
    public bool Available { get; init; }

    /// <summary>First line of what the toolchain says of its version; <c>null</c> when unavailable.</summary>
    public string? Version { get; init; }

    /// <summary>Why the language is unavailable and what helps; <c>null</c> when it is available.</summary>
    public string? Reason { get; init; }
}
