namespace CodeChill.Text.Sync;

/// <summary>Settings of <see cref="Awareness"/>.</summary>
public sealed class AwarenessOptions
{
    /// <summary>How long a state lives without being renewed.</summary>
    /// <value>Defaults to 30 seconds, as in y-protocols; clients renew theirs every 15.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many clients may be known, present or not.</summary>
    /// <value>Defaults to 10,000. Updates with more are refused.</value>
    public int MaxClients { get; set; } = 10_000;

    /// <summary>How large the state of one client may be, in bytes of JSON.</summary>
    /// <value>Defaults to 64 KiB.</value>
    public int MaxStateBytes { get; set; } = 64 << 10;
}
