using System.Runtime.InteropServices;

namespace CodeChill.Sandbox.Linux;

/// <summary>The few C library calls .NET has no API for.</summary>
internal static partial class Native
{
    public const int SigKill = 9;
    private const uint MfdCloexec = 1, MfdAllowSealing = 2;
    private const int Interrupted = 4; // EINTR
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

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int GrantTerminal(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int UnlockTerminal(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int TerminalName(int master, [Out] byte[] name, nint size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int fd, Span<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int fd, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int fd, nuint request, in WindowSize size);

    /// <summary>struct winsize of ioctl_tty(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct WindowSize(ushort Rows, ushort Columns, ushort WidthPixels, ushort HeightPixels);

    /// <summary>Makes a pseudo terminal that is nobody's controlling terminal.</summary>
    public static (int Master, int Slave, string SlavePath) CreateTerminal()
    {
        const int ReadWriteNoControl = 0x2 | 0x100 | 0x80000; // O_RDWR, O_NOCTTY, O_CLOEXEC
        var name = new byte[64];
        var master = OpenTerminal(ReadWriteNoControl);
        if (master < 0 || GrantTerminal(master) != 0 || UnlockTerminal(master) != 0 || TerminalName(master, name, name.Length) != 0)
        {
            throw new IOException($"No pseudo terminal could be made (errno {Marshal.GetLastPInvokeError()}).");
        }
        var path = System.Text.Encoding.ASCII.GetString(name, 0, Array.IndexOf(name, (byte)0));
        var slave = Open(path, ReadWriteNoControl);
        return slave >= 0 ? (master, slave, path) : throw new IOException($"{path} cannot be opened (errno {Marshal.GetLastPInvokeError()}).");
    }

    public static void SetTerminalSize(int master, int columns, int rows)
    {
        const nuint SetSize = 0x5414; // TIOCSWINSZ
        _ = Ioctl(master, SetSize, new WindowSize((ushort)rows, (ushort)columns, 0, 0));
    }

    /// <summary>Blocks. 0 when the other side of a terminal is gone (EIO).</summary>
    public static int ReadTerminal(int master, Span<byte> buffer)
    {
        nint n;
        while ((n = Read(master, buffer, buffer.Length)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
        return (int)Math.Max(n, 0);
    }

    /// <summary>Blocks while the terminal's input is full; gives up when its other side is gone.</summary>
    public static void WriteTerminal(int master, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var n = Write(master, bytes, bytes.Length);
            if (n > 0) bytes = bytes[(int)n..];
            else if (Marshal.GetLastPInvokeError() != Interrupted) return;
        }
    }

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
