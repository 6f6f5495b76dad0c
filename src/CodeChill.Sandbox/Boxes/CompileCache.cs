using System.Security.Cryptography;
using System.Text;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>A compiled program: opaque bytes in memory, and what the compiler said while making it.</summary>
internal sealed record Compiled(MemoryFile Program, string Output);

/// <summary>
/// Compiled programs by language, toolchain version, build command and source. Holds at most a number of bytes; the longest unused goes first. The bytes
/// are sealed memory files, so a program that is running keeps its file even when the entry goes.
/// </summary>
internal sealed class CompileCache(long capacityBytes) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, Compiled Value)>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, Compiled Value)> _byUse = new();
    private long _bytes;

    public static string KeyOf(Language language, string? version, string source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (ReadOnlySpan<string>)[language.Name, version ?? "", language.Compile?.Script ?? "", language.FileName, source])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The caller disposes the program when its run is over.</summary>
    public Compiled? Find(string key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node) || !node.Value.Value.Program.TryShare()) return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Value;
        }
    }

    public void Add(string key, Compiled compiled)
    {
        lock (_lock)
        {
            if (compiled.Program.Length > capacityBytes / 4 || _entries.ContainsKey(key) || !compiled.Program.TryShare()) return;
            _entries[key] = _byUse.AddFirst((key, compiled));
            _bytes += compiled.Program.Length;
            while (_bytes > capacityBytes && _byUse.Last is { } last) Remove(last);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            while (_byUse.Last is { } last) Remove(last);
        }
    }

    private void Remove(LinkedListNode<(string Key, Compiled Value)> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= node.Value.Value.Program.Length;
        node.Value.Value.Program.Dispose();
    }
}
