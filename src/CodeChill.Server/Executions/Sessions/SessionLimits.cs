namespace CodeChill.Server.Executions.Sessions;

internal static class SessionLimits
{
    public const int PerRoom = 2;
    public const int PerUser = 2;

    public const int MinColumns = 2;
    public const int MaxColumns = 500;
    public const int MinRows = 2;
    public const int MaxRows = 200;
    public const int DefaultColumns = 80;
    public const int DefaultRows = 24;

    /// <summary>Output of a whole session.</summary>
    public const long OutputBytes = 8L << 20;

    /// <summary>Characters a second that a session may write, after a burst of as many; a faster program waits.</summary>
    public const int OutputPerSecond = 256 * 1024;

    public static readonly TimeSpan Wall = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan Cpu = TimeSpan.FromMinutes(2);
    public const long Kilobytes = 512 * 1024;
    public const int Processes = 128;

    /// <summary>Without a key pressed.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    /// <summary>How long terminals, and programs that wait for input, survive their room's last person: a reload is not a farewell.</summary>
    public static readonly TimeSpan EmptyRoom = TimeSpan.FromSeconds(10);
}
