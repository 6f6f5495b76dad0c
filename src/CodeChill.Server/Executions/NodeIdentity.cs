using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

/// <summary>
/// Who this process is among those that share a database. The name stays with the data folder, so that a server that comes back after a crash
/// knows its own open records at once; a second process on the same folder gets a name of its own.
/// </summary>
internal sealed class NodeIdentity : IDisposable
{
    private readonly FileStream? _held;

    public NodeIdentity(ServerOptions server, TimeProvider clock, ILogger<NodeIdentity> logger)
    {
        Id = Ids.New(clock);
        try
        {
            Directory.CreateDirectory(server.DataFolder);
            // Held open for as long as the process lives: the lock is what tells a second process from a restarted one.
            _held = new FileStream(Path.Combine(server.DataFolder, "node-id"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            using var reader = new StreamReader(_held, leaveOpen: true);
            if (Ids.Canonical(reader.ReadToEnd().Trim()) is { } known)
            {
                Id = known;
                return;
            }

            _held.SetLength(0);
            using var writer = new StreamWriter(_held, leaveOpen: true);
            writer.WriteLine(Id);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.LogInformation("Another process holds the node's name in {Folder}; this one is {NodeId}", server.DataFolder, Id);
        }
    }

    public NodeIdentity(string id) => Id = id;

    public string Id { get; }

    public void Dispose() => _held?.Dispose();
}
