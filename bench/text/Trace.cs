using System.IO.Compression;
using System.Text.Json;

namespace CodeChill.Text.Bench;

/// <summary>A recorded editing session (see traces/README.md), positions in UTF-16 code units.</summary>
internal sealed class Trace
{
    private Trace(string end, List<TextEdit> edits)
    {
        End = end;
        Edits = edits;
    }

    /// <summary>The text that the edits give.</summary>
    public string End { get; }

    /// <summary>The edits, one after another.</summary>
    public List<TextEdit> Edits { get; }

    /// <summary>Reads a sequential trace; it must be within the basic plane, where code points are code units.</summary>
    public static Trace Read(string path)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var json = JsonDocument.Parse(file);
        var edits = new List<TextEdit>();
        foreach (var transaction in json.RootElement.GetProperty("txns").EnumerateArray())
        {
            foreach (var patch in transaction.GetProperty("patches").EnumerateArray())
            {
                edits.Add(new TextEdit(patch[0].GetInt32(), patch[1].GetInt32(), patch[2].GetString()!));
            }
        }

        return new Trace(json.RootElement.GetProperty("endContent").GetString()!, edits);
    }
}
