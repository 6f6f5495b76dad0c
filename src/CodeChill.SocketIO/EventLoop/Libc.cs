using System.Runtime.InteropServices;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>The few system calls of the event loop. Numbers are those of Linux on x64 and arm64.</summary>
internal static unsafe partial class Libc
{
    public const uint EpollIn = 0x1, EpollOut = 0x4, EpollError = 0x8, EpollHangUp = 0x10;
    public const int EpollAdd = 1, EpollDelete = 2, EpollModify = 3;
    public const int Interrupted = 4, TryAgain = 11, ConnectionAborted = 103, ConnectionReset = 104, BrokenPipe = 32;
    public const int MaxAddressBytes = 128;

    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, NoSignal = 0x4000, DontWait = 0x40, SetFlags = 4;
    private const int TcpLevel = 6, TcpNoDelay = 1, Both = 2;

    /// <summary>epoll_event is packed on x64 only.</summary>
    public static int EventSize { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public static int EventDataOffset { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    public static int CreateEpoll() => Check(epoll_create1(CloseOnExec));

    public static int CreateEvent() => Check(eventfd(0, CloseOnExec | NonBlocking));

    public static void Control(int epoll, int operation, int fd, uint events, int data)
    {
        byte* item = stackalloc byte[16];
        *(uint*)item = events;
        *(long*)(item + EventDataOffset) = data;
        Check(epoll_ctl(epoll, operation, fd, item));
    }

    /// <summary>Number of events; 0 when interrupted.</summary>
    public static int Wait(int epoll, byte* events, int count)
    {
        int n = epoll_wait(epoll, events, count, -1);
        return n >= 0 ? n : Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(n);
    }

    /// <summary>Bytes received, 0 at the end of the stream, or the negative error number.</summary>
    public static int Receive(int fd, Span<byte> target)
    {
        fixed (byte* at = target)
        {
            nint n = recv(fd, at, target.Length, DontWait);
            return n >= 0 ? (int)n : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Bytes taken or the negative error number.</summary>
    public static int Send(int fd, ReadOnlySpan<byte> data)
    {
        fixed (byte* at = data)
        {
            nint n = send(fd, at, data.Length, DontWait | NoSignal);
            return n >= 0 ? (int)n : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>The new connection's descriptor or the negative error number.</summary>
    public static int Accept(int fd, Span<byte> address, out int addressBytes)
    {
        fixed (byte* at = address)
        {
            int length = address.Length;
            int accepted = accept4(fd, at, &length, CloseOnExec | NonBlocking);
            addressBytes = length;
            return accepted >= 0 ? accepted : -Marshal.GetLastPInvokeError();
        }
    }

    public static int LocalAddress(int fd, Span<byte> address)
    {
        fixed (byte* at = address)
        {
            int length = address.Length;
            return getsockname(fd, at, &length) == 0 ? length : 0;
        }
    }

    public static void NoDelay(int fd)
    {
        int one = 1;
        // Harmless if it fails: a Unix socket has no such option.
        _ = setsockopt(fd, TcpLevel, TcpNoDelay, &one, sizeof(int));
    }

    public static void MakeNonBlocking(int fd) => Check(fcntl(fd, SetFlags, NonBlocking));

    public static void Shutdown(int fd) => _ = shutdown(fd, Both);

    public static void Close(int fd) => _ = close(fd);

    public static void Signal(int fd)
    {
        ulong one = 1;
        // A full counter wakes as well.
        _ = write(fd, &one, sizeof(ulong));
    }

    public static void Drain(int fd)
    {
        ulong count;
        _ = read(fd, &count, sizeof(ulong));
    }

    private static int Check(int result) => result >= 0 ? result : throw new IOException($"System call failed with error {Marshal.GetLastPInvokeError()}.");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* item);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* target, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* data, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, int* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, int* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, ulong* value, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, ulong* value, nint length);
}
