using System.Text;

namespace CodeChill.Server.Executions;

/// <summary>The last output of something that runs, for people who come late: what was written in order, cut at the front when it grows too long.</summary>
internal sealed class OutputTail(int capacity = ExecutionLimits.Replay)
{
    private readonly LinkedList<(string Stream, StringBuilder Text)> _pieces = new();
    private int _length;

    /// <summary>The number of the last piece that is in it; -1 before the first.</summary>
    public int Seq { get; private set; } = -1;

    /// <summary>Something was cut off.</summary>
    public bool Truncated { get; private set; }

    public void Append(string stream, string text, int seq)
    {
        Seq = seq;
        if (_pieces.Last is { } last && last.Value.Stream == stream)
            last.Value.Text.Append(text);
        else
            _pieces.AddLast((stream, new StringBuilder(text)));
        _length += text.Length;
        while (_length > capacity)
            Cut(_pieces.First!);
    }

    /// <summary>What is there, piece by piece.</summary>
    public IReadOnlyList<OutputPiece> Pieces() => [.. _pieces.Select(p => new OutputPiece(p.Stream, p.Text.ToString()))];

    /// <summary>What is there as one text.</summary>
    public string Text() => string.Concat(_pieces.Select(p => p.Text.ToString()));

    private void Cut(LinkedListNode<(string Stream, StringBuilder Text)> first)
    {
        Truncated = true;
        var text = first.Value.Text;
        var excess = _length - capacity;
        if (excess >= text.Length)
        {
            _length -= text.Length;
            _pieces.Remove(first);
            return;
        }

        // Never in the middle of a character, and after a line when one ends soon.
        var cut = excess;
        for (var i = excess; i < Math.Min(text.Length, excess + 512); i++)
        {
            if (text[i - 1] != '\n')
                continue;
            cut = i;
            break;
        }

        if (cut < text.Length && char.IsLowSurrogate(text[cut]))
            cut++;
        text.Remove(0, cut);
        _length -= cut;
    }
}

/// <summary>A piece of earlier output.</summary>
[GenerateSerializer, Immutable]
internal sealed record OutputPiece([property: Id(0)] string Stream, [property: Id(1)] string Data);
