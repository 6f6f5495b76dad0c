using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>What one item held when it was deleted in the current change.</summary>
/// <param name="Client">Index of the client.</param>
/// <param name="Clock">First clock.</param>
/// <param name="Length">Number of operations.</param>
/// <param name="Type">The root type whose list it was in; -1 for anything else.</param>
/// <param name="Text">Where its text is in <see cref="ItemStore.DeletedText"/>; -1 when it had no place in the text.</param>
internal readonly record struct DeletedRun(int Client, int Clock, int Length, int Type, int Text)
{
    public int End => Clock + Length;
}

/// <summary>The runs deleted in the current change, a few bytes each: there may be one for every few bytes of an update.</summary>
internal sealed class DeletedLog
{
    private ByteWriter _bytes = new(64);
    private DeletedRun _last;

    public int Count { get; private set; }

    /// <summary>The latest run; the only one when there is just one.</summary>
    public DeletedRun Last => _last;

    public void Clear()
    {
        Count = 0;
        _bytes.Clear();
        if (_bytes.Capacity > 1 << 16)
        {
            _bytes = new ByteWriter(64);
        }
    }

    /// <summary>Makes room for a number of runs without growing in between.</summary>
    public void Reserve(int runs) => _bytes.Reserve(runs * 7);

    /// <summary>How many bytes all runs take, at most.</summary>
    public int Size => _bytes.Length + 16;

    public void Add(in DeletedRun run)
    {
        if (Count > 0 && _last.Client == run.Client && _last.End == run.Clock && _last.Type == run.Type &&
            (_last.Text < 0) == (run.Text < 0) && (run.Text < 0 || _last.Text + _last.Length == run.Text))
        {
            _last = _last with { Length = _last.Length + run.Length };
            return;
        }

        if (Count++ > 0)
        {
            Write(_last);
        }

        _last = run;
    }

    private void Write(in DeletedRun run)
    {
        _bytes.WriteVarUint(run.Client);
        _bytes.WriteVarUint(run.Clock);
        _bytes.WriteVarUint(run.Length);
        _bytes.WriteVarUint(run.Type + 1);
        _bytes.WriteByte(run.Text < 0 ? (byte)0 : (byte)1);
    }

    public Enumerator GetEnumerator() => new(this);

    public ref struct Enumerator(DeletedLog log)
    {
        private ByteReader _reader = new(log._bytes.Written);
        private int _left = log.Count;
        private int _text;

        public DeletedRun Current { get; private set; }

        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            if (--_left == 0)
            {
                Current = log._last;
                return true;
            }

            // Texts follow each other.
            int client = Read();
            int clock = Read();
            int length = Read();
            int type = Read() - 1;
            bool hasText = Read() == 1;
            Current = new DeletedRun(client, clock, length, type, hasText ? _text : -1);
            _text += hasText ? length : 0;
            return true;
        }

        private int Read() => (int)_reader.ReadVarUint();
    }
}
