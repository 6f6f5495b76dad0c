namespace CodeChill.Text;

public sealed partial class SharedText
{
    /// <summary>Which operations inserted what is there: the text in runs of consecutive operations of one client.</summary>
    /// <returns>The runs in order; together they cover <see cref="Length"/>.</returns>
    public IReadOnlyList<TextRun> GetRuns()
    {
        var store = _document.Store;
        var runs = new List<TextRun>();
        int index = 0;
        for (int handle = store.Types[_type].First; handle >= 0; handle = store.Items[handle].Right)
        {
            int length = store.Items[handle].VisibleLength;
            if (length == 0)
            {
                continue;
            }

            var ids = new IdRange(store.Clients[store.Items[handle].Client].Id, store.Items[handle].Clock, length);
            if (runs.Count > 0 && runs[^1].Ids is var last && last.Client == ids.Client && last.End == ids.Clock)
            {
                runs[^1] = runs[^1] with { Ids = last with { Length = last.Length + length } };
            }
            else
            {
                runs.Add(new TextRun(index, ids));
            }

            index += length;
        }

        return runs;
    }
}
