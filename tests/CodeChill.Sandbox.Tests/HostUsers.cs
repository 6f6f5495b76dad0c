namespace CodeChill.Sandbox.Tests;

/// <summary>User ids for the boxes of this test process: of no account, of no server, and of no other test process on the machine at the same time.</summary>
internal static class HostUsers
{
    public const string Variable = "CODECHILL_TEST_FIRST_UID";

    private static readonly int s_first = int.Parse(
        Environment.GetEnvironmentVariable(Variable) ?? (700_000 + (Environment.ProcessId % 4096 * 512)).ToString(System.Globalization.CultureInfo.InvariantCulture),
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How many ids each of the runners below may use: for its slots, its waiting compilers and its waiting boxes.</summary>
    public const int Each = 32;

    public static int Shared => s_first;

    public static int Fallback => s_first + 32;

    public static int Attacks => s_first + 64;

    public static int Disposed => s_first + 96;

    public static int Victim => s_first + 128;

    public static int Warm => s_first + 160;

    public static int Prepared => s_first + 224;

    public static int Plain => s_first + 511;
}
