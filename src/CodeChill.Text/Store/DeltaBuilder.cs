using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>Computes what the current change did to the root texts, from the ids it inserted and deleted.</summary>
internal sealed class DeltaBuilder(ItemStore store)
{
    // A piece is inserted text (Handle >= 0) or a deleted run; Index is its place in the text after the change.
    // Where all that changed in a type is, in the text after the change.
    private struct Span
    {
        public int Start;
        public int End;
        public int Inserted;
        public int Deleted;
    }

    private readonly record struct Piece(int Type, int Index, int Length, int Handle, int Offset);

    private readonly List<Piece> _pieces = [];
    private Dictionary<int, Span>? _spans;
    private readonly System.Text.StringBuilder _text = new();

    public (string Name, IReadOnlyList<TextEdit> Edits)[] Build()
    {
        _pieces.Clear();
        _spans?.Clear();
        AddInserted();
        AddDeleted();
        AddRepaired();
        if (_spans?.Count > 0)
        {
            return BuildSpans();
        }

        if (_pieces.Count == 0)
        {
            return [];
        }

        if (_pieces.Count == 1)
        {
            var only = _pieces[0];
            int index = IndexOf(only);
            var edit = only.Handle >= 0
                ? new TextEdit(index, 0, TextOf(only))
                : new TextEdit(index, only.Length, "");
            return [(store.RootName(only.Type), [edit])];
        }

        return BuildMany();
    }

    // With very many pieces only the part of the text that they are in is kept.
    private void Put(Piece piece)
    {
        if (_spans?.Count > 0)
        {
            Widen(piece);
            return;
        }

        _pieces.Add(piece);
        if (_pieces.Count >= store.MaxPieces)
        {
            _spans ??= [];
            _pieces.ForEach(Widen);
            _pieces.Clear();
        }
    }

    private void Widen(Piece piece)
    {
        int index = IndexOf(piece);
        ref var span = ref CollectionsMarshal.GetValueRefOrAddDefault(_spans!, piece.Type, out bool known);
        bool inserted = piece.Handle >= 0;
        span.Start = known ? Math.Min(span.Start, index) : index;
        span.End = Math.Max(span.End, inserted ? index + piece.Length : index);
        span.Inserted += inserted ? piece.Length : 0;
        span.Deleted += inserted ? 0 : piece.Length;
    }

    private (string Name, IReadOnlyList<TextEdit> Edits)[] BuildSpans()
    {
        var result = new List<(string, IReadOnlyList<TextEdit>)>();
        foreach (var (type, span) in _spans!.OrderBy(static span => span.Key))
        {
            string text = store.TextOf(type, span.Start, span.End - span.Start);
            result.Add((store.RootName(type), [new TextEdit(span.Start, span.End - span.Start - span.Inserted + span.Deleted, text)]));
        }

        return [.. result];
    }

    private void AddInserted()
    {
        foreach (int client in store.Touched)
        {
            int from = store.Clients[client].StateBefore;
            int handle = store.Find(client, from, out var place);
            do
            {
                ref var item = ref store.Items[handle];
                if (item.Owner >= 0 && item.VisibleLength > 0)
                {
                    int type = store.Blocks[item.Owner].Type;
                    if (store.Types[type].IsText)
                    {
                        int offset = Math.Max(0, from - item.Clock);
                        Put(new Piece(type, -1, item.Length - offset, handle, offset));
                    }
                }
            }
            while (store.TryNext(client, ref place, out handle));
        }
    }

    private void AddDeleted()
    {
        foreach (var run in store.Deleted)
        {
            if (run.Type < 0 || run.Text < 0 || !store.Types[run.Type].IsText)
            {
                continue;
            }

            ref var client = ref store.Clients[run.Client];
            int end = run.Clock + run.Length;
            if (client.Stamp == store.Stamp)
            {
                // What this change itself inserted was never seen.
                end = Math.Min(end, client.StateBefore);
            }

            for (int clock = run.Clock; clock < end;)
            {
                int handle = store.Find(run.Client, clock);
                int until = Math.Min(end, store.Items[handle].End);
                if (store.Items[handle].Owner >= 0)
                {
                    Put(new Piece(run.Type, handle, until - clock, -1, 0));
                }

                clock = until;
            }
        }
    }

    // Halves of surrogate pairs that a split turned into U+FFFD: replaced, though no operation says so.
    private void AddRepaired()
    {
        foreach (var (client, clock) in store.Repaired)
        {
            ref var owner = ref store.Clients[client];
            int handle = store.Find(client, clock);
            ref var item = ref store.Items[handle];
            if (item.Kind != Kind.String || item.Owner < 0 || (owner.Stamp == store.Stamp && clock >= owner.StateBefore))
            {
                continue;
            }

            int type = store.Blocks[item.Owner].Type;
            if (store.Types[type].IsText)
            {
                Put(new Piece(type, handle, 1, -1, clock - item.Clock));
                Put(new Piece(type, -1, 1, handle, clock - item.Clock));
            }
        }
    }

    private int IndexOf(Piece piece) => store.IndexOf(piece.Handle >= 0 ? piece.Handle : piece.Index) + piece.Offset;

    private string TextOf(Piece piece)
    {
        ref var item = ref store.Items[piece.Handle];
        if (item.Kind != Kind.String)
        {
            return new string(ItemStore.ObjectCharacter, piece.Length);
        }

        return string.Create(piece.Length, (store, piece), static (target, state) =>
            state.store.CopyText(in state.store.Items[state.piece.Handle], state.piece.Offset, target));
    }

    private (string Name, IReadOnlyList<TextEdit> Edits)[] BuildMany()
    {
        var result = new List<(string, IReadOnlyList<TextEdit>)>();
        _pieces.Sort(static (a, b) => a.Type.CompareTo(b.Type));
        for (int start = 0; start < _pieces.Count;)
        {
            int type = _pieces[start].Type;
            int end = start;
            int inserted = 0;
            int deleted = 0;
            for (; end < _pieces.Count && _pieces[end].Type == type; end++)
            {
                inserted += _pieces[end].Handle >= 0 ? _pieces[end].Length : 0;
                deleted += _pieces[end].Handle >= 0 ? 0 : _pieces[end].Length;
            }

            // Everything that is visible now is new, as after loading: one edit says it.
            result.Add((store.RootName(type), inserted == store.Types[type].Length
                ? [new TextEdit(0, deleted, store.TextOf(type, true))]
                : Merge(start, end)));
            start = end;
        }

        return [.. result];
    }

    private TextEdit[] Merge(int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            var piece = _pieces[i];
            int index = IndexOf(piece);
            _pieces[i] = piece with { Index = index };
        }

        // Deletions at an index come in front of what was inserted there.
        _pieces.Sort(start, end - start, Comparer<Piece>.Create(static (a, b) =>
            a.Index != b.Index ? a.Index.CompareTo(b.Index) : (a.Handle >= 0).CompareTo(b.Handle >= 0)));
        var edits = new List<TextEdit>();
        _text.Clear();
        int shift = 0;
        int editStart = 0;
        int editDeleted = 0;
        int reached = -1;
        for (int i = start; i < end; i++)
        {
            var piece = _pieces[i];
            if (piece.Index != reached)
            {
                Flush();
                editStart = piece.Index - shift;
                reached = piece.Index;
            }

            if (piece.Handle >= 0)
            {
                ref var item = ref store.Items[piece.Handle];
                _text.Append(TextOf(piece));
                reached += piece.Length;
            }
            else
            {
                editDeleted += piece.Length;
            }
        }

        Flush();
        return [.. edits];

        void Flush()
        {
            if (editDeleted > 0 || _text.Length > 0)
            {
                edits.Add(new TextEdit(editStart, editDeleted, _text.ToString()));
                shift += _text.Length - editDeleted;
                editDeleted = 0;
                _text.Clear();
            }
        }
    }
}
