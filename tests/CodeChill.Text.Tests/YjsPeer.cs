using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests;

/// <summary>
/// A node process with npm yjs in it, one for the whole test run. Commands are gathered in a frame; the answers come in
/// the order of the commands.
/// </summary>
public sealed class YjsPeer : IDisposable
{
    private readonly Process _process;
    private readonly ByteWriter _frame = new(1024);

    public YjsPeer()
    {
        string folder = Path.Combine(SourceFolder(), "js");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "yjs")))
        {
            Run("npm", "ci --no-audit --no-fund", folder);
        }

        _process = Process.Start(new ProcessStartInfo("node", "peer.mjs")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
    }

    /// <summary>The folder of this project's sources.</summary>
    internal static string SourceFolder() => FolderOf();

    private static string FolderOf([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    internal ByteWriter Command(int number)
    {
        _frame.WriteVarUint(number);
        return _frame;
    }

    /// <summary>Sends the gathered commands and returns the answers' bytes.</summary>
    internal byte[] Send()
    {
        Span<byte> head = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(head, _frame.Length);
        var input = _process.StandardInput.BaseStream;
        input.Write(head);
        input.Write(_frame.Written);
        input.Flush();
        _frame.Clear();
        var output = _process.StandardOutput.BaseStream;
        output.ReadExactly(head);
        byte[] answer = new byte[BinaryPrimitives.ReadInt32LittleEndian(head)];
        output.ReadExactly(answer);
        answer[0].ShouldBe((byte)1, "the peer failed; see its error output");
        return answer[1..];
    }

    internal void Reset(params ReadOnlySpan<ulong> clients)
    {
        var writer = Command(0);
        writer.WriteVarUint(clients.Length);
        foreach (ulong client in clients)
        {
            writer.WriteVarUint(client);
        }
    }

    internal void Edit(int document, int count, int richPercent, uint seed)
    {
        var writer = Command(1);
        writer.WriteVarUint(document);
        writer.WriteVarUint(count);
        writer.WriteVarUint(richPercent);
        writer.WriteVarUint((ulong)seed);
    }

    internal void Apply(int document, IReadOnlyCollection<byte[]> updates)
    {
        var writer = Command(2);
        writer.WriteVarUint(document);
        writer.WriteVarUint(updates.Count);
        foreach (byte[] update in updates)
        {
            writer.WriteVarBytes(update);
        }
    }

    internal void State(int document) => Command(3).WriteVarUint(document);

    internal static List<byte[]> ReadUpdates(ref ByteReader reader)
    {
        var updates = new List<byte[]>();
        for (int count = (int)reader.ReadVarUint(); count > 0; count--)
        {
            updates.Add(reader.ReadVarBytes().ToArray());
        }

        return updates;
    }

    internal static PeerState ReadState(ref ByteReader reader) => new(
        System.Text.Encoding.UTF8.GetString(reader.ReadVarBytes()),
        reader.ReadVarBytes().ToArray(),
        reader.ReadVarBytes().ToArray(),
        reader.ReadVarBytes().ToArray(),
        reader.ReadVarBytes().ToArray());

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static void Run(string program, string arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false })!;
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {arguments} in {folder}");
    }
}

internal sealed record PeerState(string Text, byte[] StateVector, byte[] State, byte[] StateV2, byte[] StateLoadedAnew);

[CollectionDefinition(nameof(YjsPeer))]
public sealed class YjsPeerCollection : ICollectionFixture<YjsPeer>;
