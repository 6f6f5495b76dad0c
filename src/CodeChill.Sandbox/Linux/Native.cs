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
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, SOCK_CLOEXEC

    private static readonly TimeSpan s_execPatience = TimeSpan.FromSeconds(5);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);

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

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int fd);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe([Out] int[] fds, int flags);

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPair(int domain, int type, int protocol, [Out] int[] fds);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(Microsoft.Win32.SafeHandles.SafeFileHandle socket, in MessageHeader message, int flags);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int SetLimit(int pid, int resource, in ResourceLimit limit, nint old);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(int fd, int user, int group);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint a, nint b, nint c);

    /// <summary>struct rlimit of getrlimit(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ResourceLimit(ulong Soft, ulong Hard);

    /// <summary>struct iovec of readv(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Vector(nint Start, nint Length);

    /// <summary>struct msghdr of recvmsg(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct MessageHeader(nint Name, nint NameLength, nint Vectors, nint VectorCount, nint Control, nint ControlLength, nint Flags);

    /// <summary>struct cmsghdr of cmsg(3), with the one descriptor it carries.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct DescriptorMessage(nint Length, int Level, int Type, int Descriptor, int Padding);

    /// <summary>Resources of setrlimit(2); the numbers are the same on x86-64 and arm64.</summary>
    public enum Resource
    {
        Cpu = 0,
        FileSize = 1,
        Data = 2,
        Core = 4,
        Processes = 6,
        OpenFiles = 7,
        LockedMemory = 8,
    }

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

    /// <summary>
    /// Sets a limit of a process that was started just now, soft and hard. Its starter is told of the exec when the kernel closes descriptors, a moment before it installs the
    /// credentials: until then the saved user is still root, and the call of a user who is not is refused (EPERM). That moment is waited for.
    /// </summary>
    public static void Limit(int pid, Resource resource, long value)
    {
        const int NotPermitted = 1; // EPERM
        var since = System.Diagnostics.Stopwatch.StartNew();
        var wait = default(SpinWait);
        while (SetLimit(pid, (int)resource, new((ulong)value, (ulong)value), 0) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != NotPermitted || since.Elapsed > s_execPatience) throw new IOException($"The limit {resource} could not be set (errno {error}).");
            wait.SpinOnce();
        }
    }

    /// <summary>The read end a child inherits, and the write end it does not.</summary>
    public static (int Read, Microsoft.Win32.SafeHandles.SafeFileHandle Write) CreatePipe()
    {
        var fds = new int[2];
        if (Pipe(fds, CloseOnExec) != 0) throw new IOException($"No pipe could be made (errno {Marshal.GetLastPInvokeError()}).");
        return Split(fds);
    }

    /// <summary>One end of a pair of sockets a child inherits, and the other it does not.</summary>
    public static (int Inherited, Microsoft.Win32.SafeHandles.SafeFileHandle Own) CreateSocketPair()
    {
        const int Unix = 1, Stream = 1; // AF_UNIX, SOCK_STREAM
        var fds = new int[2];
        if (SocketPair(Unix, Stream | CloseOnExec, 0, fds) != 0) throw new IOException($"No pair of sockets could be made (errno {Marshal.GetLastPInvokeError()}).");
        return Split(fds);
    }

    /// <summary>Of two ends that nobody inherits: the first inherited, the second ours.</summary>
    private static (int Inherited, Microsoft.Win32.SafeHandles.SafeFileHandle Own) Split(int[] fds)
    {
        const int Duplicate = 0; // F_DUPFD
        var inherited = Fcntl(fds[0], Duplicate, 3);
        Close(fds[0]);
        var own = new Microsoft.Win32.SafeHandles.SafeFileHandle(fds[1], ownsHandle: true);
        if (inherited >= 0) return (inherited, own);
        own.Dispose();
        throw new IOException("No descriptor is left.");
    }

    /// <summary>Sends one byte and a descriptor; false when nobody is there to receive them.</summary>
    public static unsafe bool SendDescriptor(Microsoft.Win32.SafeHandles.SafeFileHandle socket, int descriptor)
    {
        const int SocketLevel = 1, Rights = 1, NoSignal = 0x4000; // SOL_SOCKET, SCM_RIGHTS, MSG_NOSIGNAL
        byte one = 1;
        var vector = new Vector((nint)(&one), 1);
        var control = new DescriptorMessage(20, SocketLevel, Rights, descriptor, 0);
        var message = new MessageHeader(0, 0, (nint)(&vector), 1, (nint)(&control), sizeof(DescriptorMessage), 0);
        return SendMessage(socket, message, NoSignal) == 1;
    }

    /// <summary>Blocks until there is a byte; false when none will come.</summary>
    public static bool ReadByte(Microsoft.Win32.SafeHandles.SafeFileHandle socket)
    {
        Span<byte> one = stackalloc byte[1];
        nint n;
        while ((n = Read((int)socket.DangerousGetHandle(), one, 1)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
        return n == 1;
    }

    /// <summary>Opens a descriptor's file anew, from its beginning.</summary>
    /// <param name="inherited">Children inherit it: to be asked for by the thread that starts them only.</param>
    public static int Reopen(int fd, bool append, bool inherited)
    {
        const int WriteAppend = 0x1 | 0x400; // O_WRONLY, O_APPEND
        var opened = Open($"/proc/self/fd/{fd}", (append ? WriteAppend : 0) | (inherited ? 0 : CloseOnExec));
        return opened >= 0 ? opened : throw new IOException($"A memory file could not be opened (errno {Marshal.GetLastPInvokeError()}).");
    }

    public static void Close(int fd) => _ = CloseDescriptor(fd);

    public static void GiveTo(int fd, int user)
    {
        if (ChangeOwner(fd, user, user) != 0) throw new IOException($"A terminal could not be given to user {user} (errno {Marshal.GetLastPInvokeError()}).");
    }

    /// <summary>
    /// Calls something with this thread's credentials alone changed: the C library's functions would change those of all threads, the system calls do not. The saved user
    /// stays root, which is the way back for this thread; in a child, exec replaces it by the effective user, and with the last root id the capabilities go.
    /// </summary>
    public static T As<T>(int user, Func<T> call)
    {
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var (setResUid, setResGid, setGroups) = arm ? (147, 149, 159) : (117, 119, 116);
        Call(setGroups, 0, 0, 0);
        Call(setResGid, user, user, 0);
        try
        {
            Call(setResUid, user, user, 0);
            return call();
        }
        finally
        {
            Call(setResUid, 0, 0, 0);
            Call(setResGid, 0, 0, 0);
        }

        static void Call(int number, int a, int b, int c)
        {
            if (SystemCall(number, a, b, c) != 0) throw new IOException($"Credentials could not be changed (system call {number}, errno {Marshal.GetLastPInvokeError()}).");
        }
    }

    /// <summary>
    /// From now on a signal does nothing to this process by being handled, not by being ignored: exec passes ignoring on to children, and of handlers none. The handler is a function of the
    /// C library that may be called at any moment and changes nothing.
    /// </summary>
    public static void HandleByNothing(int signal) =>
        _ = SetHandler(signal, NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "getpid"));

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
