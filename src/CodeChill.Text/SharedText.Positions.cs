using CodeChill.Text.Encoding;

namespace CodeChill.Text;

public sealed partial class SharedText
{
    /// <summary>A position that moves with the text around it, for a cursor.</summary>
    /// <param name="index">The index, 0 to <see cref="Length"/>.</param>
    /// <param name="leftward">Whether it stays with the character on its left; otherwise with the one on its right.</param>
    /// <returns>The position.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside of the text.</exception>
    public RelativePosition GetPosition(int index, bool leftward = false)
    {
        CheckRange(index, 0);
        int association = leftward ? -1 : 0;
        int at = leftward ? index - 1 : index;
        if (at < 0 || at >= Length)
        {
            return new RelativePosition(null, Name, null, association);
        }

        var store = _document.Store;
        ref var item = ref store.Items[store.ItemAt(_type, at, out int offset)];
        return new RelativePosition(new IdRange(store.Clients[item.Client].Id, item.Clock + offset, 1), null, null, association);
    }

    /// <summary>Where a position is now.</summary>
    /// <param name="position">The position.</param>
    /// <returns>The index; null when it is in another type or bound to something that has not come or is collected.</returns>
    public int? IndexOf(RelativePosition position)
    {
        ArgumentNullException.ThrowIfNull(position);
        if (position.Item is not { } id)
        {
            return position.RootName != Name ? null : position.Association >= 0 ? Length : 0;
        }

        var store = _document.Store;
        int client = store.FindClient(id.Client);
        if (client < 0 || id.Clock >= store.Clients[client].State)
        {
            return null;
        }

        int handle = store.Find(client, id.Clock);
        ref var item = ref store.Items[handle];
        if (item.Kind == Kind.GC || item.Owner < 0 || store.Blocks[item.Owner].Type != _type)
        {
            return null;
        }

        int index = store.IndexOf(handle);
        return item.VisibleLength == 0 ? index : index + id.Clock - item.Clock + (position.Association >= 0 ? 0 : 1);
    }

    /// <summary>Who wrote what is there: the text in runs of one client each.</summary>
    /// <returns>The runs in order; together they cover <see cref="Length"/>.</returns>
    public IReadOnlyList<AuthorRun> GetAuthors()
    {
        var authors = new List<AuthorRun>();
        foreach (var (index, ids) in GetRuns())
        {
            if (authors.Count > 0 && authors[^1].Client == ids.Client)
            {
                authors[^1] = authors[^1] with { Length = authors[^1].Length + ids.Length };
            }
            else
            {
                authors.Add(new AuthorRun(index, ids.Length, ids.Client));
            }
        }

        return authors;
    }
}
