using System.Runtime.InteropServices;

namespace CodeChill.Sandbox.Linux;

/// <summary>The few C library calls .NET has no API for.</summary>
internal static partial class Native
{
    public const int SigKill = 9;
    private const uint MfdCloexec = 1, MfdAllowSealing = 2;
    private const int FAddSeals = 1033;
    private const int SealAll = 0x1 | 0x2 | 0x4 | 0x8;
    private const uint CloseRangeCloexec = 4;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int fd, int command, int argument);

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRange(uint first, uint last, uint flags);

    public static int CreateMemoryFile()
    {
        var fd = MemfdCreate("box", MfdCloexec | MfdAllowSealing);
        return fd >= 0 ? fd : throw new IOException($"memfd_create failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>From now on nobody can change the file's content or size, whoever opens it.</summary>
    public static void Seal(int fd)
    {
        if (Fcntl(fd, FAddSeals, SealAll) != 0) throw new IOException($"Sealing failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>
    /// Marks every descriptor of this process close-on-exec. .NET opens its own that way; a native library might not, and
    /// its descriptor would be open inside the box.
    /// </summary>
    public static void MarkAllCloseOnExec()
    {
        try
        {
            _ = CloseRange(3, uint.MaxValue, CloseRangeCloexec);
        }
        catch (EntryPointNotFoundException)
        {
            // C library older than the call (2021): .NET's own descriptors are still safe.
        }
    }
}
