namespace CodeChill.Sandbox;

/// <summary>How the memory and process limits of a run are enforced.</summary>
public enum LimitEnforcement
{
    /// <summary>Per process limits and sampling only.</summary>
    Rlimits,

    /// <summary>Version 1 control groups.</summary>
    CgroupV1,

    /// <summary>The unified (version 2) control group hierarchy.</summary>
    CgroupV2,
}

/// <summary>A problem of this machine and the way out of it.</summary>
/// <param name="Problem">What is wrong, in one sentence.</param>
/// <param name="Fix">Command or setting that cures it.</param>
/// <param name="Fatal">Nothing can be run while it lasts; otherwise runs work with less.</param>
public sealed record HostProblem(string Problem, string Fix, bool Fatal);

/// <summary>What the self-test found on this machine.</summary>
public sealed record HostReport
{
    /// <summary>Programs can be run. When <c>false</c>, every run answers <see cref="RunStatus.SandboxUnavailable"/>.</summary>
    public required bool Available { get; init; }

    /// <summary>Why nothing can be run; <c>null</c> when runs work.</summary>
    public string? Reason { get; init; }

    /// <summary>Commands that cure the problems found, most important first.</summary>
    public IReadOnlyList<string> Fix => [.. Problems.Select(p => p.Fix)];

    /// <summary>Everything found that is wrong or missing, fatal ones first.</summary>
    public IReadOnlyList<HostProblem> Problems { get; init; } = [];

    /// <summary>How memory, process and CPU limits are enforced.</summary>
    public LimitEnforcement Limits { get; init; }

    /// <summary>Each parallel run has a host user id of its own (needs root).</summary>
    public bool SeparateUsers { get; init; }

    /// <summary>Version of bubblewrap, such as <c>0.8.0</c>; <c>null</c> when it was not found.</summary>
    public string? BubblewrapVersion { get; init; }

    /// <summary>The tree bound as the box's root: a built one, or <c>/</c> for the host's own <c>/usr</c>.</summary>
    public string RootPath { get; init; } = "/";

    /// <summary>Every known language with its availability on this machine.</summary>
    public IReadOnlyList<LanguageInfo> Languages { get; init; } = [];
}
