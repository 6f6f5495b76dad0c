using Microsoft.Win32.SafeHandles;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// A file that exists only in memory. It is how sources, arguments, filters and compiled programs reach a box: no path on the host,
/// nothing to clean up, nothing a symlink could redirect.
/// </summary>
internal sealed class MemoryFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private int _users = 1;

    private MemoryFile(SafeFileHandle handle) => _handle = handle;

    public long Length { get; private set; }

    /// <summary>A descriptor of its own that children inherit; the caller closes it.</summary>
    public int OpenInherited(bool append) => Native.Reopen((int)_handle.DangerousGetHandle(), append, inherited: true);

    /// <summary>A file others may write to.</summary>
    public static MemoryFile Create() => new(new SafeFileHandle(Native.CreateMemoryFile(), ownsHandle: true));

    /// <summary>A sealed file with this content.</summary>
    public static MemoryFile Create(ReadOnlySpan<byte> content)
    {
        var file = Create();
        file.Append(content);
        file.Seal();
        return file;
    }

    /// <summary>Gives a descriptor of its own to whoever holds the other end of a socket; false when nobody does.</summary>
    public bool SendBy(SafeFileHandle socket)
    {
        var descriptor = Native.Reopen((int)_handle.DangerousGetHandle(), append: false, inherited: false);
        try
        {
            return Native.SendDescriptor(socket, descriptor);
        }
        finally
        {
            Native.Close(descriptor);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, Length);
        Length += bytes.Length;
    }

    public void Seal() => Native.Seal((int)_handle.DangerousGetHandle());

    public byte[] ReadAll()
    {
        var bytes = new byte[RandomAccess.GetLength(_handle)];
        var n = RandomAccess.Read(_handle, bytes, 0);
        return n == bytes.Length ? bytes : bytes[..n];
    }

    /// <summary>A further owner (a cache entry in use); each owner disposes once. False when it is already gone.</summary>
    public bool TryShare()
    {
        int users;
        do
        {
            users = Volatile.Read(ref _users);
            if (users == 0) return false;
        }
        while (Interlocked.CompareExchange(ref _users, users + 1, users) != users);
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0) _handle.Dispose();
    }
}
